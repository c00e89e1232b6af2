"""Hostile packets at sessions in every state, then hostile bytes at a real server's socket.

    .venv/bin/python -m fuzz.session --seconds 60 --seed 1

A session may only answer with well-formed packets and documented statuses, or close with a documented code. It logs no
exception, leaves no task, tells nobody what is not theirs, and does not hinder others. A failure is printed as the
shortest case that leads to it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

import uvloop
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from roomful.conversations.core.conversations import CreateConversation, DeleteConversation
from roomful.conversations.core.model import Message, Participant
from roomful.conversations.core.participants import AddParticipant
from roomful.conversations.core.ports import Reads
from roomful.conversations.core.tokens import RevokeTokens
from roomful.conversations.core.users import CreateUser, EnsureUser
from roomful.conversations.sync import session_lists
from roomful.conversations.sync.objects import Kind
from roomful.conversations.sync.session import Session
from tests.conversations.sync.line import Line, eventually, read_packet, websocket_payloads
from tests.conversations.sync.line import packet as well_formed
from tests.conversations.sync.world import World

from . import wire
from .hostile import Packet, packets

SECRET = "f5c1-not-for-you"
"""Stands in everything that the attacker may not see."""

HTTP_STATUSES = {200, 201, 204, 400, 403, 404, 405, 409}
PACKET_STATUSES = {200, 401, 403, 429}
CLOSE_CODES = {1000, 1002, 1008}
"""What docs/protocol.md names for what clients do wrong (1009 is the socket's, 1001 and 1011 are our own doing)."""

MAX_REPLY = 1024 * 1024
STATES = (
    *("open", "open", "open", "old", "old"),
    *("new", "checking", "refused", "expired", "stalled", "replaying", "closed"),
)
"""`old` is one of SDK 1.x."""

Case = tuple[str, list[tuple[Packet, bool]]]
"""The session's state, and packets; after each whether its work is waited for."""

cases = st.tuples(st.sampled_from(STATES), st.lists(st.tuples(packets, st.booleans()), min_size=3, max_size=20))


class Ear:
    """The attacker's end of a connection (implements `session.Outlet`); it checks all that it is sent."""

    def __init__(self) -> None:
        self.closed: int | None = None
        self.heard = 0
        self.flows = asyncio.Event()
        self.flows.set()

    def write(self, data: bytes) -> None:
        assert self.closed is None, "written to after the close"
        assert SECRET.encode() not in data, f"told the secret: {data!r:.300}"
        for payload in websocket_payloads(data):
            assert len(payload) <= MAX_REPLY
            header, _ = read_packet(payload)
            self.heard += 1
            if header["method"] == "reply":
                assert header["status"]["code"] in PACKET_STATUSES, header
                assert header.get("http_status", {"code": 200})["code"] in HTTP_STATUSES, (header, payload)
            else:
                assert header["method"] in ("notification", "client_update"), header

    def close(self, code: int, reason: str) -> None:
        assert code in CLOSE_CODES, (code, reason)
        self.closed = code

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    async def drained(self) -> None:
        await self.flows.wait()


class Arena:
    """A service with an attacker, and a victim whose connection must not notice anything."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.names: dict[str, str] = {}
        self.said = 0

    async def start(self) -> None:
        await self.world.start()
        for person in ("mallory", "vic"):
            await self.world.run(CreateUser(person, friendly_name="known to all"))
        self.private = await self.world.room(SECRET, "vic")
        gone = await self.world.room("gone", "mallory")
        await self.world.run(DeleteConversation(gone.sid))
        secret = await self.world.say(self.private, "vic", SECRET)
        self.vic = await self.world.connect("vic")
        self.heard_of = Kind.MESSAGES.sid(self.private.sid)
        await self.vic.established((self.heard_of, "list", 0))
        self.names = {
            "<private>": self.private.sid,
            "<gone>": gone.sid,
            "<secret message>": secret.sid,
            "<participant>": str(secret.participant_sid),
            "<victim>": "vic",
            "<victim's user>": self.vic.session.caller.user_sid,
            "<user>": (await self.world.run(EnsureUser("mallory"))).sid,
            "<unique name>": f"{self.private.sid}.messages",
            "<session>": "SLnone",
            "<token>": self.world.token("mallory"),
            "<expired token>": self.world.token("mallory", seconds=-60),
            "<revoked token>": self.world.token("mallory"),
            "<other's token>": self.world.token("mallory", key="f" * 64),
        }
        revoked = hashlib.sha256(self.names["<revoked token>"].encode()).hexdigest()
        await self.world.run(RevokeTokens(token_sha256=(revoked,)))
        for name in ("<private>", "<gone>", "<user>", "<victim's user>"):
            self._name_objects(name)

    def _name_objects(self, name: str) -> None:
        for prefix in ("ET", "ES", "MP", "MC", "MI"):
            self.names[f"<{prefix}:{name[1:-1]}>"] = prefix + self.names[name][2:]

    async def _prepare(self) -> None:
        """The attacker is in a conversation and has sent a message, whatever an earlier case did."""

        def found(reads: Reads) -> bool:
            room, message = self.names.get("<room>"), self.names.get("<message>")
            member = reads.one(Participant, conversation_sid=room, identity="mallory")
            return member is not None and reads.one(Message, sid=message) is not None

        if not await self.world.store.reads.read(found):
            room = await self.world.run(CreateConversation(friendly_name="open"), "mallory")
            await self.world.run(AddParticipant(room.sid, "mallory"), "mallory")
            await self.world.run(AddParticipant(room.sid, "vic"))
            message = await self.world.say(room, "mallory", "mine")
            self.names |= {"<room>": room.sid, "<message>": message.sid}
            self._name_objects("<room>")

    async def attack(self, case: Case) -> None:
        """One connection's life."""
        await self._prepare()
        ear = Ear()
        session = Session(self.world.hub, ear, self.world.clock)
        await self._bring(session, ear, case[0])
        for packet, wait in case[1]:
            session.receive(packet.encoded(self.names))
            if wait and ear.flows.is_set():
                await self._rest()
        self.world.seconds = None
        ear.flows.set()
        await self._rest()
        session.closed()
        await self._rest()
        assert self.world.hub.connections_of(self.world.service_sid, "mallory") == 0
        await self._others_are_well()

    async def _bring(self, session: Session, ear: Ear, state: str) -> None:
        """Bring a session into a state."""
        if state == "new":
            return
        token = self.world.token("mallory", seconds=60) if state != "refused" else "nonsense"
        session.receive(well_formed({"method": "init", "id": "TM0", "token": token, "continuation_token": None}))
        if state == "checking":
            return
        await eventually(lambda: ear.heard)
        if state == "expired":
            self.world.seconds = self.world.clock() + 61
        elif state in ("stalled", "replaying"):
            ear.flows.clear()
        elif state == "closed":
            session.receive(well_formed({"method": "close", "id": "TM0"}))
        if state == "replaying":
            wanted = {"object_sid": self.names["<ES:room>"], "object_type": "list", "last_event_id": 0}
            body = {"action": "establish", "correlation_id": 1, "requests": [wanted]}
            line = {"path": "/v4/Subscriptions", "method": "POST", "params": {}}
            session.receive(well_formed({"method": "message", "id": "TM0", "http_request": line}, body))

        if state == "old":
            line = {"path": "/v3/Lists", "method": "POST", "params": {}}
            body = {"purpose": session_lists.PURPOSE}
            session.receive(well_formed({"method": "message", "id": "TM0", "http_request": line}, body))
            await self._rest()
            assert session._commands is not None
            self.names["<session>"] = session._commands._sid

    async def _rest(self) -> None:
        """Wait until the session's work is done."""
        await eventually(
            lambda: not any(map(_of_session, asyncio.all_tasks())), "the session's tasks to end", within=20
        )

    async def _others_are_well(self) -> None:
        self.said += 1
        if self.said % 20 == 0:
            assert (await self.vic.get("/Client/v2/Configuration"))["identity"] == "vic"
            sent = await self.world.say(self.private, "vic", f"{SECRET} {self.said}")
            await eventually(lambda: _last(self.vic) == sent.sid, "the victim to hear")
            self.vic.events.clear()
            gc.collect()
            sessions = sum(isinstance(found, Session) for found in gc.get_objects())
            assert sessions <= 3, f"{sessions} sessions are still in memory"


def _of_session(task: asyncio.Task[Any]) -> bool:
    return getattr(task.get_coro(), "__qualname__", "").startswith("Session.")


def _last(line: Line) -> str:
    added = line.of_type("list_item_added")
    return str(added[-1]["item_data"]["sid"]) if added else ""


@contextlib.contextmanager
def arena(database_url: str) -> Iterator[Any]:
    """A function that plays one case on a service of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        made = Arena(World(database_url))
        runner.run(made.start())
        try:

            def play(case: Case) -> None:
                with capture_logs() as logs:
                    runner.run(made.attack(case))
                bad = [entry for entry in logs if entry["log_level"] in ("warning", "error", "critical")]
                assert not bad, bad

            yield play
        finally:
            runner.run(made.world.stop())


def explore(play: Any, strategy: st.SearchStrategy[Any], examples: int, number: int | None) -> None:
    """Try `examples` cases; `number` makes them the same each time."""
    unhurried = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    phases = (Phase.generate, Phase.shrink)

    @settings(max_examples=examples, deadline=None, database=None, phases=phases, suppress_health_check=unhurried)
    @given(strategy)
    def check(case: Any) -> None:
        play(case)

    (check if number is None else seed(number)(check))()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="fuzz.session", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("session", "wire"), help="one of the two levels")
    given_ = parser.parse_args(arguments)
    levels = [given_.only] if given_.only else ["session", "wire"]
    for level in levels:
        until = time.monotonic() + given_.seconds / len(levels)
        number, cases_played = given_.seed, 0
        with tempfile.TemporaryDirectory() as folder:
            playing = arena(f"sqlite:///{folder}/roomful.db") if level == "session" else wire.server(folder)
            strategy: st.SearchStrategy[Any] = cases if level == "session" else wire.cases
            with playing as play:
                while time.monotonic() < until:
                    print(f"{level}: seed {number}", flush=True)
                    explore(play, strategy, 100, number)
                    number, cases_played = number + 1, cases_played + 100
        print(f"{level}: {cases_played} cases, nothing found")


if __name__ == "__main__":
    main()
