"""Whatever happens and whenever the line breaks: an old view and its replay make the view of a fresh client."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomful.conversations import hub as hub_module
from roomful.conversations.core.conversations import DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import Conversation, Message
from roomful.conversations.core.participants import (
    AddParticipant,
    RemoveParticipant,
    UpdateMembership,
    UpdateParticipant,
)
from tests.servers import Postgres

from .mirror import Mirror, agree
from .world import World, open_world

PEOPLE = ("ann", "ben")
ROOMS = 3
Step = tuple[str, int, int]

ACTIONS = ("say", "say", "edit", "erase", "rename", "join", "leave", "read", "describe", "delete", "make")
changes = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, ROOMS - 1), st.integers(0, 5)), min_size=1, max_size=8
)
phases = st.lists(st.tuples(changes, st.booleans(), changes), min_size=1, max_size=4)
"""Each: changes while the line holds, whether the client took them in before it breaks, changes while it is broken."""


class Play:
    """Carries steps out; `ann` is watched, `ben` is not."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rooms: list[Conversation | None] = [None] * ROOMS
        self.sent: dict[str, list[Message]] = {}
        self.ann = Mirror(world, "ann")

    async def start(self) -> None:
        for n in range(ROOMS):
            await self.make(n, n)
        await self.ann.connect()

    async def make(self, room: int, n: int) -> None:
        if self.rooms[room] is None:
            self.rooms[room] = await self.world.room(f"room {n}", *PEOPLE[: 1 + n % 2])

    async def carry_out(self, action: str, room: int, n: int) -> None:
        conversation = self.rooms[room]
        if action == "make":
            await self.make(room, n)
        elif conversation is not None:
            with suppress(ServiceError):  # already there, already gone
                await self.change(action, conversation, n)
            if action == "delete":
                self.rooms[room] = None

    async def change(self, action: str, room: Conversation, n: int) -> None:
        sent = self.sent.setdefault(room.sid, [])
        run, person = self.world.run, PEOPLE[n % 2]
        commands: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "rename": lambda: run(UpdateConversation(room.sid, friendly_name=f"name {n}")),
            "join": lambda: run(AddParticipant(room.sid, person)),
            "leave": lambda: run(RemoveParticipant(room.sid, person)),
            "read": lambda: run(UpdateMembership(room.sid, person, last_read_message_index=n), person),
            "describe": lambda: run(UpdateParticipant(room.sid, person, attributes=f'{{"n":{n}}}')),
            "delete": lambda: run(DeleteConversation(room.sid)),
        }
        if action == "say":
            sent.append(await run(SendMessage(room.sid, body=f"message {n}")))
        elif action in ("edit", "erase") and sent:
            message = sent[n % len(sent)]
            if action == "edit":
                await run(UpdateMessage(room.sid, message.sid, body=f"edited {n}"))
            else:
                await run(DeleteMessage(room.sid, message.sid))
        elif action in commands:
            await commands[action]()

    async def fresh(self) -> dict[str, Any]:
        mirror = Mirror(self.world, "ann")
        await mirror.connect()
        await mirror.settle()
        return mirror.view()


Played = list[tuple[list[Step], bool, list[Step]]]


async def play(database_url: str, played: Played) -> None:
    async with open_world(database_url) as world:
        acting = Play(world)
        await acting.start()
        for connected, taken_in, away in played:
            for each in connected:
                await acting.carry_out(*each)
            if taken_in:
                await agree(acting.ann, acting.fresh)
            acting.ann.drop_line()
            for each in away:
                await acting.carry_out(*each)
            await acting.ann.connect()
        await agree(acting.ann, acting.fresh)


@pytest.fixture(scope="module", autouse=True)
def _documents_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub_module, "LATE_DOCUMENT_SECONDS", 0.002)
        yield


@settings(max_examples=30, deadline=None)
@given(phases)
def test_old_view_and_replay_make_the_fresh_view(played: Played) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(f"sqlite:///{folder}/roomful.db", played))


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_same_on_postgresql(postgres: Postgres) -> None:
    @settings(max_examples=20, deadline=None)
    @given(phases)
    def check(played: Played) -> None:
        with postgres.database() as url:
            asyncio.run(play(url, played))

    check()
