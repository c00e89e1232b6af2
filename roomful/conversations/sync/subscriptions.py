"""Subscribing to Sync objects (docs/protocol.md, "Subscriptions"): the request, and the read that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..core import errors
from ..core.errors import ServiceError
from ..core.model import Conversation, User
from ..core.ports import Reads
from .frames import SYNC_EVENT, notification
from .objects import Ref, ref_of
from .replay import forgotten, replay
from .requests import Caller, Request
from .sync_objects import not_found, owner_of

MAX_BATCH = 1000
"""Objects in one request; the client is told."""

CONFIRMED_WITHIN_MS = 20_000
"""After this time without a word the client asks again for what is not confirmed."""

READ_BYTES = 512 * 1024
"""Frames that are gathered before the rest of a replay waits for the receiver to take them."""

SEVERAL_EVENTS = 4
"""The version of the event protocol from which on a packet may hold `events`; below it a client wants one `event`."""

_BULK = 20
"""From so many conversations on, all the caller's memberships are read at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object of a request: `position` is what the client knows up to; None: it knows nothing and gets no replay."""

    sid: str
    type: str
    position: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A parsed request. `single`: the client takes one confirmation a packet only, as SDK 1.x does."""

    action: Literal["establish", "cancel"]
    correlation_id: Any
    wanted: tuple[Wanted, ...]
    single: bool = False


def parse(request: Request) -> Batch:
    """Raises 20001 (400)."""
    body = request.json()
    action, entries, correlation = body.get("action"), body.get("requests"), body.get("correlation_id")
    if action not in ("establish", "cancel") or not isinstance(entries, list) or len(entries) > MAX_BATCH:
        raise errors.invalid(20001, f"action must be establish or cancel, requests a list of at most {MAX_BATCH}")
    if not isinstance(correlation, (int, str)):
        raise errors.invalid(20001, "correlation_id must be a number")
    version = body.get("event_protocol_version")
    single = isinstance(version, int) and version < SEVERAL_EVENTS
    wanted = tuple(map(_wanted, entries))
    return Batch("establish" if action == "establish" else "cancel", correlation, wanted, single)


def _wanted(entry: Any) -> Wanted:
    fields = entry if isinstance(entry, dict) else {}
    sid, type_, position = fields.get("object_sid"), fields.get("object_type"), fields.get("last_event_id")
    if not isinstance(sid, str) or not isinstance(type_, str) or len(sid) > 256 or len(type_) > 32:
        raise errors.invalid(20001, "object_sid and object_type must be text")
    known = isinstance(position, int) and not isinstance(position, bool) and position >= 0
    return Wanted(sid, type_, position if known else None)


ACCEPTED = {"estimated_delivery_in_ms": CONFIRMED_WITHIN_MS, "max_batch_size": MAX_BATCH, "ttl_in_s": -1}


def object_of(wanted: Wanted) -> Ref | None:
    """The object that is meant, or None if there is none of this name and type."""
    ref = ref_of(wanted.sid)
    return ref if ref is not None and ref.kind.type == wanted.type else None


@dataclass(frozen=True, slots=True)
class Job:
    """A subscription being established: the receiver knew all up to `since` and has been sent all up to `cursor`."""

    ref: Ref
    since: int | None
    cursor: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one read found for a job.

    Attributes:
        job: where to go on from, if this was not all.
        frames: events that the receiver missed, in order.
        head: the stream's position in the snapshot, if these were all.
        error: the object is gone, or closed to this caller.
        stale: the position is older than what tombstones are kept for, or from another history of this stream.
    """

    job: Job
    frames: Sequence[bytes] = ()
    head: int | None = None
    error: ServiceError | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What one snapshot showed: answers to the first jobs, and the position of the caller's own stream."""

    outcomes: list[Outcome]
    user_position: int


def look(reads: Reads, caller: Caller, jobs: Sequence[Job]) -> Seen:
    """Answer jobs from the first on, until enough has been gathered; the rest is left for another snapshot."""
    owners = _Owners(reads, caller, jobs)
    outcomes: list[Outcome] = []
    gathered = 0
    for job in jobs:
        outcome = _answer(reads, owners, job)
        outcomes.append(outcome)
        gathered += sum(map(len, outcome.frames))
        # Who left a conversation hears of that first, and so needs its own map to the end.
        unfinished = job.ref.of_user and outcome.head is None and outcome.error is None
        if unfinished or gathered > READ_BYTES:
            break
    user = reads.one(User, sid=caller.user_sid)
    return Seen(outcomes, user.position if user else 0)


def _answer(reads: Reads, owners: _Owners, job: Job) -> Outcome:
    try:
        owner = owners.of(job.ref)
    except ServiceError as error:
        return Outcome(job, error=error)
    if job.since is None:
        return Outcome(job, head=owner.position)
    if forgotten(job.ref, owner, job.since) or job.cursor > owner.position:
        return Outcome(job, stale=True)
    page = replay(reads, job.ref, owner, job.cursor)
    return Outcome(
        replace(job, cursor=page.reached),
        frames=[frame for _, frame in page.frames],
        head=page.reached if page.complete else None,
    )


class _Owners:
    """The streams' rows that the caller may read, in this snapshot; many conversations are read in one query."""

    def __init__(self, reads: Reads, caller: Caller, jobs: Sequence[Job]) -> None:
        self._reads = reads
        self._caller = caller
        self._conversations: dict[str, Conversation] = {}
        if len({job.ref.stream for job in jobs if not job.ref.of_user}) > _BULK:
            rows = reads.memberships(caller.user_sid, limit=MAX_BATCH * 2)
            self._conversations = {conversation.sid: conversation for _, conversation in rows}

    def of(self, ref: Ref) -> Conversation | User:
        """Raises 404."""
        if ref.of_user:
            return owner_of(self._reads, self._caller, ref)
        known = self._conversations.get(ref.stream)
        if known is None:
            row = owner_of(self._reads, self._caller, ref)
            if not isinstance(row, Conversation):
                raise not_found(ref.kind.type)
            known = self._conversations[ref.stream] = row
        return known


def _names(sid: str, type_: str) -> dict[str, Any]:
    return {"object_sid": sid, "object_type": type_}


def established(batch: Batch, done: Sequence[tuple[str, str, int]]) -> bytes:
    """Confirms subscriptions, each given by SID, type and the position up to which the client now knows everything."""
    events = [_names(sid, type_) | {"replay_status": "completed", "last_event_id": head} for sid, type_, head in done]
    return _confirmation("subscription_established", batch, events)


def refused(batch: Batch, objects: Sequence[tuple[str, str, ServiceError]]) -> bytes:
    """Refuses subscriptions, each given by SID, type and reason; the client takes a 404 as the object's removal."""
    events = [
        _names(sid, type_) | {"error": {"status": error.status, "code": error.code, "message": error.message}}
        for sid, type_, error in objects
    ]
    return _confirmation("subscription_failed", batch, events)


def canceled(batch: Batch, wanted: Sequence[Wanted]) -> bytes:
    """Confirms the end of subscriptions."""
    return _confirmation("subscription_canceled", batch, [_names(each.sid, each.type) for each in wanted])


def _confirmation(event_type: str, batch: Batch, events: list[dict[str, Any]]) -> bytes:
    shared = {"event_type": event_type, "correlation_id": batch.correlation_id}
    packets = [{"event": event} for event in events] if batch.single else [{"events": events}]
    return b"".join(notification(SYNC_EVENT, shared | packet) for packet in packets)
