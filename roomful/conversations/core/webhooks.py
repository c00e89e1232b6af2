"""The events that webhooks are asked and told of, and which filters let them through (docs/rest.md, "Webhooks").

An event before the fact ends in Add, Update or Remove, the one after it in Added, Updated or Removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol, TypeVar

from .model import Row, WebhookConfiguration

R = TypeVar("R", bound=Row)

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
"""Told after something happened."""

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
    return event in named(filters)


@lru_cache(maxsize=1024)
def named(filters: str) -> frozenset[str]:
    """The events that a row's `filters` name."""
    return frozenset(event for name in filters.split(" ") if (event := event_named(name)) is not None)


class Finder(Protocol):
    """What `Tx` and `Reads` have in common here."""

    def find(self, row: type[R], field: str, values: Sequence[str]) -> list[R]:
        """See `Reads.find`."""


def governing(rows: Finder, service_sid: str, account_sid: str) -> WebhookConfiguration | None:
    """The configuration that holds for a service's conversations: its own, or the account's if it has none.

    One that names no URL is none.
    """
    found = {row.owner_sid: row for row in rows.find(WebhookConfiguration, "owner_sid", [service_sid, account_sid])}
    for owner_sid in (service_sid, account_sid):
        configuration = found.get(owner_sid)
        if configuration is not None and (configuration.pre_webhook_url or configuration.post_webhook_url):
            return configuration
    return None
