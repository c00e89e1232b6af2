from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conversations.sync.world import World, open_world

from .people import hold, show


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A service that shows presence, and whose clock and presence worker move only when a test moves them."""
    async with open_world(database_url) as made:
        made.time.still = 1_800_000_000_000
        await show(made, True)
        await hold(made)
        yield made
