"""The whole service on a real store, with clients that are held in the hand: no socket between them."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from unittest.mock import patch

import jwt

from roomful.conversations import app
from roomful.conversations.app import Service, ServiceConfig
from roomful.conversations.bus import Listener, LocalBus
from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.events import StreamCommit
from roomful.conversations.core.installation import Install, Installation
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Conversation, Message
from roomful.conversations.core.participants import AddParticipant
from roomful.conversations.core.ports import Actor, Command, Reads
from roomful.conversations.hub import Hub
from roomful.conversations.store.store import Store

from .line import Disconnected, Line, eventually, packet, read_packet, websocket_payloads

__all__ = [
    "PUBLIC_URL",
    "Disconnected",
    "Line",
    "SwitchableBus",
    "World",
    "bus_of",
    "eventually",
    "open_world",
    "packet",
    "read_packet",
    "websocket_payloads",
]

T = TypeVar("T")
_numbers = itertools.count(1)
PUBLIC_URL = "https://chat.example/base"


class SwitchableBus(LocalBus):
    """A bus that can lose what it carries, or keep it for later; it is told all that is committed.

    Attributes:
        lost: what was published and not carried, while it is a list.
        dead: nothing is carried or kept any more.
    """

    def __init__(self, *listeners: Listener) -> None:
        super().__init__(*listeners)
        self.lost: list[StreamCommit] | None = None
        self.dead = False

    def publish(self, commits: Sequence[StreamCommit]) -> None:
        if self.dead:
            return
        if self.lost is None:
            super().publish(commits)
        else:
            self.lost += commits


class Clock:
    """The real time moved by `shift`, or, while it is set, the time `still`; both in milliseconds."""

    def __init__(self) -> None:
        self.shift = 0
        self.still: int | None = None

    def __call__(self) -> int:
        return (time.time_ns() // 1_000_000 if self.still is None else self.still) + self.shift


@dataclass(eq=False, repr=False)
class World:
    """An open service. `start` opens it again on the same database after `stop` or `crash`.

    `trouble` is what clients complained of where nobody could hear it.
    """

    database_url: str
    media: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)
    time: Clock = field(default_factory=Clock)
    trouble: list[BaseException] = field(default_factory=list)
    closing: bool = False
    lag: float = 0
    service: Service = field(init=False)
    store: Store = field(init=False)
    hub: Hub = field(init=False)
    bus: SwitchableBus = field(init=False)
    installation: Installation = field(init=False)

    async def start(self) -> None:
        with patch.object(app, "LocalBus", SwitchableBus):
            config = ServiceConfig(self.database_url, PUBLIC_URL, self.media.name, clock=self.time)
            self.service = await Service.open(config)
        self.store, self.hub = self.service._store, self.service._hub
        self._read, self.store.reads.read = self.store.reads.read, self._read_late  # type: ignore[method-assign]
        bus = self.store.writer._bus
        assert isinstance(bus, SwitchableBus)
        self.bus = bus
        self.installation = await self.service.perform(Actor(""), Install("", ""))
        self.closing = False

    async def _read_late(self, query: Callable[[Reads], T]) -> T:
        """What was read is already `lag` seconds old when it arrives."""
        found = await self._read(query)
        if self.lag:
            await asyncio.sleep(self.lag)
        return found

    async def stop(self) -> None:
        """As on SIGTERM: the clients are told, what waits is finished."""
        self.closing = True
        await self.service.close()

    async def crash(self, lines: Sequence[Line]) -> None:
        """As on SIGKILL: the lines break, and of what is not on disk nothing is left (SQLite), nobody is told of it."""
        self.bus.dead = True
        for line in lines:
            line.cut()
        if self.database_url.startswith("sqlite:"):
            self.database_url = image(self.database_url)
        await self.service.close()

    @property
    def seconds(self) -> float | None:
        """A clock that stands still; None: it does not."""
        return None if self.time.still is None else self.time.still / 1000

    @seconds.setter
    def seconds(self, value: float | None) -> None:
        self.time.still = None if value is None else round(value * 1000)

    def clock(self) -> float:
        """The time in seconds."""
        return self.time() / 1000

    @property
    def service_sid(self) -> str:
        return self.installation.service.sid

    async def run(self, command: Command[T], identity: str | None = None) -> T:
        """Carry a command out, as the account or as a user."""
        return await self.service.perform(Actor(self.service_sid, identity), command)

    def token(self, identity: str, *, seconds: float = 3600, header: Any = None, key: str = "", **claims: Any) -> str:
        """An access token; `claims` replace its own, None removes one."""
        keys, now_ = self.installation.api_key, int(self.clock())
        own = {
            "jti": f"{keys.sid}-{now_}",
            "iss": keys.sid,
            "sub": self.installation.account.sid,
            "nbf": now_,
            "exp": now_ + seconds,
            "grants": {"identity": identity, "chat": {"service_sid": self.service_sid}},
            "unique": next(_numbers),  # no two tokens of one second are the same
        }
        payload = {name: value for name, value in (own | claims).items() if value is not None}
        return jwt.encode(payload, key or keys.secret, headers={"cty": "twilio-fpa;v=1"} | (header or {}))

    async def connect(self, identity: str, continuation: str | None = None) -> Line:
        """A client that is let in."""
        line = Line(self)
        answer = await line.init(self.token(identity), continuation)
        assert answer["status"]["code"] == 200, answer
        return line

    async def room(self, name: str, *members: str) -> Conversation:
        room = await self.run(CreateConversation(friendly_name=name))
        for member in members:
            await self.run(AddParticipant(room.sid, member))
        return room

    async def say(self, room: Conversation, author: str, body: str) -> Message:
        return await self.run(SendMessage(room.sid, body=body), author)


def image(database_url: str) -> str:
    """The URL of a copy of a SQLite database that may be in use: what is committed at this moment."""
    path = Path(database_url.removeprefix("sqlite:///"))
    copy = path.with_name(f"{path.stem}-{next(_numbers)}.db")
    with closing(sqlite3.connect(path)) as original, closing(sqlite3.connect(copy)) as made:
        original.backup(made)
    return f"sqlite:///{copy}"


@asynccontextmanager
async def open_world(database_url: str) -> AsyncIterator[World]:
    """A new installation on an empty database."""
    world = World(database_url)
    await world.start()
    try:
        yield world
    finally:
        await world.stop()


def bus_of(world: World) -> SwitchableBus:
    return world.bus
