"""The history of the schema (Alembic, packaged: no alembic.ini), and `upgrade`, which brings a database up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

_LOCK: Final = 0x726F6F6D66756C31
"""The advisory lock, in PostgreSQL, of who migrates the service's tables."""
_SQLITE_TIMEOUT: Final = 60.0
"""How long an upgrade waits for another one of the same file, in seconds."""


class MigrationError(Exception):
    """The schema cannot be brought up to date."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to a revision, in one transaction; two nodes that start at once take turns.

    Raises `MigrationError`, and SQLAlchemy's errors when the database cannot be reached.
    """
    parsed = sa.make_url(url)
    engine = _sqlite_engine(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql_engine(parsed)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            command.upgrade(config(connection), revision)
    except CommandError as error:
        raise MigrationError(f"its schema is not one that this version of Roomful knows ({error})") from error
    finally:
        engine.dispose()


def config(connection: sa.Connection) -> Config:
    """Alembic's configuration for an open connection."""
    alembic = Config()
    alembic.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    alembic.attributes["connection"] = connection
    return alembic


def _postgresql_engine(url: sa.URL) -> sa.Engine:
    return sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    """BEGIN EXCLUSIVE is the lock; Python's driver must not begin or end transactions of its own then."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"timeout": _SQLITE_TIMEOUT})

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")

    return engine
