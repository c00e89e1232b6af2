"""Access that is taken away while somebody is connected: nothing more comes, nothing more is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest

from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Conversation, Message
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from roomful.conversations.core.ports import ReadPool, Reads
from roomful.conversations.core.roles import UpdateRole
from roomful.conversations.core.users import UpdateUser
from roomful.conversations.sync import access
from roomful.conversations.sync.objects import Kind
from tests.conversations.sync.line import Line
from tests.conversations.sync.world import World, eventually, open_world

from .table import make_roles, person

pytestmark = pytest.mark.anyio
T = TypeVar("T")

OBJECTS = (Kind.DOCUMENT, Kind.MESSAGES, Kind.ROSTER)
GONE = ["document_removed", "list_removed", "map_removed"]


async def watch(world: World, identity: str, *rooms: Conversation) -> Line:
    """A client that is subscribed to everything of these rooms."""
    line = await world.connect(identity)
    for room in rooms:
        await line.established(*((kind.sid(room.sid), kind.type, None) for kind in OBJECTS))
    line.events.clear()
    return line


def kinds(line: Line) -> list[str]:
    return [event["event_type"] for event in line.events]


def texts(line: Line) -> list[str]:
    return [event["item_data"]["text"] for event in line.of_type("list_item_added")]


async def looked_up(world: World) -> None:
    """The hub has nothing more to find out."""
    await eventually(lambda: not world.hub._doubts._open, "the hub to know who may stay")


@dataclass
class Gate:
    """Readings of the store whose answers can be held back: `held` are those that wait, in order."""

    pool: ReadPool
    shut: bool = False
    held: list[asyncio.Future[None]] = field(default_factory=list)

    @classmethod
    def of(cls, world: World) -> Gate:
        gate = cls(world.hub.backend.reads)
        world.hub.attach(replace(world.hub.backend, reads=gate))
        return gate

    async def read(self, query: Callable[[Reads], T]) -> T:
        answer = await self.pool.read(query)
        if self.shut:
            self.held.append(asyncio.get_running_loop().create_future())
            await self.held[-1]
        return answer

    async def holds(self, count: int) -> None:
        await eventually(lambda: len(self.held) == count, f"{count} readings to wait")

    def let(self, which: int) -> None:
        self.held[which].set_result(None)


async def refused_all(line: Line, room: Conversation) -> None:
    """To this client the room does not exist."""
    path = f"/Client/v2/Conversations/{room.sid}"
    for method, asked, body in (
        ("GET", path, None),
        ("POST", f"{path}/Messages", {"body": "still here?"}),
        ("POST", f"{path}/Participants", {"identity": line.session.identity}),
    ):
        status, answer = await line.request(method, asked, body)
        assert (status, answer["code"]) == (404, 50350)
    for kind in OBJECTS:
        path = f"/v3/{kind.type.capitalize()}s/{kind.sid(room.sid)}"
        assert (await line.request("GET", path))[0] == 404


async def test_a_moderator_who_becomes_an_ordinary_user_is_shut_out_at_once(world: World) -> None:
    roles = await make_roles(world)
    identity = await person(world, roles, "moderator")
    room = await world.room("room", "ann")
    own = await world.run(CreateConversation(friendly_name="own"))
    await world.run(AddParticipant(own.sid, identity))
    ann = await watch(world, "ann", room)
    first, second = [await watch(world, identity, room, own) for _ in range(2)]
    await world.run(UpdateUser(identity, role_sid=roles["service user"]))
    await looked_up(world)
    for line in (first, second):
        assert kinds(line) == GONE
        line.events.clear()
    await world.say(room, "ann", "among us")
    assert (await ann.request("POST", "/v1/typing", f"ChannelSid={room.sid}".encode()))[0] == 200
    await world.run(SendMessage(own.sid, body="for members"))
    await eventually(lambda: texts(ann) and texts(first) and texts(second))
    assert texts(first) == texts(second) == ["for members"]
    assert first.typing == second.typing == []
    await refused_all(first, room)


async def test_a_role_that_loses_its_permission_shuts_out_all_who_hold_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "USERS_AT_ONCE", 1)  # several readings
    async with open_world(database_url) as world:
        await a_role_loses_its_permission(world)


async def a_role_loses_its_permission(world: World) -> None:
    roles = await make_roles(world)
    for identity, role in (("mod", "moderator"), ("admin", "service admin"), ("member", "moderator")):
        await world.run(AddParticipant((await world.room(identity)).sid, identity))
        await world.run(UpdateUser(identity, role_sid=roles[role]))
    room = await world.room("room", "member")
    made = await world.run(CreateConversation(friendly_name="made"), None)
    mod, admin, member = [await watch(world, who, room, made) for who in ("mod", "admin", "member")]
    await world.run(
        UpdateRole(roles["moderator"], ("deleteAnyMessage", "createConversation"))
    )  # one of the two is enough
    await looked_up(world)
    assert [kinds(line) for line in (mod, admin, member)] == [[], [], []]
    theirs = await world.run(CreateConversation(friendly_name="theirs"), "mod")
    await mod.established(*((kind.sid(theirs.sid), kind.type, None) for kind in OBJECTS))
    mod.events.clear()
    await world.run(UpdateRole(roles["moderator"], ("createConversation",)))
    await looked_up(world)
    assert kinds(mod) == GONE * 2
    assert not [event for event in mod.events if theirs.sid[2:] in str(event)]  # its creator may stay
    assert {event["event"].get("list_sid") for event in member.events} == {None, Kind.MESSAGES.sid(made.sid)}
    assert kinds(member) == GONE
    assert kinds(admin) == []
    await refused_all(mod, room)


@pytest.mark.parametrize("hub_first", [True, False])
async def test_a_subscription_that_is_being_established_does_not_slip_through(world: World, hub_first: bool) -> None:
    roles = await make_roles(world)
    identity = await person(world, roles, "moderator")
    room = await world.room("room", "ann")
    mod = await world.connect(identity)
    gate = Gate.of(world)
    gate.shut = True
    await mod.subscribe(*((kind.sid(room.sid), kind.type, None) for kind in OBJECTS))
    await gate.holds(1)  # a moderator may: it was read before
    await world.run(UpdateUser(identity, role_sid=roles["service user"]))
    await gate.holds(2)
    gate.let(1 if hub_first else 0)
    await (looked_up(world) if hub_first else eventually(lambda: mod.events))
    gate.let(0 if hub_first else 1)
    if hub_first:  # who was put out meanwhile might be in again, so it is read once more
        await gate.holds(3)
        gate.let(2)
    await eventually(lambda: len(mod.events) >= (1 if hub_first else 4))
    assert kinds(mod) == (["subscription_failed"] if hub_first else ["subscription_established", *GONE])
    if hub_first:
        assert [entry["error"]["status"] for entry in mod.events[0]["events"]] == [404, 404, 404]
    assert room.sid not in world.hub._streams
    mod.events.clear()
    gate.shut = False
    await mod.subscribe(*((kind.sid(room.sid), kind.type, None) for kind in OBJECTS))
    await eventually(lambda: mod.events)
    await world.say(room, "ann", "among us")
    assert kinds(mod) == ["subscription_failed"]


async def test_who_joins_while_the_store_is_asked_may_stay(world: World) -> None:
    roles = await make_roles(world)
    identity = await person(world, roles, "moderator")
    room, other = await world.room("room"), await world.room("other")
    mod = await watch(world, identity, room, other)
    gate = Gate.of(world)
    gate.shut = True
    await world.run(UpdateUser(identity, role_sid=roles["service user"]))
    await gate.holds(1)
    await world.run(AddParticipant(room.sid, identity))
    gate.let(0)
    await looked_up(world)
    await world.run(SendMessage(room.sid, body="welcome"))
    await eventually(lambda: texts(mod))
    assert [kind for kind in kinds(mod) if kind in GONE] == GONE
    assert all(other.sid[2:] in str(event) for event in mod.events if event["event_type"] in GONE)
    assert texts(mod) == ["welcome"]


async def test_who_cannot_be_judged_must_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = await make_roles(world)
    identity = await person(world, roles, "moderator")
    room = await world.room("room", "ann")
    mod, ann = await watch(world, identity, room), await watch(world, "ann", room)

    async def broken(query: Callable[[Reads], Any]) -> Any:
        raise ServiceError(503, 20503, "no reader is left")

    monkeypatch.setattr(world.hub.backend.reads, "read", broken)
    await world.run(UpdateUser(identity, role_sid=roles["service user"]))
    assert await eventually(lambda: mod.closed) == (1011, "the server cannot go on")
    assert ann.closed is None


async def test_commands_at_work_are_authorised_where_they_are_carried_out(world: World) -> None:
    """What was asked for before the removal is done; what comes after it, in the same batch, is refused."""
    room = await world.room("room", "ann", "ben")
    ben = await world.connect("ben")
    path = f"/Client/v2/Conversations/{room.sid}/Messages"
    *before, _, after, by_socket = await asyncio.gather(
        *(world.run(SendMessage(room.sid, body=str(n)), "ben") for n in range(20)),
        world.run(RemoveParticipant(room.sid, "ben")),
        world.run(SendMessage(room.sid, body="too late"), "ben"),
        ben.request("POST", path, {"body": "too late"}),
        return_exceptions=True,
    )
    assert [message.index for message in before if isinstance(message, Message)] == list(range(20))
    assert isinstance(after, ServiceError)
    assert (after.status, after.code) == (404, 50350)
    assert isinstance(by_socket, tuple)
    assert (by_socket[0], by_socket[1]["code"]) == (404, 50350)
    found = await world.store.reads.read(lambda reads: reads.one(Conversation, sid=room.sid))
    assert found is not None
    assert found.messages_count == 20


async def test_a_role_that_is_taken_away_counts_for_commands_at_work(world: World) -> None:
    roles = await make_roles(world)
    room = await world.room("room", "ann", "ben")
    nothing = roles["nothing (conversation)"]
    first, _, second, _, third = await asyncio.gather(
        world.run(SendMessage(room.sid, body="1"), "ben"),
        world.run(UpdateParticipant(room.sid, "ben", role_sid=nothing)),
        world.run(SendMessage(room.sid, body="2"), "ben"),
        world.run(UpdateRole(nothing, ("sendMessage",))),
        world.run(SendMessage(room.sid, body="3"), "ben"),
        return_exceptions=True,
    )
    assert isinstance(first, Message)
    assert isinstance(second, ServiceError)
    assert (second.status, second.code) == (403, 50107)
    assert "sendMessage" in second.message
    assert isinstance(third, Message)
    assert (first.body, third.body) == ("1", "3")
