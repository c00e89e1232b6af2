"""Participants of conversations: people of the chat, and people outside of it."""

from __future__ import annotations

from .stage import LATER, PAST, Stage, reads_back, refusal, removes, shows

PHONE, PROXY = "+4930123456", "+4930654321"


def people(stage: Stage) -> None:
    room = stage.conversation()
    room.participants.create(identity="another")
    admin, user = stage.role("channel admin").sid, stage.role("channel user").sid
    given = {"identity": "ann@example.org", "attributes": '{"a":1}', "role_sid": admin}
    made = room.participants.create(date_created=PAST, date_updated=LATER, **given)
    reads_back(room.participants, made, also=["identity"], date_created=PAST, date_updated=LATER, **given)
    shows(made, messaging_binding=None, last_read_message_index=None, last_read_timestamp=None)
    assert room.participants.create(identity="plain").role_sid == user

    room.messages.create(body="one")
    there = room.participants(made.sid)
    changed = there.update(
        **{"identity": "ann@example.org", "attributes": '{"a":2}', "role_sid": user, "last_read_message_index": 0},
        **{"date_created": LATER, "date_updated": PAST, "last_read_timestamp": "2021-03-01T01:02:03Z"},
    )
    expected = {"attributes": '{"a":2}', "role_sid": user, "last_read_message_index": 0}
    expected |= {"last_read_timestamp": "2021-03-01T01:02:03Z", "date_created": LATER, "date_updated": PAST}
    reads_back(room.participants, changed, also=["identity"], **expected)
    assert refusal(there.update, identity="ben") == (400, 20001)
    removes(room.participants, made.sid)


def outside(stage: Stage) -> None:
    room = stage.conversation()
    room.participants.create(identity="another")
    made = room.participants.create(
        messaging_binding_address=PHONE, messaging_binding_proxy_address=PROXY, attributes='{"a":1}'
    )
    binding = {"type": "sms", "address": PHONE, "proxy_address": PROXY}
    reads_back(room.participants, made, identity=None, messaging_binding=binding, attributes='{"a":1}')
    role = stage.role("channel admin").sid
    changed = room.participants(made.sid).update(attributes="{}", role_sid=role)
    reads_back(room.participants, changed, messaging_binding=binding, attributes="{}", role_sid=role)
    removes(room.participants, made.sid)


def refused(stage: Stage) -> None:
    """There is no carrier that would give people an address (docs/rest.md, "People outside the chat")."""
    participants = stage.conversation().participants
    there = participants(participants.create(identity="ann").sid)
    assert refusal(participants.create, messaging_binding_projected_address=PHONE) == (400, 50373)
    assert refusal(there.update, messaging_binding_projected_address=PHONE) == (400, 50373)
    assert refusal(there.update, messaging_binding_proxy_address=PROXY) == (400, 50373)


SCENARIOS = (people, outside, refused)
