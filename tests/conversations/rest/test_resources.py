"""Each resource through the unmodified library, in the short form and in the form that names the service."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.servers import Server

PAST = datetime(2020, 2, 29, 12, 30, 15, tzinfo=UTC)


def refusal(call: Any, *args: Any, **kwargs: Any) -> tuple[int, int]:
    """The status and code with which a call is refused."""
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **kwargs)
    return refused.value.status, refused.value.code


def test_conversation(api: Any, service_sid: str, rest_server: Server) -> None:
    made = api.conversations.create(
        friendly_name="Grüße 👋 a+b&c", unique_name="greetings", attributes=json.dumps({"kind": "room"})
    )
    assert made.friendly_name == "Grüße 👋 a+b&c"
    assert (made.account_sid, made.chat_service_sid) == (rest_server.credentials["account_sid"], service_sid)
    assert (made.state, made.timers, made.messaging_service_sid) == ("active", {}, None)
    assert isinstance(made.date_created, datetime)
    assert isinstance(made.date_updated, datetime)

    assert api.conversations(made.sid).fetch().unique_name == "greetings"
    assert api.conversations("greetings").fetch().sid == made.sid

    changed = api.conversations("greetings").update(friendly_name="", attributes='{"kind":"dm"}', state="inactive")
    assert (changed.friendly_name, changed.attributes, changed.state) == (None, '{"kind":"dm"}', "inactive")
    assert changed.unique_name == "greetings"
    assert api.conversations(made.sid).update(unique_name="").unique_name is None

    assert api.conversations(made.sid).delete() is True
    assert refusal(api.conversations(made.sid).fetch) == (404, 20404)


def test_conversation_without_arguments_and_with_dates(api: Any) -> None:
    bare = api.conversations.create()
    assert (bare.friendly_name, bare.unique_name, bare.attributes) == (None, None, "{}")
    imported = api.conversations.create(date_created=PAST, date_updated=PAST)
    assert (imported.date_created, imported.date_updated) == (PAST, PAST)


def test_closed_is_final(api: Any) -> None:
    made = api.conversations.create()
    assert api.conversations(made.sid).update(state="closed").state == "closed"
    assert refusal(api.conversations(made.sid).update, state="active") == (400, 50377)
    assert refusal(api.conversations(made.sid).messages.create, body="late") == (400, 50377)
    assert refusal(api.conversations.create, state="closed") == (400, 50384)


def test_participant(api: Any) -> None:
    room = api.conversations(api.conversations.create().sid)
    made = room.participants.create(identity="alice@example.org", attributes='{"a":1}')
    assert (made.identity, made.attributes, made.messaging_binding) == ("alice@example.org", '{"a":1}', None)
    assert (made.last_read_message_index, made.last_read_timestamp) == (None, None)
    assert api.users("alice@example.org").fetch().identity == "alice@example.org"
    assert room.participants(made.sid).fetch().sid == made.sid
    assert room.participants("alice@example.org").fetch().sid == made.sid

    room.messages.create(body="one")
    admin = next(role for role in api.roles.list() if role.friendly_name == "channel admin")
    changed = room.participants(made.sid).update(
        attributes='{"a":2}', role_sid=admin.sid, last_read_message_index=0, date_updated=PAST
    )
    assert (changed.attributes, changed.role_sid, changed.last_read_message_index) == ('{"a":2}', admin.sid, 0)
    assert changed.date_updated == PAST
    assert changed.last_read_timestamp is not None

    assert room.participants(made.sid).delete() is True
    assert refusal(room.participants(made.sid).fetch) == (404, 20404)
    again = room.participants.create(identity="alice@example.org")
    assert again.sid != made.sid


def test_message(api: Any) -> None:
    room = api.conversations(api.conversations.create().sid)
    member = room.participants.create(identity="alice")
    made = room.messages.create(body="Hello 🌍\nsecond line", author="alice", attributes='{"k":[1,2]}')
    assert (made.index, made.body, made.author) == (0, "Hello 🌍\nsecond line", "alice")
    assert (made.participant_sid, made.attributes) == (member.sid, '{"k":[1,2]}')
    assert (made.media, made.delivery, made.content_sid) == (None, None, None)
    system = room.messages.create(body="", date_created=PAST, date_updated=PAST)
    assert (system.index, system.author, system.participant_sid) == (1, "system", None)
    assert system.date_created == PAST

    assert room.messages(made.sid).fetch().body == made.body
    changed = room.messages(made.sid).update(body="edited", attributes="{}")
    assert (changed.body, changed.attributes, changed.index) == ("edited", "{}", 0)
    assert [message.index for message in room.messages.list()] == [0, 1]
    assert [message.index for message in room.messages.list(order="desc")] == [1, 0]
    assert room.messages(made.sid).delete() is True
    assert refusal(room.messages(made.sid).fetch) == (404, 20404)
    assert [message.index for message in room.messages.list()] == [1]
    assert room.messages.create(body="next").index == 2


def test_repeated_send_is_the_first_one(api: Any) -> None:
    room = api.conversations(api.conversations.create().sid)
    first = room.messages.create(body="once", author="bob", attributes='{"cid":"5ab6e1f0"}')
    again = room.messages.create(body="once", author="bob", attributes='{"cid":"5ab6e1f0"}')
    assert (again.sid, again.index) == (first.sid, 0)
    assert len(room.messages.list()) == 1


def test_user(api: Any) -> None:
    role = api.roles.create(friendly_name="participant", type="service", permission=["joinConversation"])
    made = api.users.create(identity="carol", friendly_name="Carol", attributes='{"c":1}', role_sid=role.sid)
    assert (made.identity, made.friendly_name, made.attributes, made.role_sid) == (
        "carol",
        "Carol",
        '{"c":1}',
        role.sid,
    )
    assert (made.is_online, made.is_notifiable) == (None, None)
    assert api.users("carol").fetch().sid == made.sid
    assert api.users(made.sid).fetch().identity == "carol"
    changed = api.users("carol").update(friendly_name="Caroline", attributes="{}")
    assert (changed.friendly_name, changed.attributes) == ("Caroline", "{}")
    assert [user.identity for user in api.users.list()] == ["carol"]

    room = api.conversations(api.conversations.create().sid)
    room.participants.create(identity="carol")
    room.messages.create(author="carol", body="stays")
    assert api.users(made.sid).delete() is True
    assert refusal(api.users("carol").fetch) == (404, 20404)
    assert room.participants.list() == []
    assert room.messages.list()[0].author == "carol"


def test_user_conversations(api: Any) -> None:
    first, second = (api.conversations.create(friendly_name=name, unique_name=name) for name in ("one", "two"))
    for room in (first, second):
        api.conversations(room.sid).participants.create(identity="dora")
    person = api.users("dora")
    listed = person.user_conversations.list()
    assert [item.conversation_sid for item in listed] == [first.sid, second.sid]
    assert listed[0].unread_messages_count is None
    assert (listed[0].notification_level, listed[0].conversation_state) == ("default", "active")
    assert (listed[0].friendly_name, listed[0].created_by) == ("one", "system")

    for number in range(3):
        api.conversations(first.sid).messages.create(body=str(number))
    mine = person.user_conversations(first.sid)
    assert mine.fetch().unread_messages_count is None
    read = mine.update(notification_level="muted", last_read_message_index=0)
    assert (read.notification_level, read.last_read_message_index, read.unread_messages_count) == ("muted", 0, 2)
    assert mine.update(last_read_message_index=2, last_read_timestamp=PAST).unread_messages_count == 0
    member = api.conversations(first.sid).participants("dora").fetch()
    assert member.last_read_timestamp == "2020-02-29T12:30:15Z"
    assert person.user_conversations("two").fetch().conversation_sid == second.sid

    assert mine.delete() is True
    assert [item.conversation_sid for item in person.user_conversations.list()] == [second.sid]
    assert refusal(mine.fetch) == (404, 20404)


def test_role(api: Any) -> None:
    made = api.roles.create(friendly_name="guest", type="conversation", permission=["sendMessage", "leaveConversation"])
    assert (made.type, made.permissions) == ("conversation", ["sendMessage", "leaveConversation"])
    assert api.roles(made.sid).fetch().friendly_name == "guest"
    assert api.roles(made.sid).update(permission=["sendMediaMessage"]).permissions == ["sendMediaMessage"]
    assert made.sid in [role.sid for role in api.roles.list()]
    assert api.roles(made.sid).delete() is True
    assert refusal(api.roles(made.sid).fetch) == (404, 20404)
    assert refusal(api.roles.create, friendly_name="x", type="service", permission=["fly"]) == (400, 50104)
    assert refusal(api.roles.create, friendly_name="x", type="planet", permission=["sendMessage"]) == (400, 50105)
    default = next(role for role in api.roles.list() if role.friendly_name == "channel user")
    assert refusal(api.roles(default.sid).delete) == (409, 20409)


def test_services_and_configuration(client: Client, service_sid: str) -> None:
    v1 = client.conversations.v1
    other = v1.services.create(friendly_name="another")
    assert v1.services(other.sid).fetch().friendly_name == "another"
    assert {service_sid, other.sid} <= {service.sid for service in v1.services.list()}
    assert {role.friendly_name for role in v1.services(other.sid).roles.list()} == {
        *("service admin", "service user", "channel admin", "channel user")
    }

    v1.services(other.sid).conversations.create(unique_name="hers")
    assert refusal(v1.conversations("hers").fetch) == (404, 20404)
    assert v1.configuration().update(default_chat_service_sid=other.sid).default_chat_service_sid == other.sid
    assert v1.conversations("hers").fetch().chat_service_sid == other.sid
    assert v1.configuration().fetch().default_chat_service_sid == other.sid

    role = v1.roles.create(friendly_name="visitor", type="service", permission=["joinConversation"])
    settings = v1.services(other.sid).configuration()
    changed = settings.update(default_chat_service_role_sid=role.sid, reachability_enabled=True)
    assert (changed.default_chat_service_role_sid, changed.reachability_enabled) == (role.sid, True)
    ann = v1.services(other.sid).users.create(identity="ann")
    assert (ann.is_online, ann.is_notifiable) == (False, False)
    settings.update(reachability_enabled=False)
    assert (ann.fetch().is_online, ann.fetch().is_notifiable) == (None, None)
    assert settings.fetch().default_chat_service_role_sid == role.sid
    assert v1.users.create(identity="visitor").role_sid == role.sid
    assert refusal(settings.update, default_conversation_role_sid=role.sid) == (400, 50105)


def test_what_is_anothers_is_not_there(client: Client, service_sid: str) -> None:
    v1 = client.conversations.v1
    mine = v1.conversations.create()
    person = v1.users.create(identity="erin")
    other = v1.services(v1.services.create(friendly_name="another").sid)
    assert refusal(other.conversations(mine.sid).fetch) == (404, 20404)
    assert refusal(other.conversations(mine.sid).delete) == (404, 20404)
    assert refusal(other.users(person.sid).fetch) == (404, 20404)
    assert refusal(other.roles(v1.roles.list()[0].sid).delete) == (404, 20404)
    room = v1.conversations(v1.conversations.create().sid)
    message = v1.conversations(mine.sid).messages.create(body="x")
    member = v1.conversations(mine.sid).participants.create(identity="erin")
    assert refusal(room.messages(message.sid).fetch) == (404, 20404)
    assert refusal(room.participants(member.sid).update, attributes="{}") == (404, 20404)


def test_api_key_is_as_good_as_the_token(rest_server: Server) -> None:
    keys = rest_server.credentials
    client = Client(keys["api_key_sid"], keys["api_key_secret"], keys["account_sid"])
    client.conversations.base_url = rest_server.url
    assert client.conversations.v1.configuration().fetch().account_sid == keys["account_sid"]
