"""The writer: group commit, who is told what and when, and what happens when something fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from roomful.conversations.core import errors
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import ConversationAdded, MessageAdded, StreamCommit, TokensRevoked
from roomful.conversations.core.model import Account, Conversation, Message
from roomful.conversations.core.ports import Actor, Needs, Tx
from roomful.conversations.store.postgres import PostgresConnection
from roomful.conversations.store.sqlite import SqliteConnection
from roomful.conversations.store.store import Store
from tests.servers import wait_for

from .commands import ACTOR, SERVICE, Add, Clear, Hold, Rename, Send, Touch, conversation, user
from .conftest import OpenStore, RecordingBus, execute, together

pytestmark = pytest.mark.anyio

ROOM = conversation("CHroom")


@pytest.fixture
async def room(store: Store, bus: RecordingBus) -> Conversation:
    await store.writer.submit(ACTOR, Add((ROOM,)))
    bus.batches.clear()
    return ROOM


async def bodies(store: Store) -> list[str | None]:
    """The texts of all messages of the room, in order."""
    found = await store.reads.read(
        lambda reads: reads.page(Message, order="index", limit=10_000, conversation_sid=ROOM.sid)
    )
    return [message.body for message in found]


async def test_what_is_acknowledged_is_on_disk(store: Store) -> None:
    """Asked on the writer's own connection: it is a setting of connections, not of databases."""
    connection = store.writer.connection
    if isinstance(connection, SqliteConnection):
        assert connection.synchronous() == 2
    else:
        assert isinstance(connection, PostgresConnection)
        assert connection.synchronous_commit() == "on"


async def test_everything_that_waits_is_one_commit_and_one_publication(
    store: Store, room: Conversation, bus: RecordingBus
) -> None:
    assert await together(store, *(Send(room.sid, str(i)) for i in range(100))) == list(range(100))
    [[commit]] = bus.batches
    assert (commit.stream, commit.before, commit.after) == (room.sid, 1, 101)
    assert [event.position for event in commit.events] == list(range(2, 102))
    assert await bodies(store) == [str(i) for i in range(100)]


async def test_more_than_a_thousand_commands_are_several_commits(
    store: Store, room: Conversation, bus: RecordingBus
) -> None:
    assert await together(store, *(Send(room.sid, str(i)) for i in range(1_500))) == list(range(1_500))
    first, second = (len(commit.events) for commit in bus.commits)
    assert first in (999, 1_000)  # a command of upkeep's may have waited with them
    assert first + second == 1_500


def count_messages(url: str) -> int:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM messages").scalar_one())


async def test_the_bus_hears_before_the_caller_and_after_the_commit(
    store: Store, room: Conversation, bus: RecordingBus, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed: list[int] = []
    publish = bus.publish

    def heard(commits: Sequence[StreamCommit]) -> None:
        """A bus that looks at the database, through a connection of its own, when it hears."""
        committed.append(count_messages(database_url))
        publish(commits)

    async def send() -> None:
        await store.writer.submit(ACTOR, Send(room.sid, "hello"))
        bus.log.append("answered")

    monkeypatch.setattr(bus, "publish", heard)
    bus.log.clear()
    await send()
    await send()
    assert bus.log == ["published", "answered"] * 2
    assert committed == [1, 2]


async def test_a_bus_that_fails_does_not_fail_the_caller(
    store: Store, room: Conversation, bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(commits: Any) -> None:
        raise OSError("the bus is away")

    monkeypatch.setattr(bus, "publish", publish)
    assert await store.writer.submit(ACTOR, Send(room.sid, "hello")) == 0


async def test_streams_are_told_in_the_order_users_conversations_others(store: Store, bus: RecordingBus) -> None:
    def revoke(tx: Tx) -> None:
        tx.emit(TokensRevoked(SERVICE, 0, frozenset({"0"}), None))

    await store.writer.submit(ACTOR, Add((ROOM, user("anna"), user("ben"))))
    assert bus.commits == [
        StreamCommit("USanna", 0, 1, ()),
        StreamCommit("USben", 0, 1, ()),
        StreamCommit(ROOM.sid, 0, 1, (ConversationAdded(ROOM.sid, 1, ROOM),)),
    ]
    bus.batches.clear()
    await together(store, Send(ROOM.sid, "hello", then=revoke), Touch(("anna",), (ROOM.sid,)))
    assert [(commit.stream, commit.before, commit.after) for commit in bus.commits] == [
        ("USanna", 1, 2),
        (ROOM.sid, 1, 3),
        (SERVICE, 0, 0),
    ]


async def test_a_refusal_goes_to_its_caller_alone_and_leaves_nothing(
    store: Store, room: Conversation, bus: RecordingBus
) -> None:
    def refuse(tx: Tx) -> None:
        raise errors.forbidden("sendMessage")

    results = await together(store, Send(room.sid, "a"), Send(room.sid, "b", then=refuse), Send(room.sid, "c"))
    assert results[0::2] == [0, 1]
    assert (results[1].status, results[1].code) == (403, 50107)
    assert await bodies(store) == ["a", "c"]
    assert [type(event) for event in bus.commits[0].events] == [MessageAdded, MessageAdded]
    assert len(bus.batches) == 1


async def test_a_mistake_in_a_command_is_logged_and_fails_its_caller_alone(
    store: Store, room: Conversation, bus: RecordingBus, logs: list[dict[str, Any]]
) -> None:
    def crash(tx: Tx) -> None:
        raise ZeroDivisionError

    results = await together(store, Send(room.sid, "a"), Send(room.sid, "b", then=crash), Send(room.sid, "c"))
    assert results[0::2] == [0, 1]
    assert results[1].status == 500
    assert await bodies(store) == ["a", "c"]
    assert len(bus.batches) == 1
    assert [entry["event"] for entry in logs] == ["writer.command_failed"]


async def test_a_key_that_the_batch_knows_to_be_taken_is_a_conflict(store: Store) -> None:
    names = [Add((conversation(f"CH{i}", unique_name="same"),)) for i in range(3)]
    results = await together(store, *names)
    assert results[0] is None
    assert [result.status for result in results[1:]] == [409, 409]


async def test_a_key_that_only_the_database_knows_to_be_taken_fails_its_command_alone(
    store: Store, room: Conversation, bus: RecordingBus
) -> None:
    await store.writer.submit(ACTOR, Add((conversation("CHfirst", unique_name="taken"),)))
    bus.batches.clear()
    twice = Add((conversation("CHsecond", unique_name="taken"),))
    results = await together(store, Send(room.sid, "a"), twice, Send(room.sid, "b"))
    assert results[0::2] == [0, 1]
    assert results[1].status == 409
    assert await bodies(store) == ["a", "b"]
    assert [(commit.before, commit.after) for commit in bus.commits] == [(1, 2), (2, 3)], "its commands ran one by one"


async def test_keys_may_change_hands_within_a_batch(store: Store) -> None:
    await store.writer.submit(ACTOR, Add((conversation("CHx", unique_name="x"), conversation("CHy", unique_name="y"))))
    assert await together(store, Rename("CHx", None), Rename("CHy", "x"), Rename("CHx", "y")) == [None] * 3
    found = await store.reads.read(lambda reads: reads.find(Conversation, "sid", ["CHx", "CHy"]))
    assert {row.sid: row.unique_name for row in found} == {"CHx": "y", "CHy": "x"}


async def test_text_that_the_database_refuses_fails_its_command_alone(store: Store, room: Conversation) -> None:
    results = await together(store, Send(room.sid, "a"), Send(room.sid, "\ud800"), Send(room.sid, "b"))
    assert results[0::2] == [0, 1]
    assert results[1].status == 500
    assert await bodies(store) == ["a", "b"]


def break_commits(store: Store, url: str) -> None:
    """From now on a transaction that inserts a message "broken" fails at COMMIT: by a deferred constraint."""
    if isinstance(store.writer.connection, SqliteConnection):
        sqlite = store.writer.connection._sqlite

        def enforced() -> bool:
            """SQLite ignores the setting inside a transaction, and the store begins with one of its upkeep."""
            sqlite.execute("PRAGMA foreign_keys = ON")
            return bool(sqlite.execute("PRAGMA foreign_keys").fetchone()[0])

        wait_for(enforced)
        execute(
            url,
            "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
            "CREATE TABLE children (parent REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
            """CREATE TRIGGER breaks AFTER INSERT ON messages WHEN new.body = 'broken'
               BEGIN INSERT INTO children VALUES (1); END""",
        )
    else:
        execute(
            url,
            """CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION 'no commit'; END $$""",
            """CREATE CONSTRAINT TRIGGER breaks AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW WHEN (new.body = 'broken') EXECUTE FUNCTION breaks()""",
        )


async def test_when_the_commit_fails_all_of_the_batch_fail_and_nobody_hears(
    store: Store, room: Conversation, bus: RecordingBus, database_url: str
) -> None:
    break_commits(store, database_url)
    results = await together(store, Send(room.sid, "a"), Send(room.sid, "broken"), Send(room.sid, "b"))
    assert [result.status for result in results] == [500, 500, 500]
    assert bus.batches == []
    assert await bodies(store) == []
    assert await together(store, Send(room.sid, "c"), Send(room.sid, "d")) == [0, 1]
    assert await bodies(store) == ["c", "d"]


async def test_an_exclusive_command_has_its_own_transaction_in_the_order_of_arrival(
    store: Store, room: Conversation, bus: RecordingBus
) -> None:
    commands = [Send(room.sid, "a"), Send(room.sid, "b"), Clear(room.sid), Send(room.sid, "c"), Add((ROOM,))]
    results = await together(store, *commands, Send(room.sid, "d"))
    assert results[:3] == [0, 1, 0]
    assert results[3].status == 404
    assert results[4:] == [None, 0]
    assert [len(batch) for batch in bus.batches] == [1, 1]
    assert await bodies(store) == ["d"]


async def test_an_exclusive_command_that_fails_leaves_nothing(store: Store, bus: RecordingBus) -> None:
    class Fail:
        exclusive: ClassVar[bool] = True

        def needs(self, actor: Actor) -> Needs:
            return Needs()

        def decide(self, actor: Actor, tx: Tx) -> None:
            tx.add(Account("AC1", 1, "token", "IS1", 1, 1))
            tx.lock(Needs())
            tx.all(Account, order="sid")
            raise errors.conflict()

    with pytest.raises(ServiceError):
        await store.writer.submit(ACTOR, Fail())
    assert await store.reads.read(lambda reads: reads.count(Account)) == 0
    assert bus.batches == []


async def test_no_more_commands_wait_than_allowed(open_store: OpenStore) -> None:
    store = open_store(max_waiting=5)
    for row in (ROOM, user("anna"), user("ben")):  # one after the other, so that the store's own upkeep is done
        await store.writer.submit(ACTOR, Add((row,)))
    results = await together(store, *(Send(ROOM.sid, str(i)) for i in range(8)))
    assert results[:5] == list(range(5))
    assert [(result.status, result.code) for result in results[5:]] == [(503, 20503)] * 3
    assert await store.writer.submit(ACTOR, Send(ROOM.sid, "later")) == 5


async def test_closing_finishes_what_waits_and_refuses_the_rest(store: Store, room: Conversation) -> None:
    hold = Hold()
    held = asyncio.ensure_future(store.writer.submit(ACTOR, hold))
    waiting = asyncio.ensure_future(store.writer.submit(ACTOR, Send(room.sid, "last")))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(store.writer.close())
    await asyncio.sleep(0)
    with pytest.raises(ServiceError, match="shutting down"):
        await store.writer.submit(ACTOR, Send(room.sid, "late"))
    hold.release.set()
    await asyncio.gather(held, closing)
    assert await waiting == 0
    assert await bodies(store) == ["last"]


async def test_a_caller_that_stops_waiting_does_not_take_its_command_back(store: Store, room: Conversation) -> None:
    hold = Hold()
    held = asyncio.ensure_future(store.writer.submit(ACTOR, hold))
    given_up = asyncio.ensure_future(store.writer.submit(ACTOR, Send(room.sid, "given up")))
    await asyncio.sleep(0)
    given_up.cancel()
    hold.release.set()
    await held
    assert await store.writer.submit(ACTOR, Send(room.sid, "next")) == 1
    assert given_up.cancelled()
    assert await bodies(store) == ["given up", "next"]
