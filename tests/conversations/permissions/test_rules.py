"""The decisions of docs/rest.md, "Roles", that the table does not show: which role's permission counts where."""

from __future__ import annotations

import pytest

from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant, UpdateMembership
from roomful.conversations.core.ports import Command
from roomful.conversations.core.roles import CreateRole
from roomful.conversations.core.users import CreateUser, UpdateUser
from tests.conversations.sync.world import World

pytestmark = pytest.mark.anyio


async def role(world: World, type_: str, *permissions: str) -> str:
    """A new role with just these permissions; its SID."""
    return (await world.run(CreateRole("a role", type_, permissions))).sid


async def user(world: World, identity: str, *permissions: str) -> str:
    """A user whose service role has just these permissions."""
    await world.run(CreateUser(identity, role_sid=await role(world, "service", *permissions)))
    return identity


async def refusal(world: World, command: Command[object], identity: str) -> tuple[int, int]:
    with pytest.raises(ServiceError) as refused:
        await world.run(command, identity)
    return refused.value.status, refused.value.code


async def test_a_service_role_counts_in_every_conversation_that_the_user_may_open(world: World) -> None:
    ann = await user(world, "ann", "addParticipant", "editOwnMessage", "deleteAnyMessage")
    ben = await user(world, "ben", "addParticipant", "removeParticipant")
    room = await world.room("room")
    await world.run(AddParticipant(room.sid, "cleo"), ann)
    assert await refusal(world, AddParticipant(room.sid, "dan"), ben) == (404, 50350)
    nothing = await role(world, "conversation")
    await world.run(AddParticipant(room.sid, ben, role_sid=nothing))
    await world.run(AddParticipant(room.sid, "dan"), ben)
    await world.run(RemoveParticipant(room.sid, "cleo"), ben)


async def test_joining_takes_joinconversation_and_an_open_door(world: World) -> None:
    adder = await user(world, "adder", "createConversation", "addParticipant", "editAnyMessage")
    joiner = await user(world, "joiner", "createConversation", "joinConversation")
    room = await world.room("room")
    assert await refusal(world, AddParticipant(room.sid, adder), adder) == (403, 50107)
    assert await refusal(world, AddParticipant(room.sid, joiner), joiner) == (404, 50350)
    own = await world.run(CreateConversation(), joiner)
    await world.run(AddParticipant(own.sid, joiner), joiner)
    await world.run(RemoveParticipant(own.sid, joiner))
    await world.run(AddParticipant(own.sid, joiner), joiner)  # its creator may come back


async def test_an_own_message_is_own_while_one_is_a_member(world: World) -> None:
    ann = await user(world, "ann", "createConversation", "editOwnMessage")
    room = await world.run(CreateConversation(), ann)
    await world.run(AddParticipant(room.sid, ann))
    message = await world.run(SendMessage(room.sid, body="1"), ann)
    edit = UpdateMessage(room.sid, message.sid, body="2")
    await world.run(edit, ann)
    await world.run(RemoveParticipant(room.sid, ann))
    assert await refusal(world, edit, ann) == (403, 50107)  # its creator may still read
    assert await refusal(world, DeleteMessage(room.sid, message.sid), ann) == (403, 50107)
    await world.run(AddParticipant(room.sid, ann))
    assert (await world.run(UpdateMessage(room.sid, message.sid, body="3"), ann)).body == "3"
    ben = await user(world, "ben")
    channel_user = world.installation.service.default_conversation_role_sid
    await world.run(AddParticipant(room.sid, ben, role_sid=channel_user))
    said = await world.run(SendMessage(room.sid, body="1"), ben)
    await world.run(RemoveParticipant(room.sid, ben))
    assert await refusal(world, DeleteMessage(room.sid, said.sid), ben) == (404, 50350)
    await world.run(AddParticipant(room.sid, ben))
    await world.run(DeleteMessage(room.sid, said.sid), ben)


async def test_a_profile_belongs_to_no_conversation(world: World) -> None:
    ann = await user(world, "ann")
    room = await world.room("room", "ben")
    editor = await role(world, "conversation", "editOwnUserInfo", "editAnyUserInfo")
    await world.run(AddParticipant(room.sid, ann, role_sid=editor))
    assert await refusal(world, UpdateUser(ann, friendly_name="Ann"), ann) == (403, 50107)
    assert await refusal(world, UpdateUser("ben", friendly_name="Ben"), ann) == (403, 50107)


async def test_a_horizon_needs_membership_and_no_permission(world: World) -> None:
    ann = await user(world, "ann", "editAnyMessage", "editNotificationLevel")
    room = await world.room("room", "ben")
    horizon = UpdateMembership(room.sid, ann, last_read_message_index=0)
    level = UpdateMembership(room.sid, ann, notification_level="muted")
    for command in (horizon, level):
        assert await refusal(world, command, ann) == (403, 50430)
    await world.run(AddParticipant(room.sid, ann, role_sid=await role(world, "conversation")))
    assert (await world.run(horizon, ann)).last_read_message_index == 0
    assert (await world.run(level, ann)).notification_level == "muted"  # by the service role
