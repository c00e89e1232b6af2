"""Timers through the unmodified library, on a server whose clock a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.clock_server import ClockServer
from tests.servers import Postgres, twilio_client, wait_for

from .conftest import DATABASES


@pytest.fixture(scope="module", params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockServer]:
    with ExitStack() as stack:
        env = {}
        if request.param == "postgresql":
            postgres: Postgres = request.getfixturevalue("postgres")
            env["DATABASE_URL"] = stack.enter_context(postgres.database())
        server = ClockServer(tmp_path_factory.mktemp("clock"), **env)
        stack.callback(server.close)
        server.start()
        yield server


@pytest.fixture(params=["short", "service"])
def api(request: pytest.FixtureRequest, server: ClockServer) -> Any:
    """The library in the short form, and in the form that names the service."""
    client: Client = twilio_client(server)
    v1 = client.conversations.v1
    if request.param == "short":
        return v1
    return v1.services(v1.configuration().fetch().default_chat_service_sid)


def instants(made: Any) -> dict[str, timedelta]:
    """When the clock will change the state, after the last update."""
    dates = {name: datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ") for name, date in made.timers.items()}
    return {name: date.replace(tzinfo=UTC) - made.date_updated for name, date in dates.items()}


def minutes(**dates: float) -> dict[str, timedelta]:
    return {f"date_{name}": timedelta(minutes=number) for name, number in dates.items()}


def refusal(call: Any, *args: Any, **kwargs: Any) -> tuple[int, int]:
    """The status and code with which a call is refused."""
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **kwargs)
    return refused.value.status, refused.value.code


def becomes(room: Any, state: str) -> Any:
    """The conversation, once it is in the state."""
    wait_for(lambda: room.fetch().state == state, what=f"the state {state}")
    return room.fetch()


def test_lengths_are_given_and_instants_answered(api: Any) -> None:
    made = api.conversations.create(friendly_name="timed", timers_inactive="PT1M", timers_closed="P1DT10M")
    assert instants(made) == minutes(inactive=1, closed=24 * 60 + 10)
    room = api.conversations(made.sid)
    room.participants.create(identity="ines")
    before = room.fetch().timers
    assert before.keys() == {"date_inactive", "date_closed"}
    assert next(row for row in api.conversations.list() if row.sid == made.sid).timers == before
    assert api.users("ines").user_conversations(made.sid).fetch().timers == before
    assert next(row for row in api.users("ines").user_conversations.list() if row.conversation_sid == made.sid)

    assert instants(room.update(timers_inactive="PT30M")) == minutes(inactive=30, closed=24 * 60 + 10)
    assert instants(room.update(timers_closed="")) == minutes(inactive=30), "an empty value clears"
    assert room.update(timers_inactive="").timers == {}
    assert instants(room.update(state="inactive", timers_inactive="PT1M", timers_closed="PT10M")) == minutes(closed=10)
    assert instants(room.update(state="active")) == minutes(inactive=1, closed=10)


def test_what_is_no_timer_is_refused(api: Any) -> None:
    room = api.conversations(api.conversations.create().sid)
    for parameters, code in (
        ({"timers_inactive": "PT59S"}, 50375),
        ({"timers_closed": "PT9M59S"}, 50376),
        ({"timers_inactive": "60"}, 50379),
        ({"timers_closed": "P1Y"}, 50380),
    ):
        assert refusal(api.conversations.create, **parameters) == (400, code)
        assert refusal(room.update, friendly_name="half a change", **parameters) == (400, code)
    assert (room.fetch().friendly_name, room.fetch().timers) == (None, {})


def test_the_clock_changes_the_state_and_a_message_wakes_it(api: Any, server: ClockServer) -> None:
    made = api.conversations.create(timers_inactive="PT10M", timers_closed="PT30M")
    room = api.conversations(made.sid)
    room.participants.create(identity="jana")
    server.advance(minutes=9)
    message = room.messages.create(author="jana", body="hello", date_created=datetime(2020, 1, 1, tzinfo=UTC))
    server.advance(minutes=9)
    assert room.fetch().state == "active"
    server.advance(minutes=1.5)
    asleep = becomes(room, "inactive")
    assert asleep.timers.keys() == {"date_closed"}
    assert made.sid in {row.sid for row in api.conversations.list(state="inactive")}
    assert api.users("jana").user_conversations(made.sid).fetch().conversation_state == "inactive"

    room.messages.create(author="jana", body="again")
    awake = room.fetch()
    assert (awake.state, awake.timers.keys()) == ("active", {"date_inactive", "date_closed"})
    server.advance(minutes=10.5)
    becomes(room, "inactive")
    room.participants.create(identity="karl")
    assert room.fetch().state == "active"

    server.advance(minutes=31)
    closed = becomes(room, "closed")
    assert closed.timers == {}
    assert refusal(room.messages.create, author="jana", body="late") == (400, 50377)
    assert refusal(room.update, state="active") == (400, 50377)
    assert refusal(room.participants.create, identity="lea") == (400, 50377)
    assert refusal(room.messages(message.sid).update, body="late") == (400, 50377)
    assert refusal(room.messages(message.sid).delete) == (400, 50377)
    assert [row.body for row in room.messages.list()] == ["hello", "again"], "it can still be read"
    mine = api.users("jana").user_conversations(made.sid)
    assert mine.update(last_read_message_index=1, notification_level="muted").unread_messages_count == 0
    assert room.participants("karl").update(last_read_message_index=0).last_read_message_index == 0
    assert [row.conversation_state for row in api.users("jana").user_conversations.list()][-1:] == ["closed"]
    assert mine.delete() is True
    assert room.participants("karl").delete() is True
    assert room.delete() is True


def test_timers_outlive_the_server_and_what_fell_due_meanwhile_is_done_at_its_start(server: ClockServer) -> None:
    rooms = twilio_client(server).conversations.v1.conversations
    soon, later = rooms.create(timers_closed="PT10M"), rooms.create(timers_closed="PT20M")
    server.kill()
    server.ahead += timedelta(minutes=11)
    server.start()
    rooms = twilio_client(server).conversations.v1.conversations
    becomes(rooms(soon.sid), "closed")
    assert rooms(later.sid).fetch().timers == later.timers
    server.advance(minutes=10)
    becomes(rooms(later.sid), "closed")
