"""Whatever happens and whenever a line breaks: what a client was told makes the view of one that starts anew.

The steps are drawn by hypothesis; `Play` carries them out on the real service, and its `compare` says what must hold.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from structlog.testing import capture_logs

from roomful.conversations import hub
from roomful.conversations.store import upkeep
from roomful.conversations.sync import channels, conversations, queries, replay, session, subscriptions, sync_objects
from tests.exploration import explore
from tests.servers import Postgres

from .agreement import ready
from .line import eventually
from .play import ADMIN_VERBS, CLIENT_VERBS, PEOPLE, Play

devices = st.integers(0, 3)
rooms = st.integers(0, 2)
people = st.integers(0, len(PEOPLE) - 1)
numbers = st.integers(0, 7)
client_requests = st.tuples(devices, st.sampled_from(CLIENT_VERBS), rooms, people, numbers, st.booleans())
admin_commands = st.tuples(st.sampled_from(ADMIN_VERBS), rooms, people, numbers)

SMALL = (
    (hub, "LATE_DOCUMENT_SECONDS", 0.002),
    (replay, "PAGE_ROWS", 3),
    (subscriptions, "READ_BYTES", 2_000),
    (subscriptions, "_BULK", 2),
    (channels, "HELD_BYTES", 1_500),
    (sync_objects, "LARGEST_PAGE", 7),
    (sync_objects, "PAGE_BYTES", 3_000),
    (conversations, "PAGE_SIZE", 2),
    (queries, "AT_ONCE", 4),
    (queries, "REPLY_BYTES", 4_000),
    (session, "MAX_PENDING", 8),
    (upkeep, "PRUNED_AT_ONCE", 3),
)
"""Bounds are made so small that few changes reach them."""


@contextmanager
def sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/roomful.db"


class Machine(RuleBasedStateMachine):
    """`database` opens a fresh database and yields its URL."""

    @staticmethod
    def database() -> AbstractContextManager[str]:
        return sqlite()

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.loop = self.stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        self.logs = self.stack.enter_context(capture_logs())
        self.play = Play(self.stack.enter_context(self.database()))
        self.flooded = False
        self.withheld = False

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            self.loop.run(work)
            assert not self.play.world.trouble, self.play.world.trouble
        except AssertionError as error:  # teardown looks at the log only if all else holds
            error.add_note(f"the server's log: {[entry for entry in self.logs if entry['log_level'] != 'info']}")
            raise

    @initialize()
    def start(self) -> None:
        self.run(self.play.start())

    @rule(asked=st.lists(client_requests, min_size=1, max_size=6))
    def clients(self, asked: list[tuple[int, str, int, int, int, bool]]) -> None:
        for each in asked:
            self.run(self.play.by_client(*each))

    @rule(commands=st.lists(admin_commands, min_size=1, max_size=6))
    def administrator(self, commands: list[tuple[str, int, int, int]]) -> None:
        for each in commands:
            self.run(self.play.by_admin(*each))

    @rule(commands=st.lists(admin_commands, min_size=2, max_size=8))
    def administrators(self, commands: list[tuple[str, int, int, int]]) -> None:
        self.run(self.play.at_once(commands))

    @rule(device=devices, commands=st.lists(admin_commands, min_size=2, max_size=8))
    def connect_meanwhile(self, device: int, commands: list[tuple[str, int, int, int]]) -> None:
        self.run(self.play.meanwhile(device, commands))

    @rule(device=devices)
    def stop_reading(self, device: int) -> None:
        self.run(self.play.stall(device))

    @rule(device=devices)
    def read_on(self, device: int) -> None:
        self.run(self.play.flow(device))

    @rule(device=devices, read=st.integers(0, 5))
    def break_line(self, device: int, read: int) -> None:
        self.run(self.play.cut(device, read))

    @rule(device=devices)
    def connect(self, device: int) -> None:
        self.run(self.play.connect(device))

    @rule(device=devices, room=rooms)
    def cancel(self, device: int, room: int) -> None:
        self.run(self.play.cancel(device, room))

    @rule(device=devices)
    def subscribe(self, device: int) -> None:
        self.run(self.play.subscribe(device))

    @rule(crash=st.booleans())
    def restart(self, crash: bool) -> None:
        self.run(self.play.restart(crash))
        self.withheld = False

    @precondition(lambda self: not self.withheld)
    @rule()
    def lose_commits(self) -> None:
        self.withheld = True
        self.play.lose()

    @precondition(lambda self: self.withheld)
    @rule(how=st.sampled_from(("never", "late", "backwards", "twice")))
    def find_commits(self, how: str) -> None:
        self.withheld = False
        self.run(self.play.find(how))

    @rule(milliseconds=st.sampled_from((0, 2, 10)))
    def slow_reading(self, milliseconds: int) -> None:
        self.play.world.lag = milliseconds / 1000

    @rule(seconds=st.sampled_from((-2, 30, 4000)))
    def clock(self, seconds: int) -> None:
        self.play.world.time.shift += seconds * 1000

    @rule()
    def forget_removals(self) -> None:
        self.run(self.play.forget())

    @precondition(lambda self: not self.flooded)
    @rule(room=rooms, count=st.sampled_from((30, 60, 120)))
    def flood(self, room: int, count: int) -> None:
        self.flooded = True
        self.run(self.play.flood(room, count))

    @rule()
    def compare(self) -> None:
        self.run(self.play.compare(everybody=False))
        self.withheld = False

    def teardown(self) -> None:
        with self.stack:
            try:
                if not self.play.world.trouble:
                    self.run(self.play.compare(everybody=True))
            finally:
                self.loop.run(self.play.end())
            if not self.play.world.trouble:  # which the service logs, too, as a line that failed
                assert not [entry for entry in self.logs if entry["log_level"] in ("error", "critical")], self.logs


@pytest.fixture
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in SMALL:
        monkeypatch.setattr(module, name, value)


@pytest.mark.usefixtures("_small_bounds")
def test_every_client_shows_what_a_fresh_one_shows() -> None:
    explore(Machine, examples=15, steps=30, same=True)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("_small_bounds")
def test_the_same_for_long() -> None:
    explore(Machine, examples=500, steps=60)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("_small_bounds")
def test_the_same_on_postgresql(postgres: Postgres) -> None:
    class OnPostgres(Machine):
        @staticmethod
        def database() -> AbstractContextManager[str]:
            return postgres.database()

    explore(OnPostgres, examples=60, steps=40)


@pytest.mark.anyio
async def test_a_thousand_changes_missed(tmp_path: Path) -> None:
    """With the real bounds; each message is heard of once, in the order of the changes."""
    play = Play(f"sqlite:///{tmp_path / 'roomful.db'}")
    await play.start()
    ann, room = play.devices[0], play.rooms[0]
    await play.flood(0, 50)
    await play.compare(everybody=True)
    await play.cut(0, read=0)
    await play.flood(0, 1000)
    for n in range(0, 40, 2):
        await play.by_admin("edit", 0, 1, n)
        await play.by_admin("erase", 0, 1, n + 1)
    await ready(ann)
    assert ann.line is not None
    added = [event["item_index"] for event in ann.line.of_type("list_item_added")]
    assert added == list(range(50, 1050))
    assert len(ann.line.of_type("list_item_updated")) == len(ann.line.of_type("list_item_removed")) == 20
    assert len(ann.messages(room)) == 1030
    await play.compare(everybody=True)
    await play.end()


@pytest.mark.anyio
async def test_who_does_not_read_is_dropped_and_caught_up(tmp_path: Path) -> None:
    play = Play(f"sqlite:///{tmp_path / 'roomful.db'}")
    await play.start()
    ann, line = play.devices[0], play.devices[0].line
    assert line is not None
    line.stall()
    await play.flood(0, 200)
    assert line.gone
    assert line.of_type("list_item_added") == []
    await ready(ann)
    assert ann.line is not None
    assert [event["item_index"] for event in ann.line.of_type("list_item_added")] == list(range(200))
    await play.flood(0, 3)
    await play.compare(everybody=True)
    await play.end()


@pytest.mark.anyio
async def test_while_commits_are_lost_a_conversation_may_end_before_its_membership(tmp_path: Path) -> None:
    """The server waits for the user's stream, but not for ever; the client is told of its own membership later."""
    play = Play(f"sqlite:///{tmp_path / 'roomful.db'}")
    await play.start()
    ben, room = play.devices[2], play.rooms[0]
    await play.cancel(2, 0)
    play.lose()
    await play.by_admin("delete", 0, 0, 0)
    await play.subscribe(2)
    await eventually(lambda: ben.hearing.quiet, "the refusals")
    assert not play.world.trouble, play.world.trouble
    assert ben.view()["rooms"] == {room: {"channel": None, "messages": None, "roster": None}}
    await play.compare(everybody=True)
    assert ben.view()["rooms"] == {}
    await play.end()


@pytest.mark.anyio
async def test_a_removal_that_is_forgotten_before_the_hub_hears_of_it(tmp_path: Path) -> None:
    """A client that the store told more than the bus must not be led past what nobody can tell it any more."""
    play = Play(f"sqlite:///{tmp_path / 'roomful.db'}")
    await play.start()
    ahead, third = play.devices[1], play.rooms[2]
    play.lose()
    await play.cut(1, read=0)
    await play.by_admin("add", 2, 0, 0)
    await ready(ahead)
    assert third in ahead.view()["mine"]
    await play.cancel(1, 2)  # so that only the person's own map can tell of its end
    await play.by_admin("delete", 2, 0, 0)
    await play.forget()
    await play.by_admin("read", 0, 0, 0)
    await play.find("backwards")
    await eventually(
        lambda: not ahead.connected or ahead.view()["mine"][play.rooms[0]]["lastConsumedMessageIndex"] == 0
    )
    await play.compare(everybody=True)
    assert third not in ahead.view()["mine"]
    await play.end()
