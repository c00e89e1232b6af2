"""What webhooks are asked and told of an event, parameter by parameter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from roomful.conversations.core import events
from roomful.conversations.core.events import Event, StateChange
from roomful.conversations.core.model import Participant, Receipt
from roomful.conversations.core.ports import Actor
from roomful.conversations.core.webhook_parameters import asked, common, names, told
from roomful.conversations.core.webhooks import PRE_EVENTS
from tests.conversations.store.commands import conversation, message, user

NOW = 1_800_000_000_999
NOW_TEXT = "2027-01-15T08:00:00.999Z"
CREATED, UPDATED = 1_700_000_000_000, 1_700_000_000_001
DATES = {"DateCreated": "2023-11-14T22:13:20.000Z", "DateUpdated": "2023-11-14T22:13:20.001Z"}
CREATED_TEXT = {"DateCreated": DATES["DateCreated"]}
REMOVED = {"DateRemoved": NOW_TEXT}

DATED: dict[str, Any] = {"date_created": CREATED, "date_updated": UPDATED}
ROOM = conversation("CH1", friendly_name="#room", unique_name="room", attributes='{"a":1}', **DATED)
MESSAGE = replace(message(ROOM, "IM1", "Grüße & = +"), index=7, participant_sid="MB1", author="anna", **DATED)
MEMBER = Participant(
    *("MB1", "CH1", "US1", "anna", '{"b":2}', "RL1"),
    *(3, NOW, "default"),
    *(1, 1, 1, 1, CREATED, UPDATED),
)
ANNA = user("anna", friendly_name="Anna", attributes='{"c":3}', role_sid="RL2", online=True, **DATED)

ROOM_TEXT = {"FriendlyName": "#room", "UniqueName": "room", "Attributes": '{"a":1}', "State": "active"}
ROOM_KNOWN = {"ConversationSid": "CH1", **DATES, **ROOM_TEXT}
MESSAGE_TEXT = {
    "ConversationSid": "CH1",
    "Body": "Grüße & = +",
    "Author": "anna",
    "ParticipantSid": "MB1",
    "Attributes": "{}",
}
MESSAGE_KNOWN = {**MESSAGE_TEXT, "MessageSid": "IM1", "Index": "7", **DATES}
MEMBER_TEXT = {"ConversationSid": "CH1", "Identity": "anna", "RoleSid": "RL1", "Attributes": '{"b":2}'}
MEMBER_KNOWN = {**MEMBER_TEXT, "ParticipantSid": "MB1", **DATES}
READ = {"LastReadMessageIndex": "3"}
ANNA_TEXT = {
    "UserSid": "USanna",
    "Identity": "anna",
    "RoleSid": "RL2",
    "Attributes": '{"c":3}',
    "FriendlyName": "Anna",
}
ANNA_KNOWN = {**ANNA_TEXT, "DateUpdated": DATES["DateUpdated"]}

OUTSIDE = replace(
    MEMBER,
    sid="MB2",
    user_sid=None,
    identity=None,
    type="whatsapp",
    address="whatsapp:+4930123456",
    proxy_address="whatsapp:+4930654321",
)
OUTSIDE_TEXT = {
    **{name: value for name, value in MEMBER_TEXT.items() if name != "Identity"},
    "MessagingBinding.Address": "whatsapp:+4930123456",
    "MessagingBinding.ProxyAddress": "whatsapp:+4930654321",
    "MessagingBinding.Type": "WHATSAPP",
}
RECEIPT = Receipt("DY1", "CH1", "IM1", "MB2", None, "failed", 30008, **DATED)
RECEIPT_TEXT = {
    "ConversationSid": "CH1",
    "MessageSid": "IM1",
    "DeliveryReceiptSid": "DY1",
    "ParticipantSid": "MB2",
    "Status": "failed",
    "ErrorCode": "30008",
    **DATES,
}

EVENTS: list[tuple[Event, str | None, dict[str, str], str, dict[str, str]]] = [
    (
        events.ConversationAdded("CH1", 1, ROOM),
        *("onConversationAdd", ROOM_TEXT),
        *("onConversationAdded", {**ROOM_TEXT, "ConversationSid": "CH1", **DATES}),
    ),
    (
        events.ConversationUpdated("CH1", 2, ROOM),
        *("onConversationUpdate", ROOM_KNOWN),
        *("onConversationUpdated", ROOM_KNOWN),
    ),
    (
        events.ConversationRemoved("CH1", 2, ROOM),
        *("onConversationRemove", ROOM_KNOWN),
        *("onConversationRemoved", {**ROOM_KNOWN, **REMOVED}),
    ),
    (
        events.MessageAdded("CH1", 2, ROOM, MESSAGE),
        *("onMessageAdd", MESSAGE_TEXT),
        *("onMessageAdded", {**MESSAGE_TEXT, "MessageSid": "IM1", "Index": "7", **CREATED_TEXT}),
    ),
    (
        events.MessageUpdated("CH1", 2, ROOM, MESSAGE),
        *("onMessageUpdate", MESSAGE_KNOWN),
        *("onMessageUpdated", MESSAGE_KNOWN),
    ),
    (
        events.MessageRemoved("CH1", 2, ROOM, MESSAGE),
        *("onMessageRemove", MESSAGE_KNOWN),
        *("onMessageRemoved", {**MESSAGE_KNOWN, **REMOVED}),
    ),
    (
        events.ParticipantAdded("CH1", 2, ROOM, MEMBER),
        *("onParticipantAdd", MEMBER_TEXT),
        *("onParticipantAdded", {**MEMBER_TEXT, "ParticipantSid": "MB1", **CREATED_TEXT}),
    ),
    (
        events.ParticipantAdded("CH1", 2, ROOM, OUTSIDE),
        *("onParticipantAdd", OUTSIDE_TEXT),
        *("onParticipantAdded", {**OUTSIDE_TEXT, "ParticipantSid": "MB2", **CREATED_TEXT}),
    ),
    (
        events.DeliveryUpdated("CH1", 2, ROOM, MESSAGE, RECEIPT),
        *(None, {}),
        *("onDeliveryUpdated", RECEIPT_TEXT),
    ),
    (
        events.ParticipantUpdated("CH1", 2, ROOM, MEMBER),
        *("onParticipantUpdate", MEMBER_KNOWN),
        *("onParticipantUpdated", {**MEMBER_KNOWN, **READ}),
    ),
    (
        events.ParticipantRemoved("CH1", 2, ROOM, MEMBER),
        *("onParticipantRemove", MEMBER_KNOWN),
        *("onParticipantRemoved", {**MEMBER_KNOWN, **READ, **REMOVED}),
    ),
    (
        events.UserAdded("USanna", 1, ANNA),
        *(None, {}),
        *("onUserAdded", {**ANNA_TEXT, **CREATED_TEXT}),
    ),
    (
        events.UserUpdated("USanna", 4, replace(ANNA, position=4)),
        *("onUserUpdate", ANNA_KNOWN),
        *("onUserUpdated", {**ANNA_KNOWN, **CREATED_TEXT}),
    ),
]
BY_NAME = [pytest.param(*row, id=f"{row[3]}-{number}") for number, row in enumerate(EVENTS)]


@pytest.mark.parametrize(("event", "before", "known", "after", "parameters"), BY_NAME)
def test_what_is_told(event: Event, before: str, known: Any, after: str, parameters: dict[str, str]) -> None:
    assert names(event) == (after,)
    assert told(after, event, NOW) == parameters


@pytest.mark.parametrize(("event", "before", "known", "after", "parameters"), BY_NAME)
def test_what_is_asked(event: Event, before: str | None, known: dict[str, str], after: str, parameters: Any) -> None:
    assert {name: asked(name, event) for name in PRE_EVENTS} == {
        name: known if name == before else None for name in PRE_EVENTS
    }


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("API", ("onConversationUpdated", "onConversationStateUpdated")),
        ("TIMER", ("onConversationStateUpdated",)),
        ("EVENT", ("onConversationStateUpdated",)),
    ],
)
def test_a_change_of_state(reason: Any, named: tuple[str, ...]) -> None:
    room = replace(ROOM, state="inactive", state_date=NOW)
    event = events.ConversationUpdated("CH1", 2, room, StateChange("active", "inactive", reason))
    assert names(event) == named
    assert told("onConversationStateUpdated", event, NOW + 1) == {
        "ConversationSid": "CH1",
        "StateFrom": "active",
        "StateTo": "inactive",
        "StateUpdated": NOW_TEXT,
        "Reason": reason,
    }
    assert told("onConversationUpdated", event, NOW) == {**ROOM_KNOWN, "State": "inactive"}
    assert (asked("onConversationUpdate", event) is not None) == (reason == "API")


def test_what_has_no_value_is_left_out() -> None:
    bare = conversation("CH1", **DATED)
    assert told("onConversationAdded", events.ConversationAdded("CH1", 1, bare), NOW) == {
        "Attributes": "{}",
        "State": "active",
        "ConversationSid": "CH1",
        **DATES,
    }
    silent = replace(MESSAGE, body=None, participant_sid=None)
    assert told("onMessageUpdated", events.MessageUpdated("CH1", 2, ROOM, silent), NOW) == {
        name: value for name, value in MESSAGE_KNOWN.items() if name not in ("Body", "ParticipantSid")
    }
    unread = replace(MEMBER, last_read_message_index=None)
    assert told("onParticipantUpdated", events.ParticipantUpdated("CH1", 2, ROOM, unread), NOW) == MEMBER_KNOWN


def test_media_of_a_message() -> None:
    medium = '{"sid":"ME1","category":"media","filename":"ü.png","content_type":"image/png","size":7}'
    with_media = replace(MESSAGE, medias=f"[{medium}]")
    assert told("onMessageAdded", events.MessageAdded("CH1", 2, ROOM, with_media), NOW)["Media"] == (
        '[{"Sid":"ME1","ContentType":"image/png","Filename":"ü.png","Size":7,"Category":"media"}]'
    )


def test_an_empty_text_is_a_value() -> None:
    empty = replace(MESSAGE, body="")
    assert told("onMessageAdded", events.MessageAdded("CH1", 2, ROOM, empty), NOW)["Body"] == ""


def test_who_is_online_is_told_where_the_service_shows_it() -> None:
    event = events.UserUpdated("USanna", 4, replace(ANNA, position=4))
    shown = told("onUserUpdated", event, NOW, reachability=True)
    assert shown == {**ANNA_KNOWN, **CREATED_TEXT, "isOnline": "true", "isNotifiable": "false"}


def test_presence_is_no_change_of_a_profile() -> None:
    event = events.UserUpdated("USanna", 4, replace(ANNA, position=4, reachability_position=4))
    assert names(event) == ()
    assert asked("onUserUpdate", event) is None


def test_two_changes_of_a_profile_at_once_are_told_once() -> None:
    both = replace(ANNA, position=5, friendly_name_position=4, attributes_position=5)
    assert [names(events.UserUpdated("USanna", position, both)) for position in (4, 5)] == [(), ("onUserUpdated",)]


UNTOLD: list[Event] = [
    events.MembershipAdded("USanna", 1, MEMBER),
    events.MembershipUpdated("USanna", 1, MEMBER),
    events.MembershipRemoved("USanna", 1, MEMBER),
    events.TokensRevoked("IS1", 0, frozenset(), "anna"),
    events.AccessReduced("IS1", 0, "anna"),
    events.MediaRemoved("IS1", 0),
    events.WebhooksConfigured("IS1", 0),
    events.WebhookCallsDue("IS1", 0, (("IS1", "CH1"),)),
]


@pytest.mark.parametrize("event", UNTOLD, ids=lambda event: type(event).__name__)
def test_what_nobody_is_told(event: Event) -> None:
    assert names(event) == ()
    assert all(asked(name, event) is None for name in PRE_EVENTS)


def test_every_kind_of_event_is_tried_here() -> None:
    tried = {type(event).__name__ for event in (*(row[0] for row in EVENTS), *UNTOLD)}
    assert tried == {kind.__name__ for kind in Event.__subclasses__()}


def test_who_caused_it() -> None:
    assert common("AC1", "IS1", "onUserAdded", Actor("IS1", "anna")) == {
        "AccountSid": "AC1",
        "ChatServiceSid": "IS1",
        "EventType": "onUserAdded",
        "Source": "SDK",
        "ClientIdentity": "anna",
    }
    assert common("AC1", "IS1", "onUserAdded", Actor("IS1")) == {
        "AccountSid": "AC1",
        "ChatServiceSid": "IS1",
        "EventType": "onUserAdded",
        "Source": "API",
    }
