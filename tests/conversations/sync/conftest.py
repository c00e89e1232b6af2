"""A world for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .world import World, open_world


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with open_world(sqlite_url) as made:
        yield made
