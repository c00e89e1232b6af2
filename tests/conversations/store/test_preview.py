"""A preview tells what the command would then announce, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings

from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import Event, StreamCommit
from roomful.conversations.core.model import Conversation, Message, Participant, Role, Row
from roomful.conversations.core.ports import Actor, Needs, Tx
from roomful.conversations.store.store import Store

from .commands import ACTOR, Add, Hold, Widen, conversation, message, role, user
from .conftest import RecordingBus, new_sid
from .test_unit_of_work import Operation, command, operations

_spaces = itertools.count()


def told(events: Sequence[Event]) -> str:
    """What events say, whatever the SIDs of new rows are."""
    names: dict[str, str] = {}
    return re.sub(
        r"[A-Z]{2}[0-9a-f]{32}", lambda found: names.setdefault(found[0], f"{found[0][:2]}#{len(names)}"), repr(events)
    )


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_a_preview_foretells_what_the_command_does(database_url: str, runner: asyncio.Runner) -> None:
    bus = RecordingBus()

    async def open_() -> Store:
        return Store.open(database_url, clock=lambda: 1_000, sids=new_sid, bus=bus)

    async def foretold(space: str, operation: Operation) -> None:
        expected = await result(store.reads.preview(ACTOR, command(space, operation)))
        bus.batches.clear()
        done = await result(store.writer.submit(ACTOR, command(space, operation)))
        assert (told(of(bus.commits)) if done is None else done) == expected

    async def result(work: Awaitable[Any]) -> Any:
        """What was foretold, or a refusal's status; the writer makes a 500 of a command's own mistake."""
        try:
            found = await work
        except ServiceError as error:
            return -error.status
        except ValueError:
            return -500
        return told(found) if isinstance(found, tuple) else None

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(operations)
    def compare(chosen: list[Operation]) -> None:
        space = f"{next(_spaces)}p"
        for operation in chosen:
            runner.run(foretold(space, operation))

    store = runner.run(open_())
    try:
        compare()
    finally:
        runner.run(store.close())


def of(commits: Sequence[StreamCommit]) -> tuple[Event, ...]:
    return tuple(event for commit in commits for event in commit.events)


pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Look:
    """An exclusive command that writes, and keeps what it then reads."""

    write: Any
    read: Any
    seen: list[Any]
    exclusive: ClassVar[bool] = True

    def needs(self, actor: Actor) -> Needs:
        return Needs(conversations=("CHa", "CHb"), users=((ACTOR.service_sid, "ann"),))

    def decide(self, actor: Actor, tx: Tx) -> None:
        self.write(tx)
        self.seen.append(self.read(tx))


def member(of: Conversation, identity: str, **changes: Any) -> Participant:
    row = Participant(
        sid=f"MB{of.sid}{identity}",
        conversation_sid=of.sid,
        user_sid=f"US{identity}",
        identity=identity,
        attributes="{}",
        role_sid="RL",
        last_read_message_index=None,
        last_read_date=None,
        notification_level="default",
        conv_created=1,
        conv_changed=1,
        user_created=1,
        user_changed=1,
        date_created=1,
        date_updated=1,
    )
    return replace(row, **changes)


ROOM_A, ROOM_B = conversation("CHa", next_index=3, unique_name="a"), conversation("CHb", state="inactive")
TEXTS = tuple(message(replace(ROOM_A, next_index=index), f"IM{index}", f"text {index}") for index in range(3))


def nothing(tx: Tx) -> None:
    pass


def remove_last(tx: Tx) -> None:
    for sid in ("IM2", "IM1"):
        found = tx.one(Message, sid=sid)
        assert found is not None
        tx.remove(found)


def add_one(tx: Tx) -> None:
    tx.add(message(ROOM_A, "IM3", "text 3"))


def move(tx: Tx) -> None:
    """A message to another conversation: it matches no longer what the database finds."""
    found = tx.one(Message, sid="IM1")
    assert found is not None
    tx.change(replace(found, conversation_sid="CHb", body="moved"))


def close_a(tx: Tx) -> None:
    found = tx.one(Conversation, sid="CHa")
    assert found is not None
    tx.change(replace(found, state="closed", unique_name=None, position=2))


def leave_b(tx: Tx) -> None:
    found = tx.one(Participant, conversation_sid="CHb", identity="ann")
    assert found is not None
    tx.remove(found)


def empty_a(tx: Tx) -> None:
    add_one(tx)
    assert tx.one(Message, sid="IM0") is not None
    tx.remove_all(Message, conversation_sid="CHa")


def lock_again(tx: Tx) -> None:
    close_a(tx)
    tx.lock(Needs(conversations=("CHa", "CHb")))


def read(tx: Tx) -> list[Any]:
    """All kinds of reading."""
    newest = tx.page(Message, order="index", limit=2, descending=True, conversation_sid="CHa")
    return [
        tx.all(Message, order="index", conversation_sid="CHa"),
        tx.last(Message, order="index", conversation_sid="CHa"),
        newest,
        tx.page(Message, order="index", start=0, limit=1, conversation_sid="CHa"),
        tx.page(Message, order="index", start=1, inclusive=True, limit=5, conversation_sid="CHa"),
        tx.page(Message, order="index", start=2, limit=5, descending=True, conversation_sid="CHa"),
        sorted(tx.find(Message, "sid", ["IM0", "IM1", "IM3"]), key=lambda row: row.sid),
        tx.one(Message, sid="IM2"),
        tx.one(Conversation, sid="CHa"),
        tx.one(Conversation, service_sid=ACTOR.service_sid, unique_name="a"),
        tx.open_memberships("USann"),
    ]


@pytest.mark.parametrize("write", [nothing, remove_last, add_one, move, close_a, leave_b, empty_a, lock_again])
async def test_a_command_reads_in_a_preview_what_it_reads_in_the_writer(store: Store, write: Any) -> None:
    rows: tuple[Row, ...] = (ROOM_A, ROOM_B, *TEXTS, user("ann"), member(ROOM_A, "ann"), member(ROOM_B, "ann"))
    await store.writer.submit(ACTOR, Add(rows))
    foreseen: list[Any] = []
    await store.reads.preview(ACTOR, Look(write, read, foreseen))
    seen: list[Any] = []
    await store.writer.submit(ACTOR, Look(write, read, seen))
    assert foreseen == seen


async def test_nothing_of_a_preview_is_left(store: Store, bus: RecordingBus) -> None:
    await store.writer.submit(ACTOR, Add((ROOM_A, *TEXTS, role("RLp"))))
    bus.batches.clear()
    for foreseen in (Look(empty_a, nothing, []), Look(lock_again, nothing, []), Widen("RLp", "editAnyMessage")):
        await store.reads.preview(ACTOR, foreseen)
    rows = await store.reads.read(
        lambda reads: (
            reads.one(Conversation, sid="CHa"),
            tuple(reads.page(Message, order="index", limit=9)),
            reads.one(Role, sid="RLp"),
        )
    )
    assert rows == (ROOM_A, TEXTS, role("RLp"))
    assert bus.batches == []


async def test_a_preview_waits_for_no_writer(store: Store) -> None:
    """Neither for the writer's transaction nor for the rows that it has locked, and none waits for the preview."""
    await store.writer.submit(ACTOR, Add((ROOM_A, ROOM_B, user("ann"))))
    hold = Hold(Needs(conversations=("CHa",), users=((ACTOR.service_sid, "ann"),)))
    held = asyncio.ensure_future(store.writer.submit(ACTOR, hold))
    assert await asyncio.to_thread(hold.started.wait, 30)
    try:
        async with asyncio.timeout(20):
            await store.reads.preview(ACTOR, Look(lock_again, nothing, []))
    finally:
        hold.release.set()
    await held


async def test_the_rules_for_writing_hold_in_a_preview(store: Store) -> None:
    await store.writer.submit(ACTOR, Add((ROOM_A, conversation("CHfree"), *TEXTS)))

    @dataclass(frozen=True, slots=True)
    class Shared:
        act: Any
        exclusive: ClassVar[bool] = False

        def needs(self, actor: Actor) -> Needs:
            return Needs()

        def decide(self, actor: Actor, tx: Tx) -> None:
            self.act(tx)

    def change_unlocked(tx: Tx) -> None:
        found = tx.one(Conversation, sid="CHfree")
        assert found is not None
        tx.change(replace(found, position=2))

    for act, words in (
        (change_unlocked, "without its lock"),
        (lambda tx: tx.lock(Needs(conversations=("CHfree",))), "exclusive"),
        (lambda tx: tx.remove_all(Message, conversation_sid="CHa"), "exclusive"),
    ):
        with pytest.raises(RuntimeError, match=words):
            await store.reads.preview(ACTOR, Shared(act))
