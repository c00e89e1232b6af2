"""The fuzz targets (`python -m fuzz.session`), for a while: documented answers and closes only, bounded memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fuzz import session, wire

LONG = bool(os.environ.get("ROOMFUL_LONG"))
SEED = None if LONG else 1
"""`make test` tries the same cases each time, `make test-all` others."""


@pytest.mark.timeout(1800 if LONG else 120)
def test_packets_at_sessions(tmp_path: Path) -> None:
    with session.arena(f"sqlite:///{tmp_path / 'roomful.db'}") as play:
        session.explore(play, session.cases, 3000 if LONG else 100, SEED)


@pytest.mark.timeout(1800 if LONG else 120)
def test_bytes_at_the_socket(tmp_path: Path) -> None:
    with wire.server(str(tmp_path)) as play:
        session.explore(play, wire.cases, 5000 if LONG else 100, SEED)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_packets_at_sessions_on_postgresql(postgres_database: str) -> None:
    with session.arena(postgres_database) as play:
        session.explore(play, session.cases, 1000, None)
