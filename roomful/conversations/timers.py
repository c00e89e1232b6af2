"""The clock's part in conversations' states: what is due is applied, a bounded number at a time, by commands as any.

Each node does it. Two that find the same conversation due both ask; the command looks again inside its transaction, so
the second changes nothing.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from .core.model import Conversation
from .core.perform import Performer
from .core.ports import Actor, Clock, ReadPool
from .core.timers import ApplyTimers

POLL_SECONDS: Final = 1.0
"""How long nobody looks; a state changes at most about so late."""
AT_ONCE: Final = 100
"""Conversations that are looked up and changed together, so that other commands wait only briefly."""

log = structlog.get_logger(__name__)


async def apply_due(reads: ReadPool, performer: Performer, clock: Clock) -> bool:
    """Change the states that are due, those that waited longest first; whether there may be more of them.

    Raises what the reading raises; a command that fails is logged, and its conversation is tried again at the next
    call.
    """
    until = clock() + 1
    due = await reads.read(lambda rows: rows.below(Conversation, "date_due", until, AT_ONCE))
    commands = [performer.perform(Actor(row.service_sid), ApplyTimers(row.sid)) for row in due]
    outcomes = await asyncio.gather(*commands, return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if failures:
        log.warning("timers.failed", conversations=len(failures), error=str(failures[0]))
    return len(due) == AT_ONCE and not failures


async def run_timers(reads: ReadPool, performer: Performer, clock: Clock) -> None:
    """Apply timers until cancelled, whatever goes wrong meanwhile."""
    while True:
        try:
            more = await apply_due(reads, performer, clock)
        except Exception:
            log.exception("timers.unread")
            more = False
        if not more:
            await asyncio.sleep(POLL_SECONDS)
