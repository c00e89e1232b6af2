"""Presence over several nodes: workers on one store, a clock in the hand, nodes that die, sleep and come back."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomful.conversations.core.events import UserUpdated
from roomful.conversations.core.model import Node, Presence, User
from roomful.conversations.core.perform import Performer
from roomful.conversations.core.presence import (
    LEASE,
    MARGIN,
    REMEMBERED,
    STEADY,
    Arrive,
    Depart,
    ForgetNode,
    LeaseLost,
    Person,
    RenewLease,
    TakeLease,
)
from roomful.conversations.core.services import UpdateServiceConfiguration
from roomful.conversations.core.users import DeleteUser, EnsureUser
from roomful.conversations.presence import GRACE, UPKEEP, PresenceWorker
from roomful.conversations.sync.requests import Caller, Links
from tests.servers import Postgres

from .world import World, open_world

PEOPLE = ("ann", "ben")
NODES = 3
LINKS = Links("https://chat.example")


class Cluster:
    """Nodes by number; each is a worker and the connections that it holds. `told` is who was said to be what, and when.

    A node in `asleep` does nothing until it wakes.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.workers: list[PresenceWorker | None] = [None] * NODES
        self.connections: list[Counter[str]] = [Counter() for _ in range(NODES)]
        self.asleep: set[int] = set()
        self.told: list[tuple[int, str, bool]] = []
        self.callers: dict[str, Caller] = {}

    async def start(self) -> None:
        await self.world.run(self.world.account, UpdateServiceConfiguration(reachability_enabled=True))
        for identity in PEOPLE:
            user = await self.world.run(self.world.user(identity), EnsureUser(identity))
            self.callers[identity] = Caller(user.service_sid, identity, user.sid, LINKS)
        for number in range(NODES):
            self.revive(number)

    def revive(self, number: int) -> None:
        if self.workers[number] is None:
            performer = Performer(self.world.store.writer)
            self.workers[number] = PresenceWorker(
                self.world.store.reads, performer.perform, self.world.clock, alone=False
            )

    def crash(self, number: int) -> None:
        self.workers[number] = None
        self.connections[number].clear()
        self.asleep.discard(number)

    def connect(self, number: int, identity: str) -> None:
        worker = self.workers[number]
        if worker is not None and number not in self.asleep:
            self.connections[number][identity] += 1
            worker.arrived(self.callers[identity])

    def disconnect(self, number: int, identity: str) -> None:
        worker, held = self.workers[number], self.connections[number]
        if worker is not None and number not in self.asleep and held[identity]:
            held[identity] -= 1
            if not held[identity]:
                worker.left(self.callers[identity].service_sid, identity)

    async def look(self) -> None:
        """Every node that is awake does what is due."""
        for number, worker in enumerate(self.workers):
            if worker is not None and number not in self.asleep:
                await worker.attend()
                await worker.upkeep()
        for event in self.world.events():
            if isinstance(event, UserUpdated) and event.position == event.user.reachability_position:
                assert event.user.reachability_date is not None
                self.told.append((event.user.reachability_date, event.user.identity, event.user.online))

    async def pass_time(self, milliseconds: int, step: int = 1_000) -> None:
        until = self.world.now + milliseconds
        while self.world.now < until:
            self.world.now = min(until, self.world.now + step)
            await self.look()

    def connected(self, identity: str) -> bool:
        return any(held[identity] for held in self.connections)

    async def online(self, identity: str) -> bool:
        user = await self.world.store.reads.read(lambda reads: reads.one(User, identity=identity))
        assert user is not None
        return user.online


Step = tuple[str, int, str, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(("connect", "connect", "disconnect", "flap", "wait", "wait", "crash", "sleep", "wake")),
        st.integers(0, NODES - 1),
        st.sampled_from(PEOPLE),
        st.sampled_from((300, 2_000, 9_000, GRACE, 11_000, LEASE + MARGIN + UPKEEP)),
    ),
    min_size=3,
    max_size=25,
)


async def carry_out(cluster: Cluster, action: str, number: int, identity: str, milliseconds: int) -> None:
    match action:
        case "connect":
            cluster.revive(number)
            cluster.connect(number, identity)
        case "disconnect":
            cluster.disconnect(number, identity)
        case "flap":
            cluster.connect(number, identity)
            await cluster.look()
            cluster.disconnect(number, identity)
        case "wait":
            await cluster.pass_time(milliseconds, step=max(1_000, milliseconds // 5))
        case "crash":
            cluster.crash(number)
        case "sleep":
            cluster.asleep.add(number)
        case "wake":
            cluster.asleep.discard(number)
    await cluster.look()


def check(cluster: Cluster) -> None:
    """Each change turns the last one round, `STEADY` after it at the earliest."""
    for identity in PEOPLE:
        told = [(at, online) for at, name, online in cluster.told if name == identity]
        assert [online for _, online in told] == [n % 2 == 0 for n in range(len(told))]
        assert all(later[0] - earlier[0] >= STEADY for earlier, later in pairwise(told)), told


async def play(url: str, played: list[Step]) -> None:
    async with open_world(url) as world:
        cluster = Cluster(world)
        await cluster.start()
        for step in played:
            await carry_out(cluster, *step)
            check(cluster)
        cluster.asleep.clear()
        cluster.revive(0)
        await cluster.pass_time(2 * (LEASE + MARGIN + UPKEEP), step=5_000)
        check(cluster)
        for identity in PEOPLE:
            assert await cluster.online(identity) == cluster.connected(identity)
        before = list(cluster.told)
        await cluster.pass_time(REMEMBERED + MARGIN + UPKEEP, step=UPKEEP)
        assert cluster.told == before, "nothing happens by itself"
        await left_over(world, cluster)


async def left_over(world: World, cluster: Cluster) -> None:
    """There is a row for each connected person and node, and no other; dead nodes are forgotten."""
    rows = await world.store.reads.read(lambda reads: reads.page(Presence, order="node_sid", limit=100))
    nodes = await world.store.reads.read(lambda reads: reads.page(Node, order="sid", limit=100))
    expected = [
        cluster.callers[identity].user_sid for held in cluster.connections for identity in PEOPLE if held[identity]
    ]
    assert sorted(row.user_sid for row in rows) == sorted(expected)
    assert {row.node_sid for row in rows} <= {node.sid for node in nodes}
    assert len(nodes) <= sum(worker is not None for worker in cluster.workers)


@settings(max_examples=30, deadline=None)
@given(steps)
def test_whatever_happens_presence_is_steady_and_in_the_end_right(played: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(f"sqlite:///{folder}/roomful.db", played))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_same_on_postgresql(postgres: Postgres) -> None:
    @settings(max_examples=20, deadline=None)
    @given(steps)
    def check_one(played: list[Step]) -> None:
        with postgres.database() as url:
            asyncio.run(play(url, played))

    check_one()


@pytest.fixture
async def cluster(database_url: str) -> Any:
    async with open_world(database_url) as world:
        cluster = Cluster(world)
        await cluster.start()
        yield cluster


@pytest.mark.anyio
async def test_connections_to_two_nodes_are_one_presence(cluster: Cluster) -> None:
    start = cluster.world.now
    cluster.connect(0, "ann")
    cluster.connect(1, "ann")
    await cluster.look()
    assert cluster.told == [(start, "ann", True)]
    await cluster.pass_time(5_000)
    cluster.disconnect(0, "ann")
    await cluster.pass_time(60_000)
    cluster.disconnect(1, "ann")
    await cluster.pass_time(GRACE - 1_000)
    assert len(cluster.told) == 1
    await cluster.pass_time(1_000)
    assert cluster.told[1:] == [(start + 75_000, "ann", False)]


@pytest.mark.anyio
async def test_the_people_of_a_dead_node_go_offline_unless_they_are_elsewhere(cluster: Cluster) -> None:
    for identity in PEOPLE:
        cluster.connect(0, identity)
    await cluster.look()
    cluster.crash(0)
    await cluster.pass_time(3_000)
    cluster.connect(1, "ann")
    await cluster.pass_time(LEASE)
    assert len(cluster.told) == len(PEOPLE), "the lease and its margin are not over"
    await cluster.pass_time(MARGIN + UPKEEP)
    assert [entry[1:] for entry in cluster.told[2:]] == [("ben", False)]


@pytest.mark.anyio
async def test_a_node_that_slept_through_its_lease_takes_another(cluster: Cluster) -> None:
    cluster.connect(0, "ann")
    await cluster.look()
    cluster.asleep.add(0)
    await cluster.pass_time(LEASE + MARGIN + UPKEEP)
    assert [entry[1:] for entry in cluster.told] == [("ann", True), ("ann", False)]
    cluster.asleep.clear()
    await cluster.pass_time(STEADY)
    assert [entry[1:] for entry in cluster.told[2:]] == [("ann", True)]
    await cluster.pass_time(LEASE + REMEMBERED + UPKEEP, step=UPKEEP)
    assert len(cluster.told) == 3
    await left_over(cluster.world, cluster)


@pytest.mark.anyio
async def test_who_may_not_go_offline_yet_keeps_the_row_that_says_so(cluster: Cluster) -> None:
    world, person = cluster.world, Person(*[getattr(cluster.callers["ann"], name) for name in Person._fields])
    node = await world.run(world.account, TakeLease())
    assert await world.run(world.account, Arrive(node, (person,))) == {}
    world.now += STEADY - 1
    assert await world.run(world.account, Depart(node, (person,))) == {person: world.now + 1}
    assert await cluster.online("ann")
    world.now += 1
    assert await world.run(world.account, Depart(node, (person,))) == {}
    assert not await cluster.online("ann")
    assert await world.run(world.account, Arrive(node, (person,))) == {person: world.now + STEADY}
    assert not await cluster.online("ann")


@pytest.mark.anyio
async def test_nobody_ends_a_lease_that_runs(cluster: Cluster) -> None:
    world, person = cluster.world, Person(*[getattr(cluster.callers["ann"], name) for name in Person._fields])
    node = await world.run(world.account, TakeLease())
    await world.run(world.account, Arrive(node, (person,)))
    world.now += LEASE + MARGIN - 1
    await world.run(world.account, Depart(node, (person,), dead=True))
    await world.run(world.account, ForgetNode(node))
    assert await cluster.online("ann")
    with pytest.raises(LeaseLost):
        await world.run(world.account, RenewLease(node))
    with pytest.raises(LeaseLost):
        await world.run(world.account, Arrive(node, (person,)))
    world.now += 1
    await world.run(world.account, Depart(node, (person,), dead=True))
    assert not await cluster.online("ann")


@pytest.mark.anyio
async def test_a_presence_whose_user_is_gone_is_removed(cluster: Cluster) -> None:
    world = cluster.world
    cluster.connect(0, "ann")
    await cluster.look()
    await world.run(world.account, DeleteUser("ann"))
    await cluster.pass_time(GRACE)
    cluster.disconnect(0, "ann")
    await cluster.pass_time(GRACE)
    assert await world.store.reads.read(lambda reads: reads.count(Presence)) == 0
    assert [entry[1:] for entry in cluster.told] == [("ann", True)]
