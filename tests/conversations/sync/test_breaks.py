"""A line that breaks at each packet in turn: what was half told is told to the end when the client comes again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

import pytest

from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.messages import DeleteMessage
from roomful.conversations.core.model import Conversation
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant
from roomful.conversations.core.users import UpdateUser
from roomful.conversations.sync import conversations, replay, subscriptions

from . import mirror as mirror_module
from .agreement import agree, ready
from .line import Line, eventually
from .mirror import Mirror
from .world import World

pytestmark = pytest.mark.anyio

MOST = 40
"""More packets than a start or a return takes here."""


@dataclass(eq=False, repr=False)
class Frail(Line):
    """Breaks at a packet, when it has carried `left` to the client."""

    left: int = 0

    def _take(self, payloads: list[bytes]) -> None:
        super()._take(payloads[: self.left])
        self.left -= len(payloads)
        if self.left < 0 and not self.gone:
            self._break()
            asyncio.get_running_loop().call_soon(self.session.closed)


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a start and a return take many packets."""
    monkeypatch.setattr(replay, "PAGE_ROWS", 2)
    monkeypatch.setattr(subscriptions, "READ_BYTES", 1)
    monkeypatch.setattr(conversations, "PAGE_SIZE", 1)


@pytest.fixture
async def rooms(world: World) -> list[Conversation]:
    """Ann is in the first two, Ben in all."""
    return [
        await world.room(f"room {n}", *people) for n, people in enumerate((("ann", "ben"), ("ann", "ben"), ("ben",)))
    ]


async def come(client: Mirror, carried: int, patch: pytest.MonkeyPatch) -> bool:
    """Connect by a line that breaks after `carried` packets, if it comes so far; whether it held."""
    with patch.context() as frail:
        frail.setattr(mirror_module, "Line", partial(Frail, left=carried))
        await client.connect()
        await client.settle()
        await client.subscribe()
        await eventually(lambda: not client.connected or client.hearing.quiet)
    return client.connected


async def change(world: World, rooms: list[Conversation], turn: int) -> None:
    """Whoever is not told exactly this shows something else afterwards."""
    first, second = rooms[turn % 3], rooms[(turn + 1) % 3]
    for room in (first, second):
        for n in range(2):
            sent = await world.say(room, "ben", f"{turn} {n}")
        await world.run(DeleteMessage(room.sid, sent.sid))
    try:
        await world.run(RemoveParticipant(first.sid, "ann"))
    except ServiceError:
        await world.run(AddParticipant(first.sid, "ann"))
    await world.run(UpdateUser("ann", friendly_name=f"{turn}"))


async def compare(client: Mirror) -> None:
    """It shows what it should, and complained of nothing."""
    await (await agree(client)).leave()
    assert not client.world.trouble, client.world.trouble


@pytest.mark.parametrize("hesitant", [False, True])
async def test_a_start_that_breaks_off(
    world: World, rooms: list[Conversation], hesitant: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for carried in range(MOST):
        ann = Mirror(world, "ann", page=10, hesitant=hesitant)
        ann.people = {"ben"}
        held = await come(ann, carried, monkeypatch)
        await change(world, rooms, carried)
        await compare(ann)
        await ann.leave()
    assert held


async def test_a_return_that_breaks_off(
    world: World, rooms: list[Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = Mirror(world, "ann", page=10)
    for carried in range(MOST):
        await ready(ann)
        assert ann.line is not None
        ann.line.cut()
        await change(world, rooms, carried)
        await change(world, rooms, carried + 1)
        held = await come(ann, carried, monkeypatch)
        await change(world, rooms, carried + 2)
        await compare(ann)
    assert held
    await ann.leave()


async def test_a_server_that_ends_between_commit_and_delivery(world: World, rooms: list[Conversation]) -> None:
    ann = Mirror(world, "ann", page=10)
    for turn in range(6):
        await ready(ann)
        world.bus.lost = []
        await change(world, rooms, turn)
        await change(world, rooms, turn + 1)
        assert ann.line is not None
        await world.crash([ann.line])
        await world.start()
        await compare(ann)
    await ann.leave()
