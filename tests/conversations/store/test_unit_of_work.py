"""Commands executed in batches leave what the same commands leave one by one, and what a plain model says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomful.conversations.core import errors
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import StreamCommit
from roomful.conversations.core.model import Conversation, Message, Participant, Tombstone
from roomful.conversations.core.ports import Actor, Needs, Reads, Tx
from roomful.conversations.store.store import Store

from .commands import ACTOR, Add, Clear, Create, Drop, Rename, Send, conversation, conversation_sid, message
from .conftest import RecordingBus, new_sid, together

Operation = tuple[Any, ...]
_spaces = itertools.count()


def refuse(tx: Tx) -> None:
    raise errors.forbidden("refuse")


def crash(tx: Tx) -> None:
    raise ValueError("crash")


def crash_after_reading(tx: Tx) -> None:
    """Reading all makes the unit send what was written to the database before it is undone."""
    tx.all(Message, order="index", author="author")
    tx.all(Conversation, order="sid", state="active")
    raise ValueError("crash")


FAILURES = {"refuse": (refuse, 403), "crash": (crash, 500), "read": (crash_after_reading, 500)}

numbers = st.integers(0, 2)
names = st.sampled_from([None, "a", "b"])
cids = st.sampled_from([None, "1", "2"])
operations = st.lists(
    st.one_of(
        st.tuples(st.just("create"), numbers, names),
        st.tuples(st.just("rename"), numbers, names),
        st.tuples(st.just("send"), numbers, cids, st.booleans()),
        st.tuples(st.just("fail"), numbers, st.sampled_from(sorted(FAILURES))),
        st.tuples(st.just("drop"), numbers),
        st.tuples(st.just("clear"), numbers),
    ),
    max_size=25,
)


def command(space: str, operation: Operation) -> Any:
    kind, number, *rest = operation
    sid = conversation_sid(space, number)
    match kind:
        case "create":
            return Create(conversation(sid, unique_name=_name(space, rest[0])))
        case "rename":
            return Rename(sid, _name(space, rest[0]))
        case "send":
            return Send(sid, "hello", cid=rest[0], foresee=rest[1])
        case "fail":
            return Send(sid, "gone", then=FAILURES[rest[0]][0])
        case "drop":
            return Drop(sid)
        case _:
            return Clear(sid)


def _name(space: str, name: str | None) -> str | None:
    return None if name is None else f"{space}-{name}"


@dataclass
class Room:
    name: str | None
    position: int = 1
    next_index: int = 0
    cids: dict[str, int] = field(default_factory=dict)
    indexes: list[int] = field(default_factory=list)
    removed: dict[int, int] = field(default_factory=dict)


class Model:
    """What the operations mean, on plain dictionaries: each answers a result or an HTTP status as `-status`."""

    def __init__(self) -> None:
        self.rooms: dict[int, Room] = {}

    def apply(self, operation: Operation) -> int | None:
        kind, number, *rest = operation
        if kind == "create":
            if number in self.rooms or self._taken(rest[0]):
                return -409
            self.rooms[number] = Room(rest[0])
            return None
        room = self.rooms.get(number)
        if room is None:
            return -404
        return getattr(self, f"_{kind}")(number, room, *rest)  # type: ignore[no-any-return]

    def _taken(self, name: str | None) -> bool:
        return name is not None and any(room.name == name for room in self.rooms.values())

    def _rename(self, number: int, room: Room, name: str | None) -> int | None:
        if name != room.name and self._taken(name):
            return -409
        room.name = name
        room.position += 1
        return None

    def _send(self, number: int, room: Room, cid: str | None, foresee: bool) -> int:
        if cid in room.cids:
            return room.cids[cid]
        index = room.next_index
        room.next_index += 1
        room.position += 1
        room.indexes.append(index)
        if cid is not None:
            room.cids[cid] = index
        return index

    def _fail(self, number: int, room: Room, how: str) -> int:
        return -FAILURES[how][1]

    def _drop(self, number: int, room: Room) -> int:
        if not room.indexes:
            return -404
        index = room.indexes.pop()
        room.position += 1
        room.removed[room.position] = index
        room.cids = {cid: of for cid, of in room.cids.items() if of != index}
        return len(room.indexes)

    def _clear(self, number: int, room: Room) -> int:
        del self.rooms[number]
        return 0

    def state(self, space: str) -> dict[str, Any]:
        return {
            conversation_sid(space, number): (
                *(_name(space, room.name), room.position, room.next_index, len(room.indexes)),
                [(index, next((cid for cid, of in room.cids.items() if of == index), None)) for index in room.indexes],
                sorted((position, str(index)) for position, index in room.removed.items()),
            )
            for number, room in self.rooms.items()
        }


def stored(space: str) -> Any:
    """A query for the same as `Model.state`."""

    def query(reads: Reads) -> dict[str, Any]:
        sids = [conversation_sid(space, number) for number in range(3)]
        state: dict[str, Any] = {}
        for row in reads.find(Conversation, "sid", sids):
            messages = reads.page(Message, order="index", limit=100, conversation_sid=row.sid)
            tombstones = reads.page(Tombstone, order="position", limit=100, stream_sid=row.sid)
            state[row.sid] = (
                *(row.unique_name, row.position, row.next_index, row.messages_count),
                [(found.index, found.cid) for found in messages],
                [(tombstone.position, tombstone.key) for tombstone in tombstones],
            )
        for sid in set(sids) - set(state):
            assert reads.count(Message, conversation_sid=sid) == 0
        return state

    return query


def outcome(result: Any) -> int | None:
    if isinstance(result, ServiceError):
        return -result.status
    assert result is None or isinstance(result, int)
    return result


def chained(commits: list[StreamCommit]) -> dict[str, list[type]]:
    """The kinds of events of each stream; their positions must lead from one commit to the next."""
    heads: dict[str, int] = {}
    kinds: dict[str, list[type]] = {}
    for commit in commits:
        if commit.before != 0:  # 0: a new stream, perhaps under the SID of one that is gone
            assert commit.before == heads[commit.stream]
        positions = [event.position for event in commit.events]
        assert positions == sorted(positions)
        assert all(commit.before < position <= commit.after for position in positions)
        heads[commit.stream] = commit.after
        kinds.setdefault(commit.stream[-1], []).extend(type(event) for event in commit.events)
    return kinds


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_batches_are_worth_the_same_as_single_commands(database_url: str, runner: asyncio.Runner) -> None:
    bus = RecordingBus()

    async def open_() -> Store:
        return Store.open(database_url, clock=lambda: 1_000, sids=new_sid, bus=bus)

    async def in_batches(space: str, batches: list[list[Operation]]) -> list[Any]:
        return [
            outcome(result)
            for batch in batches
            for result in await together(store, *(command(space, operation) for operation in batch))
        ]

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(operations, max_size=3))
    def compare(batches: list[list[Operation]]) -> None:
        model, spaces = Model(), (f"{next(_spaces)}s", f"{next(_spaces)}b")
        expected = [model.apply(operation) for batch in batches for operation in batch]
        told: list[Any] = []
        for space, split in ((spaces[0], [[single] for batch in batches for single in batch]), (spaces[1], batches)):
            bus.batches.clear()
            assert runner.run(in_batches(space, split)) == expected
            assert runner.run(store.reads.read(stored(space))) == model.state(space)
            told.append(chained(bus.commits))
        assert told[0] == told[1]

    store = runner.run(open_())
    try:
        compare()
    finally:
        runner.run(store.close())


pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Run:
    """Calls a function with the unit of work."""

    needed: Needs
    decide_: Any
    exclusive: ClassVar[bool] = False

    def needs(self, actor: Actor) -> Needs:
        return self.needed

    def decide(self, actor: Actor, tx: Tx) -> Any:
        return self.decide_(tx)


async def test_a_stream_cannot_be_changed_without_its_lock(store: Store) -> None:
    await store.writer.submit(ACTOR, Add((conversation("CHlock"),)))

    def change(tx: Tx) -> None:
        found = tx.one(Conversation, sid="CHlock")
        assert found is not None
        with pytest.raises(RuntimeError, match="lock"):
            tx.change(replace(found, position=2))
        with pytest.raises(RuntimeError, match="exclusive"):
            tx.lock(Needs(conversations=("CHlock",)))

    await store.writer.submit(ACTOR, Run(Needs(), change))


async def test_only_unique_keys_name_one_row(store: Store) -> None:
    def read(tx: Tx) -> None:
        with pytest.raises(TypeError, match="unique key"):
            tx.one(Participant, identity="anna")

    await store.writer.submit(ACTOR, Run(Needs(), read))


async def test_reads_see_what_earlier_commands_of_the_batch_wrote(store: Store) -> None:
    room = conversation("CHsee", unique_name="see")
    first = message(room, "IMfirst", "one", cid="x")

    def read(tx: Tx) -> list[Any]:
        return [
            tx.one(Conversation, service_sid=room.service_sid, unique_name="see"),
            tx.one(Message, conversation_sid="CHsee", cid_author="author", cid="x"),
            tx.all(Message, order="index", conversation_sid="CHsee"),
            tx.last(Message, order="index", conversation_sid="CHsee"),
        ]

    results = await together(store, Add((room, first)), Run(Needs(), read))
    assert results == [None, [room, first, [first], first]]


async def test_the_time_is_that_of_the_batch(store: Store) -> None:
    times = await together(store, Run(Needs(), lambda tx: tx.now), Run(Needs(), lambda tx: tx.now))
    assert times == [1_000, 1_000]
