"""A service's core on a real store, with a clock that stands still unless told, and a record of what was announced."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from roomful.conversations.bus import Listener
from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import Event, StreamCommit
from roomful.conversations.core.installation import Install, Installation
from roomful.conversations.core.model import Conversation, Role, WebhookCall
from roomful.conversations.core.participants import AddParticipant
from roomful.conversations.core.perform import Performer
from roomful.conversations.core.ports import Actor, Command, Outbox
from roomful.conversations.core.users import CreateUser
from roomful.conversations.store.store import Store

T = TypeVar("T")


@dataclass
class World:
    """`now` is the clock, in milliseconds; `commits` is what the bus was told, oldest first, and `ears` with it."""

    now: int = 1_800_000_000_000
    commits: list[StreamCommit] = field(default_factory=list)
    ears: list[Listener] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    store: Store = field(init=False)
    performer: Performer = field(init=False)
    installation: Installation = field(init=False)

    def publish(self, commits: Sequence[StreamCommit]) -> None:
        self.commits.extend(commits)
        for ear in self.ears:
            ear(commits)

    def clock(self) -> int:
        return self.now

    def sid(self, prefix: str) -> str:
        return f"{prefix}{next(self.numbers):032x}"

    @property
    def account(self) -> Actor:
        """The holder of the account's credentials, acting on the default service."""
        return Actor(self.installation.service.sid)

    def user(self, identity: str) -> Actor:
        return Actor(self.installation.service.sid, identity)

    async def conversation(self, sid: str) -> Conversation:
        """The conversation as it is stored."""
        row = await self.store.reads.read(lambda reads: reads.one(Conversation, sid=sid))
        assert row is not None
        return row

    async def run(self, actor: Actor, command: Command[T]) -> T:
        return await self.performer.perform(actor, command)

    async def refused(self, actor: Actor, command: Command[T]) -> tuple[int, int]:
        """Status and code with which the command is refused; nothing may have been announced."""
        before = len(self.commits)
        with pytest.raises(ServiceError) as caught:
            await self.run(actor, command)
        assert len(self.commits) == before
        return caught.value.status, caught.value.code

    def events(self) -> list[Event]:
        """What was announced since the last call, in order."""
        events = [event for commit in self.commits for event in commit.events]
        self.commits.clear()
        return events

    async def calls(self) -> list[WebhookCall]:
        """What the outbox holds, oldest first."""
        return await self.store.reads.read(lambda reads: reads.page(WebhookCall, order="sid", limit=10_000))

    async def role(self, friendly_name: str) -> Role:
        return next(role for role in await self.roles() if role.friendly_name == friendly_name)

    async def roles(self) -> list[Role]:
        service_sid = self.installation.service.sid
        return await self.store.reads.read(lambda reads: reads.find(Role, "service_sid", [service_sid]))

    async def room(self, *identities: str) -> Conversation:
        """A conversation with these people in it."""
        room = await self.run(self.account, CreateConversation(friendly_name="#room"))
        for identity in identities:
            await self.run(self.account, AddParticipant(room.sid, identity))
        self.events()
        return room

    async def person(self, identity: str, role: str) -> Actor:
        """A user with the service role of this name."""
        await self.run(self.account, CreateUser(identity, role_sid=(await self.role(role)).sid))
        self.events()
        return self.user(identity)


@asynccontextmanager
async def open_world(url: str, outbox: Outbox | None = None) -> AsyncIterator[World]:
    """A fresh installation on the database at `url`; without `outbox` webhooks hear of nothing."""
    world = World()
    world.store = Store.open(url, clock=world.clock, sids=world.sid, bus=world, outbox=outbox)
    try:
        world.performer = Performer(world.store.writer)
        world.installation = await world.run(Actor(""), Install("token-of-the-tests", "secret-of-the-tests"))
        world.events()
        yield world
    finally:
        await world.store.close()
