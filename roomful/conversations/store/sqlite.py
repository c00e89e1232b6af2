"""SQLite: one file, one writer, readers beside it (write-ahead log); rows are written one by one, prepared.

In one process a statement costs microseconds, so set-wise statements would gain nothing here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from ..core.model import Key, Row
from .connection import Failure, RowGone
from .schema import R, RowTable, Values, key_reader

BUSY_TIMEOUT = 10_000
"""How long a statement waits for another process that holds the database's lock, in milliseconds."""

_DIALECT = sqlite.dialect(paramstyle="named")
_DUPLICATES = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
_COLLISIONS = {"SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_BUSY_TIMEOUT", "SQLITE_LOCKED"}


class SqliteConnection:
    """A connection to the database file `path`, for the writer or (`read_only`) for a reader."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        # The thread that opens a connection is not the one that uses it, but only one at a time ever does.
        self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        self._begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        self._sqlite.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        self._sqlite.execute("PRAGMA journal_mode = WAL")
        # In WAL mode only FULL has a commit on disk when it returns; NORMAL may lose the last ones in a power cut.
        self._sqlite.execute("PRAGMA synchronous = FULL")
        if read_only:
            self._sqlite.execute("PRAGMA query_only = ON")

    def synchronous(self) -> int:
        """`PRAGMA synchronous` of this very connection: 2 is FULL. (SQLite has the setting per connection.)"""
        return int(self._sqlite.execute("PRAGMA synchronous").fetchone()[0])

    def begin(self) -> None:
        self._sqlite.execute(self._begin)

    def commit(self) -> None:
        self._sqlite.execute("COMMIT")

    def rollback(self) -> None:
        if self._sqlite.in_transaction:
            with suppress(sqlite3.Error):
                self._sqlite.execute("ROLLBACK")

    def load(self, table: RowTable[R], fields: Key, keys: Sequence[Values]) -> list[R]:
        statement = _load(table, fields)
        return [table.make(found) for key in keys for found in self._sqlite.execute(statement, key)]

    def lock(self, table: RowTable[R], fields: Key, keys: Sequence[Values]) -> list[R]:
        """BEGIN IMMEDIATE has locked everything already."""
        return self.load(table, fields, keys)

    def select(self, statement: sa.Select[Any], values: Mapping[str, Any]) -> list[Values]:
        text, constants = _compiled(statement)
        return self._sqlite.execute(text, {**constants, **values}).fetchall()

    def insert(self, table: RowTable[Any], rows: Sequence[Row]) -> None:
        self._sqlite.executemany(_insert(table), map(table.values, rows))

    def update(self, table: RowTable[Any], rows: Sequence[Row]) -> None:
        statement, read = _update(table)
        self._expect(self._sqlite.executemany(statement, map(read, rows)), table, rows)

    def delete(self, table: RowTable[Any], rows: Sequence[Row]) -> None:
        keys = map(table.keys[table.primary], rows)
        self._expect(self._sqlite.executemany(_delete(table, table.primary), keys), table, rows)

    def delete_all(self, table: RowTable[Any], match: Mapping[str, Any]) -> None:
        self._sqlite.execute(_delete(table, tuple(match)), tuple(match.values()))

    def _expect(self, cursor: sqlite3.Cursor, table: RowTable[Any], rows: Sequence[Row]) -> None:
        if cursor.rowcount != len(rows):
            raise RowGone(f"{table.table.name}: {cursor.rowcount} of {len(rows)} rows")

    def failure(self, error: BaseException) -> Failure:
        if isinstance(error, RowGone):
            return Failure.COLLISION
        name = getattr(error, "sqlite_errorname", "")
        if name in _DUPLICATES:
            return Failure.DUPLICATE
        return Failure.COLLISION if name in _COLLISIONS else Failure.OTHER

    def close(self) -> None:
        self._sqlite.close()


def _where(names: Sequence[str]) -> str:
    return " AND ".join(f'"{name}" = ?' for name in names)


def _columns(table: RowTable[Any]) -> str:
    return ", ".join(f'"{name}"' for name in table.names)


# The names in these statements come from the schema, never from a caller's values.


@cache
def _load(table: RowTable[Any], fields: Key) -> str:
    return f'SELECT {_columns(table)} FROM "{table.table.name}" WHERE {_where(fields)}'  # noqa: S608


@cache
def _insert(table: RowTable[Any]) -> str:
    places = ", ".join("?" * len(table.names))
    return f'INSERT INTO "{table.table.name}" ({_columns(table)}) VALUES ({places})'  # noqa: S608


@cache
def _update(table: RowTable[Any]) -> tuple[str, Callable[[Row], Values]]:
    """The statement, and what reads its values from a row: the other columns, then the primary key."""
    others = tuple(name for name in table.names if name not in table.primary)
    changes = ", ".join(f'"{name}" = ?' for name in others)
    statement = f'UPDATE "{table.table.name}" SET {changes} WHERE {_where(table.primary)}'  # noqa: S608
    return statement, key_reader(others + table.primary)


@cache
def _delete(table: RowTable[Any], fields: Key) -> str:
    return f'DELETE FROM "{table.table.name}" WHERE {_where(fields)}'  # noqa: S608


@cache
def _compiled(statement: sa.Select[Any]) -> tuple[str, Mapping[str, Any]]:
    """The statement's text and its constants, which SQLAlchemy makes parameters too (`LIMIT … OFFSET 0`)."""
    compiled = statement.compile(dialect=_DIALECT)
    return str(compiled), {name: value for name, value in compiled.params.items() if value is not None}
