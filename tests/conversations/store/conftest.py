"""A store on each database, and what the bus heard."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping, Sequence
from typing import Any

import psycopg
import pytest
import structlog

from roomful.conversations.core.events import StreamCommit
from roomful.conversations.store.store import Store

from .commands import ACTOR, Hold

OpenStore = Callable[..., Store]


class RecordingBus:
    """What was published, in order, and beside it whatever a test notes."""

    def __init__(self) -> None:
        self.batches: list[tuple[StreamCommit, ...]] = []
        self.log: list[Any] = []

    def publish(self, commits: Sequence[StreamCommit]) -> None:
        self.batches.append(tuple(commits))
        self.log.append("published")

    @property
    def commits(self) -> list[StreamCommit]:
        return [commit for batch in self.batches for commit in batch]


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the store logs during the test."""
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


_numbers = itertools.count(1)


def new_sid(prefix: str) -> str:
    """SIDs that are new within this run and sort in the order in which they were made."""
    return f"{prefix}{next(_numbers):032x}"


@pytest.fixture
async def open_store(database_url: str, bus: RecordingBus) -> AsyncIterator[OpenStore]:
    """`open_store(max_waiting=5)` opens the test's database; all are closed after the test."""
    stores: list[Store] = []

    def open_(**options: Any) -> Store:
        given: dict[str, Any] = {"clock": lambda: 1_000, "sids": new_sid, "bus": bus} | options
        stores.append(Store.open(database_url, **given))
        return stores[-1]

    yield open_
    for store in stores:
        await store.close()


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return open_store()


async def together(store: Store, *commands: Any) -> list[Any]:
    """Submit commands so that the writer takes them as one batch; their results or exceptions."""
    hold = Hold()
    held = asyncio.ensure_future(store.writer.submit(ACTOR, hold))
    assert await asyncio.to_thread(hold.started.wait, 30)
    waiting = [asyncio.ensure_future(store.writer.submit(ACTOR, command)) for command in commands]
    await asyncio.sleep(0)  # every submit has run up to its place in the queue
    hold.release.set()
    await held
    return await asyncio.gather(*waiting, return_exceptions=True)


def execute(database_url: str, *statements: str) -> None:
    """Run statements on the database, past the store."""
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as sqlite:
            for statement in statements:
                sqlite.execute(statement)
        return
    with psycopg.connect(database_url) as postgres:
        for statement in statements:
            postgres.execute(statement.encode())
