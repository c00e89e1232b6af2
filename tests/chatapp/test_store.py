"""The chat database: its tables, its durability, and two processes that start at once."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, text

from roomful.chatapp.accounts import Account, Accounts
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database, StoreError

OPEN = "import sys; from roomful.chatapp.store.database import Database; Database(sys.argv[1]).open(); print('opened')"


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    config = Config()
    folder = Path(schema.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


def test_migrations_make_the_tables_of_the_schema(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with database.read() as connection:
        name = "chat" if connection.dialect.name == "postgresql" else None
        context = MigrationContext.configure(
            connection.execution_options(schema_translate_map=None),
            opts={
                "version_table_schema": name,
                "include_schemas": name is not None,
                "include_name": lambda found, kind, _: kind != "schema" or found == name,
            },
        )
        wanted = schema.metadata
        if name:
            wanted = type(wanted)()
            for table in schema.metadata.tables.values():
                table.to_metadata(wanted, schema=name)
        assert compare_metadata(context, wanted) == []
    database.close()


NEWER = (
    *(("accounts", "user_updated"), ("accounts", "avatar"), ("accounts", "deleted_at"), ("accounts", "tokens_from")),
    *(("sessions", "seen_at"), ("sessions", "browser")),
)


NEWEST = ("reactions", "pins", "mentions", "levels")


def test_an_older_database_keeps_its_people(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with database.write() as connection:
        prefix = "chat." if connection.dialect.name == "postgresql" else ""
        for table in ("chores", "avatars", "invites", "bans", "farewells", "acts", *NEWEST):
            connection.exec_driver_sql(f"DROP TABLE {prefix}{table}")
        for table, column in NEWER:
            connection.exec_driver_sql(f"ALTER TABLE {prefix}{table} DROP COLUMN {column}")
        connection.exec_driver_sql(f"UPDATE {prefix}alembic_version SET version_num = '0001'")  # noqa: S608
        values = {"identity": "ana", "friendly_name": "Ana", "admin": True, "created_at": 1, "ready_at": 2}
        connection.execute(insert(schema.accounts).values(values))
    database.close()
    assert Accounts(database).find("ana") == Account("ana", "Ana", None, True, True, None, False, None, since=1)
    database.close()


def test_a_database_of_a_newer_version_is_refused(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with database.write() as connection:
        prefix = "chat." if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"UPDATE {prefix}alembic_version SET version_num = '9999'"))  # noqa: S608
    database.close()
    with pytest.raises(StoreError, match="newer Roomful"):
        Database(empty_database_url).open()


def test_processes_that_start_at_once_do_not_collide(empty_database_url: str) -> None:
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, empty_database_url], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for start in starts:
        out, err = start.communicate(timeout=60)
        assert (out.decode().strip(), err.decode()) == ("opened", "")


def test_sqlite_is_durable_and_private(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/deep/chat.db")
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
        pragmas |= {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("busy_timeout", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000, "foreign_keys": 1}
    assert (tmp_path / "deep" / "chat.db").stat().st_mode & 0o077 == 0
    database.close()


def test_a_write_takes_the_lock_before_it_reads(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chat.db"
    one, other = Database(url), Database(url)
    one.open()
    with one.write():
        other.open()  # readers and opening are not held up
        with other.read() as connection:
            connection.execute(text("SELECT count(*) FROM accounts"))
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            connection.rollback()
            with pytest.raises(Exception, match="locked"):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
    one.close()
    other.close()


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError) as refusal:
        Database(f"sqlite:///{tmp_path}/file/chat.db").open()
    assert "chat.db" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "chat.db").write_bytes(b"not a database " * 100)
    with pytest.raises(StoreError, match=r"cannot be opened: file is not a database"):
        Database(f"sqlite:///{tmp_path}/chat.db").open()
