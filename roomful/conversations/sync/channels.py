"""Who is subscribed to an object, and how far each subscriber is (docs/protocol.md, "Subscriptions")."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from ..core.events import StreamCommit
from ..core.model import Conversation
from .objects import Ref
from .requests import Caller

HELD_BYTES = 256 * 1024
"""Events kept for a subscriber whose replay is being read; beyond it they are dropped and the replay read on."""


class Receiver(Protocol):
    """A connection as the hub sees it. `caller` and `digests` are set before it is admitted, or subscribes."""

    service_sid: str
    identity: str
    digests: frozenset[str]

    @property
    def caller(self) -> Caller: ...

    def write(self, data: bytes) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


@dataclass(slots=True, eq=False)
class Waiting:
    """A subscriber that is being sent what it missed.

    Attributes:
        base: nothing above this position of the stream can have been missed here.
        frames, size: events that came meanwhile.
        lost: some were dropped, because there were too many.
        floor: the position at which its replay ended, once that is known, while our own head is still lower.
    """

    base: int | None
    frames: list[tuple[int, bytes]] = field(default_factory=list)
    size: int = 0
    lost: bool = False
    floor: int | None = None

    def hold(self, position: int, frame: bytes) -> None:
        if self.size + len(frame) > HELD_BYTES:
            self.frames.clear()
            self.size, self.lost = 0, True
        if not self.lost:
            self.frames.append((position, frame))
            self.size += len(frame)


@dataclass(slots=True, eq=False)
class Channel:
    """An object's subscribers."""

    ref: Ref
    live: dict[Receiver, None] = field(default_factory=dict)
    waiting: dict[Receiver, Waiting] = field(default_factory=dict)

    def receivers(self) -> list[Receiver]:
        return [*self.live, *self.waiting]


@dataclass(slots=True, eq=False)
class Stream:
    """A stream that somebody is subscribed to. `head`: the position up to which everything was delivered."""

    head: int | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    late: Conversation | None = None
    timer: asyncio.TimerHandle | None = None
    held: list[StreamCommit] | None = None
    """Commits that wait for the gap before them to be read from the store; None: there is no gap."""

    def refs(self) -> set[Ref]:
        """The objects that somebody is subscribed to."""
        return {channel.ref for channel in self.channels.values()}

    def callers(self) -> set[Caller]:
        """The users who are subscribed."""
        return {receiver.caller for channel in self.channels.values() for receiver in channel.receivers()}

    def begin(self, position: int) -> None:
        self.head = position
        for channel in self.channels.values():
            for waiting in channel.waiting.values():
                waiting.base = position if waiting.base is None else waiting.base

    def settle_trailing(self) -> None:
        """Subscribers whose replay was ahead of the head become live when the head has caught up."""
        for channel in self.channels.values():
            for receiver, waiting in list(channel.waiting.items()):
                if waiting.floor is not None and self.head is not None and waiting.floor <= self.head:
                    del channel.waiting[receiver]
                    channel.live[receiver] = None
