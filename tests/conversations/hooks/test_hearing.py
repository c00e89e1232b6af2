"""An application in the server's own process: batches, order, a call that it cannot bear, and a server without one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import pytest

from roomful.conversations.core.model import APPLICATION
from roomful.conversations.hooks.hearing import BATCH, LANES
from tests.webhooks.listener import Reply

from .conftest import OpenDepot
from .depot import HOUR, SECOND, Depot, until

pytestmark = pytest.mark.anyio
Batch = Sequence[Mapping[str, str]]


class Application:
    """Notes what it is told, and refuses batches that hold what is `poison`."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.refused: list[list[str]] = []
        self.threads: set[int] = set()
        self.retries: list[str] = []
        self.poison: set[str] = set()

    def __call__(self, calls: Batch) -> None:
        self.threads.add(threading.get_ident())
        bodies = [call["Body"] for call in calls]
        if self.poison & set(bodies):
            self.refused.append(bodies)
            raise ValueError("secret words")
        self.batches.append(bodies)
        self.retries += [call["RetryCount"] for call in calls]

    @property
    def heard(self) -> list[str]:
        return [body for batch in self.batches for body in batch]


@pytest.fixture
async def depot(open_depot: OpenDepot) -> Depot:
    opened: Depot = await open_depot(application_events=frozenset({"onMessageAdded"}))
    await opened.configure("")
    return opened


@pytest.fixture
def application() -> Application:
    return Application()


async def test_it_hears_in_batches_on_a_thread_of_its_own(depot: Depot, application: Application) -> None:
    rooms = [await depot.room() for _ in range(3)]
    each = BATCH // 3 + 10
    for n in range(each):
        await asyncio.gather(*(depot.say(room, f"{place} {n}") for place, room in enumerate(rooms)))
    depot.worker(application)
    await depot.until_empty()
    for place in range(3):
        told = [body for body in application.heard if body.startswith(f"{place} ")]
        assert told == [f"{place} {n}" for n in range(each)]
    assert [len(batch) for batch in application.batches] == [BATCH, 3 * each - BATCH]
    assert len(application.threads) == 1
    assert threading.get_ident() not in application.threads
    assert application.retries == ["0"] * 3 * each
    assert depot.asked.count("FinishCalls") == 2


async def test_more_rooms_than_fit(depot: Depot, application: Application) -> None:
    for n in range(LANES + 20):
        await depot.say(await depot.room(), str(n))
    depot.worker(application)
    await depot.until_empty()
    assert [len(batch) for batch in application.batches] == [LANES, 20]
    assert sorted(application.heard, key=int) == list(map(str, range(LANES + 20)))


async def test_one_call_that_it_cannot_bear_stops_its_own_room_only(
    depot: Depot, application: Application, logs: list[MutableMapping[str, Any]]
) -> None:
    application.poison = {"poison"}
    room, other = await depot.room(), await depot.room()
    await depot.say(room, "before", "poison", "behind")
    await depot.say(other, "one", "two")
    depot.worker(application)
    [poison, behind] = await depot.until_calls(lambda calls: len(calls) == 2)
    assert sorted(application.heard) == ["before", "one", "two"]
    assert application.refused[1:] == [["poison"]]
    assert (poison.error, behind.error) == ("the application failed (ValueError)", None)
    assert poison.date_due == depot.world.now + SECOND
    await depot.say(other, "three")
    await until(lambda: "three" in application.heard)
    application.poison.clear()
    depot.world.now += SECOND
    await depot.until_empty()
    assert application.heard[-2:] == ["poison", "behind"]
    assert "secret words" not in str([entry for entry in logs if not entry.get("exc_info")])


async def test_an_application_that_fails_and_recovers(depot: Depot, application: Application) -> None:
    bodies = [str(n) for n in range(20)]
    application.poison = set(bodies)
    rooms = [await depot.room() for _ in range(10)]
    for n, room in enumerate(rooms):
        await depot.say(room, bodies[2 * n], bodies[2 * n + 1])
    depot.worker(application)
    await depot.until_calls(lambda calls: sum(call.attempts for call in calls) == 10)
    application.poison.clear()
    depot.world.now += SECOND
    await depot.until_empty()
    assert sorted(application.heard, key=int) == bodies


async def test_a_server_without_the_application_says_so(depot: Depot) -> None:
    worker = depot.worker()
    await depot.configure("/post")
    room = await depot.room()
    await depot.say(room, "one")
    [call] = await depot.until_calls(lambda calls: len(calls) == 1 and calls[0].attempts == 1)
    assert (call.target_sid, call.error) == (APPLICATION, "no application in this process hears of it")
    await depot.until_heard(["one"])
    await worker.close()
    depot.world.now += HOUR
    application = Application()
    depot.worker(application)
    await until(lambda: application.heard == ["one"])
    assert application.retries == ["1"]


async def test_the_application_holds_no_webhook_up(depot: Depot) -> None:
    release = threading.Event()

    def application(calls: Batch) -> None:
        release.wait(10)

    depot.worker(application)
    await depot.configure("/post")
    depot.listener.always("/post", Reply(200))
    room = await depot.room()
    try:
        await depot.say(room, "one", "two")
        await depot.until_heard(["one", "two"])
    finally:
        release.set()
    await depot.until_empty()


async def test_closing_waits_for_what_it_is_hearing(depot: Depot) -> None:
    release, begun = threading.Event(), threading.Event()

    def application(calls: Batch) -> None:
        begun.set()
        release.wait(10)

    worker = depot.worker(application)
    await depot.say(await depot.room(), "one")
    await until(begun.is_set)
    closing = asyncio.ensure_future(worker.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    release.set()
    await closing
    assert await depot.world.calls() == []
