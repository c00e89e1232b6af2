"""The end of a service: all of it, or nothing, and never more than one transaction should hold."""

from __future__ import annotations

from typing import Any

import pytest

from roomful.conversations.core import limits
from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Conversation, Message, Participant, Role, Service, Tombstone, User
from roomful.conversations.core.participants import AddParticipant
from roomful.conversations.core.ports import Actor, Reads
from roomful.conversations.core.push import RegisterPush
from roomful.conversations.core.services import CreateService, DeleteService
from roomful.conversations.core.users import CreateUser

from .world import World, open_world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database_url: str) -> Any:
    async with open_world(database_url) as opened:
        yield opened


async def short_lived(world: World, rooms: int, people: int) -> Actor:
    """A service with rooms that all its people are in, and a message in each."""
    actor = Actor((await world.run(world.account, CreateService("short-lived"))).sid)
    for number in range(people):
        await world.run(actor, CreateUser(f"p{number}"))
    for _ in range(rooms):
        room = await world.run(actor, CreateConversation())
        for number in range(people):
            await world.run(actor, AddParticipant(room.sid, f"p{number}"))
        await world.run(actor, SendMessage(room.sid, body="hello"))
    return actor


async def counts(world: World) -> dict[str, int]:
    tables = (Service, Conversation, Participant, Message, User, Role, Tombstone)

    def query(reads: Reads) -> dict[str, int]:
        return {table.__name__: reads.count(table) for table in tables}

    return await world.store.reads.read(query)


async def test_nothing_of_it_stays(world: World) -> None:
    before = await counts(world)
    actor = await short_lived(world, rooms=3, people=2)
    await world.run(Actor(actor.service_sid, "p0"), RegisterPush("fcm", "device"))
    await world.run(actor, DeleteService())
    assert await counts(world) == before


@pytest.mark.parametrize(("rooms", "people", "what"), [(3, 1, "conversations"), (1, 3, "users")])
async def test_what_is_too_large_stays_whole(
    world: World, monkeypatch: pytest.MonkeyPatch, rooms: int, people: int, what: str
) -> None:
    actor = await short_lived(world, rooms, people)
    before = await counts(world)
    monkeypatch.setattr(limits, "DELETABLE_STREAMS", 2)
    assert await world.refused(actor, DeleteService()) == (409, 20409)
    assert await counts(world) == before
    monkeypatch.setattr(limits, "DELETABLE_STREAMS", 3)
    await world.run(actor, DeleteService())


async def test_the_default_service_stays(world: World) -> None:
    assert await world.refused(world.account, DeleteService()) == (409, 20409)
    assert await world.refused(world.user("ann"), DeleteService()) == (403, 50107)
