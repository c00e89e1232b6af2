"""Reading: queries over one snapshot, on a few reader threads that have a connection each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from ..core import ports
from ..core.events import Event
from ..core.model import Conversation, Participant, Row
from ..core.ports import Actor, Clock, Command
from . import queries
from .connection import Connection, Failure
from .preview import preview
from .schema import R, table_of

T = TypeVar("T")

READERS: Final = 4
"""Reader threads."""


class StoreReads:
    """Implements `core.ports.Reads` over a connection on which a read transaction has begun."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def one(self, row: type[R], **key: Any) -> R | None:
        """See `Reads.one`."""
        statement = queries.rows(table_of(row), queries.shape(key), limited=True)
        found = self._connection.select(statement, {**key, "limit_": 1})
        return table_of(row).make(found[0]) if found else None

    def page(
        self,
        row: type[R],
        *,
        order: str,
        start: Any = None,
        inclusive: bool = False,
        limit: int,
        descending: bool = False,
        **match: Any,
    ) -> list[R]:
        """See `Reads.page`."""
        statement, values = queries.page(
            table_of(row), match, order, start=start, inclusive=inclusive, limit=limit, descending=descending
        )
        return list(map(table_of(row).make, self._connection.select(statement, values)))

    def below(self, row: type[R], column: str, end: int, limit: int) -> list[R]:
        """See `Reads.below`."""
        found = self._connection.select(queries.below(table_of(row), column), {"end_": end, "limit_": limit})
        return list(map(table_of(row).make, found))

    def count(self, row: type[Row], **match: Any) -> int:
        """See `Reads.count`."""
        return int(self._connection.select(queries.count(table_of(row), queries.shape(match)), match)[0][0])

    def count_above(self, row: type[Row], column: str, value: int, **match: Any) -> int:
        """See `Reads.count_above`."""
        statement = queries.count(table_of(row), queries.shape(match), column)
        return int(self._connection.select(statement, {**match, "start_": value})[0][0])

    def memberships(self, user_sid: str, *, after: str = "", limit: int) -> list[tuple[Participant, Conversation]]:
        """See `Reads.memberships`."""
        values = {"user_sid": user_sid, "start_": after, "limit_": limit}
        participants, conversations = table_of(Participant), table_of(Conversation)
        split = len(participants.names)
        return [
            (participants.make(found[:split]), conversations.make(found[split:]))
            for found in self._connection.select(queries.memberships(), values)
        ]

    def find(self, row: type[R], field: str, values: Sequence[Any]) -> list[R]:
        """See `Reads.find`."""
        keys = [(value,) for value in dict.fromkeys(values)]
        return self._connection.load(table_of(row), (field,), keys) if keys else []

    def lanes(self, state: str) -> list[tuple[str, str]]:
        """See `Reads.lanes`."""
        return [(target, stream) for target, stream in self._connection.select(queries.lanes(), {"state": state})]

    def call_counts(self) -> list[ports.CallCount]:
        """See `Reads.call_counts`."""
        next_due: dict[str, int] = dict(self._connection.select(queries.next_due(), {"state": "waiting"}))
        return [
            ports.CallCount(
                target, state, count, oldest, newest, tried, next_due.get(target) if state == "waiting" else None
            )
            for target, state, count, oldest, newest, tried in self._connection.select(queries.call_counts(), {})
        ]


class ReaderPool:
    """Implements `core.ports.Previews`; `connect` opens a connection for reading, `clock` is what previews go by."""

    def __init__(self, connect: Callable[[], Connection], clock: Clock) -> None:
        self._connect = connect
        self._clock = clock
        self._executor = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._local = threading.local()
        self._connections: list[Connection] = []

    async def read(self, query: Callable[[ports.Reads], T]) -> T:
        """See `ReadPool.read`."""
        return await self._run(lambda connection: query(StoreReads(connection)))

    async def preview(self, actor: Actor, command: Command[T]) -> tuple[Event, ...]:
        """See `Previews.preview`."""
        return await self._run(lambda connection: preview(connection, self._clock(), actor, command))

    async def close(self) -> None:
        """Finish the queries that wait and close the connections."""
        await asyncio.to_thread(self._executor.shutdown)
        for connection in self._connections:
            connection.close()

    async def _run(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._with_connection, work)

    def _with_connection(self, work: Callable[[Connection], T]) -> T:
        connection = self._connection()
        try:
            return self._snapshot(connection, work)
        except Exception as error:
            if connection.failure(error) is not Failure.LOST:
                raise
        return self._snapshot(connection, work)

    def _connection(self) -> Connection:
        """This thread's own connection."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._connections.append(connection)
        return connection

    def _snapshot(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        try:
            connection.begin()
            return work(connection)
        finally:
            connection.rollback()
