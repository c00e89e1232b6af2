from collections.abc import AsyncIterator

import pytest

from roomful.conversations.core.outbox import CallOutbox
from roomful.conversations.core.webhooks import POST_EVENTS
from tests.conversations.core.world import World, open_world


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A fresh installation, once on SQLite and once on PostgreSQL."""
    async with open_world(database_url, CallOutbox()) as opened:
        yield opened


@pytest.fixture
async def world_with_application(database_url: str) -> AsyncIterator[World]:
    """The same, with an application in its process that hears of every event."""
    async with open_world(database_url, CallOutbox(POST_EVENTS)) as opened:
        yield opened
