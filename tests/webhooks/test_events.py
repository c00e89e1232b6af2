"""Each event, asked and told at each level, by GET and POST, whether the SDK's protocol or REST causes it.

The cases are made from the table in `rows.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from roomful.conversations.core.webhooks import CONVERSATION_EVENTS, POST_EVENTS, PRE_EVENTS
from tests.servers import wait_for

from .conftest import Hooked
from .rows import ROWS, UNCAUSED, Row
from .stage import ByRest, Level, Source, Stage, waiting

LEVELS: tuple[Level, ...] = ("account", "service", "conversation")
METHODS = ("POST", "GET")
PATHS = {**dict.fromkeys(PRE_EVENTS, "/pre"), **dict.fromkeys(POST_EVENTS, "/post")}


def test_the_table_has_every_event() -> None:
    caused = {event for row in ROWS for event in row.events}
    assert caused | set(UNCAUSED) == PRE_EVENTS | POST_EVENTS
    assert {event for row in ROWS if row.scoped for event in row.events} >= CONVERSATION_EVENTS - set(UNCAUSED)
    assert all("API" in row.sources for row in ROWS if row.events)


CASES = [
    pytest.param((level, method, source), row, id=f"{level}-{method}-{source}-{row.name}")
    for level in LEVELS
    for method in METHODS
    for source in ("SDK", "API")
    for row in ROWS
    if source in row.sources and (row.scoped or level != "conversation")
]


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, hooked: Hooked) -> Iterator[Stage]:
    """One service for all rows of a level, a method and a source."""
    level, method, source = request.param
    with staged(hooked, level, method, source) as made:
        yield made


@contextmanager
def staged(hooked: Hooked, level: Level, method: str, source: Source) -> Iterator[Stage]:
    made = Stage(hooked.server, hooked.listener, level, method, source)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(("stage", "row"), CASES, indirect=["stage"])
def test_an_event(stage: Stage, row: Row) -> None:
    """Exactly these calls, in this order, with exactly these parameters, each signed.

    In which order two webhooks are called, the one that is asked and the one that is told, is not said.
    """
    stage.listener.forget()
    expected = row.cause(stage)
    assert set(row.events) <= {told.event for told in expected}
    if stage.level == "conversation":
        expected = [told for told in expected if told.event in CONVERSATION_EVENTS]
    expected.sort(key=lambda told: PATHS[told.event])
    calls = sorted(stage.calls(), key=lambda call: call.path)
    assert [call.event for call in calls] == [told.event for told in expected]
    for call, told in zip(calls, expected, strict=True):
        assert (call.path, call.method) == (PATHS[told.event], stage.method)
        assert call.parameters == stage.whole(told)
        assert len(call.pairs) == len(call.parameters), "no parameter comes twice"


@pytest.mark.parametrize("level", LEVELS)
def test_rest_is_silent_without_the_header(hooked: Hooked, level: Level) -> None:
    with staged(hooked, level, "POST", "API") as stage:
        hooked.listener.forget()
        for header in (None, "false"):
            stage.by = ByRest(stage.server, stage.service, header)
            for row in ROWS:
                if "API" in row.sources:
                    row.cause(stage)
            assert waiting(stage.server) == []
        assert stage.calls() == []


def test_the_header_is_true_in_any_case(hooked: Hooked) -> None:
    with staged(hooked, "service", "POST", "API") as stage:
        stage.by = ByRest(stage.server, stage.service, "TRUE")
        hooked.listener.forget()
        stage.by.create(friendly_name="heard")
        assert [call.event for call in stage.calls()] == ["onConversationAdd", "onConversationAdded"]


def test_what_is_the_same_on_every_call(hooked: Hooked) -> None:
    with staged(hooked, "service", "POST", "SDK") as stage:
        hooked.listener.forget()
        stage.by.create(friendly_name="r")
        before, after = stage.calls()
    for call in (before, after):
        assert call.headers["content-type"].partition(";")[0] == "application/x-www-form-urlencoded"
        assert call.headers["user-agent"].startswith("Roomful/")
        assert "cookie" not in call.headers
        assert "authorization" not in call.headers
    assert before.token == ""
    assert len(after.token) == 34


def test_users_that_are_made_by_the_way(hooked: Hooked) -> None:
    """A participant that the service does not know becomes a user; both are told, each in its own stream."""
    with staged(hooked, "service", "POST", "API") as stage:
        room = stage.room()
        hooked.listener.forget()
        stage.by.add(room.sid, "unheard of", "{}")
        told = {call.event: call for call in stage.calls() if call.path == "/post"}
        assert set(told) == {"onUserAdded", "onParticipantAdded"}
        assert {call["Identity"] for call in told.values()} == {"unheard of"}


def test_users_who_are_removed_leave_their_conversations(hooked: Hooked) -> None:
    with staged(hooked, "service", "POST", "API") as stage:
        rooms = {stage.room().sid for _ in range(3)}
        hooked.listener.forget()
        ByRest(stage.server, stage.service).forget("ben")
        told = [call for call in stage.calls() if call.path == "/post"]
        assert {(call.event, call["ConversationSid"]) for call in told} == {
            ("onParticipantRemoved", room) for room in rooms
        }


def test_coming_and_going_is_not_told(hooked: Hooked) -> None:
    """With reachability a profile shows who is online; that changes without any event, and later events tell it."""
    with staged(hooked, "service", "POST", "API") as stage:
        stage.service.configuration().update(reachability_enabled=True)
        hooked.listener.forget()
        stage.connect("ben")
        wait_for(lambda: stage.service.users("ben").fetch().is_online, what="ben to be online")
        stage.by.introduce("ben", friendly_name="Ben")
        asked, told = stage.calls()
        assert (asked.event, told.event) == ("onUserUpdate", "onUserUpdated")
        assert (told["isOnline"], told["isNotifiable"]) == ("true", "false")
        assert "isOnline" not in asked.parameters


def test_refused_and_empty_changes_are_not_told(hooked: Hooked) -> None:
    """Nobody is asked or told of what does not happen; a repeated send (`cid`) is told once."""
    with staged(hooked, "service", "POST", "SDK") as stage:
        room = stage.room(friendly_name="same")
        ben = stage.connect("ben")
        hooked.listener.forget()
        stage.by.rename(room.sid, friendly_name="same")
        assert ben.ask("DELETE", f"/Client/v2/Conversations/{room.sid}")[0] == 403
        assert ben.ask("POST", f"/Client/v2/Conversations/{room.sid}/Participants", {"identity": "cem"})[0] == 403
        assert stage.calls() == []
        for _ in range(2):
            stage.by.send(room.sid, "once", '{"cid":"the same"}')
        assert [call.event for call in stage.calls()] == ["onMessageAdd", "onMessageAdded"]
