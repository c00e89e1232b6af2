"""Whatever happens to roles and memberships: nobody hears or is told anything of what is closed to him."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Coroutine, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Conversation
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant
from roomful.conversations.core.permissions import MODERATOR
from roomful.conversations.core.roles import CreateRole, UpdateRole
from roomful.conversations.core.users import CreateUser, UpdateUser
from roomful.conversations.sync.objects import Kind
from tests.conversations.sync.line import Line
from tests.conversations.sync.world import World, eventually, open_world

from .table import role_sids

PEOPLE = ("ann", "ben", "cleo")
ROOMS = 2
ROLES = ("plain", "shifting")
OBJECTS = (Kind.DOCUMENT, Kind.MESSAGES, Kind.ROSTER)

Step = tuple[str, int, int]
"""What, and the numbers of a person and of a room (or a role, or a choice)."""

CHANGES = ("join or leave", "role", "moderate", "say", "type")
REQUESTS = ("subscribe", "read", "peek")
step = st.tuples(st.sampled_from(CHANGES + REQUESTS), st.integers(0, len(PEOPLE) - 1), st.integers(0, ROOMS - 1))
batches = st.lists(st.lists(step, min_size=1, max_size=6), min_size=3, max_size=8)
"""The steps of a batch are begun at once, one batch after the other."""


class Rights:
    """Who may read what, by the rule of docs/rest.md."""

    def __init__(self) -> None:
        self.members: set[tuple[int, int]] = set()
        self.roles = [0] * len(PEOPLE)
        self.moderating = False

    def may_read(self, who: int, room: int) -> bool:
        """Room 0 is ann's own."""
        moderator = self.moderating and ROLES[self.roles[who]] == "shifting"
        return (who, room) in self.members or (who, room) == (0, 0) or moderator

    def change(self, what: str, who: int, n: int) -> None:
        if what == "join or leave":
            self.members ^= {(who, n)}
        elif what == "role":
            self.roles[who] = 1 - self.roles[who]
        elif what == "moderate":
            self.moderating = not self.moderating

    def readers(self) -> set[tuple[int, int]]:
        return {(who, room) for who in range(len(PEOPLE)) for room in range(ROOMS) if self.may_read(who, room)}


class Play:
    def __init__(self, world: World) -> None:
        self.world = world
        self.rights = Rights()
        self.rooms: list[Conversation] = []
        self.lines: list[Line] = []
        self.roles: list[str] = []

    async def start(self) -> None:
        run = self.world.run
        await run(CreateRole("plain", "service", ("createConversation",)))
        await run(CreateRole("shifting", "service", ()))
        sids = await role_sids(self.world)
        self.roles = [sids[name] for name in ROLES]
        for name in PEOPLE:
            await run(CreateUser(name, role_sid=self.roles[0]))
        self.rooms = [await run(CreateConversation(friendly_name=str(n)), None if n else "ann") for n in range(ROOMS)]
        self.lines = [await self.world.connect(name) for name in PEOPLE]

    def command(self, what: str, who: int, n: int) -> Coroutine[Any, Any, Any]:
        run, room, person = self.world.run, self.rooms[n], PEOPLE[who]
        rights = self.rights
        if what == "join or leave":
            there = (who, n) in rights.members
            return run(RemoveParticipant(room.sid, person) if there else AddParticipant(room.sid, person))
        if what == "role":
            return run(UpdateUser(person, role_sid=self.roles[1 - rights.roles[who]]))
        if what == "moderate":
            return run(UpdateRole(self.roles[1], ("joinConversation" if rights.moderating else MODERATOR[n],)))
        return run(SendMessage(room.sid, body="words"))

    def request(self, what: str, who: int, n: int) -> Coroutine[Any, Any, Any]:
        line, room = self.lines[who], self.rooms[n]
        if what == "subscribe":
            return line.subscribe(*((kind.sid(room.sid), kind.type, 0) for kind in OBJECTS))
        if what == "read":
            return line.request("GET", f"/v3/Lists/{Kind.MESSAGES.sid(room.sid)}/Items")
        if what == "peek":
            return line.request("GET", f"/Client/v2/Conversations/{room.sid}")
        return line.request("POST", "/v1/typing", f"ChannelSid={room.sid}".encode())

    async def batch(self, steps: Sequence[Step]) -> None:
        """Everybody asks for everything, the steps are carried out at once, and then it is checked who heard what."""
        await self.subscribe()
        readers = self.rights.readers()
        tasks: list[asyncio.Future[Any]] = []
        for what, who, n in steps:
            request = what in REQUESTS or what == "type"
            tasks.append(asyncio.ensure_future(self.request(what, who, n) if request else self.command(what, who, n)))
            self.rights.change(what, who, n)
            readers |= self.rights.readers()
        answers = await asyncio.gather(*tasks)
        for (what, who, n), answer in zip(steps, answers, strict=True):
            self.check_answer(what, answer, (who, n) in readers)
        await self.quiet()
        self.check_heard(readers, "while things changed")
        await self.speak()
        self.check_heard(self.rights.readers(), "afterwards")

    async def subscribe(self) -> None:
        for line in self.lines:
            for room in self.rooms:
                await line.subscribe(*((kind.sid(room.sid), kind.type, 0) for kind in OBJECTS))
        await self.quiet()
        self.check_heard(self.rights.readers(), "when subscribing")

    def check_answer(self, what: str, answer: Any, might_read: bool) -> None:
        if what in ("read", "peek", "type") and not might_read:
            assert answer[0] == 404
            assert "words" not in json.dumps(answer[1])

    def check_heard(self, readers: set[tuple[int, int]], when: str) -> None:
        """Nobody was sent anything of a room but its `readers`; a refusal names only what was asked for."""
        for who, line in enumerate(self.lines):
            heard = [e for e in line.events if e["event_type"] != "subscription_failed"]
            for n, room in enumerate(self.rooms):
                about = [e for e in [*heard, *line.typing] if room.sid[2:] in json.dumps(e)]
                assert not about or (who, n) in readers, f"{PEOPLE[who]} heard {about} {when}"
            line.events.clear()
            line.typing.clear()

    async def quiet(self) -> None:
        """All that was begun has ended, and all that was to be written is written."""
        hub = self.world.hub
        sessions = [line.session for line in self.lines]

        def idle() -> bool:
            at_work = any(session._tasks or session._pending for session in sessions)
            return hub._outgoing.idle and not (hub._doubts._open or at_work)

        await eventually(idle, "everything to be still")

    async def end(self) -> None:
        """Nothing changes any more: whoever may read a room is answered, and hears of it when he asked to."""
        readers = self.rights.readers()
        await self.subscribe()
        for who in range(len(PEOPLE)):
            for n in range(ROOMS):
                assert (await self.request("peek", who, n))[0] == (200 if (who, n) in readers else 404)
        await self.speak()
        heard = {
            (who, n)
            for who, line in enumerate(self.lines)
            for n, room in enumerate(self.rooms)
            if any(e["list_sid"] == Kind.MESSAGES.sid(room.sid) for e in line.of_type("list_item_added"))
        }
        assert heard == readers

    async def speak(self) -> None:
        """Say a word in every room, and let every member type."""
        for room in self.rooms:
            await self.world.run(SendMessage(room.sid, body="words"))
        for who, n in sorted(self.rights.members):
            assert (await self.request("type", who, n))[0] == 200
        await self.quiet()


async def play(database_url: str, played: list[list[Step]]) -> None:
    async with open_world(database_url) as world:
        acting = Play(world)
        await acting.start()
        for steps in played:
            await acting.batch(steps)
        await acting.end()


@settings(max_examples=20, deadline=None)
@given(batches)
def test_only_readers_hear_and_are_answered(played: list[list[Step]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(f"sqlite:///{folder}/roomful.db", played))
