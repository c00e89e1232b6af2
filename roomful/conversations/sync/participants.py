"""Tunnelled requests on who is in a conversation."""

from __future__ import annotations

from ..core import errors
from ..core.dates import iso
from ..core.limits import is_sid
from ..core.model import Participant
from ..core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from ..core.ports import Reads
from .objects import iso_or_none
from .requests import Action, Backend, Caller, Reply, Request, conversation_sid, given_text, readable, text


def _shown(row: Participant) -> dict[str, object]:
    return {
        "sid": row.sid,
        "conversation_sid": row.conversation_sid,
        "identity": row.identity,
        "attributes": row.attributes,
        "role_sid": row.role_sid,
        "last_read_message_index": row.last_read_message_index,
        "last_read_timestamp": iso_or_none(row.last_read_date),
        "date_created": iso(row.date_created),
        "date_updated": iso(row.date_updated),
    }


async def _identity(backend: Backend, caller: Caller, sid: str, name: str) -> str:
    """The identity of a participant named in a path by SID or, failing that, by identity, which may look like one."""
    if not is_sid(name, "MB"):
        return name

    def find(reads: Reads) -> Participant | None:
        readable(reads, caller, sid)
        return reads.one(Participant, sid=name)

    found = await backend.reads.read(find)
    return (found.identity or name) if found is not None and found.conversation_sid == sid else name


async def add(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Join, or add somebody by identity."""
    body = request.json()
    if body.get("messaging_binding") is not None:
        raise errors.invalid(20001, "Participants outside the chat are not supported")
    sid = await conversation_sid(backend, caller, request.args[0])
    command = AddParticipant(sid, text(body, "identity") or "", attributes=text(body, "attributes") or "{}")
    return Reply(201, _shown(await backend.perform(caller.actor, command)))


async def update(backend: Backend, caller: Caller, request: Request) -> Reply:
    body = request.json()
    sid = await conversation_sid(backend, caller, request.args[0])
    identity = await _identity(backend, caller, sid, request.args[1])
    command = UpdateParticipant(sid, identity, attributes=given_text(body, "attributes"))
    return Reply(200, _shown(await backend.perform(caller.actor, command)))


async def remove(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Leave, or remove somebody."""
    sid = await conversation_sid(backend, caller, request.args[0])
    identity = await _identity(backend, caller, sid, request.args[1])
    await backend.perform(caller.actor, RemoveParticipant(sid, identity))
    return Reply(204, None)


ACTIONS: dict[str, Action] = {
    "POST /Client/v2/Conversations/*/Participants": add,
    "POST /Client/v2/Conversations/*/Participants/*": update,
    "DELETE /Client/v2/Conversations/*/Participants/*": remove,
}
