"""Conversations made together with their participants, and found by them."""

from __future__ import annotations

import json
from typing import Any

from .participants import PHONE, PROXY
from .stage import LATER, PAST, Stage, refusal, shown, shows

BINDING = {"address": PHONE, "proxy_address": PROXY}


def together(stage: Stage) -> None:
    api = stage.api
    given = {"friendly_name": "Grüße 👋", "unique_name": "greetings", "attributes": '{"n":1}', "state": "active"}
    participants = [json.dumps({"identity": "ann"}), json.dumps({"messaging_binding": BINDING})]
    made = api.conversation_with_participants.create(
        **{"date_created": PAST, "date_updated": LATER, "timers_inactive": "PT1M", "timers_closed": "PT10M"},
        **{"participant": participants, **given},
    )
    shows(made, chat_service_sid=stage.service_sid, date_created=PAST, date_updated=LATER, **given)
    assert set(made.timers) == {"date_inactive", "date_closed"}
    fetched = api.conversations("greetings").fetch()
    link = made.links | {"export": fetched.links["export"]}
    assert shown(fetched) == shown(made) | {"links": link}
    [ann, phone] = api.conversations(made.sid).participants.list()
    shows(ann, identity="ann", messaging_binding=None)
    shows(phone, identity=None, messaging_binding={"type": "sms", **BINDING})
    again = {"participant": participants[1:], "unique_name": "again"}
    assert refusal(api.conversation_with_participants.create, **again) == (409, 50416)
    assert [each.unique_name for each in api.conversations.list()] == ["greetings"], "nothing is half-done"


def refused(stage: Stage) -> None:
    """As for conversations that are made alone."""
    for unknown in (
        {"messaging_service_sid": f"MG{'0' * 32}"},
        {"bindings_email_address": "a@example.org"},
        {"bindings_email_name": "A"},
    ):
        assert refusal(stage.api.conversation_with_participants.create, **unknown) == (400, 20001)
    assert stage.api.conversations.list() == []


def found(stage: Stage) -> None:
    rooms = [
        stage.api.conversations.create(
            friendly_name=name, unique_name=name, attributes=f'{{"of":"{name}"}}', timers_inactive="PT1H"
        )
        for name in ("one", "two", "three")
    ]
    members = [stage.api.conversations(room.sid).participants.create(identity="ann@example.org") for room in rooms[:2]]
    outside = stage.api.conversations(rooms[2].sid).participants.create(
        messaging_binding_address=PHONE, messaging_binding_proxy_address=PROXY
    )
    memberships = stage.api.participant_conversations
    of_ann = memberships.list(identity="ann@example.org", page_size=1)
    user = stage.api.users("ann@example.org").fetch().sid
    for shown_as, member, room in zip(of_ann, members, rooms, strict=False):
        shows(
            shown_as,
            participant_sid=member.sid,
            participant_user_sid=user,
            participant_identity="ann@example.org",
            participant_messaging_binding=None,
            **of_conversation(room),
        )
    assert len(of_ann) == 2
    [of_phone] = memberships.list(address=PHONE)
    binding = {"type": "sms", **BINDING, "level": None, "name": None, "projected_address": None}
    shows(of_phone, participant_sid=outside.sid, participant_messaging_binding=binding, **of_conversation(rooms[2]))
    assert memberships.list(identity="nobody") == []


def of_conversation(room: Any) -> dict[str, Any]:
    """What a membership shows of its conversation."""
    names = ("unique_name", "friendly_name", "attributes", "date_created", "date_updated", "state", "timers")
    shown_as = {f"conversation_{name}": getattr(room, name) for name in names}
    return shown_as | {"conversation_sid": room.sid, "chat_service_sid": room.chat_service_sid}


SCENARIOS = (together, refused, found)
