"""Reads: the generic queries against Python's own sorting and counting, and the snapshot of a read."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from roomful.conversations.core.model import Conversation, Message, Participant, Service, User
from roomful.conversations.core.ports import Reads
from roomful.conversations.store.store import Store

from .commands import ACTOR, SERVICE, Add, Send, conversation, message, user

pytestmark = pytest.mark.anyio

ROOM = conversation("CH0", unique_name="room")
MESSAGES = tuple(
    message(conversation("CH0", next_index=i, position=i + 1), f"IM{i:02}", f"text {i}", cid=str(i) if i % 2 else None)
    for i in range(10)
)


@pytest.fixture
async def filled(store: Store) -> Store:
    others = tuple(conversation(f"CH{i}", friendly_name="Ünïcode") for i in range(1, 6))
    await store.writer.submit(ACTOR, Add((ROOM, *others, *MESSAGES, user("anna"), user("ben"))))
    members = tuple(
        Participant(
            sid=f"MB{i}",
            conversation_sid=f"CH{i}",
            user_sid="USanna",
            identity="anna",
            attributes="{}",
            role_sid="RL",
            last_read_message_index=None,
            last_read_date=None,
            notification_level="default",
            conv_created=1,
            conv_changed=1,
            user_created=i,
            user_changed=i,
            date_created=1,
            date_updated=1,
        )
        for i in (4, 1, 3)
    )
    await store.writer.submit(ACTOR, Add(members))
    return store


def pages(reads: Reads, **options: Any) -> list[int]:
    return [row.index for row in reads.page(Message, order="index", conversation_sid="CH0", **options)]


async def test_pages(filled: Store) -> None:
    def query(reads: Reads) -> list[list[int]]:
        return [
            pages(reads, limit=3),
            pages(reads, limit=3, start=2),
            pages(reads, limit=3, start=2, inclusive=True),
            pages(reads, limit=3, descending=True),
            pages(reads, limit=3, start=5, descending=True),
            pages(reads, limit=3, start=5, descending=True, inclusive=True),
            pages(reads, limit=3, start=9),
            pages(reads, limit=3, start=0, inclusive=True, author="nobody"),
        ]

    assert await filled.reads.read(query) == [
        *([0, 1, 2], [3, 4, 5], [2, 3, 4], [9, 8, 7], [4, 3, 2], [5, 4, 3]),
        *([], []),
    ]


async def test_rows_come_back_as_they_went_in(filled: Store) -> None:
    service = Service(SERVICE, "AC1", "name", "RL1", "RL2", "RL3", True, 1, 2**53)
    await filled.writer.submit(ACTOR, Add((service,)))
    found = await filled.reads.read(lambda reads: (reads.one(Service, sid=SERVICE), reads.one(Message, sid="IM03")))
    assert found == (service, MESSAGES[3])
    assert found[0] is not None
    assert found[0].reachability_enabled is True


async def test_one_matches_any_columns_and_null(filled: Store) -> None:
    def query(reads: Reads) -> list[Any]:
        return [
            reads.one(Conversation, service_sid=SERVICE, unique_name="room"),
            reads.one(Conversation, unique_name="none"),
            reads.count(Conversation, unique_name=None),
            reads.count(Message, conversation_sid="CH0", cid=None),
        ]

    assert await filled.reads.read(query) == [ROOM, None, 5, 5]


async def test_counts(filled: Store) -> None:
    def query(reads: Reads) -> list[int]:
        return [
            reads.count(Message, conversation_sid="CH0"),
            reads.count_above(Message, "index", 6, conversation_sid="CH0"),
            reads.count_above(Message, "index", -1, conversation_sid="CH0"),
            reads.count(User),
        ]

    assert await filled.reads.read(query) == [10, 3, 10, 2]


async def test_memberships_are_ordered_by_conversation_and_paged(filled: Store) -> None:
    def query(reads: Reads) -> list[list[tuple[str, str]]]:
        found = (reads.memberships("USanna", after=after, limit=2) for after in ("", "CH3"))
        return [[(participant.sid, of.sid) for participant, of in page] for page in found]

    assert await filled.reads.read(query) == [[("MB1", "CH1"), ("MB3", "CH3")], [("MB4", "CH4")]]


async def test_find(filled: Store) -> None:
    def query(reads: Reads) -> list[set[str]]:
        return [
            {row.sid for row in reads.find(Conversation, "sid", ["CH2", "CH0", "CH2", "CHnone"])},
            {row.sid for row in reads.find(Message, "index", [3, 4])},
            {row.sid for row in reads.find(User, "identity", [])},
        ]

    assert await filled.reads.read(query) == [{"CH0", "CH2"}, {"IM03", "IM04"}, set()]


async def test_text_sorts_by_code_point_on_both_databases(store: Store) -> None:
    names = ["b", "B", "a-c", "ab", "é", "z", "_"]
    await store.writer.submit(ACTOR, Add(tuple(user(name) for name in names)))
    found = await store.reads.read(lambda reads: reads.page(User, order="identity", limit=10, service_sid=SERVICE))
    assert [row.identity for row in found] == sorted(names)


async def test_a_read_sees_one_moment(filled: Store) -> None:
    """What is committed between two queries of one read is not seen by the second."""
    first, second = threading.Event(), threading.Event()

    def query(reads: Reads) -> tuple[int, int]:
        before = reads.count(Message, conversation_sid="CH0")
        first.set()
        assert second.wait(30)
        return before, reads.count(Message, conversation_sid="CH0")

    reading = asyncio.ensure_future(filled.reads.read(query))
    await asyncio.to_thread(first.wait, 30)
    await filled.writer.submit(ACTOR, Send("CH1", "meanwhile"))
    await filled.writer.submit(ACTOR, Add((message(conversation("CH0", next_index=99), "IM99", "meanwhile"),)))
    second.set()
    assert await reading == (10, 10)
    assert await filled.reads.read(lambda reads: reads.count(Message, conversation_sid="CH0")) == 11


async def test_an_exception_of_a_query_reaches_its_caller_and_frees_its_reader(filled: Store) -> None:
    def query(reads: Reads) -> None:
        raise LookupError("no")

    for _ in range(10):
        with pytest.raises(LookupError):
            await filled.reads.read(query)
    assert await filled.reads.read(lambda reads: reads.count(User)) == 2
