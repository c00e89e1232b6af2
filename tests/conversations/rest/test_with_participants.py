"""Conversations made with people, a person's conversations, and the end of a service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from websockets.exceptions import ConnectionClosed

from tests.servers import Server, access_token, wait_for
from tests.webhooks.person import Person

from .conftest import Wire

ADDRESSES = {"address": "+4930123456", "proxy_address": "+4930654321"}


def people(*identities: str) -> list[str]:
    return [json.dumps({"identity": identity}) for identity in identities]


# --- made with people ----------------------------------------------------------------------------------------------


def test_all_of_it_is_made(api: Any, client: Client) -> None:
    role = client.conversations.v1.roles.create("moderator", "conversation", ["deleteAnyMessage"])
    ida = {"identity": "ida", "attributes": '{"a":1}', "role_sid": role.sid, "date_created": "2020-01-02T03:04:05Z"}
    phone = {"messaging_binding": ADDRESSES, "attributes": '{"b":2}'}
    made = api.conversation_with_participants.create(
        friendly_name="room", unique_name="room", attributes='{"c":3}', participant=[json.dumps(ida), json.dumps(phone)]
    )
    assert (made.friendly_name, made.unique_name, made.attributes, made.state) == ("room", "room", '{"c":3}', "active")
    first, second = api.conversations(made.sid).participants.list()
    assert (first.identity, first.attributes, first.role_sid) == ("ida", '{"a":1}', role.sid)
    assert first.date_created.isoformat() == "2020-01-02T03:04:05+00:00"
    assert (second.identity, second.attributes) == (None, '{"b":2}')
    assert second.messaging_binding == {"type": "sms", **ADDRESSES}
    assert [each.conversation_sid for each in api.users("ida").user_conversations.list()] == [made.sid]


@pytest.mark.parametrize(
    ("participants", "status", "code", "said"),
    [
        (people(*(f"p{number}" for number in range(11))), 400, 50426, "at most 10"),
        ([*people("ida"), "no JSON"], 400, 20001, "Participant 2"),
        (["[" * 100_000], 400, 20001, "Participant 1"),
        (['{"identity": 7}'], 400, 20001, "Participant 1"),
        (["{}"], 400, 50204, "Participant 1"),
        ([*people("ida"), *people("ida")], 409, 50433, "Participant 2"),
        ([json.dumps({"identity": "ida", "messaging_binding": ADDRESSES})], 400, 50451, "Participant 1"),
        ([json.dumps({"messaging_binding": ADDRESSES | {"address": "x"}})], 400, 50407, "Participant 1"),
        ([json.dumps({"messaging_binding": {"projected_address": "+4930"}})], 400, 50373, "Participant 1"),
        ([json.dumps({"identity": "ida", "attributes": "{"})], 400, 50304, "Participant 1"),
        ([json.dumps({"identity": "ida", "role_sid": "RL\0"})], 404, 50100, "Participant 1"),
        ([json.dumps({"identity": "i\0"})], 400, 20001, "Participant 1"),
        ([r'{"identity": "\ud800"}'], 400, 20001, "Participant 1"),
        ([json.dumps({"identity": "ida", "date_created": "soon"})], 400, 50308, "Participant 1"),
    ],
)
def test_or_nothing(wire: Wire, participants: list[str], status: int, code: int, said: str) -> None:
    reply = wire.post("/v1/ConversationWithParticipants", {"UniqueName": "room", "Participant": participants})
    assert (reply.status, reply.code) == (status, code)
    assert said in reply.json["message"]
    assert wire.get("/v1/Conversations").json["conversations"] == []
    assert wire.get("/v1/Users").json["users"] == []


def test_a_pair_that_is_taken_names_its_conversation(client: Client, wire: Wire) -> None:
    """Software in use reads the SID at the end of the text."""
    form = {"Participant": json.dumps({"messaging_binding": ADDRESSES})}
    first = wire.post("/v1/ConversationWithParticipants", form).json["sid"]
    reply = wire.post("/v1/ConversationWithParticipants", form)
    assert (reply.status, reply.code) == (409, 50416)
    assert reply.json["message"].endswith(first)


def test_who_is_connected_hears_of_it(client: Client, rest_server: Server, service_sid: str) -> None:
    ida = Person(rest_server, "ida", service_sid)
    body = {"identity": "ida", "attributes": "{}"}
    made = client.conversations.v1.conversation_with_participants.create(participant=[json.dumps(body)])
    found = wait_for(lambda: ida.request("GET", "/Client/v2/MyConversations")["conversations"])
    assert [each["conversation_sid"] for each in found] == [made.sid]
    ida.close()


# --- a person's conversations --------------------------------------------------------------------------------------


def test_by_identity_and_by_address(api: Any, client: Client, service_sid: str) -> None:
    rooms = [api.conversations.create(friendly_name=f"{number}") for number in range(3)]
    for room in rooms:
        api.conversations(room.sid).participants.create(identity="ida")
    api.conversations(rooms[1].sid).participants.create(
        messaging_binding_address="+4930123456", messaging_binding_proxy_address="+4930654321"
    )
    listed = api.participant_conversations.list(identity="ida", page_size=1)
    assert [each.conversation_sid for each in listed] == [room.sid for room in rooms]
    assert {each.participant_identity for each in listed} == {"ida"}
    (outside,) = api.participant_conversations.list(address="+4930123456")
    assert (outside.conversation_friendly_name, outside.participant_identity) == ("1", None)
    unset = dict.fromkeys(("level", "name", "projected_address"))
    assert outside.participant_messaging_binding == {"type": "sms", **ADDRESSES, **unset}
    assert api.participant_conversations.list(identity="nobody") == []
    elsewhere = client.conversations.v1.services.create(friendly_name="elsewhere")
    other = client.conversations.v1.services(elsewhere.sid)
    assert other.participant_conversations.list(address="+4930123456") == []
    assert other.participant_conversations.list(identity="ida") == []
    api.conversations(rooms[1].sid).delete()


@pytest.mark.parametrize(("query", "code"), [("", 20001), ("Identity=a&Address=b", 50451), ("Identity=%00", 20001)])
def test_lists_that_cannot_be(wire: Wire, query: str, code: int) -> None:
    reply = wire.get(f"/v1/ParticipantConversations?{query}")
    assert (reply.status, reply.code) == (400, code)


# --- the end of a service ------------------------------------------------------------------------------------------


def test_a_service_goes_with_all_that_is_in_it(client: Client, rest_server: Server, wire: Wire) -> None:
    v1 = client.conversations.v1
    sid = v1.services.create(friendly_name="short-lived").sid
    service = v1.services(sid)
    room = service.conversations.create(friendly_name="room")
    for identity in ("ida", "joe"):
        service.conversations(room.sid).participants.create(identity=identity)
    service.conversations(room.sid).participants.create(
        messaging_binding_address="+4930999999", messaging_binding_proxy_address="+4930654321"
    )
    service.conversations(room.sid).messages.create(author="ida", body="hello")
    service.conversations(room.sid).webhooks.create(
        target="webhook", configuration_url="https://example.com", configuration_filters=["onMessageAdded"]
    )
    service.configuration.webhooks().update(post_webhook_url="https://example.com", filters=["onMessageAdded"])
    service.configuration.notifications().update(log_enabled=True)
    address = v1.address_configurations.create(type="chat", address="lobby", auto_creation_conversation_service_sid=sid)
    ida, token = Person(rest_server, "ida", sid), access_token(rest_server, "ida", sid)
    ida.register("fcm", "device")

    assert v1.services(sid).delete() is True
    with pytest.raises(TwilioRestException) as gone:
        v1.services(sid).fetch()
    assert gone.value.status == 404
    assert wire.get(f"/v1/Services/{sid}/Conversations").status == 404
    assert sid not in [each.sid for each in v1.services.list()]
    assert address.fetch().auto_creation["conversation_service_sid"] is None
    address.delete()
    with pytest.raises(ConnectionClosed):
        wait_for(lambda: ida.ask("GET", "/Client/v2/MyConversations")[0] == 0, what="the client to be cut off")
    reply = wire.send(
        "GET", f"/v1/Services/{sid}/Media/ME{'0' * 32}", authorization=None, headers={"X-Twilio-Token": token}
    )
    assert reply.status in (401, 404)
    with pytest.raises(AssertionError):
        Person(rest_server, "kim", sid)
    again = v1.conversations.create()
    pair = {"messaging_binding_address": "+4930999999", "messaging_binding_proxy_address": "+4930654321"}
    v1.conversations(again.sid).participants.create(**pair)


def test_the_default_service_stays(client: Client, wire: Wire, service_sid: str) -> None:
    reply = wire.send("DELETE", f"/v1/Services/{service_sid}")
    assert (reply.status, reply.code) == (409, 20409)
    assert client.conversations.v1.services(service_sid).fetch().sid == service_sid
