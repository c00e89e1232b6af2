"""Participants of a conversation: create, fetch, list, update, delete."""

from __future__ import annotations

from typing import Any

from ..core.bindings import Binding
from ..core.errors import invalid
from ..core.model import Conversation, Participant
from ..core.outside import AddNonChatParticipant, RemoveNonChatParticipant, UpdateNonChatParticipant
from ..core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from ..core.ports import Reads, Unset
from . import find, paging, render
from .call import Answer, Call
from .params import Params

_ADDRESS, _PROXY = "MessagingBinding.Address", "MessagingBinding.ProxyAddress"


def _binding(form: Params) -> Binding | None:
    """The addresses of somebody outside the chat, if the form has any."""
    form.refuse(
        "MessagingBinding.ProjectedAddress",
        code=50373,
        message="This server has no carrier of its own, so nobody has a projected address",
    )
    address, proxy = form.text_or_none(_ADDRESS), form.text_or_none(_PROXY)
    if address is None and proxy is None:
        return None
    if form.text_or_none("Identity") is not None:
        raise invalid(50451, "A participant has an identity or a messaging binding, not both")
    return Binding(address or "", proxy or "")


async def create(call: Call) -> Answer:
    form = call.form
    binding = _binding(form)
    attributes = form.text("Attributes")
    parent = await call.read(lambda reads: find.conversation(reads, call))
    common: dict[str, Any] = {
        "attributes": "{}" if isinstance(attributes, Unset) else attributes,
        "role_sid": form.text_or_none("RoleSid"),
        "date_created": form.date_or_none("DateCreated", 50308),
        "date_updated": form.date_or_none("DateUpdated", 50309),
    }
    if binding is not None:
        outside = AddNonChatParticipant(parent.sid, binding, **common)
        return Answer(201, render.participant(call, await call.perform(outside)))
    identity = form.required("Identity", invalid(50204, "Identity not provided"))
    command = AddParticipant(parent.sid, identity, **common)
    return Answer(201, render.participant(call, await call.perform(command)))


def _find(reads: Reads, call: Call) -> tuple[Conversation, Participant]:
    parent = find.conversation(reads, call)
    return parent, find.participant(reads, call, parent)


async def fetch(call: Call) -> Answer:
    _, found = await call.read(lambda reads: _find(reads, call))
    return Answer(200, render.participant(call, found))


async def update(call: Call) -> Answer:
    form = call.form
    form.refuse(
        _PROXY, "MessagingBinding.ProjectedAddress", code=50373, message="A messaging binding cannot be changed"
    )
    parent, found = await call.read(lambda reads: _find(reads, call))
    if form.text_or_none("Identity") not in (None, "", found.identity):
        raise invalid(20001, "The identity of a participant cannot be changed")
    common: dict[str, Any] = {
        "attributes": form.text("Attributes"),
        "role_sid": form.text("RoleSid"),
        "date_created": form.date("DateCreated", 50308),
        "date_updated": form.date("DateUpdated", 50309),
    }
    if found.identity is None:
        form.refuse("LastReadMessageIndex", "LastReadTimestamp")
        outside = UpdateNonChatParticipant(parent.sid, found.sid, **common)
        return Answer(200, render.participant(call, await call.perform(outside)))
    command = UpdateParticipant(
        parent.sid,
        found.identity,
        last_read_message_index=form.integer("LastReadMessageIndex", 50421),
        last_read_date=form.date("LastReadTimestamp"),
        **common,
    )
    return Answer(200, render.participant(call, await call.perform(command)))


async def delete(call: Call) -> Answer:
    parent, found = await call.read(lambda reads: _find(reads, call))
    if found.identity is None:
        await call.perform(RemoveNonChatParticipant(parent.sid, found.sid))
    else:
        await call.perform(RemoveParticipant(parent.sid, found.identity))
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=100, position=int)
    found = await call.read(lambda reads: _slice(reads, call, page))
    return Answer(200, paging.body(call, "participants", page, found, lambda row: render.participant(call, row)))


def _slice(reads: Reads, call: Call, page: paging.Page) -> paging.Slice[Participant]:
    """In the order of joining."""
    parent = find.conversation(reads, call)

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[Participant]:
        return reads.page(
            Participant,
            order="conv_created",
            start=start,
            limit=limit,
            descending=backward,
            conversation_sid=parent.sid,
        )

    return paging.fetch(page, rows, lambda row: row.conv_created)
