from collections.abc import AsyncIterator

import pytest

from tests.conversations.core.world import World, open_world


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A fresh installation, once on SQLite and once on PostgreSQL."""
    async with open_world(database_url) as opened:
        yield opened
