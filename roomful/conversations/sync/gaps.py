"""What all subscribers of a stream missed: the hub asks when commits did not come (docs/protocol.md, "Positions")."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ..core.errors import ServiceError
from ..core.model import Conversation, User
from ..core.ports import ReadPool, Reads
from .channels import Stream
from .events import CONVERSATION_KINDS, object_removed
from .objects import Ref
from .replay import forgotten, replay
from .requests import Caller, readable


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened in a stream since a position. `head` is None if the stream is gone.

    `expelled` are those who may no longer read it. `stale`: it is too long ago for anybody to be told.
    """

    frames: Sequence[tuple[Ref, int, bytes]]
    head: int | None
    expelled: Sequence[Caller] = ()
    stale: bool = False


def replay_stream(reads: Reads, refs: Collection[Ref], since: int, callers: Collection[Caller]) -> Missed:
    """All changes of a stream's objects `refs` after `since`, and which of their readers `callers` lost access."""
    first = next(iter(refs))
    stream, of_user = first.stream, first.of_user
    owner = reads.one(User, sid=stream) if of_user else reads.one(Conversation, sid=stream)
    if owner is None:
        gone = [] if of_user else [Ref(kind, stream) for kind in CONVERSATION_KINDS]
        return Missed([(ref, since + 1, object_removed(ref, since + 1)) for ref in gone], None)
    if any(forgotten(ref, owner, since) for ref in refs):
        return Missed([], owner.position, stale=True)
    frames: list[tuple[Ref, int, bytes]] = []
    for ref in refs:
        cursor, complete = since, False
        while not complete:
            page = replay(reads, ref, owner, cursor)
            frames += [(ref, position, frame) for position, frame in page.frames]
            cursor, complete = page.reached, page.complete
    return Missed(frames, owner.position, expelled(reads, stream, callers))


def expelled(reads: Reads, conversation_sid: str, callers: Collection[Caller]) -> list[Caller]:
    """Those who may not read a conversation; of a user's stream nobody ever loses what it may read."""
    if not conversation_sid.startswith("CH"):
        return []
    return [caller for caller in callers if not _may_stay(reads, caller, conversation_sid)]


def _may_stay(reads: Reads, caller: Caller, conversation_sid: str) -> bool:
    try:
        readable(reads, caller, conversation_sid)
    except ServiceError:
        return False
    return True


async def read_gap(pool: ReadPool, stream: Stream) -> Missed:
    """What the stream's subscribers missed, read until it is about all that are subscribed by then.

    Who subscribes meanwhile may have been answered from an older snapshot than this one.
    """
    refs, callers = stream.refs(), stream.callers()
    missed = await pool.read(partial(replay_stream, refs=refs, since=stream.head or 0, callers=callers))
    while not (stream.refs() <= refs and stream.callers() <= callers):
        if not stream.refs() <= refs:
            return await read_gap(pool, stream)  # at most once for each kind of object
        more = stream.callers() - callers
        callers |= more
        strangers = await pool.read(partial(expelled, conversation_sid=next(iter(refs)).stream, callers=more))
        missed = replace(missed, expelled=[*missed.expelled, *strangers])
    return missed
