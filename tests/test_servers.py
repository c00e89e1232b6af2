"""The fixtures themselves: the private PostgreSQL and the two kinds of database URL."""

import psycopg
import pytest

from tests.copies import Copies
from tests.servers import Postgres, wait_for


def test_postgres_is_15_or_newer_and_durable(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('fsync'), "
            "current_setting('synchronous_commit')"
        ).fetchone()
    assert row is not None
    version, fsync, synchronous_commit = row
    assert version >= 150000
    assert (fsync, synchronous_commit) == ("on", "on")


def test_each_database_is_fresh_and_goes_away(postgres: Postgres) -> None:
    with postgres.database() as first, postgres.database() as second:
        assert first != second
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE t (a int)")
        with psycopg.connect(second) as connection:
            assert connection.execute("SELECT to_regclass('t')").fetchone() == (None,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first)


def test_a_copy_is_handed_out_again_empty(postgres_copies: Copies) -> None:
    with postgres_copies.empty() as first:
        left_open = psycopg.connect(first)
        left_open.execute("INSERT INTO nodes VALUES ('here', 1)")
        left_open.commit()
        left_open.execute("LOCK TABLE nodes")
    with postgres_copies.empty() as second, psycopg.connect(second) as connection:
        assert second == first
        assert connection.execute("SELECT count(*) FROM nodes").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_copy_whose_schema_was_changed_is_not(postgres_copies: Copies) -> None:
    with postgres_copies.empty() as first, psycopg.connect(first) as connection:
        connection.execute("ALTER TABLE nodes ADD COLUMN extra int")
    with postgres_copies.empty() as second:
        assert second != first


def test_database_url_is_of_both_kinds(database_url: str) -> None:
    assert database_url.partition(":")[0] in ("sqlite", "postgresql")


def test_wait_for_gives_up() -> None:
    with pytest.raises(AssertionError, match=r"waited 0\.05 s for the moon"):
        wait_for(lambda: None, 0.05, "the moon")
