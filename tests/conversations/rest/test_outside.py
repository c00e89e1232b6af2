"""People outside the chat, and what a gateway reports of them, through the unmodified library and our extensions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from .conftest import Reply, Wire
from .test_resources import refusal

PHONE, PROXY = "+4930123456", "+4930654321"
NOBODY = "MB" + "0" * 32


def add(room: Any, address: str = PHONE, proxy: str = PROXY, **parameters: Any) -> Any:
    return room.participants.create(
        messaging_binding_address=address, messaging_binding_proxy_address=proxy, **parameters
    )


def report(wire: Wire, message: Any, participant: str, status: str, **more: Any) -> Reply:
    """As a gateway would."""
    body = {"conversation_sid": message.conversation_sid, "message_sid": message.sid, "participant_sid": participant}
    return post(wire, "receipts", {**body, "status": status, **more})


def post(wire: Wire, name: str, body: object, **options: Any) -> Reply:
    kind = {"Content-Type": "application/json"}
    return wire.post(f"/roomful/v1/{name}", json.dumps(body).encode(), headers=kind, **options)


@pytest.mark.parametrize(
    ("address", "proxy", "kind"),
    [
        (PHONE, PROXY, "sms"),
        (f"whatsapp:{PHONE}", f"whatsapp:{PROXY}", "whatsapp"),
        ("zoë@example.com", "chat@example.com", "email"),
    ],
)
def test_somebody_with_an_address(api: Any, address: str, proxy: str, kind: str) -> None:
    room = api.conversations(api.conversations.create().sid)
    room.participants.create(identity="ana")
    made = add(room, address, proxy, attributes='{"a":1}')
    assert (made.identity, made.attributes) == (None, '{"a":1}')
    assert made.messaging_binding == {"type": kind, "address": address, "proxy_address": proxy}
    assert room.participants(made.sid).fetch().messaging_binding == made.messaging_binding
    assert [each.identity for each in room.participants.list()] == ["ana", None]

    role = next(role for role in api.roles.list() if role.friendly_name == "channel admin")
    changed = room.participants(made.sid).update(attributes="{}", role_sid=role.sid)
    assert (changed.attributes, changed.role_sid) == ("{}", role.sid)
    assert refusal(room.participants(made.sid).update, last_read_message_index=0) == (400, 20001)
    assert refusal(room.participants(made.sid).update, messaging_binding_proxy_address="+4930000000") == (400, 50373)
    assert room.participants(made.sid).delete() is True
    assert refusal(room.participants(made.sid).fetch) == (404, 20404)
    assert refusal(room.participants(made.sid).delete) == (404, 20404)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"messaging_binding_address": "911", "messaging_binding_proxy_address": PROXY}, 50407),
        ({"messaging_binding_address": PHONE, "messaging_binding_proxy_address": "us"}, 50408),
        ({"messaging_binding_address": PHONE, "messaging_binding_proxy_address": PHONE}, 50409),
        ({"messaging_binding_proxy_address": PROXY}, 50411),
        ({"messaging_binding_address": PHONE}, 50412),
        ({"messaging_binding_address": PHONE, "messaging_binding_proxy_address": f"whatsapp:{PROXY}"}, 50414),
        ({"messaging_binding_projected_address": PHONE}, 50373),
        (
            {"identity": "ana", "messaging_binding_address": PHONE, "messaging_binding_proxy_address": PROXY},
            50451,
        ),
    ],
)
def test_bindings_that_are_refused(api: Any, parameters: dict[str, str], code: int) -> None:
    room = api.conversations(api.conversations.create().sid)
    assert refusal(room.participants.create, **parameters) == (400, code)
    assert room.participants.list() == []


def test_a_pair_is_free_again_by_removal_closing_and_deletion(api: Any) -> None:
    rooms = [api.conversations(api.conversations.create().sid) for _ in range(4)]
    first = add(rooms[0])
    for taken in rooms[:2]:
        with pytest.raises(TwilioRestException) as refused:
            add(taken)
        assert (refused.value.status, refused.value.code) == (409, 50416)
        assert refused.value.msg.endswith(f"Conversation {first.conversation_sid}")
    rooms[0].participants(first.sid).delete()
    second = add(rooms[1])
    rooms[1].update(state="closed")
    assert rooms[1].participants(second.sid).fetch().messaging_binding["address"] == PHONE
    add(rooms[2])
    rooms[2].delete()
    add(rooms[3])


def test_a_pair_is_of_one_service(client: Any) -> None:
    v1 = client.conversations.v1
    other = v1.services(v1.services.create(friendly_name="another").sid)
    for service in (v1, other):
        add(service.conversations(service.conversations.create().sid))


def test_what_a_gateway_hands_in_is_by_the_one_with_the_address(api: Any) -> None:
    room = api.conversations(api.conversations.create().sid)
    there = add(room)
    assert room.messages.create(author=PHONE, body="from a phone").participant_sid == there.sid
    assert room.messages.create(author="+4930999999", body="from elsewhere").participant_sid is None


def test_receipts(api: Any, wire: Wire) -> None:
    room = api.conversations(api.conversations.create().sid)
    people = [add(room, f"+493012345{n}").sid for n in range(3)]
    message = room.messages.create(author="ana", body="to all")
    assert (message.delivery, room.messages(message.sid).delivery_receipts.list()) == (None, [])

    made = report(wire, message, people[0], "sent", channel_message_sid="SM1")
    assert (made.status, made.json["status"], made.json["error_code"]) == (200, "sent", 0)
    assert report(wire, message, people[0], "delivered").json["sid"] == made.json["sid"], "the latest word counts"
    failed = report(wire, message, people[1], "failed", error_code=30003)
    receipts = room.messages(message.sid).delivery_receipts
    first = room.messages(message.sid).delivery_receipts(made.json["sid"]).fetch()
    assert (first.status, first.error_code, first.channel_message_sid) == ("delivered", 0, "SM1")
    assert (first.conversation_sid, first.message_sid, first.participant_sid) == (
        *(message.conversation_sid, message.sid),
        people[0],
    )
    assert {each.sid: each.error_code for each in receipts.list()} == {made.json["sid"]: 0, failed.json["sid"]: 30003}
    assert len(receipts.list(page_size=1)) == 2

    after = room.messages(message.sid).fetch()
    assert after.delivery == {
        "total": 2,
        "sent": "some",
        "delivered": "some",
        "read": "none",
        "failed": "some",
        "undelivered": "none",
    }
    assert after.date_updated == message.date_updated, "the message itself is as old as it was"
    elsewhere = room.messages.create(body="another")
    assert refusal(room.messages(elsewhere.sid).delivery_receipts(first.sid).fetch) == (404, 20404)


def test_reports_that_are_refused(api: Any, wire: Wire) -> None:
    room = api.conversations(api.conversations.create().sid)
    there, ana = add(room).sid, room.participants.create(identity="ana").sid
    message = room.messages.create(body="hello")
    assert report(wire, message, there, "queued").code == 20001
    assert report(wire, message, there, "sent", error_code=-1).code == 20001
    assert report(wire, message, "a\0b", "sent").code == 20001
    assert report(wire, message, there, "sent", channel_message_sid="a\0b").code == 20001
    assert report(wire, message, there, "sent", message_sid="IM" + "0" * 32).status == 404
    assert report(wire, message, there, "sent", conversation_sid="CH" + "0" * 32).status == 404
    for nobody in (NOBODY, ana):
        assert report(wire, message, nobody, "sent").status == 404
    assert post(wire, "receipts", {}, authorization=None).status == 401
    assert wire.get("/roomful/v1/receipts").status == 405
    assert room.messages(message.sid).delivery_receipts.list() == []


def test_channel_metadata(api: Any, wire: Wire) -> None:
    room = api.conversations(api.conversations.create().sid)
    message = room.messages.create(body="hello")
    asked = {"conversation_sid": message.conversation_sid, "message_sid": message.sid, "type": "whatsapp"}
    assert post(wire, "channel-metadata", {**asked, "data": {"author": {"name": "Zoë"}}}).status == 204
    assert post(wire, "channel-metadata", {**asked, "data": "text"}).code == 20001
    assert post(wire, "channel-metadata", {**asked, "type": "", "data": {}}).code == 20001
    assert post(wire, "channel-metadata", {**asked, "message_sid": "a\0b", "data": {}}).code == 20001
    assert post(wire, "channel-metadata", {**asked, "message_sid": "IM" + "0" * 32, "data": {}}).status == 404
    assert post(wire, "channel-metadata", {**asked, "data": {}}, authorization=None).status == 401
