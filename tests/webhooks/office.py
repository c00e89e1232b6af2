"""An open service with real webhooks at real listeners, and a record of what each must be told, in which order."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

from roomful.conversations.app import Service, ServiceConfig
from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.outbox import RetryCalls
from roomful.conversations.core.ports import Actor, Command
from roomful.conversations.core.webhook_configuration import (
    CreateWebhook,
    DeleteWebhook,
    UpdateWebhook,
    UpdateWebhookConfiguration,
)
from roomful.conversations.hooks.delivery import LEASE_LENGTH, MARGIN
from tests.conversations.sync.world import PUBLIC_URL, Clock, T, image

from .listener import Behaviour, Hold, Listener

FILTERS = ("onMessageAdded",)
PAUSE = 0.005
"""Seconds between two looks at what was told."""
HOOKS_A_ROOM = 5


@dataclass(eq=False)
class Target:
    """A webhook, and what it must be told.

    Attributes:
        room: of which conversation it is; None: of all.
        version: of its URL, whose path has it.
        troubled: something was done to it, or to the server, since the last time that it had all.
        retried: what waits for it was sent to its newest URL, by request.
        owed: the messages of each conversation, with the version of the URL when they were sent.
    """

    name: str
    listener: Listener
    room: str | None
    sid: str = ""
    version: int = 0
    hearing: bool = False
    troubled: bool = False
    retried: bool = False
    owed: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def path(self) -> str:
        return f"/{self.name}/{self.version}"

    def turn(self) -> str:
        """A new URL."""
        self.version += 1
        return self.listener.url(self.path)

    def told(self, *, accepted: bool) -> dict[str, list[tuple[int, str]]]:
        """By conversation, as `owed`: what was told (or was told and accepted), in the order of the first time."""
        first: dict[str, dict[str, int]] = defaultdict(dict)
        for call in self.listener.accepted if accepted else self.listener.calls:
            if call.path.startswith(f"/{self.name}/"):
                first[call["ConversationSid"]].setdefault(call["MessageSid"], int(call.path.rpartition("/")[2]))
        return {room: [(version, sid) for sid, version in told.items()] for room, told in first.items()}

    def check(self) -> None:
        """What was told is a beginning of what is owed, in each lane; nothing else was told."""
        for accepted in (False, True):
            for room, told in self.told(accepted=accepted).items():
                owed = self.owed[room][: len(told)]
                assert [sid for _, sid in told] == [sid for _, sid in owed], (self.name, room, accepted)
                for (there, _), (then, _) in zip(told, owed, strict=True):
                    assert there == then or (self.retried and there > then), "it is told where it was to be told then"

    @property
    def behind(self) -> bool:
        """Whether there is something that it has not accepted yet."""
        told = self.told(accepted=True)
        return any(len(told.get(room, ())) < len(owed) for room, owed in self.owed.items())


class Office:
    """`open` and `furnish` it, let things happen; `check` and `all_have_all` say what must hold.

    Attributes:
        patience: seconds that an answer may take.
        targets: all that there ever were: the service's, and those of its conversations.
    """

    patience = 5.0

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.media = TemporaryDirectory()
        self.time = Clock()
        self.listeners = [Listener().up() for _ in range(3)]
        self.rooms: list[str] = []
        self.messages: dict[str, list[str]] = {}
        self.targets = [Target("service", self.listeners[0], None)]
        self.holds: list[Hold] = []
        self.service: Service

    # --- its life ---

    async def open(self) -> None:
        config = ServiceConfig(
            self.database_url, PUBLIC_URL, self.media.name, clock=self.time, webhook_allow=("127.0.0.1",)
        )
        self.service = await Service.open(config)
        self.actor = Actor(self.service.credentials.service_sid, "ann")
        self.account = Actor(self.service.credentials.service_sid)
        for listener in self.listeners:
            listener.trust(self.service.credentials.auth_token)
        self.service._webhooks._seconds = self.patience
        self.service.deliver()

    async def furnish(self, rooms: int) -> None:
        for _ in range(rooms):
            room = await self.perform(CreateConversation())
            self.rooms.append(room.sid)
            self.messages[room.sid] = []
        self.targets[0].sid = self.account.service_sid
        await self.move(self.targets[0])

    async def close(self) -> None:
        """As on SIGTERM."""
        await self.service.close()

    async def crash(self) -> None:
        """As on SIGKILL: what is on disk is all that is left, and what was learned since is forgotten."""
        for target in self.targets:
            target.troubled = True
        worker = self.service._delivery
        assert worker._task is not None
        for task in (worker._task, *worker._tasks):
            task.cancel()
        worker._asked = False  # the lease stays behind
        if self.database_url.startswith("sqlite:"):
            self.database_url = image(self.database_url)
        await self.service.close()
        if not self.database_url.startswith("sqlite:"):
            # Not before: the lease may be on its way to the database, and would last from then on.
            self.time.shift += LEASE_LENGTH + MARGIN + 1

    async def end(self) -> None:
        for hold in self.holds:
            hold.release()
        await self.close()
        for listener in self.listeners:
            listener.close()

    async def perform(self, command: Command[T]) -> T:
        return await self.service.perform(self.account, command)

    # --- what happens ---

    async def talk(self, sayings: Sequence[tuple[int, int]]) -> None:
        """So many messages in those conversations, all at once."""
        wanted = [self.rooms[room] for room, count in sayings for _ in range(count)]
        sent = await asyncio.gather(*(self.perform(SendMessage(room, "…")) for room in wanted))
        for message in sorted(sent, key=lambda message: message.index):
            self.messages[message.conversation_sid].append(message.sid)
            for target in self.hearing(message.conversation_sid):
                target.owed[message.conversation_sid].append((target.version, message.sid))

    def hearing(self, room: str) -> list[Target]:
        return [target for target in self.targets if target.hearing and target.room in (None, room)]

    async def hook(self, room: int, listener: int, method: str, replay_after: int | None) -> None:
        """A conversation's own webhook, if it may have one more."""
        sid = self.rooms[room]
        if len([target for target in self.targets if target.room == sid and target.hearing]) == HOOKS_A_ROOM:
            return
        target = Target(f"hook{len(self.targets)}", self.listeners[listener], sid)
        url, target.troubled = target.turn(), not target.listener.is_up
        made = await self.perform(
            CreateWebhook(sid, "webhook", url=url, method=method, filters=FILTERS, replay_after=replay_after)
        )
        target.sid, target.hearing = made.sid, True
        if replay_after is not None:
            target.owed[sid] += [(target.version, message) for message in self.messages[sid][replay_after:]]
        self.targets.append(target)

    async def move(self, target: Target) -> None:
        """Another URL, or one again."""
        url = target.turn()
        if target.room is None:
            await self.perform(UpdateWebhookConfiguration(target.sid, post_webhook_url=url, filters=FILTERS))
            target.hearing = True
        elif target.hearing:
            await self.perform(UpdateWebhook(target.room, target.sid, url=url))

    async def unhook(self, target: Target) -> None:
        if target.room is None:
            await self.perform(UpdateWebhookConfiguration(target.sid, post_webhook_url=""))
        elif target.hearing:
            await self.perform(DeleteWebhook(target.room, target.sid))
        target.hearing = False

    def misbehave(self, target: Target, behaviours: Sequence[Behaviour]) -> None:
        target.troubled = True
        self.holds += [behaviour for behaviour in behaviours if isinstance(behaviour, Hold)]
        target.listener.on(target.path, *behaviours)

    def take_down(self, listener: Listener) -> None:
        listener.down()
        for target in self.targets:
            target.troubled = target.troubled or target.listener is listener

    async def retry(self, target: Target) -> None:
        """As `roomful hooks retry --target`."""
        target.retried = True
        after: str | None = ""
        while after is not None:
            after = (await self.perform(RetryCalls(target.sid, after=after))).next

    # --- what must hold ---

    def check(self) -> None:
        """No webhook was told what it should not have been, or out of order."""
        for target in self.targets:
            target.check()
        assert not any(listener.forged for listener in self.listeners)

    async def healthy_have_all(self, within: float) -> None:
        """Whoever had no trouble has everything, though others are down or slow."""
        await self._have_all([target for target in self.targets if not target.troubled], within)

    async def all_have_all(self, within: float) -> None:
        """When everybody answers again, everybody is told, and the outbox is empty."""
        for hold in self.holds:
            hold.release()
        for listener in self.listeners:
            if not listener.is_up:
                listener.up()
        for target in self.targets:
            for version in range(target.version + 1):
                target.listener.behave(f"/{target.name}/{version}")
        await self._have_all(self.targets, within)
        while await self.service.read(lambda reads: reads.lanes("waiting")):
            within -= PAUSE
            assert within > 0, "the outbox is not empty"
            await asyncio.sleep(PAUSE)
        for target in self.targets:
            target.troubled = False

    async def _have_all(self, targets: list[Target], within: float) -> None:
        deadline = time.monotonic() + within
        while behind := [target.name for target in targets if target.behind]:
            assert time.monotonic() < deadline, f"after {within:g} s not told of everything: {behind}"
            await asyncio.sleep(PAUSE)
