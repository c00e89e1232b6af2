"""Fixtures for all tests: both databases, real servers, and their logs when a test fails."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from roomful.conversations.store import migrations
from tests.copies import Copies
from tests.servers import Postgres, Server, find_postgres

MakeServer = Callable[..., Server]

settings.register_profile("same", derandomize=True)
if not os.environ.get("ROOMFUL_LONG"):  # make test tries the same examples each time, make test-all new ones
    settings.load_profile("same")


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Coroutines run on asyncio with uvloop, as in the server."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A private PostgreSQL server for this test run."""
    bin_folder = find_postgres()
    assert bin_folder is not None, "these tests need PostgreSQL 15 or newer: make test installs it, or says how"
    folder = Path(tempfile.mkdtemp(prefix="roomful-postgres-"))
    server = Postgres(bin_folder, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """The URL of the private server's maintenance database."""
    return postgres.url()


@pytest.fixture
def postgres_database(postgres: Postgres) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh database without tables: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'roomful.db'}"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the service's tables, to be copied: making them takes longer than most tests."""
    path = tmp_path_factory.mktemp("sqlite") / "roomful.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_copies(postgres: Postgres) -> Iterator[Copies]:
    """The same in PostgreSQL."""
    with postgres.database() as url:
        migrations.upgrade(url)
        copies = Copies(postgres, template=url.rpartition("/")[2])
        yield copies
        copies.close()


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_with_tables: Path) -> str:
    """The URL of a fresh SQLite database that has the service's tables."""
    path = tmp_path / "roomful.db"
    shutil.copyfile(sqlite_with_tables, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url_with_tables(postgres_copies: Copies) -> Iterator[str]:
    with postgres_copies.empty() as url:
        yield url


@pytest.fixture(params=["sqlite_url", "postgres_url_with_tables"], ids=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database that has the service's tables: once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(request.param))


@contextmanager
def servers(folder: Path) -> Iterator[MakeServer]:
    """What `make_server` is, in a folder; at the end all are ended, and their logs printed."""
    made: list[Server] = []

    def make(*arguments: str, **env: str) -> Server:
        made.append(Server(folder / f"server{len(made) + 1}", *arguments, **env))
        return made[-1]

    yield make
    for server in made:
        server.close()
        print(f"--- log of {server.folder.name}", server.log, sep="\n")


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """`make_server("--only", "service", ROOMFUL_AUTH="open")` describes a server that is not started yet.

    Each has an instance of its own unless `ROOMFUL_INSTANCE` names one. All are ended after the test, and their logs
    are shown when it failed.
    """
    with servers(tmp_path) as make:
        yield make


@pytest.fixture
def start_server(make_server: MakeServer) -> MakeServer:
    """Like `make_server`, but the server is started and answers."""
    return lambda *arguments, **env: make_server(*arguments, **env).start()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `long` run only when ROOMFUL_LONG is set, as `make test-all` does."""
    if os.environ.get("ROOMFUL_LONG"):
        return
    skip = pytest.mark.skip(reason="runs in make test-all")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)
