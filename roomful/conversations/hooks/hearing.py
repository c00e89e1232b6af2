"""Calls that an application in this process hears: many at once, on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import structlog

from ..core.model import WebhookCall
from ..core.ports import ReadPool, Reads
from .lanes import Lane, Lanes
from .turns import Turns, next_calls, parameters

Application = Callable[[Sequence[Mapping[str, str]]], None]
"""Hears calls: the parameters of each, in order within a stream. When it raises, all of them are repeated."""

BATCH: Final = 500
"""Calls that the application is handed together."""
LANES: Final = 100
"""Lanes of which they are."""

log = structlog.get_logger(__name__)


class _Page(NamedTuple):
    lane: Lane
    calls: list[WebhookCall]
    whole: bool
    """There are no more in the lane."""


class Hearing:
    """Hands calls to `application`. Without one, every attempt fails: another server may have it."""

    def __init__(self, turns: Turns, reads: ReadPool, application: Application | None) -> None:
        self._turns = turns
        self._reads = reads
        self._application = application
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="application")

    def close(self) -> None:
        """Let the application's thread end when it is done."""
        self._thread.shutdown(wait=False)

    async def of_lanes(self, lanes: Lanes, taken: list[Lane]) -> None:
        """Hand over the next calls of these lanes. If the application refuses, they are handed over one by one."""

        async def work() -> None:
            pages = await self._reads.read(lambda reads: _pages(reads, taken))
            if not await self._together(lanes, pages):
                for page in pages:
                    await self._turns.serve(lanes, page.lane, page.calls, self._tell, empty=page.whole)

        await self._turns.guarded(lanes, taken, work)

    async def _together(self, lanes: Lanes, pages: list[_Page]) -> bool:
        """Whether the application heard all calls of these pages at once."""
        batch = [call for page in pages for call in page.calls]
        application = self._application
        due = all(self._turns.later(page.lane, page.calls[0]) is None for page in pages if page.calls)
        if application is None or not due or len(batch) < 2 or not self._turns.may_call():
            return False
        try:
            await self._hand_over(application, batch)
        except Exception as error:
            log.warning("webhooks.application_failed", calls=len(batch), error=type(error).__name__)
            return False
        await self._turns.finish([call.sid for call in batch])
        for page in pages:
            lanes.answered(page.lane)
            (lanes.done if page.whole else lanes.more)(page.lane)
        return True

    async def _tell(self, call: WebhookCall) -> str | None:
        """See `Turns.serve`."""
        if self._application is None:
            return "no application in this process hears of it"
        try:
            await self._hand_over(self._application, [call])
        except Exception as error:
            log.exception("webhooks.application_failed", calls=1, call=call.sid)
            return f"the application failed ({type(error).__name__})"
        return None

    async def _hand_over(self, application: Application, calls: Sequence[WebhookCall]) -> None:
        batch = [parameters(call) for call in calls]
        await asyncio.get_running_loop().run_in_executor(self._thread, application, batch)


def _pages(reads: Reads, lanes: Sequence[Lane]) -> list[_Page]:
    """The next calls of each lane, up to `BATCH` in all."""
    pages: list[_Page] = []
    room = BATCH
    for lane in lanes:
        calls = next_calls(reads, lane, room) if room else []
        pages.append(_Page(lane, calls, whole=len(calls) < room))
        room -= len(calls)
    return pages
