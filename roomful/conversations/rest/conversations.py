"""Conversations: create, fetch, list, update, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from ..core.limits import state as known_state
from ..core.model import Conversation
from ..core.ports import Reads, Unset
from . import find, paging, render
from .call import Answer, Call
from .params import Params


def _refuse_unsupported(form: Params) -> None:
    form.refuse("MessagingServiceSid", "Bindings.Email.Address", "Bindings.Email.Name")


def creation(form: Params) -> CreateConversation:
    """The command that the parameters of a new conversation ask for."""
    _refuse_unsupported(form)
    attributes, state = form.text("Attributes"), form.text("State")
    return CreateConversation(
        friendly_name=form.text_or_none("FriendlyName"),
        unique_name=form.text_or_none("UniqueName"),
        attributes="{}" if isinstance(attributes, Unset) else attributes,
        state="active" if isinstance(state, Unset) else state,
        timer_inactive=form.text_or_none("Timers.Inactive"),
        timer_closed=form.text_or_none("Timers.Closed"),
        date_created=form.date_or_none("DateCreated", 50308),
        date_updated=form.date_or_none("DateUpdated", 50309),
    )


async def create(call: Call) -> Answer:
    return Answer(201, render.conversation(call, await call.perform(creation(call.form))))


async def fetch(call: Call) -> Answer:
    return Answer(200, render.conversation(call, await _found(call)))


async def _found(call: Call) -> Conversation:
    return await call.read(lambda reads: find.conversation(reads, call))


async def update(call: Call) -> Answer:
    _refuse_unsupported(call.form)
    found, form = await _found(call), call.form
    command = UpdateConversation(
        found.sid,
        friendly_name=form.text("FriendlyName"),
        unique_name=form.text("UniqueName"),
        attributes=form.text("Attributes"),
        state=form.text("State"),
        timer_inactive=form.text("Timers.Inactive"),
        timer_closed=form.text("Timers.Closed"),
        date_created=form.date("DateCreated", 50308),
        date_updated=form.date("DateUpdated", 50309),
    )
    return Answer(200, render.conversation(call, await call.perform(command)))


async def delete(call: Call) -> Answer:
    found = await _found(call)
    await call.perform(DeleteConversation(found.sid))
    return Answer(204)


@dataclass(frozen=True, slots=True)
class _Filter:
    """What a list of conversations is narrowed to; times in milliseconds, both included."""

    state: str | None
    start: int | None
    end: int | None

    @classmethod
    def of(cls, query: Params) -> _Filter:
        state, end = query.text_or_none("State"), query.date_or_none("EndDate")
        if end is not None:
            # A bare date means the whole day; a time has whole seconds, and so includes all of its last one.
            bare = "T" not in (query.text_or_none("EndDate") or "").upper()
            end += 86_399_999 if bare else 999
        return cls(known_state(state) if state else None, query.date_or_none("StartDate"), end)

    @property
    def dated(self) -> bool:
        return self.start is not None or self.end is not None

    def passes(self, row: Conversation) -> bool:
        after_start = self.start is None or row.date_created >= self.start
        return after_start and (self.end is None or row.date_created <= self.end)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=100, position=str)
    chosen = _Filter.of(call.query)
    found = await call.read(lambda reads: _slice(reads, call.service.sid, page, chosen))
    body = paging.body(
        call, "conversations", page, found, lambda row: render.conversation(call, row), "StartDate", "EndDate", "State"
    )
    return Answer(200, body)


def _slice(reads: Reads, service_sid: str, page: paging.Page, chosen: _Filter) -> paging.Slice[Conversation]:
    match: dict[str, Any] = {"service_sid": service_sid} | ({"state": chosen.state} if chosen.state else {})

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[Conversation]:
        return reads.page(Conversation, order="sid", start=start, limit=limit, descending=backward, **match)

    if not chosen.dated:
        return paging.fetch(page, rows, lambda row: row.sid)
    return paging.sift(page, rows, chosen.passes, lambda row: row.sid)
