"""States and timers: what counts as activity, what the clock does, and what a closed conversation still allows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomful.conversations.core import limits, timers
from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import ConversationUpdated, MessageAdded, ParticipantAdded, StateChange
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import User
from roomful.conversations.core.participants import (
    AddParticipant,
    RemoveParticipant,
    UpdateMembership,
    UpdateParticipant,
)
from roomful.conversations.core.timers import CLOSED, INACTIVE, MAXIMUM_DAYS, ApplyTimers
from tests.conversations.core.world import World
from tests.conversations.store.commands import conversation

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
anyio = pytest.mark.anyio


async def at(world: World, sid: str) -> tuple[str, int | None, int | None]:
    """The state, and when it will be inactive and closed, in minutes from now."""
    row = await world.conversation(sid)
    dates = [row.date_inactive, row.date_closed]
    assert row.date_due == min((date for date in dates if date is not None), default=None)
    inactive, closed = (None if date is None else (date - world.now) // MINUTE for date in dates)
    return row.state, inactive, closed


def state_changes(world: World) -> list[StateChange | None]:
    return [event.state_change for event in world.events() if isinstance(event, ConversationUpdated)]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT1M", MINUTE),
        ("PT60S", MINUTE),
        ("P1D", DAY),
        ("P2W", 14 * DAY),
        ("P1DT2H3M4S", DAY + 2 * 60 * MINUTE + 3 * MINUTE + 4_000),
        ("pt90m", 90 * MINUTE),
        ("PT0H1M", MINUTE),
        (f"P{MAXIMUM_DAYS}D", MAXIMUM_DAYS * DAY),
        ("", None),
        (None, None),
    ],
)
def test_lengths(text: str | None, length: int | None) -> None:
    assert INACTIVE.length(text) == length


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("PT59S", 50375), ("PT0S", 50375), ("P0D", 50375)),
        *((text, 50379) for text in ("P", "PT", "P1", "1M", "60", "P1Y", "P1M", "PT1.5M", "-PT1M", "PT-1M", "P1DT")),
        *((text, 50379) for text in (" PT1M", "PT1M\n", "PT1M1H", "P1W1D", "PT1MPT1M", "PT１M", "PT1ſ", "PT1M\x00")),
        *((text, 50379) for text in (f"P{MAXIMUM_DAYS + 1}D", "P999999999W", "PT" + "9" * 10_000 + "M")),
    ],
)
def test_lengths_that_are_refused(text: str, code: int) -> None:
    with pytest.raises(ServiceError) as refused:
        INACTIVE.length(text)
    assert (refused.value.status, refused.value.code) == (400, code)
    with pytest.raises(ServiceError) as refused:
        CLOSED.length(text)
    assert refused.value.code == code + 1


def test_a_conversation_is_closed_after_ten_minutes_at_the_soonest() -> None:
    assert CLOSED.length("PT10M") == 10 * MINUTE
    with pytest.raises(ServiceError, match="10 min"):
        CLOSED.length("PT9M59S")


@given(st.integers(0, 3_000), st.integers(0, 23), st.integers(0, 59), st.integers(1, 59), st.integers(0, 59))
def test_a_length_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, more: int, seconds: int) -> None:
    length = INACTIVE.length(f"P{days}DT{hours}H{minutes + more}M{seconds}S")
    assert length == 1000 * ((days * 24 + hours) * 3600 + (minutes + more) * 60 + seconds)


@anyio
async def test_both_timers_count_from_the_creation(world: World) -> None:
    room = await world.run(
        world.account, CreateConversation(timer_inactive="PT1M", timer_closed="PT10M", date_created=0)
    )
    assert await at(world, room.sid) == ("active", 1, 10)
    asleep = await world.run(world.account, CreateConversation(state="inactive", timer_inactive="PT1M"))
    assert await at(world, asleep.sid) == ("inactive", None, None)
    plain = await world.run(world.account, CreateConversation(timer_inactive=""))
    assert await at(world, plain.sid) == ("active", None, None)


@anyio
async def test_the_clock_makes_it_inactive_and_then_closes_it(world: World) -> None:
    room = await world.run(world.account, CreateConversation(timer_inactive="PT1M", timer_closed="PT10M"))
    world.now += MINUTE - 1
    assert await world.run(world.account, ApplyTimers(room.sid)) is False
    world.events()
    world.now += 1
    assert await world.run(world.account, ApplyTimers(room.sid)) is True
    [event] = world.events()
    assert isinstance(event, ConversationUpdated)
    assert event.state_change == StateChange("active", "inactive", "TIMER")
    row = await world.conversation(room.sid)
    assert event.conversation == row
    assert (row.document_position, row.state_date, row.date_updated) == (row.position, world.now, world.now)
    assert row.position == event.position == 2
    assert await at(world, room.sid) == ("inactive", None, 9), "that was no activity"
    world.now += 9 * MINUTE
    assert await world.run(world.account, ApplyTimers(room.sid)) is True
    assert state_changes(world) == [StateChange("inactive", "closed", "TIMER")]
    assert await at(world, room.sid) == ("closed", None, None)
    world.now += 365 * DAY
    assert await world.run(world.account, ApplyTimers(room.sid)) is False


@anyio
async def test_what_is_long_due_is_closed_in_one_step(world: World) -> None:
    room = await world.run(world.account, CreateConversation(timer_inactive="PT1M", timer_closed="PT10M"))
    world.events()
    world.now += DAY
    await world.run(world.account, ApplyTimers(room.sid))
    assert state_changes(world) == [StateChange("active", "closed", "TIMER")]


@anyio
async def test_two_nodes_that_find_the_same_change_it_once(world: World) -> None:
    room = await world.run(world.account, CreateConversation(timer_inactive="PT1M"))
    world.events()
    world.now += MINUTE
    done = await asyncio.gather(*(world.run(world.account, ApplyTimers(room.sid)) for _ in range(5)))
    assert done.count(True) == 1
    assert len(world.events()) == 1
    await world.run(world.account, DeleteConversation(room.sid))
    assert await world.run(world.account, ApplyTimers(room.sid)) is False
    assert await world.refused(world.user("ana"), ApplyTimers(room.sid)) == (403, 50107)


@anyio
@pytest.mark.parametrize("timed", [False, True])
async def test_a_message_or_a_new_participant_wakes_it(world: World, timed: bool) -> None:
    lengths: dict[str, Any] = {"timer_inactive": "PT1M", "timer_closed": "PT10M"} if timed else {}
    room = await world.run(world.account, CreateConversation(**lengths))
    awake = ("active", 1, 10) if timed else ("active", None, None)
    activities: list[Any] = [AddParticipant(room.sid, "ana"), SendMessage(room.sid, body="hello", author="ana")]
    for activity in activities:
        await world.run(world.account, UpdateConversation(room.sid, state="inactive"))
        world.now += 5 * MINUTE
        world.events()
        await world.run(world.account, activity)
        happened = world.events()
        row = await world.conversation(room.sid)
        assert ConversationUpdated(row.sid, row.position, row, StateChange("inactive", "active", "EVENT")) in happened
        [added] = [event for event in happened if isinstance(event, ParticipantAdded | MessageAdded)]
        assert added.conversation == row
        assert (row.document_position, row.state_date, row.date_updated) == (row.position, world.now, world.now)
        assert await at(world, room.sid) == awake


@anyio
async def test_activity_starts_both_timers_anew_and_is_told_as_before(world: World) -> None:
    room = await world.run(world.account, CreateConversation(timer_inactive="PT1M", timer_closed="PT10M"))
    await world.run(world.account, AddParticipant(room.sid, "ana"))
    world.now += MINUTE // 2
    world.events()
    await world.run(world.user("ana"), SendMessage(room.sid, body="hello"))
    assert [type(event) for event in world.events()] == [MessageAdded]
    assert await at(world, room.sid) == ("active", 1, 10)
    before = (await world.conversation(room.sid)).document_position
    world.now += MINUTE // 2
    await world.run(world.account, AddParticipant(room.sid, "bo"))
    assert await at(world, room.sid) == ("active", 1, 10)
    after = await world.conversation(room.sid)
    assert (after.document_position, after.state_date) == (before, room.state_date)


@anyio
async def test_an_imported_message_counts_from_now(world: World) -> None:
    room = await world.run(world.account, CreateConversation(timer_inactive="PT1M"))
    await world.run(world.account, SendMessage(room.sid, body="old", date_created=0, date_updated=0))
    assert await at(world, room.sid) == ("active", 1, None)


@anyio
async def test_reading_editing_and_leaving_are_no_activity(world: World) -> None:
    room = await world.run(world.account, CreateConversation(timer_inactive="PT5M"))
    await world.run(world.account, AddParticipant(room.sid, "ana"))
    message = await world.run(world.user("ana"), SendMessage(room.sid, body="hello"))
    world.now += MINUTE
    for command in (
        UpdateMessage(room.sid, message.sid, body="hi"),
        UpdateMembership(room.sid, "ana", last_read_message_index=0),
        UpdateConversation(room.sid, friendly_name="#renamed"),
        UpdateConversation(room.sid, state="active"),
        UpdateConversation(room.sid, timer_closed=""),
        DeleteMessage(room.sid, message.sid),
        RemoveParticipant(room.sid, "ana"),
    ):
        await world.run(world.account, command)
        assert await at(world, room.sid) == ("active", 4, None), command


@anyio
async def test_timers_and_states_are_set_by_request(world: World) -> None:
    room = await world.run(world.account, CreateConversation())
    await world.run(world.account, UpdateConversation(room.sid, timer_inactive="PT5M", timer_closed="PT20M"))
    world.now += MINUTE
    assert await at(world, room.sid) == ("active", 4, 19)
    await world.run(world.account, UpdateConversation(room.sid, timer_inactive="PT5M"))
    assert await at(world, room.sid) == ("active", 5, 20), "set anew, were it to what it was"
    world.now += MINUTE
    world.events()
    asleep = await world.run(world.account, UpdateConversation(room.sid, state="inactive"))
    assert await at(world, room.sid) == ("inactive", None, 20)
    assert asleep.state_date == world.now
    world.now += MINUTE
    await world.run(world.account, UpdateConversation(room.sid, state="Active"))
    assert await at(world, room.sid) == ("active", 5, 20)
    assert state_changes(world) == [StateChange("active", "inactive", "API"), StateChange("inactive", "active", "API")]
    world.now += MINUTE
    await world.run(world.account, UpdateConversation(room.sid, timer_inactive=""))
    assert await at(world, room.sid) == ("active", None, 20)
    assert state_changes(world) == [None]
    await world.run(world.account, UpdateConversation(room.sid, timer_inactive=""))
    assert world.events() == [], "what changes nothing is not announced"
    await world.run(world.account, UpdateConversation(room.sid, state="closed", timer_closed="PT10M"))
    assert await at(world, room.sid) == ("closed", None, None)
    assert state_changes(world) == [StateChange("active", "closed", "API")]


@anyio
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"timer_inactive": "PT59S"}, 50375),
        ({"timer_closed": "PT9M"}, 50376),
        ({"timer_inactive": "soon"}, 50379),
        ({"timer_closed": "P1Y"}, 50380),
        ({"state": ""}, 50374),
    ],
)
async def test_bad_timers_are_refused_at_creation_and_later(world: World, changes: dict[str, Any], code: int) -> None:
    room = await world.room()
    assert await world.refused(world.account, CreateConversation(**changes)) == (400, code)
    assert await world.refused(world.account, UpdateConversation(room.sid, **changes)) == (400, code)
    assert await world.conversation(room.sid) == room


@anyio
async def test_only_the_account_sets_timers(world: World) -> None:
    creator = await world.person("cy", "service user")
    mine = await world.run(creator, CreateConversation())
    await world.run(creator, AddParticipant(mine.sid, "cy"))
    timed: tuple[dict[str, Any], ...] = ({"timer_inactive": "PT1M"}, {"timer_closed": "PT10M"})
    for changes in timed:
        assert await world.refused(creator, CreateConversation(**changes)) == (403, 50107)
        assert await world.refused(creator, UpdateConversation(mine.sid, **changes)) == (403, 50107)
    assert await world.refused(creator, UpdateConversation(mine.sid, timer_closed="")) == (403, 50107)


@anyio
async def test_a_closed_conversation_is_read_left_and_deleted_and_nothing_else(world: World) -> None:
    room = await world.room("ana", "bo", "chen")
    ana = world.user("ana")
    message = await world.run(ana, SendMessage(room.sid, body="hello"))
    await world.run(world.account, UpdateConversation(room.sid, state="closed"))
    for actor, command in (
        (ana, SendMessage(room.sid, body="late")),
        (ana, UpdateMessage(room.sid, message.sid, body="late")),
        (ana, DeleteMessage(room.sid, message.sid)),
        (ana, UpdateParticipant(room.sid, "ana", attributes='{"a":1}')),
        (world.account, SendMessage(room.sid, body="late")),
        (world.account, DeleteMessage(room.sid, message.sid)),
        (world.account, AddParticipant(room.sid, "dee")),
        (world.account, UpdateParticipant(room.sid, "ana", role_sid="RL" + "0" * 32, last_read_message_index=0)),
        (world.account, UpdateConversation(room.sid, friendly_name="#late")),
        (world.account, UpdateConversation(room.sid, state="active")),
        (world.account, UpdateConversation(room.sid, timer_closed="PT10M")),
    ):
        assert await world.refused(actor, command) == (400, 50377), command
    read = await world.run(ana, UpdateMembership(room.sid, "ana", last_read_message_index=0))
    muted = await world.run(ana, UpdateMembership(room.sid, "ana", notification_level="muted"))
    other = await world.run(world.account, UpdateParticipant(room.sid, "bo", last_read_message_index=0))
    assert (read.last_read_message_index, muted.notification_level, other.last_read_message_index) == (0, "muted", 0)
    await world.run(ana, RemoveParticipant(room.sid, "ana"))
    await world.run(world.account, RemoveParticipant(room.sid, "bo"))
    assert (await world.conversation(room.sid)).participants_count == 1
    await world.run(world.account, DeleteConversation(room.sid))


@anyio
async def test_closed_conversations_do_not_count_towards_a_users_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONVERSATIONS_PER_USER", 2)
    first, second, third, fourth = [await world.room() for _ in range(4)]
    for room in (first, second):
        await world.run(world.account, AddParticipant(room.sid, "ana"))
    assert await world.refused(world.account, AddParticipant(third.sid, "ana")) == (400, 50208)
    await world.run(world.account, UpdateConversation(second.sid, state="inactive"))
    assert await world.refused(world.account, AddParticipant(third.sid, "ana")) == (400, 50208)

    results = await asyncio.gather(  # closing one makes room for one, in the same batch
        world.run(world.account, UpdateConversation(first.sid, state="closed")),
        world.run(world.account, AddParticipant(third.sid, "ana")),
        world.run(world.account, AddParticipant(fourth.sid, "ana")),
        return_exceptions=True,
    )
    assert [result.code for result in results if isinstance(result, ServiceError)] == [50208]

    await world.run(world.account, RemoveParticipant(first.sid, "ana"))
    assert await world.refused(world.account, AddParticipant(fourth.sid, "ana")) == (400, 50208), "it counted once"
    await world.run(world.account, UpdateConversation(third.sid, state="closed"))
    await world.run(world.account, AddParticipant(fourth.sid, "ana"))
    await world.run(world.account, DeleteConversation(third.sid))
    fifth = await world.room()
    assert await world.refused(world.account, AddParticipant(fifth.sid, "ana")) == (400, 50208)
    await world.run(world.user("ana"), RemoveParticipant(fourth.sid, "ana"))
    await world.run(world.account, AddParticipant(fifth.sid, "ana"))
    user = await world.store.reads.read(lambda reads: reads.one(User, identity="ana"))
    assert user is not None
    assert user.conversations_count == 2


def test_without_timers_activity_changes_nothing() -> None:
    """What every message pays for: no column of the conversation that it would not change anyway."""
    row = conversation("CH1")
    assert timers.after_activity(row, 99) == {}
    timed = replace(row, timer_closed=5)
    assert timers.after_activity(timed, 99) == {"date_inactive": None, "date_closed": 104, "date_due": 104}
