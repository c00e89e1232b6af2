"""Conversations: create, fetch, list, update, delete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from ..core.limits import state as known_state
from ..core.model import Conversation
from ..core.ports import Reads, Unset
from . import find, paging, render
from .call import Answer, Call
from .params import Params

_SCAN_CHUNK = 500
_SCAN_CHUNKS = 10


def _refuse_unsupported(form: Params) -> None:
    form.refuse("MessagingServiceSid", "Bindings.Email.Address", "Bindings.Email.Name")


async def create(call: Call) -> Answer:
    _refuse_unsupported(call.form)
    form = call.form
    attributes, state = form.text("Attributes"), form.text("State")
    command = CreateConversation(
        friendly_name=form.text_or_none("FriendlyName"),
        unique_name=form.text_or_none("UniqueName"),
        attributes="{}" if isinstance(attributes, Unset) else attributes,
        state="active" if isinstance(state, Unset) else state,
        timer_inactive=form.text_or_none("Timers.Inactive"),
        timer_closed=form.text_or_none("Timers.Closed"),
        date_created=form.date_or_none("DateCreated", 50308),
        date_updated=form.date_or_none("DateUpdated", 50309),
    )
    return Answer(201, render.conversation(call, await call.perform(command)))


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
    return _scan(page, rows, chosen)


def _scan(page: paging.Page, rows: paging.Rows[Conversation], chosen: _Filter) -> paging.Slice[Conversation]:
    """Dates have no order of their own in the list, so rows are read and sifted: a bounded number for a page.

    A page may thus hold few conversations, or none, and still name a next page, which client libraries follow.
    """
    passed: list[Conversation] = []
    start, ended = page.start, False
    for _ in range(_SCAN_CHUNKS):
        chunk = rows(start, page.backward, _SCAN_CHUNK)
        passed += [row for row in chunk if chosen.passes(row)]
        ended = len(chunk) < _SCAN_CHUNK
        start = chunk[-1].sid if chunk else start
        if ended or len(passed) > page.size:
            break
    found = paging.fetch(page, lambda *_: passed, lambda row: row.sid)
    if ended or len(passed) > page.size:
        return found
    if page.backward:
        return replace(found, first=start, more_before=True)
    return replace(found, last=start, more_after=True)
