"""The two queries of timers: what is due, and how many of a user's conversations are not closed."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from roomful.conversations.core.model import Conversation, Participant
from roomful.conversations.store import queries
from roomful.conversations.store.schema import table_of
from roomful.conversations.store.store import Store

from .commands import ACTOR, Add, conversation
from .conftest import execute

pytestmark = pytest.mark.anyio

MANY = 4_000
INDEX = "ix_conversations_date_due"


@pytest.fixture
async def filled(store: Store) -> Store:
    """Many conversations, of which one in a hundred has a timer: the higher its number, the sooner."""
    rows = [conversation(f"CH{i:04}", date_due=10_000 - i if i % 100 == 0 else None) for i in range(MANY)]
    await asyncio.gather(*(store.writer.submit(ACTOR, Add(tuple(rows[i : i + 500]))) for i in range(0, MANY, 500)))
    return store


async def due(store: Store, end: int, limit: int = 100) -> list[str]:
    rows = await store.reads.read(lambda reads: reads.below(Conversation, "date_due", end, limit))
    return [row.sid for row in rows]


async def test_due_is_what_lies_below_the_soonest_first(filled: Store) -> None:
    assert await due(filled, 6_100) == []
    assert await due(filled, 6_301) == ["CH3900", "CH3800", "CH3700"]
    assert await due(filled, 20_000, limit=2) == ["CH3900", "CH3800"]
    assert len(await due(filled, 20_000)) == MANY // 100


async def test_what_is_due_is_found_by_the_index(filled: Store, database_url: str) -> None:
    """Asked every second: it must not depend on how many conversations there are."""
    execute(database_url, "ANALYZE conversations")
    statement = queries.below(table_of(Conversation), "date_due")
    engine = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        if database_url.startswith("sqlite"):
            text = str(statement.compile(dialect=engine.dialect))
            [plan] = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (6_301, 100, 0))]
            assert plan == f"SEARCH conversations USING INDEX {INDEX} (date_due<?)"
            return
        text = str(statement.compile(dialect=engine.dialect)) % {"end_": "$1", "limit_": "$2"}
        connection.exec_driver_sql(f"PREPARE due (bigint, bigint) AS {text}")
        for mode in ("force_custom_plan", "force_generic_plan"):  # readers' statements are prepared
            connection.exec_driver_sql(f"SET plan_cache_mode = {mode}")
            plan = "\n".join(row[0] for row in connection.exec_driver_sql("EXPLAIN EXECUTE due (6301, 100)"))
            assert f"Index Scan using {INDEX}" in plan
            assert "Seq Scan" not in plan
            assert "Sort" not in plan


def member(number: int, identity: str) -> Participant:
    return Participant(
        *(f"MB{number}{identity}", f"CH{number:04}", f"US{identity}", identity, "{}", "RL", None, None, "default"),
        *(1, 1, number, number, 1, 1),
    )


async def test_open_memberships_leave_out_closed_conversations_and_other_people(
    filled: Store, database_url: str
) -> None:
    rows = [member(i, "anna") for i in range(300)] + [member(i, "ben") for i in range(400)]
    await filled.writer.submit(ACTOR, Add(tuple(rows)))
    execute(database_url, "UPDATE conversations SET state = 'inactive' WHERE sid = 'CH0001'")
    execute(database_url, "UPDATE conversations SET state = 'closed' WHERE sid IN ('CH0002', 'CH0003')")
    values = {"user_sid": "USanna", "state": "closed"}
    engine = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.execute(queries.open_memberships(), values).scalar() == 298
        assert connection.execute(queries.open_memberships(), {**values, "user_sid": "USben"}).scalar() == 398
