"""The table of tests/conformance/permissions.md, and people of each of its kinds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from roomful.conversations.core.bindings import Binding
from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Conversation, Message, Participant, Role
from roomful.conversations.core.outside import AddNonChatParticipant
from roomful.conversations.core.participants import AddParticipant
from roomful.conversations.core.roles import CreateRole
from roomful.conversations.core.users import CreateUser, EnsureUser
from tests.conversations.sync.world import Line, World

TABLE = Path(__file__).parents[2] / "conformance" / "permissions.md"
Row = dict[str, str]

OTHER = "other"
"""A channel user who is in every room."""


def rows(heading: str) -> list[Row]:
    """The rows under a heading, by the names of the columns."""
    section = TABLE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(head, cells, strict=True)) for cells in body]


REQUESTS = rows("Requests of clients")
ACTORS = tuple(REQUESTS[0])[4:]

SERVICE_ROLES = {
    "outsider": "nothing (service)",
    "mute": "nothing (service)",
    "moderator": "moderator",
    "administrator": "service admin",
    "joined administrator": "service admin",
}
"""All others have the service's default role."""

CONVERSATION_ROLES = {
    "channel admin": "channel admin",
    "channel user": "channel user",
    "mute": "nothing (conversation)",
    "joined administrator": "channel user",
}
"""The others are not in the conversation."""


async def role_sids(world: World) -> dict[str, str]:
    """The service's roles by name."""
    found = await world.store.reads.read(lambda reads: reads.find(Role, "service_sid", [world.service_sid]))
    return {role.friendly_name: role.sid for role in found}


async def make_roles(world: World) -> dict[str, str]:
    """The table's roles by name, with those that a service does not have by itself."""
    await world.run(CreateRole("nothing (service)", "service", ()))
    await world.run(CreateRole("nothing (conversation)", "conversation", ()))
    await world.run(CreateRole("moderator", "service", ("editAnyMessage", "deleteAnyMessage")))
    return await role_sids(world)


@dataclass(frozen=True)
class Case:
    """A person of one kind, and a room of its own with what the operations need.

    Attributes:
        mine: a message that the person wrote.
        theirs: one of OTHER's.
        me: the person's participant, or a SID that nobody has.
        them: OTHER's participant.
    """

    actor: str
    line: Line
    room: Conversation
    mine: Message
    theirs: Message
    me: str
    them: Participant
    other_sid: str
    outside: str
    """The SID of somebody outside the chat."""

    @property
    def identity(self) -> str:
        return self.line.session.identity


async def person(world: World, roles: dict[str, str], actor: str) -> str:
    """A user of this kind; the identity."""
    role = SERVICE_ROLES.get(actor)
    await world.run(CreateUser(actor, role_sid=roles[role] if role else None))
    return actor


async def case(world: World, roles: dict[str, str], actor: str) -> Case:
    identity = await person(world, roles, actor)
    owner = identity if actor == "creator" else None
    room = await world.run(CreateConversation(friendly_name="room", unique_name=f"room of {actor}"), owner)
    them = await world.run(AddParticipant(room.sid, OTHER))
    me = "MB" + "0" * 32
    if role := CONVERSATION_ROLES.get(actor):
        me = (await world.run(AddParticipant(room.sid, identity, role_sid=roles[role]))).sid
    mine = await world.run(SendMessage(room.sid, body="mine", author=identity))
    theirs = await world.run(SendMessage(room.sid, body="theirs", author=OTHER))
    other = await world.run(EnsureUser(OTHER))
    binding = Binding(f"{actor.replace(' ', '.')}@example.com", "chat@example.com")
    outside = await world.run(AddNonChatParticipant(room.sid, binding))
    return Case(actor, await world.connect(identity), room, mine, theirs, me, them, other.sid, outside.sid)
