"""Tunnelled requests on who is in a conversation."""

from __future__ import annotations

from typing import Any

from ..core import errors
from ..core.bindings import Binding
from ..core.dates import iso
from ..core.limits import is_sid
from ..core.model import Participant
from ..core.outside import AddNonChatParticipant, RemoveNonChatParticipant, UpdateNonChatParticipant
from ..core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from ..core.ports import Reads
from .objects import binding_data, iso_or_none
from .requests import Action, Backend, Caller, Reply, Request, conversation_sid, given_text, readable, text


def _shown(row: Participant) -> dict[str, object]:
    return {
        "sid": row.sid,
        "conversation_sid": row.conversation_sid,
        "identity": row.identity,
        "messaging_binding": binding_data(row) if row.address else None,
        "attributes": row.attributes,
        "role_sid": row.role_sid,
        "last_read_message_index": row.last_read_message_index,
        "last_read_timestamp": iso_or_none(row.last_read_date),
        "date_created": iso(row.date_created),
        "date_updated": iso(row.date_updated),
    }


async def _named(backend: Backend, caller: Caller, sid: str, name: str) -> Participant | str:
    """Whom a path names: somebody outside the chat, or an identity, given itself or by the SID of its membership.

    An identity may look like a SID.
    """
    if not is_sid(name, "MB"):
        return name

    def find(reads: Reads) -> Participant | None:
        readable(reads, caller, sid)
        return reads.one(Participant, sid=name)

    found = await backend.reads.read(find)
    if found is None or found.conversation_sid != sid:
        return name
    return found if found.identity is None else found.identity


async def add(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Join, or add somebody by identity or by address."""
    body = request.json()
    sid = await conversation_sid(backend, caller, request.args[0])
    attributes = text(body, "attributes") or "{}"
    binding = body.get("messaging_binding")
    if binding is None:
        command = AddParticipant(sid, text(body, "identity") or "", attributes=attributes)
        return Reply(201, _shown(await backend.perform(caller.actor, command)))
    outside = AddNonChatParticipant(sid, _binding(binding), attributes=attributes)
    return Reply(201, _shown(await backend.perform(caller.actor, outside)))


def _binding(value: Any) -> Binding:
    if not isinstance(value, dict):
        raise errors.invalid(20001, "messaging_binding must be a JSON object")
    return Binding(
        text(value, "address") or "", text(value, "proxy_address") or "", text(value, "name"), text(value, "level")
    )


async def update(backend: Backend, caller: Caller, request: Request) -> Reply:
    body = request.json()
    sid = await conversation_sid(backend, caller, request.args[0])
    named = await _named(backend, caller, sid, request.args[1])
    attributes = given_text(body, "attributes")
    if isinstance(named, Participant):
        outside = UpdateNonChatParticipant(sid, named.sid, attributes=attributes)
        return Reply(200, _shown(await backend.perform(caller.actor, outside)))
    command = UpdateParticipant(sid, named, attributes=attributes)
    return Reply(200, _shown(await backend.perform(caller.actor, command)))


async def remove(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Leave, or remove somebody."""
    sid = await conversation_sid(backend, caller, request.args[0])
    named = await _named(backend, caller, sid, request.args[1])
    if isinstance(named, Participant):
        await backend.perform(caller.actor, RemoveNonChatParticipant(sid, named.sid))
    else:
        await backend.perform(caller.actor, RemoveParticipant(sid, named))
    return Reply(204, None)


ACTIONS: dict[str, Action] = {
    "POST /Client/v2/Conversations/*/Participants": add,
    "POST /Client/v2/Conversations/*/Participants/*": update,
    "DELETE /Client/v2/Conversations/*/Participants/*": remove,
}
