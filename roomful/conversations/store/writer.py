"""Group commit: the one thread of a node that writes (docs/design/0002-group-commit.md).

Everything that arrived during the last commit is decided and committed together; there is no artificial delay. A
refusal goes to its caller alone and costs nothing. When the database refuses a batch, its commands are carried out one
by one, so that only the guilty one fails.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import structlog

from ..core import errors
from ..core.errors import ServiceError
from ..core.events import StreamCommit
from ..core.ports import Actor, Bus, Clock, Command, Needs, Outbox, SidFactory
from .connection import Connection, Failure
from .unit_of_work import UnitOfWork

T = TypeVar("T")
log = structlog.get_logger(__name__)

MAX_WAITING: Final = 10_000
"""Commands that may wait; more are refused as `errors.busy()`."""
MAX_BATCH: Final = 1_000
"""Commands in one commit."""
ATTEMPTS: Final = 3
"""How often a lone command is tried when other transactions are in its way."""


@dataclass(slots=True)
class _Job:
    """A command that waits for its outcome: `result`, or `error` if it is not None."""

    actor: Actor
    command: Command[Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class _CommitFailed(Exception):
    """COMMIT itself failed, so nobody can say what the database holds."""


class GroupCommitWriter:
    """Implements `core.ports.Writer`; must be made and used on `loop`."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock,
        sids: SidFactory,
        bus: Bus,
        loop: asyncio.AbstractEventLoop,
        max_waiting: int = MAX_WAITING,
        outbox: Outbox | None = None,
    ) -> None:
        self.connection = connection
        self._clock = clock
        self._sids = sids
        self._bus = bus
        self._loop = loop
        self._max_waiting = max_waiting
        self._outbox = outbox
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    async def submit(self, actor: Actor, command: Command[T]) -> T:
        """See `Writer.submit`. A caller that gives up waiting does not take its command back."""
        if self._closing:
            raise errors.closing()
        if self._queue.qsize() >= self._max_waiting:
            raise errors.busy()
        job = _Job(actor, command, self._loop.create_future())
        self._queue.put(job)
        result: T = await job.future
        return result

    async def close(self) -> None:
        """Refuse new commands, finish those that wait, end the thread and close the connection."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # On the writer's thread

    def _run(self) -> None:
        open_ = True
        while open_:
            jobs: list[_Job] = []
            open_ = self._take(jobs)
            for batch in _split(jobs):
                try:
                    self._carry_out(batch)
                except Exception:
                    log.exception("writer.failed")
                    self._fail(batch)
        self.connection.close()

    def _take(self, jobs: list[_Job]) -> bool:
        """Wait for a command and take all that have arrived; False when it was told to close."""
        job = self._queue.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == MAX_BATCH:
                return True
            try:
                job = self._queue.get_nowait()
            except Empty:
                return True
        return False

    def _carry_out(self, batch: list[_Job]) -> None:
        for last_try in (False, True):
            try:
                return self._tell(batch, self._transaction(batch))
            except _CommitFailed:
                log.exception("writer.commit_failed", commands=len(batch))
                return self._fail(batch)
            except Exception as error:
                failure = self.connection.failure(error)
                if failure is not Failure.LOST:
                    log.info("writer.one_by_one", commands=len(batch), failure=failure.value, error=str(error))
                    break
                log.warning("writer.connection_lost", error=str(error))
                if last_try:
                    return self._fail(batch)
        for job in batch:
            self._carry_out_alone(job)

    def _carry_out_alone(self, job: _Job) -> None:
        job.error = errors.conflict()
        for _ in range(ATTEMPTS):
            try:
                return self._tell([job], self._transaction([job]))
            except _CommitFailed:
                log.exception("writer.commit_failed", commands=1)
                return self._fail([job])
            except Exception as error:
                failure = self.connection.failure(error)
                if failure is Failure.DUPLICATE:
                    break
                if failure is not Failure.COLLISION:
                    log.exception("writer.command_failed", command=type(job.command).__name__)
                    return self._fail([job])
        job.error = errors.conflict()
        self._tell([job], ())

    def _transaction(self, batch: list[_Job]) -> tuple[StreamCommit, ...]:
        """Decide, write and commit; each job then has its outcome. Raises what the database raised."""
        exclusive = batch[0].command.exclusive
        try:
            self.connection.begin()
            unit = UnitOfWork(self.connection, self._clock(), self._sids, exclusive=exclusive, outbox=self._outbox)
            self._decide(unit, batch)
            if exclusive and batch[0].error is not None:
                self.connection.rollback()
                return ()
            unit.flush()
        except Exception:
            self.connection.rollback()
            raise
        try:
            self.connection.commit()
        except Exception as error:
            self.connection.rollback()
            raise _CommitFailed from error
        return unit.commits()

    def _decide(self, unit: UnitOfWork, batch: list[_Job]) -> None:
        needs: list[Needs] = []
        able: list[_Job] = []
        for job in batch:
            job.error = None
            try:
                needs.append(job.command.needs(job.actor))
                able.append(job)
            except Exception as error:
                job.error = _for_caller(job, error)
        unit.prefetch(needs)
        for job in able:
            try:
                job.result = unit.run(job.actor, job.command)
            except Exception as error:
                if unit.failure is None:
                    job.error = _for_caller(job, error)
            if unit.failure is not None:
                raise unit.failure

    def _fail(self, batch: list[_Job]) -> None:
        for job in batch:
            job.error = errors.internal()
        self._tell(batch, ())

    def _tell(self, batch: list[_Job], commits: Sequence[StreamCommit]) -> None:
        """One call to the loop: the bus hears of the commit first, then the callers of their outcomes."""
        try:
            self._loop.call_soon_threadsafe(self._resolve, batch, commits)
        except RuntimeError:  # the loop is closed: nobody waits any more
            log.warning("writer.nobody_waits", commands=len(batch))

    # On the loop

    def _resolve(self, batch: list[_Job], commits: Sequence[StreamCommit]) -> None:
        if commits:
            try:
                self._bus.publish(commits)
            except Exception:
                log.exception("writer.publish_failed", streams=len(commits))
        for job in batch:
            if job.future.done():
                continue
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)


def _for_caller(job: _Job, error: Exception) -> ServiceError:
    """A refusal as it is; anything else is our own mistake, which goes to the log."""
    if isinstance(error, ServiceError):
        return error
    log.error("writer.command_failed", command=type(job.command).__name__, exc_info=error)
    return errors.internal()


def _split(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    """The transactions to make, in the order of arrival: each exclusive command has its own."""
    batch: list[_Job] = []
    for job in jobs:
        if job.command.exclusive:
            if batch:
                yield batch
            yield [job]
            batch = []
        else:
            batch.append(job)
    if batch:
        yield batch
