"""Opens the chat database, brings its tables up to date, and hands out transactions."""

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, func, inspect, make_url, select, table, text
from sqlalchemy import column as sql_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from roomful.chatapp.store import schema

BUSY_TIMEOUT_MS = 30_000
MIGRATION_LOCK, ALONE_LOCK = 0x726F6F6D, 0x726F6F6E  # keys of PostgreSQL's advisory locks


class StoreError(Exception):
    """The database cannot be used; the text is one clear line for a person."""


class Database:
    """The chat application's database. It is opened, and migrated, at its first use."""

    def __init__(self, url: str) -> None:
        self._url = _driver_url(url)
        self._lock = Lock()
        self._engine: Engine | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view."""
        with self.open().connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, rolled back when the block raises.

        On SQLite it takes the write lock at once, so that what it reads cannot change before it writes. On PostgreSQL
        others write meanwhile, except other `alone` transactions.
        """
        with self.open().execution_options(write=True).begin() as connection:
            if alone and connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(ALONE_LOCK)))
            yield connection

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Alone with what the name stands for, among the nodes on one PostgreSQL. SQLite has one process, whose own
        locks do: nothing is locked in it, so that it can be written meanwhile."""
        engine = self.open()
        if engine.dialect.name != "postgresql":
            yield
            return
        with engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_lock_key(name))))
            yield

    def close(self) -> None:
        """Close the pooled connections; the next use opens again."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def open(self) -> Engine:
        """Open the database and bring its tables up to date, unless that is done. Raises StoreError."""
        if self._engine is not None:
            return self._engine
        with self._lock:
            if self._engine is None:
                try:
                    self._engine = _open(self._url)
                except (OSError, sqlite3.Error, DBAPIError) as exc:
                    reason = str(exc.orig if isinstance(exc, DBAPIError) else exc).splitlines()[0]
                    shown = self._url.render_as_string(hide_password=True)
                    raise StoreError(f"The chat database {shown} cannot be opened: {reason}") from exc
            return self._engine


def _lock_key(name: str) -> int:
    """64 bits with a sign, as PostgreSQL wants them."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _driver_url(url: str) -> URL:
    """`postgresql://` means psycopg 3 here; SQLAlchemy would take psycopg2."""
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _open(url: URL) -> Engine:
    # Parameters stay out of error messages: they hold password hashes.
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        with _file_lock(Path(url.database or "")):
            _set_wal(engine)
            migrate(engine, None)
        return engine
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    migrate(engine, "chat")
    return engine.execution_options(schema_translate_map={None: "chat"})


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # sqlite3 must not begin by itself: _begin_sqlite does
    # SQLite's own knows A to Z only; people's names are found in any letter case.
    dbapi_connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged is on disk
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_wal(engine: Engine) -> None:
    """The journal mode is kept in the file; changing it needs the file alone, so it is only changed when it must."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone() != ("wal",):
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()
    finally:
        raw.close()


@contextmanager
def _file_lock(database: Path) -> Iterator[None]:
    """Hold `<database>.lock` while one process prepares the file. SQLite's busy timeout does not cover the change to
    WAL. The file is made here so that nobody else on the machine can read the hashes in it."""
    database.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(f"{database}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.close(os.open(database, os.O_CREAT | os.O_RDWR, 0o600))
        yield
    finally:
        os.close(lock)


def migrate(engine: Engine, schema_name: str | None) -> None:
    """Bring the tables up to date in one transaction; of several processes starting at once one does it.

    schema_name: the PostgreSQL schema that holds the tables; None on SQLite.
    Raises StoreError when a newer Roomful made the tables.
    """
    with engine.connect() as connection:
        if _revision(connection, schema_name) == schema.REVISION:
            return  # without a lock: opening waits for nobody who writes
    with engine.execution_options(write=True).begin() as connection:
        if schema_name is not None:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        revision = _revision(connection, schema_name)
        if revision == schema.REVISION:
            return
        if schema_name is not None:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema_name}"'))
        _run_alembic(connection, schema_name, revision)


def _revision(connection: Connection, schema_name: str | None) -> str | None:
    if not inspect(connection).has_table("alembic_version", schema=schema_name):
        return None
    version = table("alembic_version", sql_column("version_num"), schema=schema_name)
    return connection.execute(select(version.c.version_num)).scalar()


def _run_alembic(connection: Connection, schema_name: str | None, revision: str | None) -> None:
    # Imported here: half a second that a command on an up-to-date database need not spend.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, schema=schema_name)
    if revision is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(revision)
        except CommandError as exc:
            raise StoreError("The chat database was made by a newer Roomful; this one cannot read it") from exc
    command.upgrade(config, "head")


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows in place of those of the same primary keys. Two who write the same take turns: give many in the order
    of their keys, or PostgreSQL may have them wait for each other."""
    if not rows:
        return
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), rows)
