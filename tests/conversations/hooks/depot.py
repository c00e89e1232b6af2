"""A world with an outbox, and workers that deliver it to a real listener; its clock moves only when a test moves it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.errors import ServiceError, busy
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Lease, WebhookCall
from roomful.conversations.core.ports import Actor, Command, Reads
from roomful.conversations.core.webhook_configuration import CreateWebhook, UpdateWebhookConfiguration
from roomful.conversations.hooks.client import WebhookClient
from roomful.conversations.hooks.delivery import LEASE_LENGTH, RENEWAL, DeliveryWorker
from roomful.conversations.hooks.hearing import Application
from roomful.conversations.hooks.targets import TargetPolicy
from tests.conversations.core.world import World
from tests.webhooks.listener import Listener

T = TypeVar("T")
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


async def until(condition: Callable[[], bool], within: float = 15) -> None:
    """Let the loop run until `condition()` is true."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.002)


@dataclass
class Depot:
    """The default service tells `listener`'s path `/post` of messages.

    Attributes:
        asked: the commands that workers gave.
        trouble: while it is true, the store refuses whatever workers ask.
    """

    world: World
    listener: Listener
    workers: list[DeliveryWorker] = field(default_factory=list)
    clients: list[WebhookClient] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    trouble: bool = False

    @property
    def target(self) -> str:
        return self.world.installation.service.sid

    async def configure(self, path: str = "/post", *, method: str = "POST") -> None:
        """Tell this path of the listener from now on; "" tells nobody."""
        url = self.listener.url(path) if path else ""
        command = UpdateWebhookConfiguration(
            self.target, post_webhook_url=url, filters=("onMessageAdded",), method=method
        )
        await self.world.run(self.world.account, command)

    def worker(
        self,
        application: Application | None = None,
        *,
        alone: bool = True,
        rand: Callable[[], float] = lambda: 0.5,
        seconds: float = 5,
        clock: Callable[[], int] | None = None,
    ) -> DeliveryWorker:
        """A worker of its own node, at work. Without `rand` the back-off is exactly 1, 2, 4 … s."""
        token = self.world.installation.account.auth_token
        self.clients.append(WebhookClient(token, TargetPolicy(["127.0.0.1"]), seconds=seconds))
        worker = DeliveryWorker(self, self.perform, self.clients[-1], clock or self.world.clock, alone=alone, rand=rand)
        self.world.ears.append(worker.heard)
        self.workers.append(worker)
        worker.start(application)
        return worker

    async def perform(self, actor: Actor, command: Command[T]) -> T:
        self.asked.append(type(command).__name__)
        if self.trouble:
            raise busy()
        return await self.world.run(actor, command)

    async def read(self, query: Callable[[Reads], T]) -> T:
        if self.trouble:
            raise ServiceError(503, 20503, "busy")
        return await self.world.store.reads.read(query)

    async def room(self, *paths: str) -> str:
        """A new room with webhooks of its own at these paths of the listener."""
        sid = (await self.world.run(Actor(self.target, webhooks=False), CreateConversation())).sid
        for path in paths:
            await self.hook(sid, path)
        return sid

    async def hook(self, room: str, path: str) -> str:
        command = CreateWebhook(room, "webhook", url=self.listener.url(path), filters=("onMessageAdded",))
        return (await self.world.run(self.world.account, command)).sid

    async def say(self, room: str, *bodies: str) -> None:
        for body in bodies:
            await self.world.run(self.world.account, SendMessage(room, body=body, author="ann"))

    def heard(self, path: str = "/post", room: str | None = None) -> list[str]:
        """The texts that a path was told of, each as often as it was."""
        calls = self.listener.heard(path)
        return [call["Body"] for call in calls if room in (None, call["ConversationSid"])]

    async def pass_time(self, milliseconds: int) -> None:
        """Let time pass as it does, so that nobody's lease runs out."""
        for passed in range(0, milliseconds, RENEWAL):
            self.world.now += min(RENEWAL, milliseconds - passed)
            renewed = self.world.now + LEASE_LENGTH - RENEWAL
            await until(lambda n=renewed: all((worker._until or n) >= n for worker in self.workers))  # type: ignore[misc]

    async def until_heard(self, bodies: Sequence[str], path: str = "/post", room: str | None = None) -> None:
        await until(lambda: len(self.heard(path, room)) >= len(bodies))
        assert self.heard(path, room) == list(bodies)

    async def until_calls(self, condition: Callable[[list[WebhookCall]], bool]) -> list[WebhookCall]:
        """What the outbox holds, once it is as `condition` wants it."""
        deadline = time.monotonic() + 15
        while not condition(calls := await self.world.calls()):
            assert time.monotonic() < deadline, calls
            await asyncio.sleep(0.002)
        return calls

    async def until_empty(self) -> None:
        await self.until_calls(lambda calls: not calls)

    async def holder(self) -> str | None:
        lease = await self.world.store.reads.read(lambda reads: reads.one(Lease, name="outbox"))
        return lease.holder if lease is not None else None

    async def close(self) -> None:
        self.trouble = False
        await asyncio.gather(*(worker.close() for worker in self.workers))
        for client in self.clients:
            await client.close()
