"""Leases: work that one node of several does, and never two."""

from __future__ import annotations

import asyncio

import pytest

from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.leases import HoldLease, ReleaseLease
from roomful.conversations.core.model import Lease
from roomful.conversations.store.store import Store

from .world import World

pytestmark = pytest.mark.anyio

LENGTH, MARGIN = 10_000, 5_000


async def holds(world: World, holder: str, *, alone: bool = False, name: str = "work") -> bool:
    return await world.run(world.account, HoldLease(name, holder, LENGTH, MARGIN, alone))


async def test_a_lease_is_taken_renewed_and_lost(world: World) -> None:
    start = world.now
    assert await holds(world, "a")
    assert not await holds(world, "b")
    world.now = start + 3_000
    assert await holds(world, "a")
    world.now = start + 3_000 + LENGTH + MARGIN - 1
    assert not await holds(world, "b")
    world.now += 1
    assert await holds(world, "b")
    assert not await holds(world, "a"), "who was away too long does not hold it any more"
    assert await world.store.reads.read(lambda reads: reads.one(Lease, name="work")) == Lease(
        "work", "b", world.now + LENGTH
    )


async def test_who_was_away_holds_what_nobody_took(world: World) -> None:
    assert await holds(world, "a")
    world.now += 10 * LENGTH
    assert await holds(world, "a")
    assert not await holds(world, "b")


async def test_a_lease_is_given_back(world: World) -> None:
    assert await holds(world, "a")
    await world.run(world.account, ReleaseLease("work", "b"))
    assert not await holds(world, "b")
    await world.run(world.account, ReleaseLease("work", "a"))
    assert await holds(world, "b")
    await world.run(world.account, ReleaseLease("nothing", "b"))


async def test_who_is_alone_does_not_wait(world: World) -> None:
    assert await holds(world, "a")
    assert await holds(world, "b", alone=True)


async def test_leases_have_names(world: World) -> None:
    assert await holds(world, "a", name="one")
    assert await holds(world, "b", name="two")


async def test_a_clock_that_was_put_back_stops_nobody_for_long(world: World) -> None:
    assert await holds(world, "a")
    world.now -= MARGIN
    assert not await holds(world, "b"), "so much two clocks may differ"
    world.now -= 1
    assert await holds(world, "b")


async def test_leases_are_not_for_users(world: World) -> None:
    anna = world.user("anna")
    assert await world.refused(anna, HoldLease("work", "anna", LENGTH, MARGIN)) == (403, 50107)
    assert await world.refused(anna, ReleaseLease("work", "anna")) == (403, 50107)


async def test_two_nodes_never_both_hold_it(world: World, database_url: str) -> None:
    """They ask at the same instants: for a new lease, for one that ran out, and for one that is held."""
    other = Store.open(database_url, clock=world.clock, sids=world.sid, bus=world)
    writers = {"a": world.store.writer, "b": other.writer}

    async def ask(holder: str) -> bool:
        asked = writers[holder].submit(world.account, HoldLease("work", holder, LENGTH, MARGIN))
        (answer,) = await asyncio.gather(asked, return_exceptions=True)
        assert isinstance(answer, bool) or (isinstance(answer, ServiceError) and answer.status == 409)
        return answer is True

    try:
        for _ in range(20):
            for _ in range(2):  # new, then held
                answers = await asyncio.gather(*map(ask, writers))
                assert sum(answers) == 1
            world.now += LENGTH + MARGIN
            assert sum(await asyncio.gather(*map(ask, writers))) == 1
            for holder in writers:
                await world.run(world.account, ReleaseLease("work", holder))
    finally:
        await other.close()
