"""Any mixture of messages, failures, slow and dead targets, changed configurations, stops and crashes.

Each webhook is told of every message of each conversation that it was there for, in order, the first time that it is
told of it; what was told before may be repeated, and whoever has no trouble waits for nobody. The steps are drawn by
hypothesis; `Office` carries them out on the real service with real listeners.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeAlias

import pytest
import uvloop
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from structlog.testing import capture_logs

from roomful.conversations.hooks import delivery, turns
from tests.exploration import explore
from tests.servers import Postgres

from .listener import Behaviour, Cut, Hold, Raw, Reply
from .office import Office, Target

ROOMS = 3
rooms = st.integers(0, ROOMS - 1)
listeners = st.integers(0, 2)
chosen = st.integers(0, 7)
Said: TypeAlias = list[tuple[int, int]]
sayings = st.lists(st.tuples(rooms, st.integers(1, 6)), min_size=1, max_size=4)
"""So many messages in each of these conversations, at once."""
FAULTS = ("refuses", "redirects", "cuts", "babbles", "slow", "very slow", "hangs")


def behaviour(name: str) -> Behaviour:
    match name:
        case "refuses":
            return Reply(503)
        case "redirects":
            return Reply(302, headers={"Location": "/elsewhere"})
        case "cuts":
            return Cut()
        case "babbles":
            return Raw([b"hello\r\n\r\n"])
        case "slow":
            return Reply(delay=0.02)
        case "very slow":
            return Reply(delay=0.2)
    return Hold()


SHORT = (
    (turns, "FIRST_DELAY", 10),
    (turns, "LONGEST_DELAY", 80),
    (turns, "PAGE", 3),
    (delivery, "TICK_SECONDS", 0.05),
    (delivery, "CLOSE_SECONDS", 0.1),
    (delivery, "AT_ONE_TARGET", 2),
)
"""Pauses and numbers are made so small that few steps reach them."""


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
        self.office = Office(self.stack.enter_context(self.database()))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run(work)
        self.office.check()

    def target(self, n: int) -> Target:
        return self.office.targets[n % len(self.office.targets)]

    @initialize(listener=listeners, patience=st.sampled_from((0.3, 30.0)))
    def start(self, listener: int, patience: float) -> None:
        self.office.patience = patience
        self.run(self.office.open())
        self.run(self.office.furnish(ROOMS))
        for room in range(ROOMS):
            self.run(self.office.hook(room, listener, "POST", None))

    @rule(said=sayings)
    def talk(self, said: Said) -> None:
        self.run(self.office.talk(said))

    @rule(room=rooms, listener=listeners, method=st.sampled_from(("GET", "POST")), replay=st.none() | st.integers(0, 9))
    def hook(self, room: int, listener: int, method: str, replay: int | None) -> None:
        self.run(self.office.hook(room, listener, method, replay))

    @rule(n=chosen, said=sayings)
    def move(self, n: int, said: Said) -> None:
        self.run(self.office.move(self.target(n)))
        self.run(self.office.talk(said))

    @rule(n=chosen, said=sayings)
    def unhook(self, n: int, said: Said) -> None:
        self.run(self.office.talk(said))
        self.run(self.office.unhook(self.target(n)))

    @rule(n=chosen, faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=5), said=sayings)
    def misbehave(self, n: int, faults: list[str], said: Said) -> None:
        self.office.misbehave(self.target(n), [behaviour(fault) for fault in faults])
        self.run(self.office.talk(said))

    @rule(n=chosen, said=sayings)
    def refuse_all(self, n: int, said: Said) -> None:
        self.office.misbehave(self.target(n), [Reply(500)] * 1000)
        self.run(self.office.talk(said))

    @rule(n=chosen)
    def retry(self, n: int) -> None:
        self.run(self.office.retry(self.target(n)))

    @rule()
    def release(self) -> None:
        for hold in self.office.holds:
            hold.release()

    @rule(n=listeners, said=sayings)
    def down_or_up(self, n: int, said: Said) -> None:
        listener = self.office.listeners[n]
        if listener.is_up:
            self.office.take_down(listener)
        else:
            listener.up()
        self.run(self.office.talk(said))

    @rule(milliseconds=st.sampled_from((1, 5, 30)))
    def go_on(self, milliseconds: int) -> None:
        """Deliveries go on only while the loop runs."""
        self.run(asyncio.sleep(milliseconds / 1000))

    @rule(seconds=st.sampled_from((1, 30, 4000)))
    def clock(self, seconds: int) -> None:
        self.office.time.shift += seconds * 1000

    @rule(crash=st.booleans(), said=sayings)
    def restart(self, crash: bool, said: Said) -> None:
        self.run(self.office.talk(said))
        self.run(self.office.crash() if crash else self.office.close())
        self.run(self.office.open())

    @rule()
    def healthy_wait_for_nobody(self) -> None:
        self.run(self.office.healthy_have_all(within=5))

    @rule()
    def everybody_is_told(self) -> None:
        self.run(self.office.all_have_all(within=60))

    def teardown(self) -> None:
        with self.stack:
            try:
                self.run(self.office.all_have_all(within=60))
            finally:
                self.loop.run(self.office.end())
            assert not [entry for entry in self.logs if entry["log_level"] in ("error", "critical")], self.logs


@pytest.fixture
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in SHORT:
        monkeypatch.setattr(module, name, value)


@pytest.mark.usefixtures("_short_pauses")
def test_everybody_is_told_of_everything_in_order() -> None:
    explore(Machine, examples=10, steps=25, same=True, shrink=False)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("_short_pauses")
def test_the_same_for_long() -> None:
    explore(Machine, examples=300, steps=50, shrink=False)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("_short_pauses")
def test_the_same_on_postgresql(postgres: Postgres) -> None:
    class OnPostgres(Machine):
        @staticmethod
        def database() -> AbstractContextManager[str]:
            return postgres.database()

    explore(OnPostgres, examples=40, steps=40)
