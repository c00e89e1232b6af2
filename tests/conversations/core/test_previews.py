"""A preview of each command that a webhook is asked about tells what the command then announces, or its refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import Event
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import Conversation, Message
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from roomful.conversations.core.ports import Actor, Command
from roomful.conversations.core.users import UpdateUser
from tests.conversations.core.world import World
from tests.conversations.store.test_preview import told

pytestmark = pytest.mark.anyio

Make = Callable[[Conversation, Message], Command[Any]]

COMMANDS: dict[str, Make] = {
    "create": lambda room, last: CreateConversation("#new", unique_name="new", attributes='{"a": 1}'),
    "rename": lambda room, last: UpdateConversation(room.sid, friendly_name="#other", unique_name="other"),
    "state": lambda room, last: UpdateConversation(room.sid, state="inactive", timer_closed="PT10M"),
    "unchanged": lambda room, last: UpdateConversation(room.sid, friendly_name="#room"),
    "delete": lambda room, last: DeleteConversation(room.sid),
    "send": lambda room, last: SendMessage(room.sid, body="new", attributes='{"cid":"new"}'),
    "repeat": lambda room, last: SendMessage(room.sid, body="again", attributes=last.attributes),
    "edit": lambda room, last: UpdateMessage(room.sid, last.sid, body="edited", attributes="[]"),
    "unsend": lambda room, last: DeleteMessage(room.sid, last.sid),
    "add": lambda room, last: AddParticipant(room.sid, "somebody new"),
    "join": lambda room, last: AddParticipant(room.sid, "bo"),
    "member": lambda room, last: UpdateParticipant(room.sid, "bo", attributes='{"b": 1}'),
    "horizon": lambda room, last: UpdateParticipant(room.sid, "bo", last_read_message_index=1),
    "remove": lambda room, last: RemoveParticipant(room.sid, "bo"),
    "leave": lambda room, last: RemoveParticipant(room.sid, "ana"),
    "profile": lambda room, last: UpdateUser("ana", friendly_name="Ana", attributes='{"c": 1}'),
    "nobody": lambda room, last: UpdateUser("nobody", friendly_name="x"),
    "elsewhere": lambda room, last: SendMessage("CH" + "f" * 32, body="x"),
    "too long": lambda room, last: SendMessage(room.sid, body="x" * 40_000),
}

DONE: dict[str | None, set[str]] = {
    None: set(COMMANDS) - {"elsewhere", "join", "nobody", "too long"},
    "ana": {"create", "send", "repeat", "edit", "unsend", "leave", "profile"},
    "eve": set(),
}
"""What each of them may do; all else is refused."""


async def foretold(world: World, actor: Actor, command: Command[Any]) -> tuple[Event, ...] | tuple[int, int]:
    """What is to happen: events, or a refusal's status and code."""
    try:
        return await world.store.reads.preview(actor, command)
    except ServiceError as error:
        return error.status, error.code


@pytest.mark.parametrize("identity", [None, "ana", "eve"])
async def test_a_preview_foretells_the_command(world: World, identity: str | None) -> None:
    await world.person("eve", "participant")
    actor = world.account if identity is None else world.user(identity)
    done = set()
    for name, make in COMMANDS.items():
        room = await world.room("ana", "bo")
        for index in range(3):
            cid = f'{{"cid":"{index}"}}'
            last = await world.run(world.user("ana"), SendMessage(room.sid, body=f"text {index}", attributes=cid))
        world.events()
        command = make(room, last)
        expected = await foretold(world, actor, command)
        assert world.commits == []
        match expected:
            case int(), int():
                assert await world.refused(actor, command) == expected, name
            case _:
                await world.run(actor, command)
                done.add(name)
                # The bus hears stream by stream, and each stream in the order of the positions.
                assert sorted(map(alone, world.events())) == sorted(map(alone, expected)), name
    assert done == DONE[identity]


def alone(event: Any) -> str:
    return told((event,))
