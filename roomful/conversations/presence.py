"""Tells the store, in few writes, who is connected to this node (docs/design/0010-presence.md).

Connections report who came and who left; one task turns that into commands for many people each, renews this node's
lease, and sends those offline whose node died. Nothing is written when a person's second connection comes or goes, nor
when somebody returns within `GRACE`. All times are the service's clock's, which may jump.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from .core.errors import ServiceError
from .core.model import Node, Presence, User
from .core.ports import Actor, Clock, ReadPool, Reads
from .core.presence import (
    LEASE,
    REMEMBERED,
    Arrive,
    Depart,
    ForgetNode,
    Later,
    LeaseLost,
    Person,
    RenewLease,
    TakeLease,
    ended,
)
from .sync.requests import Caller, Perform

GRACE: Final = 10_000
"""Milliseconds for which somebody without a connection still counts as connected."""

UPKEEP: Final = LEASE // 3
"""Milliseconds between two renewals of the lease, and between two looks for dead nodes."""

RETRY: Final = 5_000
"""Milliseconds after which a command that failed is given again."""

LOOK_SECONDS = 1.0
"""How often the clock is looked at while nothing happens."""

AT_ONCE: Final = 200
"""People in one command."""

MAX_WAITING: Final = 20_000
"""People who left and are waited for; beyond it the first to go are waited for no longer."""

MAX_PREDECESSORS: Final = 8
_NODES: Final = 1_000
_ACTOR: Final = Actor("")
_log = structlog.get_logger(__name__)


class _Agenda:
    """People, each with the instant from which something is to be done about them."""

    def __init__(self) -> None:
        self._due: dict[Person, int] = {}
        self._heap: list[tuple[int, Person]] = []

    def __contains__(self, person: Person) -> bool:
        return person in self._due

    def put(self, person: Person, due: int) -> None:
        self._due[person] = due
        heapq.heappush(self._heap, (due, person))

    def drop(self, person: Person) -> None:
        self._due.pop(person, None)
        if not self._due:
            self._heap.clear()

    def take(self, now: int, bound: int) -> tuple[Person, ...]:
        """Up to `AT_ONCE` people whose time has come, or who are more than `bound`.

        Nobody waits longer than `GRACE`: an instant beyond it was set before the clock was put back.
        """
        taken: list[Person] = []
        while self._heap and len(taken) < AT_ONCE:
            due, person = self._heap[0]
            if now < due <= now + GRACE and len(self._due) <= bound:
                break
            heapq.heappop(self._heap)
            if self._due.get(person) == due:
                del self._due[person]
                taken.append(person)
        return tuple(taken)


class PresenceWorker:
    """Implements `sync.requests.Attendance` for one node.

    alone: no other node can be alive, so all that the store knows of are this one's predecessors.
    """

    def __init__(self, reads: ReadPool, perform: Perform, clock: Clock, *, alone: bool) -> None:
        self._reads = reads
        self._perform = perform
        self._clock = clock
        self._alone = alone
        self._node: str | None = None
        self._predecessors: tuple[str, ...] = ()
        self._here: dict[tuple[str, str], Person] = {}
        """Who has, or is about to have, a row on this node's lease."""
        self._arriving = _Agenda()
        self._leaving = _Agenda()
        self._upkeep_due = clock()
        self._patient_until = clock() + LEASE
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, on the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop. Nobody goes offline by that: those who find another node, or this one again, within the lease stay."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    # --- told by the connections -----------------------------------------------------------------------------------

    def arrived(self, caller: Caller) -> None:
        """Somebody has a connection here; may be said again."""
        key = (caller.service_sid, caller.identity)
        person = Person(*key, caller.user_sid)
        self._leaving.drop(person)
        if person in self._arriving:  # it was not told while the person was away
            self._arriving.put(person, self._clock())
            self._news.set()
        if self._here.get(key) != person:
            if not self._here:  # an idle node lets its lease run on
                self._upkeep_due = self._clock()
            self._here[key] = person
            self._arriving.put(person, self._clock())
            self._news.set()

    def left(self, service_sid: str, identity: str) -> None:
        """Somebody has no connection here any more."""
        person = self._here.get((service_sid, identity))
        if person is not None:
            self._leaving.put(person, self._clock() + GRACE)

    # --- what is to be done ----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_SECONDS)
            self._news.clear()
            await self._guarded(self.attend)
            await self._guarded(self.upkeep)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except ServiceError as error:
            _log.warning("presence.failed", error=error.message)
        except Exception:  # what could not be done now is on the agenda again
            _log.exception("presence.failed")

    async def attend(self) -> None:
        """Write down who came, and who left long enough ago."""
        while people := self._leaving.take(self._clock(), MAX_WAITING):
            await self._depart(people)
        while people := self._arriving.take(self._clock(), MAX_WAITING):
            await self._arrive(people)

    async def _arrive(self, people: tuple[Person, ...]) -> None:
        away = [person for person in people if person in self._leaving]
        self._arrive_later(dict.fromkeys(away, self._clock() + RETRY))  # not worth telling, unless they come back
        people = tuple(person for person in people if person not in self._leaving)
        if not people:
            return
        try:
            node = await self._lease()
            later = await self._perform(_ACTOR, Arrive(node, people, self._predecessors))
        except LeaseLost:
            self._announce_all()
        except BaseException:
            self._arrive_later(dict.fromkeys(people, self._clock() + RETRY))
            raise
        else:
            self._arrive_later(later)

    async def _depart(self, people: tuple[Person, ...]) -> None:
        for person in people:  # who comes back from now on must be written down again
            self._arriving.drop(person)
            if self._here.get(person[:2]) == person:
                del self._here[person[:2]]
        if self._node is None:
            return
        later: Later = dict.fromkeys(people, self._clock() + RETRY)  # if it fails
        try:
            later = await self._perform(_ACTOR, Depart(self._node, people))
        finally:
            for person, due in later.items():
                if person[:2] not in self._here:
                    self._here[person[:2]] = person
                    self._leaving.put(person, due)

    def _arrive_later(self, later: Later) -> None:
        for person, due in later.items():
            if self._here.get(person[:2]) == person:
                self._arriving.put(person, due)

    # --- leases ----------------------------------------------------------------------------------------------------

    async def _lease(self) -> str:
        """This node's SID; its lease is taken with the first arrival, so a service without presence writes nothing."""
        if self._node is None:
            if self._alone:
                latest = sorted(await self._nodes(), key=lambda node: -node.date_expires)
                self._predecessors = tuple(node.sid for node in latest[:MAX_PREDECESSORS])
            self._node = await self._perform(_ACTOR, TakeLease())
        return self._node

    def _announce_all(self) -> None:
        """The lease ran out, as after a sleep of the machine: take another, and be patient with the others again."""
        self._node = None
        now = self._clock()
        self._patient_until = now + LEASE
        for person in self._here.values():
            self._arriving.put(person, now)

    async def upkeep(self) -> None:
        """Now and then: renew the lease, then send those offline whose node is gone."""
        now = self._clock()
        if now < self._upkeep_due <= now + UPKEEP:
            return
        self._upkeep_due = now + UPKEEP
        if self._node is not None and self._here:
            try:
                await self._perform(_ACTOR, RenewLease(self._node))
            except LeaseLost:
                self._announce_all()
                await self.attend()
        if now >= self._patient_until:
            for node in await self._nodes():
                if node.sid != self._node and ended(node, now):
                    await self._bury(node)

    async def _nodes(self) -> list[Node]:
        return await self._reads.read(lambda reads: reads.page(Node, order="sid", limit=_NODES))

    async def _bury(self, node: Node) -> None:
        """End the presence of a dead node's people, some at a time. Those whose change must wait are met again."""
        last: str | None = None
        while people := await self._reads.read(lambda reads: _people(reads, node.sid, last)):  # noqa: B023
            await self._perform(_ACTOR, Depart(node.sid, people, dead=True))
            last = people[-1].user_sid
            await self.attend()
        if node.date_expires + REMEMBERED <= self._clock():
            await self._perform(_ACTOR, ForgetNode(node.sid))


def _people(reads: Reads, node_sid: str, after: str | None) -> tuple[Person, ...]:
    """The next people of a node, by the SIDs of their rows."""
    presences = reads.page(Presence, order="user_sid", start=after, limit=AT_ONCE, node_sid=node_sid)
    users = {user.sid: user for user in reads.find(User, "sid", [presence.user_sid for presence in presences])}
    return tuple(
        Person(user.service_sid, user.identity, user.sid) if (user := users.get(sid)) else Person("", "", sid)
        for sid in (presence.user_sid for presence in presences)
    )
