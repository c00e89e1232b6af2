"""A service alone, with a clock that can be moved, for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clock_server import ClockServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockServer]:
    """Its log must show no error."""
    server = ClockServer(tmp_path_factory.mktemp("media") / "server")
    server.start()
    yield server
    server.close()
    assert "Traceback" not in server.log, server.log
