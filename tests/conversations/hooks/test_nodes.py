"""Several nodes: one of them delivers, another takes over, and none does without the lease."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from roomful.conversations.core.leases import HoldLease
from roomful.conversations.core.outbox import FinishCalls
from roomful.conversations.hooks.delivery import (
    LEASE,
    LEASE_LENGTH,
    LOOK,
    LOOK_AT_OTHERS,
    MARGIN,
    RENEWAL,
    DeliveryWorker,
)
from tests.webhooks.listener import Hold, Reply

from .depot import SECOND, Depot, until

pytestmark = pytest.mark.anyio
TOGETHER = LEASE_LENGTH + MARGIN


def kill(worker: DeliveryWorker) -> None:
    """As by a power cut: nothing is written any more."""
    assert worker._task is not None
    for task in (worker._task, *worker._tasks):
        task.cancel()


async def take_lease(depot: Depot, holder: str = "another node") -> bool:
    return await depot.world.run(depot.world.account, HoldLease(LEASE, holder, LEASE_LENGTH, MARGIN))


async def test_one_of_two_delivers(depot_on_both: Depot) -> None:
    depot = depot_on_both
    workers = [depot.worker(alone=False) for _ in range(2)]
    rooms = [await depot.room() for _ in range(5)]
    for n in range(20):
        for room in rooms:
            await depot.say(room, f"saying {n}")
    for room in rooms:
        await until(lambda room=room: len(depot.heard(room=room)) >= 20)  # type: ignore[misc]
        assert depot.heard(room=room) == [f"saying {n}" for n in range(20)], "each once, in order"
    await depot.until_empty()
    assert sorted(worker._until is None for worker in workers) == [False, True]


async def test_another_takes_over_what_a_dead_node_left(depot_on_both: Depot) -> None:
    depot = depot_on_both
    hold = Hold()
    depot.listener.on("/post", hold)
    dead = depot.worker(alone=False)
    room = await depot.room()
    await depot.say(room, "one", "two")
    await until(lambda: depot.listener.at_work == 1)
    kill(dead)
    depot.worker(alone=False)
    hold.release()
    depot.world.now += TOGETHER - 1
    await asyncio.sleep(0.1)
    assert depot.heard() == ["one"]
    depot.world.now += RENEWAL
    await depot.until_heard(["one", "one", "two"])  # at least once
    assert len({call.token for call in depot.listener.calls}) == 2
    await depot.until_empty()


async def test_on_sqlite_a_predecessor_is_dead(depot: Depot) -> None:
    assert await take_lease(depot)
    await depot.say(await depot.room(), "one")
    depot.worker()
    await depot.until_heard(["one"])


async def test_who_lost_the_lease_delivers_no_more(depot: Depot) -> None:
    """As a machine that slept: another node has the lease when it wakes."""
    hold = Hold()
    depot.listener.on("/post", hold)
    depot.worker(alone=False)
    room = await depot.room()
    await depot.say(room, "one", "two")
    await until(lambda: depot.listener.at_work == 1)
    depot.trouble = True  # it cannot renew
    depot.world.now += TOGETHER
    assert await take_lease(depot)
    depot.trouble = False
    hold.release()
    calls = await depot.until_calls(lambda calls: len(calls) == 1)
    assert '"Body":"two"' in calls[0].parameters, "what was under way is written down"
    await asyncio.sleep(0.05)
    assert depot.heard() == ["one"]
    depot.world.now += TOGETHER
    await depot.until_heard(["one", "two"])


async def test_what_another_node_wrote_is_found(depot: Depot) -> None:
    """Nobody tells a node of it."""
    holder = depot.worker(alone=False)
    room = await depot.room()
    await depot.say(room, "told")
    await depot.until_empty()
    depot.world.ears.clear()
    depot.listener.on("/post", Reply(500))
    await depot.say(room, "not told")
    await asyncio.sleep(0.05)
    assert depot.heard() == ["told"]
    depot.world.now += LOOK_AT_OTHERS
    await depot.until_calls(lambda calls: calls[0].attempts == 1)
    assert depot.heard() == ["told", "not told"]
    await depot.pass_time(2 * SECOND)
    await depot.until_empty()
    depot.world.now += LEASE_LENGTH
    await until(lambda: holder._until is None)
    await depot.say(room, "long after")
    depot.world.now += LOOK
    await until(lambda: depot.heard()[-1] == "long after")


async def test_who_waits_for_the_lease_stops_when_nothing_is_left(depot: Depot) -> None:
    assert await take_lease(depot)
    depot.worker(alone=False)
    room = await depot.room()
    await depot.say(room, "one")
    await until(lambda: "HoldLease" in depot.asked)
    for call in await depot.world.calls():  # the other node delivers it
        await depot.world.run(depot.world.account, FinishCalls((call.sid,)))
    depot.world.now += RENEWAL
    await asyncio.sleep(0.05)
    count = len(depot.asked)
    for _ in range(5):
        depot.world.now += RENEWAL
        await asyncio.sleep(0.02)
    assert len(depot.asked) == count
    assert depot.heard() == []


async def test_a_node_whose_clock_is_late_does_not_deliver_beside_another(depot: Depot) -> None:
    """Clocks may differ by `MARGIN`."""
    late: Callable[[], int] = lambda: depot.world.now - MARGIN  # noqa: E731
    hold = Hold()
    depot.listener.always("/post", hold)
    first = depot.worker(alone=False, clock=late)
    room = await depot.room()
    await depot.say(room, "one", "two")
    await until(lambda: depot.listener.at_work == 1)
    depot.workers.remove(first)
    depot.trouble = True
    while not await take_lease(depot):
        depot.world.now += SECOND
    assert not first.may_call()
    depot.trouble = False
    hold.release()
    await first.close()
    assert depot.heard() == ["one"]
