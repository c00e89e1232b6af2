"""Sync events (docs/protocol.md, "Events"): each is encoded once, as a complete frame for all subscribers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..core.events import (
    ConversationRemoved,
    ConversationUpdated,
    DeliveryUpdated,
    Event,
    MembershipAdded,
    MembershipRemoved,
    MembershipUpdated,
    MessageAdded,
    MessageRemoved,
    MessageUpdated,
    ParticipantAdded,
    ParticipantRemoved,
    ParticipantUpdated,
    UserUpdated,
)
from ..core.model import Conversation
from .frames import SYNC_EVENT, notification
from .objects import (
    Item,
    Kind,
    Ref,
    conversation_data,
    membership_data,
    membership_item,
    message_data,
    message_item,
    participant_data,
    profile_items,
    roster_item,
)

Change = tuple[str, Callable[[], bytes]]
"""An object's SID, and what encodes the event for it: called only if somebody is subscribed."""


def sync_event(event_type: str, event: dict[str, Any]) -> bytes:
    """The frame of one event."""
    return notification(SYNC_EVENT, {"event_type": event_type, "event": event})


def _item_fields(ref: Ref, position: int, key: str | int) -> dict[str, Any]:
    if ref.kind.type == "list":
        return {"id": position, "list_sid": ref.sid, "item_index": int(key)}
    return {"id": position, "map_sid": ref.sid, "item_key": key}


def item_event(ref: Ref, item: Item, added: bool) -> bytes:
    """An item came or changed."""
    event = _item_fields(ref, item.changed, item.key) | {"item_data": item.data}
    return sync_event(f"{ref.kind.type}_item_{'added' if added else 'updated'}", event)


def item_removed(ref: Ref, position: int, key: str | int, data: dict[str, Any] | None = None) -> bytes:
    """An item went; `data` is what it last held, where that is known."""
    event = _item_fields(ref, position, key)
    if data is not None:
        event["item_data"] = data
    return sync_event(f"{ref.kind.type}_item_removed", event)


def document_updated(conversation: Conversation) -> bytes:
    """The conversation's document has new data."""
    return sync_event(
        "document_updated",
        {
            "id": conversation.document_position,
            "document_sid": Kind.DOCUMENT.sid(conversation.sid),
            "document_data": conversation_data(conversation),
        },
    )


def object_removed(ref: Ref, position: int) -> bytes:
    """A whole object went."""
    return sync_event(f"{ref.kind.type}_removed", {"id": position, f"{ref.kind.type}_sid": ref.sid})


CONVERSATION_KINDS = (Kind.DOCUMENT, Kind.MESSAGES, Kind.ROSTER)


def changes(event: Event) -> Iterator[Change]:
    """What an event means to the objects of its stream, in the order in which clients must hear of it.

    A new last message is not among them: the document's update may wait (`late_document`).
    """
    position = event.position
    match event:
        case MessageAdded(message=message) | MessageUpdated(message=message) | DeliveryUpdated(message=message):
            ref = Ref(Kind.MESSAGES, event.stream)
            yield ref.sid, partial(item_event, ref, message_item(message), isinstance(event, MessageAdded))
        case MessageRemoved(message=message):
            ref = Ref(Kind.MESSAGES, event.stream)
            yield ref.sid, partial(item_removed, ref, position, message.index, message_data(message))
        case ParticipantAdded(participant=participant) | ParticipantUpdated(participant=participant):
            ref = Ref(Kind.ROSTER, event.stream)
            yield ref.sid, partial(item_event, ref, roster_item(participant), isinstance(event, ParticipantAdded))
        case ParticipantRemoved(participant=participant):
            ref = Ref(Kind.ROSTER, event.stream)
            yield ref.sid, partial(item_removed, ref, position, participant.sid, participant_data(participant))
        case ConversationUpdated(conversation=conversation):
            yield Kind.DOCUMENT.sid(event.stream), partial(document_updated, conversation)
        case ConversationRemoved():
            for kind in CONVERSATION_KINDS:
                ref = Ref(kind, event.stream)
                yield ref.sid, partial(object_removed, ref, position)
        case _:
            yield from _user_changes(event)


def _user_changes(event: Event) -> Iterator[Change]:
    match event:
        case MembershipAdded(participant=participant) | MembershipUpdated(participant=participant):
            ref = Ref(Kind.MEMBERSHIPS, event.stream)
            yield ref.sid, partial(item_event, ref, membership_item(participant), isinstance(event, MembershipAdded))
        case MembershipRemoved(participant=participant):
            ref, key = Ref(Kind.MEMBERSHIPS, event.stream), participant.conversation_sid
            yield ref.sid, partial(item_removed, ref, event.position, key, membership_data(participant))
        case UserUpdated(user=user):
            ref = Ref(Kind.PROFILE, event.stream)
            for item in profile_items(user, reachability=True):  # a change that is not shown is not announced
                if item.changed == event.position:
                    yield ref.sid, partial(item_event, ref, item, False)


def late_document(event: Event) -> Conversation | None:
    """The conversation whose document changed only by its last message: subscribers may hear of it a little later."""
    match event:
        case MessageAdded(conversation=conversation) | MessageRemoved(conversation=conversation):
            return conversation if conversation.document_position == event.position else None
        case _:
            return None
