"""Which lanes of the outbox hold calls, when each may be tried, and whose turn is next. Neither I/O nor a clock.

A lane is what one target is told of one stream. Only names and back-off are here: the calls stay in the store until
their turn. Targets take turns, so that a target with many lanes does not come before one with few.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

LONGEST_SLEEP: Final = 720_000
"""Milliseconds. An instant further ahead was set before the clock was put back, and counts as come."""


@dataclass(eq=False, slots=True)
class Lane:
    """A lane that holds calls: at work, asleep until `due`, or waiting for its turn."""

    target: str
    stream: str
    at_work: bool = False
    due: int | None = None
    failures: int = 0
    """Attempts in vain since the last success."""
    soonest: int = 0
    """Before then it is not woken, however well its target does."""
    hastened: bool = False
    early: bool = False
    """Its turn came before its time, because its target answers others, or because somebody asked for it. The former
    does not happen twice in a row: others' success says little about a call that is refused again and again."""
    added: bool = False
    pressed: bool = False
    """While it was at work, calls were added to it, or somebody asked for another attempt."""


@dataclass(eq=False, slots=True)
class _Target:
    lanes: int = 0
    at_work: int = 0
    failing: bool = False
    queued: bool = False
    ready: deque[Lane] = field(default_factory=deque)
    asleep: dict[Lane, None] = field(default_factory=dict)
    """Those that may be woken before their time."""


class Lanes:
    """The lanes of all targets. `at_once`: how many lanes of one target are at work together."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._targets: dict[str, _Target] = {}
        self._queue: deque[_Target] = deque()
        """Targets of which a lane could be taken, in turn."""
        self._clock: list[tuple[int, int, Lane]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._lanes)

    def told(self, lanes: Iterable[tuple[str, str]], *, again: bool = False) -> None:
        """Calls were added to these lanes; with `again`, those that sleep need not wait any more."""
        for key in lanes:
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = Lane(*key)
                self._target(lane).lanes += 1
                self._make_ready(lane)
            elif lane.at_work:
                lane.added = True
                lane.pressed = lane.pressed or again
            elif again and lane.due is not None:
                lane.failures = 0
                self._make_ready(lane)

    def take(self) -> Lane | None:
        """The lane whose turn it is, at work from now on; None if there is none.

        Of a target that fails one lane at a time is tried: a server that hangs must not occupy what others need.
        """
        while self._queue:
            target = self._queue.popleft()
            target.queued = False
            if self._takeable(target):
                lane = target.ready.popleft()
                lane.at_work, lane.added, lane.pressed = True, False, False
                target.at_work += 1
                self._offer(target)
                return lane
        return None

    def wake(self, now: int) -> None:
        """Let those go on whose sleep is over."""
        while (due := self.next_due()) is not None and not now < due <= now + LONGEST_SLEEP:
            lane = heapq.heappop(self._clock)[2]
            lane.early = lane.hastened
            self._make_ready(lane)

    def next_due(self) -> int | None:
        """When the next sleep is over; None if nobody sleeps."""
        while self._clock and self._clock[0][0] != self._clock[0][2].due:
            heapq.heappop(self._clock)
        return self._clock[0][0] if self._clock else None

    def forget(self) -> None:
        """Forget all lanes but those at work."""
        for target in self._targets.values():
            target.ready.clear()
            target.asleep.clear()
        for lane in [lane for lane in self._lanes.values() if not lane.at_work]:
            lane.due = None
            self._drop(lane)

    # --- of a lane at work ---

    def answered(self, lane: Lane) -> bool:
        """A call was delivered: the target's other lanes sleep no longer than they must. Whether it failed before."""
        target = self._target(lane)
        lane.failures, lane.early = 0, False
        for other in target.asleep:
            other.hastened = True
            self._set_alarm(other, other.soonest)
        target.asleep.clear()
        failed, target.failing = target.failing, False
        self._offer(target)
        return failed

    def failed(self, lane: Lane) -> bool:
        """A call was made in vain. Whether that is news of the target."""
        target = self._target(lane)
        lane.failures += 1
        failed, target.failing = target.failing, True
        return not failed

    def done(self, lane: Lane) -> None:
        """The lane's turn is over and nothing is left in it, but for what was added meanwhile."""
        self._stop(lane)
        if lane.added:
            self._make_ready(lane)
        else:
            self._drop(lane)

    def more(self, lane: Lane) -> None:
        """The lane's turn is over and there may be more in it."""
        self._stop(lane)
        self._make_ready(lane)

    def sleep(self, lane: Lane, due: int, soonest: int) -> None:
        """The lane's turn is over and the next is to come at `due`, or at `soonest` if its target answers others."""
        self._stop(lane)
        if lane.pressed:
            lane.failures, lane.early = 0, True
            self._make_ready(lane)
        else:
            lane.soonest, lane.hastened = soonest, False
            if soonest < due and not lane.early:
                self._target(lane).asleep[lane] = None
            self._set_alarm(lane, due)

    def _stop(self, lane: Lane) -> None:
        target = self._target(lane)
        lane.at_work = False
        target.at_work -= 1
        self._offer(target)

    def _set_alarm(self, lane: Lane, due: int) -> None:
        lane.due = due
        heapq.heappush(self._clock, (due, next(self._numbers), lane))

    def _drop(self, lane: Lane) -> None:
        target = self._target(lane)
        del self._lanes[lane.target, lane.stream]
        target.lanes -= 1
        if not target.lanes:
            del self._targets[lane.target]

    def _make_ready(self, lane: Lane) -> None:
        target = self._target(lane)
        lane.due = None
        target.asleep.pop(lane, None)
        target.ready.append(lane)
        self._offer(target)

    def _offer(self, target: _Target) -> None:
        if not target.queued and self._takeable(target):
            target.queued = True
            self._queue.append(target)

    def _takeable(self, target: _Target) -> bool:
        return bool(target.ready) and target.at_work < (1 if target.failing else self._at_once)

    def _target(self, lane: Lane) -> _Target:
        target = self._targets.get(lane.target)
        if target is None:
            target = self._targets[lane.target] = _Target()
        return target
