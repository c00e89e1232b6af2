"""Carries out one connection's subscription requests, one after another (docs/protocol.md, "Subscriptions")."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ..core.errors import ServiceError
from ..hub import Hub
from .channels import Receiver
from .objects import Ref
from .subscriptions import Batch, Job, Outcome, canceled, established, look, object_of, refused
from .sync_objects import NOT_FOUND, not_found

Refusal = tuple[str, str, ServiceError]


class Subscriber:
    """Registers for live events first, then sends what was missed, the confirmation, and what came meanwhile.

    Between these nothing can slip in: all is written in the turn of the loop in which the subscription is settled.
    """

    def __init__(self, receiver: Receiver, hub: Hub, drained: Callable[[], Awaitable[None]]) -> None:
        self._receiver = receiver
        self._hub = hub
        self._drained = drained
        self._turn = asyncio.Lock()

    async def carry_out(self, batch: Batch) -> bool:
        """Requests are carried out in the order in which they came. False: the positions are too old to catch up."""
        async with self._turn:
            if batch.action == "establish":
                return await self._establish(batch)
            self._cancel(batch)
            return True

    def _cancel(self, batch: Batch) -> None:
        for wanted in batch.wanted:
            if ref := object_of(wanted):
                self._hub.unsubscribe(self._receiver, ref)
        self._hub.write(self._receiver, canceled(batch.correlation_id, batch.wanted))

    async def _establish(self, batch: Batch) -> bool:
        jobs: list[Job] = []
        unknown: list[Refusal] = []
        for wanted in batch.wanted:
            if ref := object_of(wanted):
                jobs.append(Job(ref, wanted.position, wanted.position or 0))
                self._hub.register(self._receiver, ref)
            else:
                type_ = wanted.type if wanted.type in NOT_FOUND else "document"
                unknown.append((wanted.sid, wanted.type, not_found(type_)))
        if unknown:
            self._hub.write(self._receiver, refused(batch.correlation_id, unknown))
        jobs.sort(key=lambda job: not job.ref.of_user)  # who left a conversation hears of that before it is refused
        caller = self._receiver.caller
        while jobs:
            outcomes = await self._hub.backend.reads.read(partial(look, caller=caller, jobs=jobs))
            if any(outcome.stale for outcome in outcomes):
                return False
            jobs = self._tell(batch.correlation_id, outcomes) + jobs[len(outcomes) :]
            await self._drained()
        return True

    def _tell(self, correlation_id: Any, outcomes: list[Outcome]) -> list[Job]:
        """Write what was found; return the jobs that are not done."""
        missed: list[bytes] = []
        meanwhile: list[bytes] = []
        done: list[tuple[Ref, int]] = []
        failed: list[tuple[Job, Refusal]] = []
        again: list[Job] = []
        for outcome in outcomes:
            ref = outcome.job.ref
            missed += outcome.frames
            if outcome.error is not None:
                self._hub.unsubscribe(self._receiver, ref)
                failed.append((outcome.job, (ref.sid, ref.kind.type, outcome.error)))
                continue
            settled = True if outcome.head is None else self._hub.settle(self._receiver, ref, outcome.head)
            if settled is True:
                again.append(outcome.job)
            elif settled is False:
                failed.append((outcome.job, (ref.sid, ref.kind.type, not_found(ref.kind.type))))
            elif outcome.head is not None:
                done.append((ref, outcome.head))
                meanwhile += settled
        # A refusal may be due to what the person's own map has yet to tell: that comes first, now or in the next round.
        if any(job.ref.of_user for job in again):
            again += [job for job, _ in failed]
            failed = []
        confirmed = [established(correlation_id, done)] if done else []
        refusals = [refused(correlation_id, [refusal for _, refusal in failed])] if failed else []
        self._hub.write(self._receiver, b"".join([*missed, *confirmed, *meanwhile, *refusals]))
        return again
