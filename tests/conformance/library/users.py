"""Users, and what their conversations are to them."""

from __future__ import annotations

from typing import Any

from .stage import GONE, Stage, reads_back, refusal, removes, shows


def profiles(stage: Stage) -> None:
    users = stage.api.users
    users.create(identity="another")
    visitor = stage.api.roles.create(friendly_name="visitor", type="service", permission=["joinConversation"]).sid
    given = {"identity": "ann@example.org", "friendly_name": "Ann 👋", "attributes": '{"tea":["green"]}'}
    made = users.create(role_sid=visitor, **given)
    reads_back(users, made, also=["identity"], role_sid=visitor, is_online=None, is_notifiable=None, **given)
    admin = stage.role("service admin").sid
    changed = users(made.sid).update(friendly_name="Ann B.", attributes="[1]", role_sid=admin)
    reads_back(users, changed, also=["identity"], friendly_name="Ann B.", attributes="[1]", role_sid=admin)
    cleared = users("ann@example.org").update(friendly_name="", attributes="{}")
    reads_back(users, cleared, friendly_name=None, attributes="{}")
    removes(users, made.sid)


def reachable(stage: Stage) -> None:
    stage.service.configuration().update(reachability_enabled=True)
    stage.api.users.create(identity="another")
    made = stage.api.users.create(identity="ann")
    reads_back(stage.api.users, made, is_online=False, is_notifiable=False)


def memberships(stage: Stage) -> None:
    given: dict[str, Any] = {"friendly_name": "one", "unique_name": "one", "attributes": '{"n":1}'}
    first = stage.api.conversations.create(timers_inactive="PT1H", timers_closed="P1D", **given)
    second = stage.api.conversations.create(unique_name="two")
    rooms = [stage.api.conversations(sid) for sid in (first.sid, second.sid)]
    members = [room.participants.create(identity="dora") for room in rooms]
    mine = stage.api.users("dora").user_conversations
    before = mine("one").fetch()
    person = stage.api.users("dora").fetch().sid
    expected: dict[str, Any] = {"participant_sid": members[0].sid, "user_sid": person, "timers": before.timers}
    expected |= {"conversation_state": "active", "created_by": "system", "notification_level": "default"}
    nothing: dict[str, Any] = {"unread_messages_count": None, "last_read_message_index": None}
    reads_back(mine, before, "conversation_sid", ["unique_name"], **given, **expected, **nothing)
    assert set(before.timers) == {"date_inactive", "date_closed"}

    for number in range(3):
        rooms[1].messages.create(body=str(number))
    changed = mine(second.sid).update(
        notification_level="muted", last_read_message_index=0, last_read_timestamp="2020-02-29T12:30:15Z"
    )
    read: dict[str, Any] = {"notification_level": "muted", "last_read_message_index": 0, "unread_messages_count": 2}
    reads_back(mine, changed, "conversation_sid", **read)
    shows(rooms[1].participants("dora").fetch(), last_read_message_index=0, last_read_timestamp="2020-02-29T12:30:15Z")
    cleared = mine(second.sid).update(last_read_message_index="", notification_level="default")
    reads_back(mine, cleared, "conversation_sid", notification_level="default", **nothing)
    removes(mine, second.sid)
    assert refusal(rooms[1].participants("dora").fetch) == GONE


SCENARIOS = (profiles, reachable, memberships)
