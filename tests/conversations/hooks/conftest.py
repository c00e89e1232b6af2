"""Worlds whose commands ask a webhook, worlds that tell one, and what is logged meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
import structlog

from roomful.conversations.core.outbox import CallOutbox
from roomful.conversations.core.perform import Performer
from roomful.conversations.hooks import delivery
from roomful.conversations.hooks.client import WebhookClient
from roomful.conversations.hooks.prehooks import PreHooks
from roomful.conversations.hooks.targets import TargetPolicy
from tests.conversations.core.world import open_world
from tests.webhooks.listener import Listener

from .asking import Asking
from .depot import Depot

PATIENCE = 30
"""Seconds that a webhook may take, unless a test is about it: nothing must depend on how busy the machine is."""


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener().up()
    listener.trust("token-of-the-tests")
    yield listener
    listener.close()
    assert listener.forged == []


OpenAsking = Callable[..., Any]


@pytest.fixture
async def open_asking(sqlite_url: str, listener: Listener, logs: object) -> AsyncIterator[OpenAsking]:
    """`await open_asking(seconds=1, allow=())` opens a world and configures the webhook for all events."""
    opened: list[tuple[Any, Asking]] = []

    async def open_(
        url: str = "", allow: Sequence[str] = ("127.0.0.1",), seconds: float = PATIENCE, **options: Any
    ) -> Asking:
        context = open_world(url or sqlite_url)
        world = await context.__aenter__()
        client = WebhookClient(world.installation.account.auth_token, TargetPolicy(allow), seconds=PATIENCE)
        hooks = PreHooks(world.store.reads, client, seconds=seconds, **options)
        world.ears.append(hooks.heard)
        world.performer = Performer(world.store.writer, hooks)
        asking = Asking(world, hooks, listener, client)
        opened.append((context, asking))
        await asking.configure()
        return asking

    yield open_
    for context, asking in opened:
        await asking.hooks.close()
        await asking.client.close()
        await context.__aexit__(None, None, None)


@pytest.fixture
async def asking(open_asking: OpenAsking) -> Asking:
    opened: Asking = await open_asking()
    return opened


@pytest.fixture
async def asking_on_both(open_asking: OpenAsking, database_url: str) -> Asking:
    opened: Asking = await open_asking(database_url)
    return opened


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that a test moves is soon noticed by those who deliver."""
    monkeypatch.setattr(delivery, "TICK_SECONDS", 0.005)


OpenDepot = Callable[..., Any]


@pytest.fixture
async def open_depot(sqlite_url: str, listener: Listener, logs: object, eager: None) -> AsyncIterator[OpenDepot]:
    """`await open_depot()` opens a world whose service tells `/post` of messages; nobody delivers it yet."""
    async with AsyncExitStack() as stack:

        async def open_(url: str = "", application_events: frozenset[str] = frozenset()) -> Depot:
            world = await stack.enter_async_context(open_world(url or sqlite_url, CallOutbox(application_events)))
            depot = Depot(world, listener)
            stack.push_async_callback(depot.close)
            await depot.configure()
            return depot

        yield open_


@pytest.fixture
async def depot(open_depot: OpenDepot) -> Depot:
    opened: Depot = await open_depot()
    return opened


@pytest.fixture
async def depot_on_both(open_depot: OpenDepot, database_url: str) -> Depot:
    opened: Depot = await open_depot(database_url)
    return opened
