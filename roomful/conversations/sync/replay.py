"""What an object's subscriber missed (docs/protocol.md, "Positions"): a query over rows and tombstones, no event log.

Runs on a reader thread. Pages are taken in the order of positions, so a long replay may be read in several snapshots: a
row that changes meanwhile moves behind the cursor's head and is met again there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..core.errors import ServiceError
from ..core.model import Conversation, Message, Participant, Tombstone, User
from ..core.ports import Reads
from .events import CONVERSATION_KINDS, document_updated, item_event, item_removed, object_removed
from .objects import Item, Kind, Ref, membership_item, message_item, profile, roster_item
from .requests import Caller, readable

PAGE_ROWS = 50
"""Rows of one kind in a page: at most some 2 MB of messages."""

Frames = list[tuple[int, bytes]]
"""Events in the order of their positions."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a replay. `reached` is the position up to which the receiver now knows everything.

    `complete` says that this is the stream's head in the snapshot that was read.
    """

    frames: Frames
    reached: int
    complete: bool


def replay(reads: Reads, ref: Ref, owner: Conversation | User, cursor: int) -> Page:
    """The next page for a receiver that knows everything up to `cursor`.

    `owner` is the stream's row in this snapshot.
    """
    if cursor >= owner.position:
        return Page([], owner.position, True)
    if isinstance(owner, Conversation) and ref.kind is Kind.DOCUMENT:
        news = owner.document_position > cursor
        return Page([(owner.document_position, document_updated(owner))] if news else [], owner.position, True)
    if isinstance(owner, User) and ref.kind is Kind.PROFILE:
        changed = [item for item in profile(reads, owner) if item.changed > cursor]
        items = sorted(changed, key=lambda item: item.changed)
        return Page([(item.changed, item_event(ref, item, False)) for item in items], owner.position, True)
    return _items(reads, ref, owner, cursor)


def _items(reads: Reads, ref: Ref, owner: Conversation | User, cursor: int) -> Page:
    """An item is told at its creation and, if it changed since, at its last change, both with its present data.

    Were it told at its change alone, a line that breaks between the two positions would leave the client with a
    position above the creation of what it was never told, and the next replay would call it a mere update.
    """
    added, changed = _added(reads, ref, owner, cursor), _changed(reads, ref, cursor)
    tombstones = reads.page(
        Tombstone,
        order="position",
        start=cursor,
        limit=PAGE_ROWS,
        stream_sid=ref.stream,
        object=ref.kind.suffix,
    )
    bounds = [added[-1].created] if len(added) == PAGE_ROWS else []
    bounds += [changed[-1].changed] if len(changed) == PAGE_ROWS else []
    bounds += [tombstones[-1].position] if len(tombstones) == PAGE_ROWS else []
    reached = min(bounds, default=owner.position)
    frames: Frames = [
        (item.created, item_event(ref, replace(item, changed=item.created), True))
        for item in added
        if item.created <= reached
    ]
    frames += [
        (item.changed, item_event(ref, item, False)) for item in changed if item.created < item.changed <= reached
    ]
    frames += [
        (row.position, item_removed(ref, row.position, row.key)) for row in tombstones if row.position <= reached
    ]
    frames.sort(key=lambda entry: entry[0])
    return Page(frames, reached, not bounds)


def _added(reads: Reads, ref: Ref, owner: Conversation | User, cursor: int) -> list[Item]:
    """Items that were created after `cursor`, by the position of their creation."""
    if isinstance(owner, Conversation) and ref.kind is Kind.MESSAGES:
        first = first_after(reads, owner, cursor)
        messages = reads.page(
            Message, order="index", start=first, inclusive=True, limit=PAGE_ROWS, conversation_sid=ref.stream
        )
        return [message_item(message) for message in messages]
    if ref.kind is Kind.ROSTER:
        roster = reads.page(
            Participant, order="conv_created", start=cursor, limit=PAGE_ROWS, conversation_sid=ref.stream
        )
        return [roster_item(participant) for participant in roster]
    memberships = reads.page(Participant, order="user_created", start=cursor, limit=PAGE_ROWS, user_sid=ref.stream)
    return [membership_item(participant) for participant in memberships]


def first_after(reads: Reads, conversation: Conversation, cursor: int) -> int:
    """The index from which on all messages were created after `cursor`: the two orders are the same.

    Each creation took a position, so there are no more of them than positions.
    """
    low = max(0, conversation.next_index - (conversation.position - cursor))
    high = conversation.next_index
    while low < high:
        middle = (low + high) // 2
        found = reads.page(
            Message, order="index", start=middle, inclusive=True, limit=1, conversation_sid=conversation.sid
        )
        if found and found[0].created_position <= cursor:
            low = found[0].index + 1
        else:
            high = middle
    return low


def _changed(reads: Reads, ref: Ref, cursor: int) -> list[Item]:
    """Items that changed after `cursor`, by the position of the change."""
    if ref.kind is Kind.MESSAGES:
        messages = reads.page(
            Message, order="changed_position", start=cursor, limit=PAGE_ROWS, conversation_sid=ref.stream
        )
        return [message_item(message) for message in messages]
    if ref.kind is Kind.ROSTER:
        roster = reads.page(
            Participant, order="conv_changed", start=cursor, limit=PAGE_ROWS, conversation_sid=ref.stream
        )
        return [roster_item(participant) for participant in roster]
    memberships = reads.page(Participant, order="user_changed", start=cursor, limit=PAGE_ROWS, user_sid=ref.stream)
    return [membership_item(participant) for participant in memberships]


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened in a stream since a position. `head` is None if the stream is gone.

    `expelled` are those who may no longer read it.
    """

    frames: Sequence[tuple[Ref, int, bytes]]
    head: int | None
    expelled: Sequence[Caller] = ()


def replay_stream(reads: Reads, refs: Collection[Ref], since: int, callers: Collection[Caller]) -> Missed:
    """All changes of a stream's objects `refs` after `since`, and which of their readers `callers` lost access."""
    first = next(iter(refs))
    stream, of_user = first.stream, first.of_user
    owner = reads.one(User, sid=stream) if of_user else reads.one(Conversation, sid=stream)
    if owner is None:
        gone = [] if of_user else [Ref(kind, stream) for kind in CONVERSATION_KINDS]
        return Missed([(ref, since + 1, object_removed(ref, since + 1)) for ref in gone], None)
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
