"""Participants of a conversation: create, fetch, list, update, delete."""

from __future__ import annotations

from ..core.errors import invalid
from ..core.model import Conversation, Participant
from ..core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from ..core.ports import Reads, Unset
from . import find, paging, render
from .call import Answer, Call
from .params import Params

_CARRIER = ("MessagingBinding.Address", "MessagingBinding.ProxyAddress", "MessagingBinding.ProjectedAddress")


def _refuse_carriers(form: Params) -> None:
    message = "This server has no messaging service, so only chat participants (Identity) can be added"
    form.refuse(*_CARRIER, code=50373, message=message)


async def create(call: Call) -> Answer:
    form = call.form
    _refuse_carriers(form)
    identity = form.required("Identity", invalid(50204, "Identity not provided"))
    attributes = form.text("Attributes")
    parent = await call.read(lambda reads: find.conversation(reads, call))
    command = AddParticipant(
        parent.sid,
        identity,
        attributes="{}" if isinstance(attributes, Unset) else attributes,
        role_sid=form.text_or_none("RoleSid"),
        date_created=form.date_or_none("DateCreated", 50308),
        date_updated=form.date_or_none("DateUpdated", 50309),
    )
    return Answer(201, render.participant(call, await call.perform(command)))


def _find(reads: Reads, call: Call) -> tuple[Conversation, Participant]:
    parent = find.conversation(reads, call)
    return parent, find.participant(reads, call, parent)


async def fetch(call: Call) -> Answer:
    _, found = await call.read(lambda reads: _find(reads, call))
    return Answer(200, render.participant(call, found))


async def update(call: Call) -> Answer:
    form = call.form
    _refuse_carriers(form)
    parent, found = await call.read(lambda reads: _find(reads, call))
    command = UpdateParticipant(
        parent.sid,
        found.identity or "",
        attributes=form.text("Attributes"),
        role_sid=form.text("RoleSid"),
        last_read_message_index=form.integer("LastReadMessageIndex", 50421),
        last_read_date=form.date("LastReadTimestamp"),
        date_created=form.date("DateCreated", 50308),
        date_updated=form.date("DateUpdated", 50309),
    )
    return Answer(200, render.participant(call, await call.perform(command)))


async def delete(call: Call) -> Answer:
    parent, found = await call.read(lambda reads: _find(reads, call))
    await call.perform(RemoveParticipant(parent.sid, found.identity or ""))
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
