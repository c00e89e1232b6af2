"""What an object's subscriber missed (docs/protocol.md, "Positions"): a query over rows and tombstones, no event log.

Runs on a reader thread. Pages are taken in the order of positions, so a long replay may be read in several snapshots: a
row that changes meanwhile moves behind the cursor's head and is met again there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..core.model import Conversation, Message, Participant, Tombstone, User
from ..core.ports import Reads
from .events import document_updated, item_event, item_removed
from .objects import Item, Kind, Ref, membership_item, message_item, profile, roster_item

PAGE_ROWS = 50
"""Rows of one kind in a page: at most some 2 MB of messages."""

_WITH_TOMBSTONES = (Kind.MESSAGES, Kind.ROSTER, Kind.MEMBERSHIPS)
"""Objects whose items can go; the others can be caught up from any position."""

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


def forgotten(ref: Ref, owner: Conversation | User, since: int) -> bool:
    """Whether tombstones after `since` are gone, so that nobody can say any more what was removed."""
    return ref.kind in _WITH_TOMBSTONES and since < owner.pruned_to


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
