"""PostgreSQL databases with the service's tables, for one test after the other.

A test's rows are deleted after it, since making a database costs hundreds of times as much as that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from psycopg import sql

from tests.servers import Postgres

# Whatever makes, changes or removes a table, an index or a trigger writes a row of these anew; OIDs from 16384 on are
# not PostgreSQL's own.
_SCHEMA = """
SELECT array_agg(c.xmin::text ORDER BY c.oid) FROM pg_class c WHERE oid >= 16384 UNION ALL
SELECT array_agg(t.xmin::text ORDER BY t.oid) FROM pg_trigger t WHERE oid >= 16384
"""
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Copies:
    """Copies of a database that has tables and no rows but Alembic's: one, or more if several are needed at once."""

    def __init__(self, postgres: Postgres, template: str) -> None:
        self._postgres = postgres
        self._template = template
        self._idle: list[_Copy] = []

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a copy that is nobody else's meanwhile."""
        copy = self._idle.pop() if self._idle else _Copy(self._postgres, self._template)
        try:
            yield copy.url
        finally:
            if copy.emptied():
                self._idle.append(copy)
            else:
                copy.drop()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().drop()


class _Copy:
    def __init__(self, postgres: Postgres, template: str) -> None:
        self._stack = ExitStack()
        self.url = self._stack.enter_context(postgres.database(template=template))
        # Foreign keys need not be checked where all rows go.
        options = "-c session_replication_role=replica -c synchronous_commit=off"
        self._connection = psycopg.connect(self.url, autocommit=True, options=options)
        self._stack.enter_context(self._connection)
        self._schema = self._connection.execute(_SCHEMA).fetchall()
        tables = {str(name) for (name,) in self._connection.execute(_TABLES)} - {"alembic_version"}
        self._delete = sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in tables)

    def emptied(self) -> bool:
        """Whether it is as it was made; not where a test changed the schema, or broke off our connection."""
        try:
            self._connection.execute(_END_OTHERS)
            if self._connection.execute(_SCHEMA).fetchall() != self._schema:
                return False
            self._connection.execute(self._delete)
        except psycopg.OperationalError:
            return False
        return True

    def drop(self) -> None:
        self._stack.close()
