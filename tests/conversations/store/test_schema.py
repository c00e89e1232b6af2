"""The tables and their migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from roomful.conversations.core import model
from roomful.conversations.core.model import Conversation, Media, Message, Row, WebhookCall
from roomful.conversations.store import migrations
from roomful.conversations.store.migrations import MigrationError
from roomful.conversations.store.schema import STREAMS, TABLES, UNGUARDED, metadata
from roomful.conversations.store.store import Store, StoreError

from .conftest import RecordingBus, execute, new_sid


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(empty_database_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def described(engine: sa.Engine) -> dict[str, Any]:
    """All that the database says about its tables, but for Alembic's own."""
    inspector = sa.inspect(engine)
    return {
        table: (
            [
                (column["name"], repr(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            ],
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted(
                (index["name"], index["column_names"], bool(index["unique"])) for index in inspector.get_indexes(table)
            ),
            inspector.get_foreign_keys(table),
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_the_migrations_make_exactly_the_schema(empty_database_url: str, engine: sa.Engine) -> None:
    migrations.upgrade(empty_database_url)
    migrated = described(engine)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert migrated == described(engine)


FIRST_ROWS: dict[str, dict[str, Any]] = {
    "conversations": {
        **{"sid": "CH1", "service_sid": "IS1", "friendly_name": "Room", "unique_name": None, "attributes": "{}"},
        **{"state": "active", "created_by": "ann", "position": 3, "document_position": 2, "pruned_to": 0},
        **{"next_index": 1, "last_message_index": 0, "last_message_date": 5, "messages_count": 1},
        **{"participants_count": 1, "date_created": 4, "date_updated": 8},
    },
    "users": {
        **{"sid": "US1", "service_sid": "IS1", "identity": "ann", "friendly_name": None, "attributes": "{}"},
        **{"role_sid": "RL1", "position": 2, "friendly_name_position": 1, "attributes_position": 1, "pruned_to": 0},
        **{"conversations_count": 1, "date_created": 4, "date_updated": 8},
    },
    "messages": {
        **{
            "sid": "IM1",
            "conversation_sid": "CH1",
            "index": 0,
            "author": "ann",
            "participant_sid": None,
            "body": "hello",
        },
        **{"subject": None, "attributes": '{"cid":"c"}', "cid": "c", "last_updated_by": None, "created_position": 3},
        **{"changed_position": 3, "date_created": 5, "date_updated": 5},
    },
}
"""What version 1 wrote."""


def test_an_installation_of_the_first_version_keeps_everything(empty_database_url: str, engine: sa.Engine) -> None:
    """Rows of revision 0001 get the values that the new columns have for what was there before."""
    migrations.upgrade(empty_database_url, "0001")
    with engine.begin() as connection:
        for table, values in FIRST_ROWS.items():
            names = ", ".join(f'"{name}"' for name in values)
            holes = ", ".join(f":{name}" for name in values)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({holes})"), values)  # noqa: S608
    migrations.upgrade(empty_database_url)
    with engine.begin() as connection:
        room = connection.execute(sa.text("SELECT * FROM conversations")).mappings().one()
        person = connection.execute(sa.text("SELECT * FROM users")).mappings().one()
        message = connection.execute(sa.text("SELECT * FROM messages")).mappings().one()
    for row, values in zip((room, person, message), FIRST_ROWS.values(), strict=True):
        assert {name: row[name] for name in values} == values
    assert (room["state_date"], room["timer_inactive"], room["date_due"], room["webhooks_count"]) == (8, None, None, 0)
    assert (bool(person["online"]), bool(person["notifiable"]), person["reachability_position"]) == (False, False, 1)
    assert message["cid_author"] == "ann", "a send that is repeated after the upgrade is still known"


def test_nodes_that_start_at_once_take_turns(empty_database_url: str, engine: sa.Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrations.upgrade, [empty_database_url] * 4))
    assert set(described(engine)) == set(metadata.tables)


def test_a_newer_schema_is_refused_in_one_line(empty_database_url: str) -> None:
    migrations.upgrade(empty_database_url)
    execute(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MigrationError, match="9999"):
        migrations.upgrade(empty_database_url)


def test_every_row_has_a_table_with_its_fields() -> None:
    rows = [row for row in vars(model).values() if isinstance(row, type) and issubclass(row, Row) and row is not Row]
    assert list(TABLES) == rows
    for row in rows:
        assert TABLES[row].names == tuple(field.name for field in fields(row))
        assert TABLES[row].primary == tuple(column.name for column in TABLES[row].table.primary_key)


def test_fields_become_columns_of_their_type() -> None:
    columns = TABLES[Message].table.columns
    assert isinstance(columns["index"].type, sa.BigInteger)
    assert isinstance(columns["body"].type, sa.Text)
    assert (columns["body"].nullable, columns["author"].nullable) == (True, False)


def test_every_row_that_no_stream_guards_is_named() -> None:
    """A new row class must say whether a stream's lock guards it: then it names the stream, or it is listed."""
    in_streams = {
        row for row in TABLES if {"conversation_sid", "stream_sid", "user_sid"} & set(TABLES[row].names)
    } | set(STREAMS)
    in_streams.remove(WebhookCall)  # added under its stream's lock, but changed and removed without it
    in_streams.remove(Media)  # no stream guards it before a message takes it
    assert set(TABLES) - in_streams == UNGUARDED
    assert Conversation in in_streams


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("mysql://host/db", "must begin with"),
        ("nonsense", "not a URL"),
        ("sqlite:////nowhere/at/all.db", "cannot be opened"),
        ("postgresql://postgres@127.0.0.1:1/none", "cannot be opened"),
    ],
)
@pytest.mark.anyio
async def test_a_wrong_url_is_told_in_one_line(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as raised:
        Store.open(url, clock=lambda: 1, sids=new_sid, bus=RecordingBus())
    assert "\n" not in str(raised.value)


@pytest.mark.anyio
async def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to look at\n" * 100)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(f"sqlite:///{tmp_path / 'text.db'}", clock=lambda: 1, sids=new_sid, bus=RecordingBus())


@pytest.mark.anyio
async def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    store = Store.open(f"sqlite:///{path}", clock=lambda: 1, sids=new_sid, bus=RecordingBus())
    await store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
