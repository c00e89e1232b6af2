"""Conversations themselves."""

from __future__ import annotations

from .stage import LATER, PAST, Stage, reads_back, refusal, removes, shows


def written(stage: Stage) -> None:
    conversations = stage.api.conversations
    conversations.create()  # a second one, so that lists have pages
    given = {"friendly_name": "Grüße 👋 a+b&c", "unique_name": "greetings", "attributes": '{"kind":"room"}'}
    given |= {"state": "inactive"}
    made = conversations.create(
        date_created=PAST, date_updated=LATER, timers_inactive="PT1M", timers_closed="PT10M", **given
    )
    reads_back(conversations, made, also=["unique_name"], date_created=PAST, date_updated=LATER, **given)
    shows(made, chat_service_sid=stage.service_sid, messaging_service_sid=None, bindings={})
    assert set(made.timers) == {"date_closed"}, "an inactive conversation cannot become inactive"


def updated(stage: Stage) -> None:
    conversations = stage.api.conversations
    conversations.create()
    room = conversations(conversations.create(unique_name="before").sid)
    given = {"friendly_name": "after", "unique_name": "after", "attributes": '{"n":[1,null]}', "state": "active"}
    changed = room.update(
        date_created=PAST, date_updated=LATER, timers_inactive="P1DT12H", timers_closed="P2W", **given
    )
    reads_back(conversations, changed, also=["unique_name"], date_created=PAST, date_updated=LATER, **given)
    assert set(changed.timers) == {"date_inactive", "date_closed"}
    assert set(room.update(timers_inactive="").timers) == {"date_closed"}
    cleared = room.update(friendly_name="", unique_name="", timers_closed="", attributes="{}")
    reads_back(conversations, cleared, friendly_name=None, unique_name=None, timers={}, attributes="{}")
    for state in ("inactive", "closed"):
        reads_back(conversations, room.update(state=state), state=state, timers={})
    removes(conversations, changed.sid)


def listed(stage: Stage) -> None:
    conversations = stage.api.conversations
    old = conversations.create(date_created=PAST)
    idle = conversations.create(date_created=LATER, state="inactive")
    new = conversations.create()

    def sids(**narrowed: str) -> list[str]:
        return [each.sid for each in conversations.list(page_size=1, **narrowed)]

    assert sids() == [old.sid, idle.sid, new.sid]
    assert sids(state="inactive") == [idle.sid]
    assert sids(start_date="2021-01-01") == [idle.sid, new.sid]
    assert sids(end_date="2020-02-29") == [old.sid]
    assert sids(start_date="2020-01-01", end_date="2022-01-01", state="active") == [old.sid]


def refused(stage: Stage) -> None:
    """What needs a carrier or another product, which are not there (docs/rest.md, "What is served")."""
    conversations = stage.api.conversations
    room = conversations(conversations.create().sid)
    for unknown in (
        {"messaging_service_sid": f"MG{'0' * 32}"},
        {"bindings_email_address": "a@example.org"},
        {"bindings_email_name": "A"},
    ):
        assert refusal(conversations.create, **unknown) == (400, 20001)
        assert refusal(room.update, **unknown) == (400, 20001)


SCENARIOS = (written, updated, listed, refused)
