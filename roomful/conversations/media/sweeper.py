"""Removes the bytes of media that are gone: removed with their message, or never attached to one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from ..core.errors import ServiceError
from ..core.events import MediaRemoved, StreamCommit
from ..core.media import AT_ONCE, ExpireMedia, ForgetMedia, PostponeMedia
from ..core.model import Media
from ..core.ports import Actor, Clock, ReadPool
from ..sync.requests import Perform
from .store import MediaStore, MediaStoreError

LOOK_SECONDS: Final = 60.0
"""How often it looks for media whose time is over."""

_ACTOR: Final = Actor("", webhooks=False)
log = structlog.get_logger(__name__)


class Sweeper:
    """Sweeps for one node, between `start` and `close`; several at once do no harm."""

    def __init__(self, reads: ReadPool, perform: Perform, store: MediaStore, clock: Clock) -> None:
        self._reads = reads
        self._perform = perform
        self._store = store
        self._clock = clock
        self._news = asyncio.Event()
        self._stuck: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    def heard(self, commits: Sequence[StreamCommit]) -> None:
        """What was committed: bytes may be waiting to be removed."""
        if any(isinstance(event, MediaRemoved) for commit in commits for event in commit.events):
            self._news.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                while await self.sweep():
                    pass
            except ServiceError as error:
                log.warning("media.unswept", error=str(error))
            except Exception:
                log.exception("media.unswept")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            self._news.clear()

    async def sweep(self) -> bool:
        """Remove some of what is to go. Whether there may be more."""
        before = self._clock() + 1
        found = await self._reads.read(lambda reads: reads.below(Media, "date_expires", before, AT_ONCE))
        if not found:
            return False
        sids = await self._perform(_ACTOR, ExpireMedia(tuple(media.sid for media in found)))
        if sids:
            stuck = await self._remove(sids)  # before the rows: what a crash leaves is found again by them
            await self._perform(_ACTOR, ForgetMedia(tuple(sid for sid in sids if sid not in stuck)))
            if stuck:
                await self._perform(_ACTOR, PostponeMedia(tuple(stuck)))
        return len(found) == AT_ONCE

    async def _remove(self, sids: Sequence[str]) -> dict[str, MediaStoreError]:
        """Remove the bytes of these media: those whose bytes could not be removed, and why."""
        stuck: dict[str, MediaStoreError] = {}
        try:
            await self._store.remove(sids)
        except MediaStoreError:
            for sid in sids:  # one by one: what is wrong with one is no matter of the others
                try:
                    await self._store.remove([sid])
                except MediaStoreError as error:
                    stuck[sid] = error
        told = [sid for sid in stuck if sid not in self._stuck]
        if told:  # once, not at each time that it is tried again
            log.warning("media.unswept", media=told, error=str(stuck[told[0]]))
        self._stuck = self._stuck.difference(sids) | stuck.keys()
        return stuck
