"""PostgreSQL: one statement a table a batch, whose rows travel as one array a column.

Round trips are what costs here, not rows. Locks are taken by `SELECT … ORDER BY … FOR UPDATE`: PostgreSQL locks the
rows in the order of the sort, which is the same on every node, so two nodes never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg
from sqlalchemy.dialects.postgresql import psycopg as dialect

from ..core.model import Key, Row
from .connection import Failure, RowGone
from .schema import R, RowTable, Values

CONNECT_TIMEOUT: Final = 5
"""How long an attempt to connect may take, in seconds."""

_DIALECT: Final[sa.Dialect] = dialect.dialect()  # type: ignore[no-untyped-call]
_COLLISIONS = (pg.DeadlockDetected, pg.SerializationFailure, pg.LockNotAvailable, RowGone)

# READ COMMITTED on purpose: what a writer reads after it has its locks is what others committed before it got them.
_WRITER_SETTINGS: Final = (
    "SET synchronous_commit = on",
    # A node that is stopped in the middle of a batch must not keep its streams from the others for ever.
    "SET idle_in_transaction_session_timeout = '30s'",
    # Every statement of the writer goes by a key. A prepared plan made while a table was small must not scan it later.
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)


class PostgresConnection:
    """A connection to the database, for the writer or (`read_only`) for a reader; opened anew when it was lost."""

    def __init__(self, conninfo: str, *, read_only: bool = False) -> None:
        self._conninfo = conninfo
        self._settings = () if read_only else _WRITER_SETTINGS
        self._begin = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if read_only else b"BEGIN"
        self._postgres = self._connect()

    def _connect(self) -> psycopg.Connection[Values]:
        connection = psycopg.connect(
            self._conninfo,
            autocommit=True,  # BEGIN and COMMIT are sent by the methods below
            prepare_threshold=0,
            connect_timeout=CONNECT_TIMEOUT,
            client_encoding="UTF8",
            application_name="roomful",
        )
        for setting in self._settings:
            connection.execute(setting.encode())
        return connection

    def synchronous_commit(self) -> str:
        """The setting of this very connection: "on"."""
        return str(self._execute(b"SHOW synchronous_commit").fetchall()[0][0])

    def begin(self) -> None:
        if self._postgres.closed:
            self._postgres = self._connect()
        self._execute(self._begin)

    def commit(self) -> None:
        answer = self._execute(b"COMMIT").statusmessage
        if answer != "COMMIT":  # PostgreSQL answers ROLLBACK, and no error, if the transaction had failed before
            raise psycopg.DatabaseError(f"COMMIT was answered {answer}")

    def rollback(self) -> None:
        try:
            if self._postgres.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                self._execute(b"ROLLBACK")
        except psycopg.Error:
            self.close()

    def load(self, table: RowTable[R], fields: Key, keys: Sequence[Values]) -> list[R]:
        return self._load(_load(table, fields, lock=False), table, keys)

    def lock(self, table: RowTable[R], fields: Key, keys: Sequence[Values]) -> list[R]:
        return self._load(_load(table, fields, lock=True), table, keys)

    def _load(self, statement: bytes, table: RowTable[R], keys: Sequence[Values]) -> list[R]:
        found = self._execute(statement, _arrays(keys)).fetchall()
        return list(map(table.make, found))

    def select(self, statement: sa.Select[Any], values: Mapping[str, Any]) -> list[Values]:
        return self._execute(_compiled(statement), values).fetchall()

    def insert(self, table: RowTable[Any], rows: Sequence[Row]) -> None:
        self._execute(_insert(table), _arrays(list(map(table.values, rows))))

    def update(self, table: RowTable[Any], rows: Sequence[Row]) -> None:
        self._expect(self._execute(_update(table), _arrays(list(map(table.values, rows)))), table, rows)

    def delete(self, table: RowTable[Any], rows: Sequence[Row]) -> None:
        keys = list(map(table.keys[table.primary], rows))
        self._expect(self._execute(_delete(table), _arrays(keys)), table, rows)

    def delete_all(self, table: RowTable[Any], match: Mapping[str, Any]) -> None:
        self._execute(_delete_all(table, tuple(match)), tuple(match.values()))

    def _expect(self, cursor: psycopg.Cursor[Values], table: RowTable[Any], rows: Sequence[Row]) -> None:
        if cursor.rowcount != len(rows):
            raise RowGone(f"{table.table.name}: {cursor.rowcount} of {len(rows)} rows")

    def _execute(self, statement: bytes, values: Any = None) -> psycopg.Cursor[Values]:
        return self._postgres.execute(statement, values)

    def failure(self, error: BaseException) -> Failure:
        if isinstance(error, pg.UniqueViolation):
            return Failure.DUPLICATE
        if isinstance(error, _COLLISIONS):
            return Failure.COLLISION
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and self._postgres.closed
        return Failure.LOST if lost else Failure.OTHER

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._postgres.close()


def _arrays(rows: Sequence[Values]) -> list[list[Any]]:
    """The columns of `rows`, as parameters."""
    return [list(column) for column in zip(*rows, strict=True)]


# The names in these statements come from the schema, never from a caller's values.


def _columns(names: Sequence[str], of: str = "") -> str:
    return ", ".join(f'{of}"{name}"' for name in names)


def _unnest(table: RowTable[Any], names: Sequence[str]) -> str:
    """The parameters, one array a column, as a table `k` with columns `names`."""
    types = dict(zip(table.names, table.types, strict=True))
    arrays = ", ".join(f"%s::{types[name]}[]" for name in names)
    return f"unnest({arrays}) AS k({_columns(names)})"


def _same(names: Sequence[str]) -> str:
    return " AND ".join(f't."{name}" = k."{name}"' for name in names)


@cache
def _load(table: RowTable[Any], fields: Key, *, lock: bool) -> bytes:
    locking = f" ORDER BY {_columns(fields, 't.')} FOR UPDATE OF t" if lock else ""
    found = f"SELECT {_columns(table.names, 't.')} FROM {_unnest(table, fields)}"  # noqa: S608
    return f'{found} JOIN "{table.table.name}" AS t ON {_same(fields)}{locking}'.encode()


@cache
def _insert(table: RowTable[Any]) -> bytes:
    into = f'INSERT INTO "{table.table.name}" ({_columns(table.names)})'
    return f"{into} SELECT * FROM {_unnest(table, table.names)}".encode()  # noqa: S608


@cache
def _update(table: RowTable[Any]) -> bytes:
    changes = ", ".join(f'"{name}" = k."{name}"' for name in table.names if name not in table.primary)
    change = f'UPDATE "{table.table.name}" AS t SET {changes}'  # noqa: S608
    return f"{change} FROM {_unnest(table, table.names)} WHERE {_same(table.primary)}".encode()


@cache
def _delete(table: RowTable[Any]) -> bytes:
    using = _unnest(table, table.primary)
    return f'DELETE FROM "{table.table.name}" AS t USING {using} WHERE {_same(table.primary)}'.encode()  # noqa: S608


@cache
def _delete_all(table: RowTable[Any], fields: Key) -> bytes:
    where = " AND ".join(f'"{name}" = %s' for name in fields)
    return f'DELETE FROM "{table.table.name}" WHERE {where}'.encode()  # noqa: S608


@cache
def _compiled(statement: sa.Select[Any]) -> bytes:
    return str(statement.compile(dialect=_DIALECT)).encode()
