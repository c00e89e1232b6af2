"""What webhooks are asked and told of an event: its names and its parameters (docs/rest.md, "Webhooks").

A webhook is asked before the fact with what the event will hold, and told after it with what exists only then. A
parameter without a value is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import events
from .dates import iso
from .events import Event
from .media import attached
from .model import Conversation, Message, Participant, Receipt, User
from .ports import Actor

Parameters = dict[str, str]
Values = dict[str, str | int | bool | None]


def common(account_sid: str, service_sid: str, name: str, actor: Actor) -> Parameters:
    """The parameters of every call: whose event it is, its name, and who caused it."""
    parameters = {
        "AccountSid": account_sid,
        "ChatServiceSid": service_sid,
        "EventType": name,
        "Source": "API" if actor.identity is None else "SDK",
    }
    if actor.identity is not None:
        parameters["ClientIdentity"] = actor.identity
    return parameters


def names(event: Event) -> tuple[str, ...]:
    """The names under which webhooks are told of an event: none, one or two."""
    told = _TOLD.get(type(event))
    if told is None:
        return ()
    if isinstance(event, events.ConversationUpdated) and event.state_change is not None:
        return (told.after, _STATE_UPDATED) if event.state_change.reason == "API" else (_STATE_UPDATED,)
    if isinstance(event, events.UserUpdated) and not _by_request(event):
        return ()
    return (told.after,)


def _by_request(event: events.UserUpdated) -> bool:
    """Whether somebody changed the profile, and not merely connected. Two changes at once are told once."""
    return event.position == event.user.position != event.user.reachability_position


def told(name: str, event: Event, now: int, *, reachability: bool = False) -> Parameters:
    """The parameters, beyond `common`, of `name`, one of the event's `names`.

    now: when it happened, in milliseconds. reachability: whether the service shows who is online.
    """
    if name == _STATE_UPDATED and isinstance(event, events.ConversationUpdated) and event.state_change is not None:
        return _texts(_state(event.conversation, event.state_change))
    kind = _TOLD[type(event)]
    return _texts(kind.known(event) | kind.later(event, now, reachability))


def asked(name: str, event: Event) -> Parameters | None:
    """The parameters, beyond `common`, of `name`, an event before the fact; None if `event` is not what it is about."""
    kind = _TOLD.get(type(event))
    if kind is None or kind.before != name or kind.after not in names(event):
        return None
    return _texts(kind.known(event))


def _texts(values: Mapping[str, Any]) -> Parameters:
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# What each kind of row shows


def _conversation(row: Conversation) -> Values:
    return {
        "FriendlyName": row.friendly_name,
        "UniqueName": row.unique_name,
        "Attributes": row.attributes,
        "State": row.state,
    }


def _existing_conversation(row: Conversation) -> Values:
    return {"ConversationSid": row.sid, **_dates(row), **_conversation(row)}


def _message(row: Message) -> Values:
    return {
        "ConversationSid": row.conversation_sid,
        "Body": row.body,
        "Author": row.author,
        "ParticipantSid": row.participant_sid,
        "Attributes": row.attributes,
        "Media": _media(row),
    }


def _media(row: Message) -> str | None:
    """A JSON array, whose keys begin with capitals."""
    if row.medias is None:
        return None
    shown = [
        {
            "Sid": medium.sid,
            "ContentType": medium.content_type,
            "Filename": medium.filename,
            "Size": medium.size,
            "Category": medium.category,
        }
        for medium in attached(row)
    ]
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def _receipt(row: Receipt) -> Values:
    return {
        "ConversationSid": row.conversation_sid,
        "MessageSid": row.message_sid,
        "DeliveryReceiptSid": row.sid,
        "ChannelMessageSid": row.channel_message_sid,
        "ParticipantSid": row.participant_sid,
        "Status": row.status,
        "ErrorCode": row.error_code,
        "DateCreated": iso(row.date_created),
        "DateUpdated": iso(row.date_updated),
    }


def _existing_message(row: Message) -> Values:
    return {**_message(row), "MessageSid": row.sid, "Index": row.index, **_dates(row)}


def _participant(row: Participant) -> Values:
    return {
        "ConversationSid": row.conversation_sid,
        "Identity": row.identity,
        "RoleSid": row.role_sid,
        "Attributes": row.attributes,
        **_binding(row),
    }


def _binding(row: Participant) -> Values:
    if row.address is None:
        return {}
    return {
        "MessagingBinding.Address": row.address,
        "MessagingBinding.ProxyAddress": row.proxy_address,
        "MessagingBinding.Type": row.type.upper(),
    }


def _existing_participant(row: Participant) -> Values:
    return {**_participant(row), "ParticipantSid": row.sid, **_dates(row)}


def _user(row: User) -> Values:
    return {
        "UserSid": row.sid,
        "Identity": row.identity,
        "RoleSid": row.role_sid,
        "Attributes": row.attributes,
        "FriendlyName": row.friendly_name,
    }


def _reachability(row: User, shown: bool) -> Values:
    return {"isOnline": row.online, "isNotifiable": row.notifiable} if shown else {}


def _dates(row: Conversation | Message | Participant) -> Values:
    return {"DateCreated": iso(row.date_created), "DateUpdated": iso(row.date_updated)}


def _removed(now: int) -> Values:
    return {"DateRemoved": iso(now)}


_STATE_UPDATED: Final = "onConversationStateUpdated"


def _state(conversation: Conversation, change: events.StateChange) -> Values:
    return {
        "ConversationSid": conversation.sid,
        "StateFrom": change.before,
        "StateTo": change.after,
        "StateUpdated": iso(conversation.state_date),
        "Reason": change.reason,
    }


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one class of events is told."""

    before: str | None
    """Its name before the fact; None if webhooks are not asked."""
    after: str
    known: Callable[[Any], Values]
    """The parameters that are known beforehand."""
    later: Callable[[Any, int, bool], Values] = lambda event, now, reachability: {}
    """Those that exist after the fact only: of the event, its time, and whether the service shows who is online."""


_TOLD: Final[Mapping[type[Event], _Kind]] = {
    events.ConversationAdded: _Kind(
        "onConversationAdd",
        "onConversationAdded",
        lambda event: _conversation(event.conversation),
        lambda event, now, _: {"ConversationSid": event.conversation.sid, **_dates(event.conversation)},
    ),
    events.ConversationUpdated: _Kind(
        "onConversationUpdate", "onConversationUpdated", lambda event: _existing_conversation(event.conversation)
    ),
    events.ConversationRemoved: _Kind(
        "onConversationRemove",
        "onConversationRemoved",
        lambda event: _existing_conversation(event.conversation),
        lambda event, now, _: _removed(now),
    ),
    events.MessageAdded: _Kind(
        "onMessageAdd",
        "onMessageAdded",
        lambda event: _message(event.message),
        lambda event, now, _: {
            "MessageSid": event.message.sid,
            "Index": event.message.index,
            "DateCreated": iso(event.message.date_created),
        },
    ),
    events.MessageUpdated: _Kind("onMessageUpdate", "onMessageUpdated", lambda event: _existing_message(event.message)),
    events.MessageRemoved: _Kind(
        "onMessageRemove",
        "onMessageRemoved",
        lambda event: _existing_message(event.message),
        lambda event, now, _: _removed(now),
    ),
    events.DeliveryUpdated: _Kind(None, "onDeliveryUpdated", lambda event: _receipt(event.receipt)),
    events.ParticipantAdded: _Kind(
        "onParticipantAdd",
        "onParticipantAdded",
        lambda event: _participant(event.participant),
        lambda event, now, _: {
            "ParticipantSid": event.participant.sid,
            "DateCreated": iso(event.participant.date_created),
        },
    ),
    events.ParticipantUpdated: _Kind(
        "onParticipantUpdate",
        "onParticipantUpdated",
        lambda event: _existing_participant(event.participant),
        lambda event, now, _: {"LastReadMessageIndex": event.participant.last_read_message_index},
    ),
    events.ParticipantRemoved: _Kind(
        "onParticipantRemove",
        "onParticipantRemoved",
        lambda event: _existing_participant(event.participant),
        lambda event, now, _: {
            "LastReadMessageIndex": event.participant.last_read_message_index,
            **_removed(now),
        },
    ),
    events.UserAdded: _Kind(
        None,
        "onUserAdded",
        lambda event: {**_user(event.user), "DateCreated": iso(event.user.date_created)},
    ),
    events.UserUpdated: _Kind(
        "onUserUpdate",
        "onUserUpdated",
        lambda event: {**_user(event.user), "DateUpdated": iso(event.user.date_updated)},
        lambda event, now, reachability: {
            "DateCreated": iso(event.user.date_created),
            **_reachability(event.user, reachability),
        },
    ),
}
