"""Several writers on one PostgreSQL database, and connections that break."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import psycopg
import pytest

from roomful.conversations.core.model import Conversation, Message, Role, User
from roomful.conversations.core.ports import Reads
from roomful.conversations.store.postgres import PostgresConnection
from roomful.conversations.store.schema import table_of
from roomful.conversations.store.store import Store
from tests.servers import wait_for

from .commands import ACTOR, SERVICE, Add, Create, Send, Touch, Widen, conversation, role, user
from .conftest import RecordingBus, new_sid

pytestmark = pytest.mark.anyio

# So many that PostgreSQL looks each one up by its key.
SIDS = [f"CH{i:03}" for i in range(200)]
IDENTITIES = [f"user{i:03}" for i in range(200)]


@pytest.fixture
async def nodes(postgres_database: str) -> AsyncIterator[list[Store]]:
    """Two stores on one database."""
    stores = [Store.open(postgres_database, clock=lambda: 1_000, sids=new_sid, bus=RecordingBus()) for _ in range(2)]
    rows = (*map(conversation, SIDS), *map(user, IDENTITIES))
    await stores[0].writer.submit(ACTOR, Add(rows))
    yield stores
    for store in stores:
        await store.close()


def deadlocks(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        row = found.fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("row", [Conversation, User])
async def test_locks_are_taken_in_one_order_whatever_the_order_of_the_keys(
    nodes: list[Store], postgres_database: str, row: type[Conversation] | type[User]
) -> None:
    """Asked for the last, the first and a middle one, a node that must wait for the middle one holds only the first."""
    table, fields = table_of(row), ("sid",) if row is Conversation else ("service_sid", "identity")
    last, first, middle = (
        [(SIDS[i],) for i in (9, 1, 5)] if row is Conversation else [(SERVICE, IDENTITIES[i]) for i in (9, 1, 5)]
    )
    holder, waiter, third = (PostgresConnection(postgres_database) for _ in range(3))
    holder.begin()
    holder.lock(table, fields, [middle])
    waiter.begin()
    waiting = asyncio.ensure_future(asyncio.to_thread(waiter.lock, table, fields, [last, first, middle]))
    await asyncio.to_thread(wait_for, lambda: locks_waited_for(postgres_database) == 1)
    for keys, free in ((last, True), (first, False)):
        third.begin()
        third._postgres.execute("SET LOCAL lock_timeout = '50ms'")
        if free:
            third.lock(table, fields, [keys])
        else:
            with pytest.raises(psycopg.errors.LockNotAvailable):
                third.lock(table, fields, [keys])
        third.rollback()
    holder.rollback()
    assert len(await waiting) == 3
    for connection in (holder, waiter, third):
        connection.close()


def locks_waited_for(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    assert found is not None
    return int(found[0])


async def test_two_writers_with_interleaved_streams_neither_deadlock_nor_lose_a_change(
    nodes: list[Store], postgres_database: str, logs: list[dict[str, object]]
) -> None:
    chance = random.Random(7)  # noqa: S311

    async def client(store: Store) -> None:
        for _ in range(10):
            identities, sids = chance.sample(IDENTITIES, 20), chance.sample(SIDS, 20)
            await store.writer.submit(ACTOR, Touch(tuple(identities), tuple(sids)))

    await asyncio.gather(*(client(store) for store in nodes for _ in range(4)))

    def positions(reads: Reads) -> int:
        conversations, users = reads.find(Conversation, "sid", SIDS), reads.find(User, "identity", IDENTITIES)
        return sum(row.position - 1 for row in conversations) + sum(row.position - 1 for row in users)

    assert await nodes[0].reads.read(positions) == 2 * 4 * 10 * 40
    assert deadlocks(postgres_database) == 0
    assert [entry for entry in logs if entry["log_level"] != "debug"] == [], "no batch fell apart"


async def test_two_writers_give_every_message_of_a_conversation_its_own_index(nodes: list[Store]) -> None:
    sends = [store.writer.submit(ACTOR, Send(SIDS[0], "hello")) for _ in range(100) for store in nodes]
    assert sorted(await asyncio.gather(*sends)) == list(range(200))


async def test_a_name_that_two_nodes_give_at_once_has_one_owner(nodes: list[Store]) -> None:
    creations = [
        store.writer.submit(ACTOR, Create(conversation(f"CHnew{i}{j}", unique_name=f"name{i}")))
        for i in range(20)
        for j, store in enumerate(nodes)
    ]
    results = await asyncio.gather(*creations, return_exceptions=True)
    for pair in zip(results[::2], results[1::2], strict=True):
        assert sorted(getattr(result, "status", 201) for result in pair) == [201, 409]


async def test_a_lost_connection_is_opened_anew(nodes: list[Store], postgres_database: str) -> None:
    store = nodes[0]
    assert await store.reads.read(lambda reads: reads.count(Message)) == 0
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await store.writer.submit(ACTOR, Send(SIDS[0], "after")) == 0
    assert await store.reads.read(lambda reads: reads.count(Message)) == 1


async def test_a_database_that_is_away_fails_the_commands_and_not_the_writer(
    nodes: list[Store], postgres_database: str
) -> None:
    """Refusing new connections and ending the old ones is what a restart of the server looks like."""
    name = postgres_database.rpartition("/")[2]
    maintenance = postgres_database.removesuffix(name) + "postgres"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        results = await asyncio.gather(
            *(nodes[0].writer.submit(ACTOR, Send(SIDS[0], str(i))) for i in range(50)), return_exceptions=True
        )
        assert {getattr(result, "status", None) for result in results} == {500}
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    assert await nodes[0].writer.submit(ACTOR, Send(SIDS[0], "again")) == 0


async def test_exclusive_commands_read_under_a_lock_what_no_stream_guards(nodes: list[Store]) -> None:
    """Two nodes that change different fields of one role, each reading and writing the whole row, lose neither."""
    await nodes[0].writer.submit(ACTOR, Add((role("RL1"),)))
    await asyncio.gather(*(nodes[i % 2].writer.submit(ACTOR, Widen("RL1", f"p{i}")) for i in range(40)))
    found = await nodes[0].reads.read(lambda reads: reads.one(Role, sid="RL1"))
    assert found is not None
    assert set(found.permissions.split()) == {f"p{i}" for i in range(40)}
    assert found.service_sid == SERVICE
