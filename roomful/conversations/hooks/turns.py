"""Turns of lanes: the next calls are read, made one after the other, and what came of them is written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Final
from urllib.parse import urlsplit

import structlog

from ..core.errors import ServiceError
from ..core.model import WebhookCall
from ..core.outbox import CallFailure, FinishCalls
from ..core.ports import Actor, Clock, ReadPool, Reads
from ..sync.requests import Perform
from .client import CallFailed, WebhookClient
from .lanes import LONGEST_SLEEP, Lane, Lanes

PAGE: Final = 20
"""Calls of a lane that are read together."""
TURN_SECONDS: Final = 2.0
"""After so long a lane lets others have its place, however slow its target is."""
BURIAL: Final = 200
"""Calls that are given up together."""
LIFETIME: Final = 24 * 3_600_000
"""Milliseconds after which a call that fails is given up."""
FIRST_DELAY: Final = 1_000
LONGEST_DELAY: Final = 600_000
"""Milliseconds between a failure and the next attempt: at first, and after many."""
JITTER: Final = 0.2
"""The part by which a delay may be longer or shorter."""
RETRY_SECONDS: Final = 5.0
"""After that what failed for reasons of our own, such as a busy store, is tried again."""

STARTS: Final = 4
"""Calls that begin in one round of the event loop, so that chat gets its turn in between."""

_ACTOR: Final = Actor("", webhooks=False)
log = structlog.get_logger(__name__)


class Turns:
    """Makes the calls of lanes at work.

    may_call: whether this node may still begin a call. closing: set when nobody waits for a store that refuses.
    rand: from 0 to 1, for the back-off.
    """

    def __init__(
        self,
        reads: ReadPool,
        perform: Perform,
        client: WebhookClient,
        clock: Clock,
        *,
        may_call: Callable[[], bool],
        closing: asyncio.Event,
        rand: Callable[[], float],
    ) -> None:
        self._reads = reads
        self._perform = perform
        self._client = client
        self._clock = clock
        self.may_call = may_call
        self._closing = closing
        self._random = rand
        self._starts = asyncio.Semaphore(STARTS)

    async def of_target(self, lanes: Lanes, lane: Lane) -> None:
        """Make calls of one lane over HTTP, until one fails, all are made, or the turn is over."""

        async def work() -> None:
            calls = await self._reads.read(lambda reads: next_calls(reads, lane, PAGE))
            await self.serve(lanes, lane, calls, self._call, empty=len(calls) < PAGE)

        await self.guarded(lanes, [lane], work)

    async def guarded(self, lanes: Lanes, taken: list[Lane], work: Callable[[], Awaitable[None]]) -> None:
        """Do `work`, which ends the turns of the lanes. Those whose turn it did not end sleep a little."""
        try:
            await work()
        except ServiceError as error:
            log.warning("webhooks.unserved", lanes=len(taken), error=error.message)
        except Exception:
            log.exception("webhooks.unserved", lanes=len(taken))
        finally:
            for lane in taken:
                if lane.at_work:
                    later = self._clock() + round(RETRY_SECONDS * 1_000)
                    lanes.sleep(lane, later, later)

    # --- of a lane -------------------------------------------------------------------------------------------------

    async def serve(
        self,
        lanes: Lanes,
        lane: Lane,
        calls: Sequence[WebhookCall],
        attempt: Callable[[WebhookCall], Awaitable[str | None]],
        *,
        empty: bool,
    ) -> None:
        """Make the next calls of a lane by `attempt`, which answers what went wrong. `empty`: they are all there are.

        What it does last is to end the lane's turn.
        """
        done: list[str] = []
        over = asyncio.get_running_loop().time() + TURN_SECONDS
        for call in calls:
            if not self.may_call() or (done and asyncio.get_running_loop().time() >= over):
                break
            if (due := self.later(lane, call)) is not None:
                await self.finish(done)
                return lanes.sleep(lane, due, self._clock())
            error = await attempt(call)
            if error is not None:
                return await self._fail(lanes, lane, call, error, done)
            done.append(call.sid)
            if lanes.answered(lane):
                log.info("webhooks.answered", target=lane.target, host=_host(call))
        await self.finish(done)
        if empty and len(done) == len(calls):
            lanes.done(lane)
        else:
            lanes.more(lane)

    def later(self, lane: Lane, call: WebhookCall) -> int | None:
        """When the next attempt is to be made, if not yet. The first never waits: another node's clock may be ahead."""
        if lane.early or not call.attempts:
            return None
        now = self._clock()
        return call.date_due if now < call.date_due <= now + LONGEST_SLEEP else None

    async def _fail(self, lanes: Lanes, lane: Lane, call: WebhookCall, error: str, done: list[str]) -> None:
        """A call was made in vain: end the lane's turn."""
        if lanes.failed(lane):
            log.warning("webhooks.failed", target=lane.target, host=_host(call), call=call.event, error=error)
        now = self._clock()
        due = now + self._delay(max(lane.failures, call.attempts + 1))
        if now - call.date_created < LIFETIME:
            await self.finish(done, [CallFailure(call.sid, error, due)])
        else:
            await self.finish(done, [CallFailure(call.sid, error, None)])
            await self._give_up(lane, now - LIFETIME, error)
        lanes.sleep(lane, due, now + FIRST_DELAY)

    def _delay(self, failures: int) -> int:
        """Milliseconds until the next attempt after so many failures."""
        delay = min(FIRST_DELAY << min(failures - 1, 20), LONGEST_DELAY)
        return round(delay * (1 - JITTER + 2 * JITTER * self._random()))

    async def _give_up(self, lane: Lane, oldest: int, error: str) -> None:
        """A call was given up: so are those behind it that are as old."""
        count = 1
        while self.may_call():
            calls = await self._reads.read(lambda reads: next_calls(reads, lane, BURIAL))
            old = list(takewhile(lambda call: call.date_created <= oldest, calls))
            await self.finish(
                [], [CallFailure(call.sid, f"given up with one before it: {error}", None) for call in old]
            )
            count += len(old)
            if len(old) < BURIAL:
                break
        log.warning("webhooks.given_up", target=lane.target, stream=lane.stream, calls=count, error=error)

    async def finish(self, done: Sequence[str], failures: Sequence[CallFailure] = ()) -> None:
        """Write down what came of attempts. A store that refuses is asked again: else they would be made again."""
        while done or failures:
            try:
                return await self._perform(_ACTOR, FinishCalls(tuple(done), tuple(failures)))
            except ServiceError as error:
                if self._closing.is_set():
                    raise
                log.warning("webhooks.unwritten", calls=len(done) + len(failures), error=error.message)
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS):
                    await self._closing.wait()

    async def _call(self, call: WebhookCall) -> str | None:
        """Make a call over HTTP. What went wrong, in words; None: it was delivered."""
        await self._starts.acquire()
        asyncio.get_running_loop().call_soon(self._starts.release)
        try:
            answer = await self._client.call(call.url or "", call.method, parameters(call), token=call.sid)
        except CallFailed as error:
            return str(error)
        except Exception as error:
            log.exception("webhooks.broken", call=call.sid)
            return f"this server could not make the call ({type(error).__name__})"
        return None if 200 <= answer.status < 300 else f"answered {answer.status}"


def parameters(call: WebhookCall) -> dict[str, str]:
    """What is told by this attempt."""
    return {**json.loads(call.parameters), "RetryCount": str(call.attempts)}


def next_calls(reads: Reads, lane: Lane, limit: int) -> list[WebhookCall]:
    """The first calls of a lane that wait."""
    return reads.page(
        WebhookCall, order="place", limit=limit, state="waiting", target_sid=lane.target, stream_sid=lane.stream
    )


def _host(call: WebhookCall) -> str | None:
    """All of a URL that a log may show."""
    return urlsplit(call.url).hostname if call.url else None
