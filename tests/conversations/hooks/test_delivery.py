"""Delivery to a real listener from a real store: order, failures, back-off, dead letters, recovery, shutting down."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from roomful.conversations.core.model import WebhookCall
from roomful.conversations.core.outbox import DropCalls, RetryCalls
from roomful.conversations.hooks import delivery
from roomful.conversations.hooks.delivery import AT_ONCE, AT_ONE_TARGET
from roomful.conversations.hooks.lanes import LONGEST_SLEEP
from roomful.conversations.hooks.turns import LIFETIME, LONGEST_DELAY, PAGE
from tests.webhooks.listener import Cut, Hold, Reply

from .depot import HOUR, MINUTE, SECOND, Depot, until

pytestmark = pytest.mark.anyio


async def test_calls_arrive_in_order_and_leave_the_outbox(depot: Depot) -> None:
    depot.worker()
    rooms = [await depot.room() for _ in range(3)]
    said = [f"saying {n}" for n in range(2 * PAGE + 5)]
    for body in said:
        for room in rooms:
            await depot.say(room, body)
    for room in rooms:
        await depot.until_heard(said, room=room)
    await depot.until_empty()
    assert {call["RetryCount"] for call in depot.listener.calls} == {"0"}
    assert len({call.token for call in depot.listener.calls}) == 3 * len(said)
    assert all(call.token.startswith("WC") for call in depot.listener.calls)


async def test_what_waits_from_before_is_delivered_first(depot: Depot) -> None:
    await depot.configure(method="GET")
    room, other = await depot.room(), await depot.room()
    await depot.say(room, "before", "before, too")
    await depot.say(other, "elsewhere")
    await depot.configure("/new")
    depot.worker()
    await depot.say(room, "after")
    await depot.until_heard(["before", "before, too"], room=room)
    await depot.until_heard(["elsewhere"], room=other)
    await depot.until_heard(["after"], "/new")
    assert {call.method for call in depot.listener.heard("/post")} == {"GET"}, "as it was when it happened"
    assert [call.path for call in depot.listener.calls if call["ConversationSid"] == room][-1] == "/new"


async def test_the_first_delay_doubles_up_to_ten_minutes(depot: Depot) -> None:
    depot.listener.always("/post", Reply(500))
    depot.worker()
    room = await depot.room()
    await depot.say(room, "one", "two")
    delays: list[int] = []
    while len(delays) < 12:
        attempts = len(delays) + 1
        [first, second] = await depot.until_calls(lambda calls, n=attempts: calls[0].attempts == n)  # type: ignore[misc]
        assert first.error == "answered 500"
        assert (second.attempts, second.error) == (0, None)
        delays.append(first.date_due - depot.world.now)
        depot.world.now = first.date_due - 1
        await asyncio.sleep(0.02)
        assert len(depot.heard()) == attempts, "not before its time"
        depot.world.now += 1
    assert delays == [min(SECOND << n, LONGEST_DELAY) for n in range(12)]
    depot.listener.behave("/post")
    await until(lambda: depot.heard()[-1:] == ["two"])
    assert [int(call["RetryCount"]) for call in depot.listener.calls if call["Body"] == "one"] == list(range(13))
    assert len({call.token for call in depot.listener.calls if call["Body"] == "one"}) == 1
    await depot.until_empty()


@pytest.mark.parametrize(("rand", "delay"), [(0.0, 800), (1.0, 1200)])
async def test_delays_are_not_all_the_same(depot: Depot, rand: float, delay: int) -> None:
    depot.listener.always("/post", Cut())
    depot.worker(rand=lambda: rand)
    await depot.say(await depot.room(), "one")
    [call] = await depot.until_calls(lambda calls: bool(calls[0].attempts))
    assert call.date_due - depot.world.now == delay


async def test_the_delay_outlives_the_server(depot: Depot) -> None:
    depot.listener.always("/post", Reply(500))
    worker = depot.worker()
    await depot.say(await depot.room(), "one")
    for attempts in (1, 2, 3):
        [call] = await depot.until_calls(lambda calls, n=attempts: calls[0].attempts == n)  # type: ignore[misc]
        depot.world.now = call.date_due
    [call] = await depot.until_calls(lambda calls: calls[0].attempts == 4)
    await worker.close()
    depot.worker()
    await asyncio.sleep(0.05)
    assert len(depot.heard()) == 4, "the next server waits, too"
    depot.world.now = call.date_due
    [call] = await depot.until_calls(lambda calls: calls[0].attempts == 5)
    assert call.date_due - depot.world.now == 16 * SECOND


async def test_a_call_is_given_up_after_a_day_and_those_behind_it_that_are_as_old(depot: Depot) -> None:
    depot.listener.always("/post", Reply(404))
    room = await depot.room()
    await depot.say(room, *(f"old {n}" for n in range(250)))
    depot.world.now += 12 * HOUR
    await depot.say(room, "younger", "youngest")
    depot.world.now += 12 * HOUR
    depot.worker()
    calls = await depot.until_calls(lambda calls: sum(call.state == "failed" for call in calls) == 250)
    assert depot.heard() == ["old 0"], "one attempt tells that the target is not back"
    assert [call.error for call in calls[:2]] == ["answered 404", "given up with one before it: answered 404"]
    assert [(call.state, call.attempts) for call in calls[250:]] == [("waiting", 0)] * 2
    depot.listener.behave("/post")
    depot.world.now += SECOND
    await until(lambda: depot.heard() == ["old 0", "younger", "youngest"])
    assert len(await depot.until_calls(lambda calls: len(calls) == 250)) == 250


async def test_a_lane_goes_on_slowly_after_it_gave_calls_up(depot: Depot) -> None:
    """Else each head of a lane whose target is dead would be tried at 1, 2, 4 … s anew."""
    depot.listener.always("/post", Reply(404))
    depot.worker()
    room = await depot.room()
    await depot.say(room, "old")
    for _ in range(12):
        attempts = (await depot.world.calls())[0].attempts
        depot.world.now += LONGEST_DELAY
        await depot.until_calls(lambda calls, n=attempts: calls[0].attempts > n)  # type: ignore[misc]
    await depot.say(room, "young")
    depot.world.now += LIFETIME - HOUR
    await depot.until_calls(lambda calls: calls[0].state == "failed")
    count = len(depot.heard())
    await depot.pass_time(LONGEST_DELAY - 1)
    assert len(depot.heard()) == count
    await depot.pass_time(1)
    await until(lambda: depot.heard()[count:] == ["young"])


async def test_when_a_target_answers_its_other_lanes_wait_no_longer(depot: Depot) -> None:
    depot.listener.down()
    depot.worker(rand=itertools.count(0.0, 0.001).__next__)
    rooms = [await depot.room() for _ in range(20)]
    for room in rooms:
        await depot.say(room, "one", "two")

    def all_asleep(calls: list[WebhookCall]) -> bool:
        return all(call.date_due > depot.world.now for call in calls[::2])

    while (calls := await depot.until_calls(all_asleep))[0].attempts < 9:
        depot.world.now += LONGEST_SLEEP
    first, second = sorted(call.date_due for call in calls[::2])[:2]
    depot.listener.up()
    await depot.pass_time(first - depot.world.now)
    for room in rooms:
        await until(lambda room=room: depot.heard(room=room) == ["one", "two"])  # type: ignore[misc]
    assert depot.world.now < second, "the others did not wait for their time"


async def test_one_call_that_is_always_refused_spoils_nothing(depot: Depot) -> None:
    depot.listener.always("/post", lambda call: Reply(500 if call["Body"] == "poison" else 200))
    depot.worker()
    room, other = await depot.room(), await depot.room()
    await depot.say(room, "poison", "behind it")
    await until(lambda: depot.heard(room=room) == ["poison"])
    for n in range(30):
        await depot.say(other, f"saying {n}")
        depot.world.now += 100
        await until(lambda n=n: depot.heard(room=other)[-1:] == [f"saying {n}"])  # type: ignore[misc]
    assert set(depot.heard(room=room)) == {"poison"}
    assert len(depot.heard(room=room)) <= 6, (
        "within 3 s: at its times, 0, 1 and 3 s, and once after each, not at each success"
    )


async def test_who_hangs_holds_nobody_up(depot: Depot) -> None:
    hold = Hold()
    depot.listener.always("/hang", hold)
    depot.worker(seconds=60)
    hanging = [await depot.room("/hang") for _ in range(20)]
    await depot.configure("/hang")
    for room in hanging:
        await depot.say(room, "one")
    await until(lambda: depot.listener.at_work == 20 + AT_ONE_TARGET)
    await depot.configure("/post")
    room = await depot.room()
    await depot.say(room, "for the service, behind those that hang")
    healthy = await depot.room("/healthy")
    await depot.say(healthy, "well")
    await depot.until_heard(["well"], "/healthy")
    await until(lambda: depot.listener.at_work == 20 + AT_ONE_TARGET)  # no more at once to one target
    hold.release()
    await depot.until_heard(["for the service, behind those that hang"], room=room)


async def test_so_many_calls_at_once_and_no_more(depot: Depot) -> None:
    hold = Hold()
    depot.listener.always("/hang", hold)
    depot.listener.always("/post", Reply(204))
    depot.worker(seconds=60)
    for _ in range(AT_ONCE + 10):
        await depot.say(await depot.room("/hang"), "one")
    await until(lambda: depot.listener.at_work == AT_ONCE)
    await asyncio.sleep(0.05)
    assert depot.listener.at_work == AT_ONCE
    hold.release()
    await depot.until_empty()


async def test_of_a_target_that_fails_one_lane_at_a_time_is_tried(depot: Depot) -> None:
    depot.listener.always("/post", Reply(503))
    depot.worker(seconds=60)
    await depot.say(await depot.room(), "first")
    await depot.until_calls(lambda calls: calls[0].attempts == 1)
    hold = Hold()
    depot.listener.always("/post", hold)
    for _ in range(10):
        await depot.say(await depot.room(), "more")
    await until(lambda: depot.listener.at_work == 1)
    await asyncio.sleep(0.05)
    assert depot.listener.at_work == 1
    hold.release()
    depot.world.now += SECOND
    await depot.until_empty()


async def test_a_retry_that_somebody_asks_for_comes_at_once(depot: Depot) -> None:
    depot.listener.always("/post", Reply(500))
    depot.worker()
    room = await depot.room()
    await depot.say(room, "one", "two")
    for _ in range(8):
        attempts = (await depot.world.calls())[0].attempts
        depot.world.now += LONGEST_DELAY
        await depot.until_calls(lambda calls, n=attempts: calls[0].attempts > n)  # type: ignore[misc]
    count = len(depot.heard())
    await depot.say(room, "three")
    await asyncio.sleep(0.05)
    assert len(depot.heard()) == count, "a new call does not hasten those before it"
    await depot.world.run(depot.world.account, RetryCalls())
    await until(lambda: len(depot.heard()) == count + 1)
    assert depot.listener.calls[-1]["RetryCount"] == "0"
    [head, *_] = await depot.until_calls(lambda calls: calls[0].attempts == 1)
    depot.listener.behave("/post")
    await depot.world.run(depot.world.account, DropCalls(sids=(head.sid,)))
    await until(lambda: depot.heard()[count + 1 :] == ["two", "three"])
    await depot.until_empty()


async def test_a_retry_during_an_attempt_is_not_forgotten(depot: Depot) -> None:
    hold = Hold(Reply(500))
    depot.listener.on("/post", Reply(500), hold)
    depot.worker()
    await depot.say(await depot.room(), "one")
    await depot.until_calls(lambda calls: calls[0].attempts == 1)
    depot.world.now += SECOND
    await until(lambda: depot.listener.at_work == 1)
    await depot.world.run(depot.world.account, RetryCalls())
    hold.release()
    await depot.until_heard(["one"] * 3)
    await depot.until_empty()


async def test_closing_lets_what_is_under_way_end_and_begins_nothing(depot: Depot) -> None:
    hold = Hold()
    depot.listener.on("/post", hold)
    worker = depot.worker()
    room = await depot.room()
    await depot.say(room, "one", "two", "three")
    await until(lambda: depot.listener.at_work == 1)
    assert await depot.holder() is not None
    closing = asyncio.ensure_future(worker.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    hold.release()
    await closing
    assert [json.loads(call.parameters)["Body"] for call in await depot.world.calls()] == ["two", "three"]
    assert depot.heard() == ["one"]
    assert await depot.holder() is None, "another node need not wait"
    depot.worker()
    await depot.until_heard(["one", "two", "three"])


async def test_closing_does_not_wait_for_ever(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "CLOSE_SECONDS", 0.1)
    depot.listener.always("/post", Hold())
    worker = depot.worker(seconds=60)
    await depot.say(await depot.room(), "one")
    await until(lambda: depot.listener.at_work == 1)
    before = asyncio.all_tasks()
    await worker.close()
    assert len(asyncio.all_tasks()) < len(before)
    assert [call.attempts for call in await depot.world.calls()] == [0]
    await worker.close()


async def test_a_store_that_refuses_ends_nothing(
    depot: Depot, logs: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roomful.conversations.hooks.turns.RETRY_SECONDS", 0.01)
    hold = Hold()
    depot.listener.on("/post", hold)
    depot.worker()
    room = await depot.room()
    await depot.say(room, "one")
    await until(lambda: depot.listener.at_work == 1)
    depot.trouble = True
    hold.release()
    await until(lambda: any(entry["event"] == "webhooks.unwritten" for entry in logs))
    await depot.say(room, "two")
    depot.world.now += MINUTE
    await until(lambda: any(entry["event"] == "webhooks.untended" for entry in logs))
    depot.trouble = False
    await depot.until_heard(["one", "two"])
    await depot.until_empty()
    assert not any("exc_info" in entry for entry in logs)


async def test_an_error_of_our_own_is_a_failed_attempt(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = depot.worker()

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(depot.clients[0], "call", broken)
    await depot.say(await depot.room(), "one")
    [call] = await depot.until_calls(lambda calls: bool(calls[0].attempts))
    assert call.error == "this server could not make the call (RuntimeError)"
    assert worker._task is not None
    assert not worker._task.done()


async def test_nothing_is_written_while_nothing_waits(depot: Depot) -> None:
    depot.worker()
    for _ in range(50):
        depot.world.now += MINUTE
        await asyncio.sleep(0.002)
    assert depot.asked == []
    await depot.say(await depot.room(), "one")
    await depot.until_empty()
    await until(lambda: depot.asked == ["HoldLease", "FinishCalls"])
    for _ in range(50):
        depot.world.now += MINUTE
        await asyncio.sleep(0.002)
    assert depot.asked == ["HoldLease", "FinishCalls"], "the lease runs out"


async def test_outcomes_are_written_by_the_page(depot: Depot) -> None:
    room = await depot.room()
    await depot.say(room, *map(str, range(2 * PAGE + 1)))
    depot.worker()
    await depot.until_empty()
    await until(lambda: depot.asked == ["HoldLease"] + ["FinishCalls"] * 3)


async def test_logs_and_errors_hold_no_secrets(depot: Depot, logs: list[MutableMapping[str, Any]]) -> None:
    depot.listener.always("/hidden", Reply(500))
    await depot.configure("/hidden?opaque=1")
    depot.worker()
    room = await depot.room()
    await depot.say(room, "private words")
    await depot.until_calls(lambda calls: bool(calls[0].attempts))
    depot.world.now += 25 * HOUR
    [call] = await depot.until_calls(lambda calls: calls[0].state == "failed")
    await until(lambda: logs[-1]["event"] == "webhooks.given_up")
    told = json.dumps([*logs, call.error], default=repr)
    assert logs[0]["host"] == "127.0.0.1"
    assert not [secret for secret in ("hidden", "opaque", "private", "token-of-the-tests") if secret in told]


async def test_a_clock_that_is_put_back_stops_nothing(depot: Depot) -> None:
    depot.listener.on("/post", Reply(500))
    depot.worker()
    room = await depot.room()
    await depot.say(room, "one")
    await depot.until_calls(lambda calls: bool(calls[0].attempts))
    depot.world.now -= 30 * HOUR
    await depot.until_heard(["one", "one"])
    await depot.say(room, "two")
    await until(lambda: depot.heard()[-1] == "two")
    await depot.until_empty()
