"""The background task that applies timers: how much at once, what it survives, and that it ends with the service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog

from roomful.conversations import timers
from roomful.conversations.app import Service, ServiceConfig
from roomful.conversations.core.conversations import CreateConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError, internal
from roomful.conversations.core.model import Conversation
from roomful.conversations.core.perform import Performer
from roomful.conversations.core.ports import Actor, Command, Reads
from roomful.conversations.core.timers import ApplyTimers
from roomful.conversations.timers import AT_ONCE, apply_due, run_timers
from tests.conversations.core.world import World, open_world

pytestmark = pytest.mark.anyio
T = TypeVar("T")
MINUTE = 60_000


@pytest.fixture
async def world(database_url: str) -> Any:
    async with open_world(database_url) as opened:
        yield opened


@pytest.fixture(autouse=True)
def logs() -> Any:
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests need not wait for the next look."""
    monkeypatch.setattr(timers, "POLL_SECONDS", 0.001)


async def rooms(world: World, count: int, **changes: Any) -> list[str]:
    made = await asyncio.gather(*(world.run(world.account, CreateConversation(**changes)) for _ in range(count)))
    return [room.sid for room in made]


async def in_state(world: World, state: str) -> set[str]:
    def query(reads: Reads) -> set[str]:
        return {row.sid for row in reads.page(Conversation, order="sid", limit=1_000, state=state)}

    return await world.store.reads.read(query)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Let the loop run until `condition()`, awaited, is true."""
    deadline = time.monotonic() + 10
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


class Faulty(Performer):
    """Fails for the conversations of `broken`, and counts the commands."""

    def __init__(self, world: World, *broken: str) -> None:
        super().__init__(world.store.writer)
        self.broken = set(broken)
        self.asked: list[str] = []

    async def perform(self, actor: Actor, command: Command[T]) -> T:
        assert isinstance(command, ApplyTimers)
        self.asked.append(command.conversation_sid)
        if command.conversation_sid in self.broken:
            raise internal()
        return await super().perform(actor, command)


async def test_only_what_is_due_is_changed(world: World) -> None:
    [soon] = await rooms(world, 1, timer_inactive="PT1M")
    [later] = await rooms(world, 1, timer_inactive="PT2M", timer_closed="PT10M")
    [never] = await rooms(world, 1)
    world.now += MINUTE - 1
    performer = Faulty(world)
    await apply_due(world.store.reads, performer, world.clock)
    assert performer.asked == []
    world.now += 1
    await apply_due(world.store.reads, performer, world.clock)
    assert (await in_state(world, "inactive"), await in_state(world, "active")) == ({soon}, {later, never})
    world.now += 9 * MINUTE
    await apply_due(world.store.reads, performer, world.clock)
    await apply_due(world.store.reads, performer, world.clock)
    assert await in_state(world, "closed") == {later}
    assert performer.asked == [soon, later], "what was done is not asked for again"


async def test_a_bounded_number_at_once_the_oldest_first(world: World) -> None:
    oldest = await rooms(world, AT_ONCE, timer_inactive="PT1M")
    world.now += 1
    newer = await rooms(world, 3, timer_inactive="PT1M")
    world.now += MINUTE
    performer = Faulty(world)
    assert await apply_due(world.store.reads, performer, world.clock) is True
    assert sorted(performer.asked) == sorted(oldest)
    assert await apply_due(world.store.reads, performer, world.clock) is False
    assert await in_state(world, "inactive") == {*oldest, *newer}


async def test_one_that_fails_stops_no_other(world: World, logs: list[MutableMapping[str, Any]]) -> None:
    [broken, fine] = await rooms(world, 2, timer_inactive="PT1M")
    world.now += MINUTE
    performer = Faulty(world, broken)
    assert await apply_due(world.store.reads, performer, world.clock) is False
    assert await in_state(world, "inactive") == {fine}
    assert [(entry["event"], entry["conversations"]) for entry in logs] == [("timers.failed", 1)]
    performer.broken.clear()
    await apply_due(world.store.reads, performer, world.clock)
    assert await in_state(world, "inactive") == {broken, fine}


async def test_where_all_fail_it_waits_before_it_tries_again(world: World) -> None:
    broken = await rooms(world, AT_ONCE, timer_inactive="PT1M")
    world.now += MINUTE
    assert await apply_due(world.store.reads, Faulty(world, *broken), world.clock) is False


@pytest.mark.usefixtures("eager")
async def test_two_nodes_change_each_once(world: World) -> None:
    made = await rooms(world, 20, timer_inactive="PT1M", timer_closed="PT10M")
    world.events()
    tasks = [
        asyncio.ensure_future(run_timers(world.store.reads, world.performer, world.clock)),
        asyncio.ensure_future(run_timers(world.store.reads, world.performer, world.clock)),
    ]
    for state, minutes in (("inactive", 1), ("closed", 9)):
        world.now += minutes * MINUTE

        async def all_there(state: str = state) -> bool:
            return await in_state(world, state) == set(made)

        await until(all_there)
    told: list[object] = []

    async def all_told() -> bool:  # a change is told a moment after it can be read
        told.extend(world.events())
        return len(told) >= 2 * len(made)

    await until(all_told)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)
    assert len(told) + len(world.events()) == 2 * len(made)


@pytest.mark.usefixtures("eager")
async def test_it_survives_a_store_that_cannot_be_read(
    world: World, logs: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    [room] = await rooms(world, 1, timer_inactive="PT1M")
    world.now += MINUTE
    read, failures = world.store.reads.read, iter((ServiceError(503, 20503, "busy"), OSError("gone")))

    async def failing(query: Callable[[Reads], T]) -> T:
        for failure in failures:
            raise failure
        return await read(query)

    monkeypatch.setattr(world.store.reads, "read", failing)
    task = asyncio.ensure_future(run_timers(world.store.reads, world.performer, world.clock))
    await until(lambda: in_state_of(read, room))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [entry["event"] for entry in logs] == ["timers.unread"] * 2


async def in_state_of(read: Any, sid: str) -> bool:
    row = await read(lambda reads: reads.one(Conversation, sid=sid))
    return bool(row.state == "inactive")


@pytest.mark.usefixtures("eager")
async def test_a_service_applies_timers_while_it_is_open(tmp_path: Path) -> None:
    now = 1_800_000_000_000
    config = ServiceConfig(
        f"sqlite:///{tmp_path / 'roomful.db'}", "http://localhost", str(tmp_path / "media"), clock=lambda: now
    )
    service = await Service.open(config)
    account = Actor(service.credentials.service_sid)
    room = await service.perform(account, CreateConversation(timer_inactive="PT1M", timer_closed="PT1H"))

    async def state() -> str:
        row = await service.read(lambda reads: reads.one(Conversation, sid=room.sid))
        assert row is not None
        return row.state

    async def is_inactive() -> bool:
        return await state() == "inactive"

    assert await state() == "active"
    now += MINUTE
    await until(is_inactive)
    await service.close()
    now += 60 * MINUTE
    before = asyncio.all_tasks()

    service = await Service.open(config)  # what fell due while it was away is applied at once

    async def is_closed() -> bool:
        return await state() == "closed"

    await until(is_closed)
    with pytest.raises(ServiceError, match="closed"):
        await service.perform(account, UpdateConversation(room.sid, state="active"))
    await service.close()
    assert asyncio.all_tasks() <= before, "no task is left"
