"""Durable sends: how many messages a second are on disk and answered, beside bare SQLite on the same disk."""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .packets import BODY_CHARS
from .processes import SERVER_CORE, Load, Server, load
from .rooms import make_rooms, write_plan

CLIENTS = 64
MEMBERS = 4
"""Members of each room, all of them among the clients."""

GROUP = 64

_TABLES = """
CREATE TABLE conversations (sid TEXT PRIMARY KEY, position INTEGER NOT NULL, next_index INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE messages (
  sid TEXT NOT NULL PRIMARY KEY, conversation_sid TEXT NOT NULL, "index" INTEGER NOT NULL, author TEXT NOT NULL,
  body TEXT, attributes TEXT NOT NULL, cid TEXT, changed_position INTEGER NOT NULL, date_created INTEGER NOT NULL
);
CREATE UNIQUE INDEX by_index ON messages (conversation_sid, "index");
CREATE UNIQUE INDEX by_cid ON messages (conversation_sid, author, cid);
CREATE INDEX by_position ON messages (conversation_sid, changed_position);
"""
_INSERT = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UPDATE = "UPDATE conversations SET position = ?, next_index = ? WHERE sid = ?"


class BareSqlite:
    """Messages with the same indexes as ours, written by SQL alone; what a commit promises is on disk (WAL, FULL)."""

    def __init__(self, path: Path) -> None:
        self._sqlite = sqlite3.connect(path, isolation_level=None)
        self._sqlite.execute("PRAGMA journal_mode = WAL")
        self._sqlite.execute("PRAGMA synchronous = FULL")
        self._sqlite.executescript(_TABLES)
        self._numbers = itertools.count()
        self._rooms = [f"CH{n:032x}" for n in range(CLIENTS // MEMBERS)]
        self._sqlite.executemany("INSERT INTO conversations VALUES (?, 0, 0)", [(sid,) for sid in self._rooms])

    def close(self) -> None:
        self._sqlite.close()

    def per_second(self, seconds: float, group: int) -> float:
        """Messages a second when `group` of them share a transaction, on the servers' core."""
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {SERVER_CORE})
        try:
            count, began = 0, time.perf_counter()
            while (spent := time.perf_counter() - began) < seconds:
                self._transaction(group)
                count += group
            return count / spent
        finally:
            os.sched_setaffinity(0, before)

    def _transaction(self, group: int) -> None:
        numbers = [next(self._numbers) for _ in range(group)]
        self._sqlite.execute("BEGIN IMMEDIATE")
        self._sqlite.executemany(_INSERT, map(self._message, numbers))
        self._sqlite.executemany(_UPDATE, [(n, n, self._rooms[n % len(self._rooms)]) for n in numbers])
        self._sqlite.execute("COMMIT")

    def _message(self, n: int) -> tuple[Any, ...]:
        sid, room, cid = f"IM{n:032x}", self._rooms[n % len(self._rooms)], f"{n:015d}"
        return sid, room, n, f"client-{n % CLIENTS}", "x" * BODY_CHARS, f'{{"cid":"{cid}"}}', cid, n, n


@contextmanager
def senders(programs: Path, folder: Path, server: Server) -> Iterator[Load]:
    """`CLIENTS` connected clients, `MEMBERS` to a room, each of which may speak."""
    groups = [[f"client-{first + n}" for n in range(MEMBERS)] for first in range(0, CLIENTS, MEMBERS)]
    rooms = [make_rooms(server, owner, [others])[0] for owner, *others in groups]
    plan = folder / "senders"
    write_plan(plan, server, rooms, documents=True, speakers=MEMBERS)
    with load(programs, server.port, server.pid, plan) as clients:
        yield clients
