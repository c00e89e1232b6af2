"""Carries out one connection's subscription requests, one after another (docs/protocol.md, "Subscriptions")."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from ..core.errors import ServiceError
from ..hub import Hub
from .channels import Receiver
from .subscriptions import Batch, Job, Outcome, canceled, established, look, object_of, refused
from .sync_objects import NOT_FOUND, not_found

Refusal = tuple[str, str, ServiceError]

PATIENCE = 20
"""How often a request's refusals are looked at again; neither a lost commit nor a lost connection must hold it up."""


class Subscriber:
    """Registers for live events first, then sends what was missed, the confirmation, and what came meanwhile.

    Between these nothing can slip in: all is written in the turn of the loop in which the subscription is settled.
    """

    def __init__(self, receiver: Receiver, hub: Hub, drained: Callable[[], Awaitable[None]]) -> None:
        self._receiver = receiver
        self._hub = hub
        self._drained = drained
        self._turn = asyncio.Lock()
        self._patience = 0

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
        self._hub.write(self._receiver, canceled(batch, batch.wanted))

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
            self._hub.write(self._receiver, refused(batch, unknown))
        # The user's own objects first, to the end: who leaves a conversation hears of that before it goes.
        for part in ([job for job in jobs if job.ref.of_user], [job for job in jobs if not job.ref.of_user]):
            if not await self._catch_up(batch, part):
                return False
        return True

    async def _catch_up(self, batch: Batch, jobs: list[Job]) -> bool:
        caller, self._patience = self._receiver.caller, PATIENCE
        while jobs:
            seen = await self._hub.backend.reads.read(partial(look, caller=caller, jobs=jobs))
            if any(outcome.stale for outcome in seen.outcomes):
                return False
            behind = not self._hub.reached(caller.user_sid, seen.user_position)
            jobs = self._tell(batch, seen.outcomes, behind) + jobs[len(seen.outcomes) :]
            await self._drained()
        return True

    def _tell(self, batch: Batch, outcomes: list[Outcome], behind: bool) -> list[Job]:
        """Write what was found; return the jobs that are not done.

        behind: the store knew of more in the user's own stream than the hub has told. A refusal may be due to that, so
        it waits. And who was put out while subscribing may be in again: the next snapshot tells.
        """
        missed: list[bytes] = []
        meanwhile: list[bytes] = []
        done: list[tuple[str, str, int]] = []
        failed: list[Refusal] = []
        again: list[Job] = []
        for outcome in outcomes:
            ref = outcome.job.ref
            missed += outcome.frames
            if outcome.error is not None:
                if behind and self._may_wait():
                    again.append(outcome.job)
                    continue
                self._hub.unsubscribe(self._receiver, ref)
                failed.append((ref.sid, ref.kind.type, outcome.error))
                continue
            settled = True if outcome.head is None else self._hub.settle(self._receiver, ref, outcome.head)
            if settled is False and self._may_wait():
                self._hub.register(self._receiver, ref)
                settled = True
            if settled is True:
                again.append(outcome.job)
            elif settled is False:
                failed.append((ref.sid, ref.kind.type, not_found(ref.kind.type)))
            elif outcome.head is not None:
                done.append((ref.sid, ref.kind.type, outcome.head))
                meanwhile += settled
        confirmed = [established(batch, done)] if done else []
        refusals = [refused(batch, failed)] if failed else []
        self._hub.write(self._receiver, b"".join([*missed, *confirmed, *meanwhile, *refusals]))
        return again

    def _may_wait(self) -> bool:
        self._patience -= 1
        return self._patience >= 0
