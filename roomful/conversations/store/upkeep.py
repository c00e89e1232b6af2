"""What the store does by itself: what has had its time is removed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import ClassVar, Final, cast

import structlog

from ..core.errors import ServiceError
from ..core.model import Conversation, Revocation, Tombstone, User, WebhookCall
from ..core.ports import Actor, Clock, Needs, Tx, Writer
from .unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

DAY: Final = 24 * 60 * 60
FAILED_CALL_DAYS: Final = 7
"""How long a call of a webhook that was given up can still be seen and repeated."""
PRUNED_AT_ONCE: Final = 500
"""Rows that one transaction removes, so that other commands wait only briefly."""
_ACTOR: Final = Actor("")


@dataclass(frozen=True, slots=True)
class Prune:
    """Removes up to `PRUNED_AT_ONCE` tombstones made before `before`, the oldest first, and returns how many.

    Their streams' `pruned_to` rises to the highest position removed: a client that asks for what happened since an
    earlier position can no longer be told everything.
    """

    before: int
    exclusive: ClassVar[bool] = True

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> int:
        unit = cast(UnitOfWork, tx)
        expired = unit.below(Tombstone, "date_created", self.before, PRUNED_AT_ONCE)
        pruned_to: dict[str, int] = {}
        for tombstone in expired:
            pruned_to[tombstone.stream_sid] = max(tombstone.position, pruned_to.get(tombstone.stream_sid, 0))
        users = [user for sid in pruned_to if (user := tx.one(User, sid=sid))]
        tx.lock(Needs(conversations=tuple(pruned_to), users=tuple((user.service_sid, user.identity) for user in users)))
        for sid, position in pruned_to.items():
            stream: User | Conversation | None = tx.one(Conversation, sid=sid) or tx.one(User, sid=sid)
            if stream is not None and stream.pruned_to < position:
                tx.change(replace(stream, pruned_to=position))
        found = 0
        for tombstone in expired:
            if tx.one(Tombstone, stream_sid=tombstone.stream_sid, position=tombstone.position) is not None:
                tx.remove(tombstone)
                found += 1
        return found


@dataclass(frozen=True, slots=True)
class PruneRevocations:
    """Removes up to `PRUNED_AT_ONCE` revocations that expired before `before`, and returns how many."""

    before: int
    exclusive: ClassVar[bool] = True

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> int:
        expired = cast(UnitOfWork, tx).below(Revocation, "date_expires", self.before, PRUNED_AT_ONCE)
        for revocation in expired:
            tx.remove(revocation)
        return len(expired)


@dataclass(frozen=True, slots=True)
class PruneCalls:
    """Removes up to `PRUNED_AT_ONCE` calls of webhooks that were given up before `before`, and returns how many."""

    before: int
    exclusive: ClassVar[bool] = True

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> int:
        unit = cast(UnitOfWork, tx)
        given_up = unit.below(WebhookCall, "date_due", self.before, PRUNED_AT_ONCE, state="failed")
        for call in given_up:
            tx.remove(call)
        return len(given_up)


async def prune(writer: Writer, now: int, tombstone_days: int) -> None:
    """Remove everything that expired before `now` (milliseconds), in small transactions."""
    while await writer.submit(_ACTOR, Prune(now - tombstone_days * DAY * 1000)):
        pass
    while await writer.submit(_ACTOR, PruneRevocations(now)):
        pass
    while await writer.submit(_ACTOR, PruneCalls(now - FAILED_CALL_DAYS * DAY * 1000)):
        pass


async def prune_daily(writer: Writer, clock: Clock, tombstone_days: int) -> None:
    """Prune now and then once a day, until cancelled."""
    while True:
        try:
            await prune(writer, clock(), tombstone_days)
        except ServiceError as error:
            log.warning("prune.failed", error=error.message)
        await asyncio.sleep(DAY)
