"""What the unit of work, the writer and the readers need from a database; `sqlite.py` and `postgres.py` provide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

import sqlalchemy as sa

from ..core.model import Key, Row
from .schema import R, RowTable, Values


class Failure(Enum):
    """What an exception from a connection means for the commands that met it."""

    DUPLICATE = "duplicate"
    """A unique key is taken."""
    COLLISION = "collision"
    """Another transaction was in the way (deadlock, serialisation, lock); a new attempt may succeed."""
    LOST = "lost"
    """The connection is gone; the next `begin` opens a new one."""
    OTHER = "other"


class RowGone(Exception):
    """A row that this transaction read and then wrote is no longer there."""


class Connection(Protocol):
    """One connection, used by one thread at a time; every method but `close` may raise what `failure` tells apart."""

    def begin(self) -> None:
        """Start a transaction, after opening the connection anew if it was lost."""

    def commit(self) -> None:
        """Make it durable: when this returns, the transaction is on disk."""

    def rollback(self) -> None:
        """Undo the transaction. Never raises: what cannot be rolled back is disconnected."""

    def load(self, table: RowTable[R], fields: Key, keys: Sequence[Values]) -> list[R]:
        """The rows whose columns `fields` equal one of `keys` (which are distinct)."""

    def lock(self, table: RowTable[R], fields: Key, keys: Sequence[Values]) -> list[R]:
        """Like `load`, and the rows stay locked until the end; locks are taken in the order of `fields`."""

    def select(self, statement: sa.Select[Any], values: Mapping[str, Any]) -> list[Values]:
        """The result of a statement from `queries.py`; the same statement object is compiled only once."""

    def insert(self, table: RowTable[Any], rows: Sequence[Row]) -> None: ...

    def update(self, table: RowTable[Any], rows: Sequence[Row]) -> None:
        """Raises `RowGone` when one of them is not there."""

    def delete(self, table: RowTable[Any], rows: Sequence[Row]) -> None:
        """Raises `RowGone` when one of them is not there."""

    def delete_all(self, table: RowTable[Any], match: Mapping[str, Any]) -> None:
        """Delete the rows whose columns equal `match`, none of which is None."""

    def failure(self, error: BaseException) -> Failure:
        """What an exception of this connection means."""

    def close(self) -> None: ...
