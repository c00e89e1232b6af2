"""The events that webhooks are asked and told of, and which filters let them through (docs/rest.md, "Webhooks").

An event before the fact ends in Add, Update or Remove, the one after it in Added, Updated or Removed.
"""

from __future__ import annotations

from typing import Final

PRE_EVENTS: Final = frozenset(
    {
        *("onConversationAdd", "onConversationUpdate", "onConversationRemove"),
        *("onMessageAdd", "onMessageUpdate", "onMessageRemove"),
        *("onParticipantAdd", "onParticipantUpdate", "onParticipantRemove"),
        "onUserUpdate",
    }
)
"""Asked before something happens."""

CONVERSATION_EVENTS: Final = frozenset(
    {
        *("onConversationUpdated", "onConversationRemoved", "onConversationStateUpdated"),
        *("onMessageAdded", "onMessageUpdated", "onMessageRemoved"),
        *("onParticipantAdded", "onParticipantUpdated", "onParticipantRemoved"),
        "onDeliveryUpdated",
    }
)
"""Told after something happened, also to a conversation's own webhooks."""

POST_EVENTS: Final = CONVERSATION_EVENTS | {"onConversationAdded", "onUserAdded", "onUserUpdated"}
"""Told after something happened. `onDeliveryUpdated` needs people outside the chat, which the service does not have."""

_OLDER_NAMES: Final = {
    "onMessageSend": "onMessageAdd",
    "onMessageSent": "onMessageAdded",
    "onConversationDestroy": "onConversationRemove",
    "onConversationDestroyed": "onConversationRemoved",
}
"""Names in the examples of Twilio's specification: accepted as filters, and events keep their newer names."""

_BY_LOWER: Final = {
    **{name.lower(): name for name in PRE_EVENTS | POST_EVENTS},
    **{older.lower(): name for older, name in _OLDER_NAMES.items()},
}


def event_named(name: str) -> str | None:
    """The event that a filter names, whatever its case; None when there is no such event."""
    return _BY_LOWER.get(name.lower())


def lets_through(filters: str, event: str) -> bool:
    """Whether a row's `filters` name this event."""
    return any(event_named(name) == event for name in filters.split(" "))
