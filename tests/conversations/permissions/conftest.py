"""A world for each test."""

from tests.conversations.sync.conftest import world as world
