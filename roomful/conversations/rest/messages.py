"""Messages of a conversation: create, fetch, list, update, delete."""

from __future__ import annotations

from ..core.messages import DeleteMessage, SendMessage, UpdateMessage
from ..core.model import Conversation, Message
from ..core.ports import Reads, Unset
from . import find, paging, render
from .call import Answer, Call


async def create(call: Call) -> Answer:
    form = call.form
    attributes = form.text("Attributes")
    parent = await call.read(lambda reads: find.conversation(reads, call))
    media, content_sid = form.text_or_none("MediaSid"), form.text_or_none("ContentSid")
    command = SendMessage(
        parent.sid,
        body=form.text_or_none("Body"),
        author=form.text_or_none("Author"),
        subject=form.text_or_none("Subject"),
        attributes="{}" if isinstance(attributes, Unset) else attributes,
        date_created=form.date_or_none("DateCreated", 50308),
        date_updated=form.date_or_none("DateUpdated", 50309),
        media_sids=(media,) if media else (),
        content_sid=content_sid or None,
    )
    if content_sid:  # then Twilio takes no notice of body and medium
        sent = await call.api.send_content(call.actor, command, form.text_or_none("ContentVariables"))
    else:
        sent = await call.perform(command)
    return Answer(201, render.message(call, sent))


def _find(reads: Reads, call: Call) -> tuple[Conversation, Message]:
    parent = find.conversation(reads, call)
    return parent, find.message(reads, call, parent)


async def fetch(call: Call) -> Answer:
    _, found = await call.read(lambda reads: _find(reads, call))
    return Answer(200, render.message(call, found))


async def update(call: Call) -> Answer:
    form = call.form
    parent, found = await call.read(lambda reads: _find(reads, call))
    command = UpdateMessage(
        parent.sid,
        found.sid,
        body=form.text("Body"),
        author=form.text("Author"),
        subject=form.text("Subject"),
        attributes=form.text("Attributes"),
        date_created=form.date("DateCreated", 50308),
        date_updated=form.date("DateUpdated", 50309),
    )
    return Answer(200, render.message(call, await call.perform(command)))


async def delete(call: Call) -> Answer:
    parent, found = await call.read(lambda reads: _find(reads, call))
    await call.perform(DeleteMessage(parent.sid, found.sid))
    return Answer(204)


async def list_(call: Call) -> Answer:
    descending = call.query.choice("Order", ("asc", "desc")) == "desc"
    page = paging.requested(call.query, maximum=100, position=int)
    found = await call.read(lambda reads: _slice(reads, call, page, descending))
    body = paging.body(call, "messages", page, found, lambda row: render.message(call, row), "Order")
    return Answer(200, body)


def _slice(reads: Reads, call: Call, page: paging.Page, descending: bool) -> paging.Slice[Message]:
    parent = find.conversation(reads, call)

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[Message]:
        return reads.page(
            Message,
            order="index",
            start=start,
            limit=limit,
            descending=descending is not backward,
            conversation_sid=parent.sid,
        )

    return paging.fetch(page, rows, lambda row: row.index)
