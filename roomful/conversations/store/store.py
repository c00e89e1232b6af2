"""The store put together: `Store.open(url)` migrates the database and starts the writer and the readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from ..core.ports import Bus, Clock, Outbox, SidFactory
from . import migrations, upkeep
from .connection import Connection
from .reads import ReaderPool
from .sqlite import SqliteConnection
from .writer import MAX_WAITING, GroupCommitWriter


class StoreError(Exception):
    """The store cannot be opened; the text is one line for the person who starts the server."""


class Store:
    """An open database: `writer` carries commands out, `reads` answers queries."""

    def __init__(self, writer: GroupCommitWriter, reads: ReaderPool, upkeep_task: asyncio.Task[None]) -> None:
        self.writer = writer
        self.reads = reads
        self._upkeep = upkeep_task

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock,
        sids: SidFactory,
        bus: Bus,
        loop: asyncio.AbstractEventLoop | None = None,
        tombstone_days: int = 30,
        max_waiting: int = MAX_WAITING,
        outbox: Outbox | None = None,
    ) -> Store:
        """Open `sqlite:////absolute/path` or `postgresql://…`, bringing its schema up to date.

        It blocks while it migrates, so it belongs to the start of the server. `loop` (default: the running one) is
        where `bus.publish` is called and commands are submitted; `outbox` hears what each command announces. Raises
        `StoreError`.
        """
        loop = loop or asyncio.get_running_loop()
        connect = _connector(url)
        try:
            migrations.upgrade(url)
            connection = connect(False)
        except (sa.exc.SQLAlchemyError, migrations.MigrationError, OSError) as error:
            raise StoreError(f"the database cannot be opened: {_one_line(error)}") from error
        writer = GroupCommitWriter(
            connection, clock=clock, sids=sids, bus=bus, loop=loop, max_waiting=max_waiting, outbox=outbox
        )
        reads = ReaderPool(lambda: connect(True), clock)
        return cls(writer, reads, loop.create_task(upkeep.prune_daily(writer, clock, tombstone_days)))

    async def close(self) -> None:
        """Refuse new commands, finish what waits, and disconnect."""
        self._upkeep.cancel()
        with suppress(asyncio.CancelledError):
            await self._upkeep
        await self.writer.close()
        await self.reads.close()


def _connector(url: str) -> Callable[[bool], Connection]:
    """What opens a connection to `url`, for reading when its argument is true."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError("DATABASE_URL is not a URL") from error
    if parsed.drivername == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("a SQLite database must be a file: sqlite:////absolute/path")
        path = Path(parsed.database)
        return lambda read_only: SqliteConnection(path, read_only=read_only)
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        try:
            from .postgres import PostgresConnection
        except ImportError as error:
            raise StoreError("PostgreSQL needs the extra: pip install 'roomful[postgres]'") from error
        conninfo = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        return lambda read_only: PostgresConnection(conninfo, read_only=read_only)
    raise StoreError(f"DATABASE_URL must begin with sqlite:/// or postgresql://, not {parsed.drivername}:")


def _one_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())
