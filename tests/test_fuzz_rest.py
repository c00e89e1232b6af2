"""REST v1 against Twilio's specification, by requests that schemathesis makes (`python -m fuzz.rest`), for a while."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from fuzz import rest
from tests.servers import Postgres

LONG = bool(os.environ.get("ROOMFUL_LONG"))
OPERATIONS = 103


def chance() -> int:
    """A seed."""
    return int.from_bytes(os.urandom(4))


def fuzz(folder: Path, examples: int, start: int, **env: str) -> None:
    print(f"seed {start}")
    with rest.server(folder, **env) as play:
        missed = rest.explore(play, examples, start)
    assert missed == [], "each operation succeeds for some of the requests"
    assert len(play.reached) == OPERATIONS


@pytest.mark.timeout(3600 if LONG else 300)
def test_every_operation(tmp_path: Path) -> None:
    """`make test` tries the same requests each time, `make test-all` others."""
    fuzz(tmp_path, *((100, chance()) if LONG else (8, 1)))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_operation_on_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database())
        fuzz(tmp_path, 100, chance(), DATABASE_URL=url)
