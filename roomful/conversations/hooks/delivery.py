"""Delivers what is in the outbox: at least once, in order within a lane (docs/design/0012-webhooks.md).

One node delivers. One task holds its lease and deals turns out to lanes; each turn is a task. It learns of lanes from
the bus, and from the store when it takes the lease and now and then. All times are the service's clock's, which may
jump.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from ..core.errors import ServiceError
from ..core.events import StreamCommit, WebhookCallsDue
from ..core.leases import HoldLease, ReleaseLease
from ..core.model import APPLICATION
from ..core.ports import Actor, Clock, ReadPool
from ..sync.requests import Perform
from .client import WebhookClient
from .hearing import LANES, Application, Hearing
from .lanes import Lane, Lanes
from .turns import Turns

LEASE: Final = "outbox"
LEASE_LENGTH: Final = 10_000
"""Milliseconds for which the lease is taken."""
MARGIN: Final = 5_000
"""Milliseconds after its end at which another node takes it; no call lasts longer."""
RENEWAL: Final = 3_000
"""Milliseconds between two renewals, and between two attempts to take the lease from another node."""
LOOK: Final = 60_000
LOOK_AT_OTHERS: Final = 5_000
"""Milliseconds between two looks at the store: calls that another node wrote are found so, while nobody tells."""
AT_ONCE: Final = 64
"""Lanes at work."""
AT_ONE_TARGET: Final = 8
CLOSE_SECONDS: Final = 6.0
"""For the calls that are being made when the server stops: what they may take, and a little for the store."""

TICK_SECONDS = 1.0
"""How often the clock is looked at while nothing happens."""

_ACTOR: Final = Actor("", webhooks=False)
log = structlog.get_logger(__name__)


class DeliveryWorker:
    """Delivers for one node, between `start` and `close`.

    alone: no other node can be alive, so the lease of a predecessor is taken at once. rand: from 0 to 1, for back-off.
    """

    def __init__(
        self,
        reads: ReadPool,
        perform: Perform,
        client: WebhookClient,
        clock: Clock,
        *,
        alone: bool,
        rand: Callable[[], float] = random.random,
    ) -> None:
        self._reads = reads
        self._perform = perform
        self._clock = clock
        self._alone = alone
        self._closing = asyncio.Event()
        self._turns = Turns(reads, perform, client, clock, may_call=self.may_call, closing=self._closing, rand=rand)
        self._hearing = Hearing(self._turns, reads, None)
        self._lanes = Lanes(AT_ONE_TARGET)
        self._heard_here = Lanes(LANES)
        """Those of the application."""
        self._holder = secrets.token_hex(16)
        self._until: int | None = None
        """Until when we hold the lease."""
        self._asked = False
        self._lease_due = self._look_due = clock()
        self._waiting = False
        """While we do not hold the lease: there may be calls to deliver."""
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._handing_over = False
        self._task: asyncio.Task[None] | None = None

    def start(self, application: Application | None = None) -> None:
        """Begin, on the running event loop. `application` hears the calls whose target is `APPLICATION`."""
        self._hearing = Hearing(self._turns, self._reads, application)
        self._task = asyncio.get_running_loop().create_task(self._run())

    def heard(self, commits: Sequence[StreamCommit]) -> None:
        """What was committed: calls may be due."""
        if self._task is None:
            return
        for commit in commits:
            for event in commit.events:
                if isinstance(event, WebhookCallsDue):
                    self._told(event.lanes, again=event.again)

    async def close(self) -> None:
        """Begin no call any more, let those that are being made end, write down what came of them, and stop."""
        self._closing.set()
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hearing.close()
        if self._asked:
            with suppress(ServiceError):
                await self._perform(_ACTOR, ReleaseLease(LEASE, self._holder))

    def may_call(self) -> bool:
        """Whether a call may begin now: the lease is ours, and the server does not stop."""
        if self._closing.is_set() or self._until is None:
            return False
        return self._until - LEASE_LENGTH <= self._clock() < self._until

    def _told(self, lanes: Iterable[tuple[str, str]], *, again: bool = False) -> None:
        self._news.set()
        if self._until is None:  # all that waits is read when we take the lease
            self._waiting = True
            return
        for lane in lanes:
            (self._heard_here if lane[0] == APPLICATION else self._lanes).told([lane], again=again)

    # --- the one task ----------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                self._deal()
                await self._tend()
                self._deal()
            except ServiceError as error:
                log.warning("webhooks.untended", error=error.message)
            except Exception:
                log.exception("webhooks.untended")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._news.wait()
            self._news.clear()

    def _pause(self) -> float:
        """Seconds until something is due, as far as is known."""
        if not self.may_call():
            return TICK_SECONDS
        dues = (self._lanes.next_due(), self._heard_here.next_due())
        soonest = min((due for due in dues if due is not None), default=None)
        return TICK_SECONDS if soonest is None else min(TICK_SECONDS, max(0, soonest - self._clock()) / 1_000)

    def _deal(self) -> None:
        """Begin turns, as many as may be."""
        if not self.may_call():
            return
        now = self._clock()
        self._lanes.wake(now)
        self._heard_here.wake(now)
        while len(self._tasks) < AT_ONCE and (lane := self._lanes.take()) is not None:
            self._begin(self._turns.of_target(self._lanes, lane))
        if not self._handing_over and (taken := list(iter(self._heard_here.take, None))):
            self._handing_over = True
            self._begin(self._hand_over(taken))

    def _begin(self, turn: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(turn)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._news.set()

    async def _hand_over(self, taken: list[Lane]) -> None:
        try:
            await self._hearing.of_lanes(self._heard_here, taken)
        finally:
            self._handing_over = False

    # --- the lease -------------------------------------------------------------------------------------------------

    async def _tend(self) -> None:
        """Look at the store now and then, and hold the lease while there is something to deliver."""
        if self._until is not None and not self.may_call():
            self._lose()
        if self._come(self._look_due, LOOK):
            await self._look()
        if (self._waiting or self._lanes or self._heard_here) and self._come(self._lease_due, RENEWAL):
            await self._hold()

    def _come(self, due: int, interval: int) -> bool:
        """Whether an instant has come; one that is further ahead than it can be was set before the clock moved."""
        return not self._clock() < due <= self._clock() + interval

    async def _hold(self) -> None:
        """Take or renew the lease."""
        now = self._clock()
        self._lease_due, self._asked = now + RENEWAL, True
        command = HoldLease(LEASE, self._holder, LEASE_LENGTH, MARGIN, self._alone)
        try:
            held = await self._perform(_ACTOR, command)
        except ServiceError as error:
            if error.status != 409:  # another node took it at the same instant
                raise
            held = False
        if not held:
            self._lose()
            self._look_due = self._lease_due  # before we ask again: is there anything left?
            return
        fresh, self._until = self._until is None, now + LEASE_LENGTH
        if fresh:
            await self._look()

    def _lose(self) -> None:
        """The lease is not ours: another node delivers what is left, or we take it again."""
        self._until = None
        self._waiting = bool(self._lanes or self._heard_here)
        self._lanes.forget()
        self._heard_here.forget()

    async def _look(self) -> None:
        """Find out which lanes hold calls."""
        others = self._until is not None and not self._alone
        self._look_due = self._clock() + (LOOK_AT_OTHERS if others else LOOK)
        waiting, self._waiting = self._waiting, False  # not after the reading: more may be told meanwhile
        try:
            found = await self._reads.read(lambda reads: reads.lanes("waiting"))
        except BaseException:
            self._waiting = waiting
            raise
        if found:
            self._told(found)
