"""The rules, command by command, on both databases."""

from __future__ import annotations

import asyncio
import json

import pytest

from roomful.conversations.core import limits
from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import (
    ConversationRemoved,
    ConversationUpdated,
    MembershipAdded,
    MembershipRemoved,
    MembershipUpdated,
    MessageAdded,
    MessageRemoved,
    MessageUpdated,
    ParticipantAdded,
    ParticipantRemoved,
    ParticipantUpdated,
    TokensRevoked,
    UserAdded,
    UserUpdated,
)
from roomful.conversations.core.installation import Install
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import Conversation, Message, Participant, Revocation, Tombstone, User
from roomful.conversations.core.participants import (
    AddParticipant,
    RemoveParticipant,
    UpdateMembership,
    UpdateParticipant,
)
from roomful.conversations.core.ports import Actor
from roomful.conversations.core.roles import CreateRole, DeleteRole, UpdateRole
from roomful.conversations.core.tokens import RevokeTokens, identity_subject, token_subject
from roomful.conversations.core.users import CreateUser, DeleteUser, EnsureUser, UpdateUser
from tests.conversations.core.world import World

pytestmark = pytest.mark.anyio


def kinds(world: World) -> list[str]:
    return [type(event).__name__ for event in world.events()]


async def test_first_start_makes_what_the_tutorial_makes_by_hand(world: World) -> None:
    by_name = {role.friendly_name: role for role in await world.roles()}
    assert set(by_name) == {"service admin", "service user", "channel admin", "channel user", "participant"}
    assert by_name["participant"].permissions.split() == ["joinConversation", "editOwnUserInfo"]
    assert by_name["participant"].type == "service"
    again = await world.run(Actor(""), Install("another token", "another secret"))
    assert again == world.installation


async def test_a_message_reaches_the_stream_with_the_next_position_and_index(world: World) -> None:
    room = await world.room("ana")
    first = await world.run(world.user("ana"), SendMessage(room.sid, body="one"))
    second = await world.run(world.account, SendMessage(room.sid, body="two", author="ana"))
    assert (first.index, second.index) == (0, 1)
    assert first.participant_sid == second.participant_sid is not None
    added = [event for event in world.events() if isinstance(event, MessageAdded)]
    assert [event.position for event in added] == [3, 4]  # created, ana joined, then the messages
    assert added[-1].conversation.last_message_index == 1
    assert added[-1].conversation.messages_count == 2


async def test_many_at_once_get_their_indexes_in_order(world: World) -> None:
    room = await world.room("ana")
    sends = [world.run(world.user("ana"), SendMessage(room.sid, body=str(n))) for n in range(50)]
    messages = await asyncio.gather(*sends)
    assert [message.index for message in messages] == list(range(50))
    stored = await world.store.reads.read(
        lambda reads: reads.page(Message, order="index", limit=100, conversation_sid=room.sid)
    )
    assert [message.body for message in stored] == [str(n) for n in range(50)]


async def test_a_repeated_cid_is_answered_with_the_first_message(world: World) -> None:
    room = await world.room("ana", "bo")
    send = SendMessage(room.sid, body="hello", attributes='{"cid":"c-1"}')
    first, repeated = await asyncio.gather(world.run(world.user("ana"), send), world.run(world.user("ana"), send))
    assert repeated == first
    assert (await world.run(world.user("bo"), send)).index == 1, "another author's cid is another message"
    world.now += 10 * 60 * 1000
    later = await world.run(world.user("ana"), send)
    assert later.index == 2
    assert (await world.run(world.user("ana"), send)) == later
    assert kinds(world).count("MessageAdded") == 3


async def test_a_member_may_send_and_an_outsider_learns_nothing(world: World) -> None:
    room = await world.room("ana")
    outsider = await world.person("eve", "participant")
    assert await world.refused(outsider, SendMessage(room.sid, body="hi")) == (404, 50350)
    assert await world.refused(outsider, AddParticipant(room.sid, "eve")) == (404, 50350)
    assert await world.refused(outsider, DeleteConversation(room.sid)) == (404, 50350)
    moderator = await world.person("mo", "service admin")
    assert await world.refused(moderator, SendMessage(room.sid, body="hi")) == (403, 50430)
    assert (await world.run(moderator, AddParticipant(room.sid, "mo"))).identity == "mo"


async def test_the_creator_is_not_joined_but_may_join(world: World) -> None:
    creator = await world.person("cy", "service user")
    room = await world.run(creator, CreateConversation(friendly_name="#mine"))
    assert room.created_by == "cy"
    joined = await world.run(creator, AddParticipant(room.sid, "cy"))
    assert joined.role_sid == (await world.role("channel admin")).sid
    added = await world.run(creator, AddParticipant(room.sid, "bo"))
    assert added.role_sid == (await world.role("channel user")).sid


async def test_people_of_the_chat_application_make_no_conversations(world: World) -> None:
    person = await world.person("ana", "participant")
    assert await world.refused(person, CreateConversation(friendly_name="#x")) == (403, 50107)


async def test_joining_and_leaving_are_told_in_both_streams(world: World) -> None:
    room = await world.room()
    await world.run(world.account, AddParticipant(room.sid, "ana"))
    assert {ParticipantAdded, MembershipAdded, UserAdded} == {type(event) for event in world.events()}
    assert await world.refused(world.account, AddParticipant(room.sid, "ana")) == (409, 50433)
    await world.run(world.user("ana"), RemoveParticipant(room.sid, "ana"))
    assert {type(event) for event in world.events()} == {ParticipantRemoved, MembershipRemoved}
    left = await world.store.reads.read(
        lambda reads: reads.page(Tombstone, order="position", limit=10, stream_sid=room.sid)
    )
    assert [tombstone.object for tombstone in left] == ["roster"]
    await world.run(world.account, AddParticipant(room.sid, "ana"))
    user = await world.store.reads.read(lambda reads: reads.one(User, identity="ana"))
    assert user is not None
    assert (user.conversations_count, user.position) == (1, 4)


async def test_edit_and_delete_follow_the_roles(world: World) -> None:
    room = await world.room("ana", "bo")
    message = await world.run(world.user("ana"), SendMessage(room.sid, body="helo"))
    edited = await world.run(world.user("ana"), UpdateMessage(room.sid, message.sid, body="hello"))
    assert (edited.body, edited.last_updated_by, edited.index) == ("hello", "ana", 0)
    assert await world.refused(world.user("bo"), UpdateMessage(room.sid, message.sid, body="x")) == (403, 50107)
    assert await world.refused(world.user("bo"), DeleteMessage(room.sid, message.sid)) == (403, 50107)
    await world.run(world.user("ana"), DeleteMessage(room.sid, message.sid))
    assert [type(event) for event in world.events()] == [MessageAdded, MessageUpdated, MessageRemoved]
    assert await world.refused(world.user("ana"), DeleteMessage(room.sid, message.sid)) == (404, 50500)
    after = await world.run(world.user("ana"), SendMessage(room.sid, body="again"))
    assert after.index == 1, "an index is not used twice"


async def test_deleting_the_last_message_shows_the_one_before(world: World) -> None:
    room = await world.room("ana")
    await world.run(world.user("ana"), SendMessage(room.sid, body="first"))
    last = await world.run(world.user("ana"), SendMessage(room.sid, body="last"))
    await world.run(world.user("ana"), DeleteMessage(room.sid, last.sid))
    removed = world.events()[-1]
    assert isinstance(removed, MessageRemoved)
    assert removed.conversation.last_message_index == 0
    assert removed.conversation.document_position == removed.position


async def test_the_read_horizon_and_the_notification_level(world: World) -> None:
    room = await world.room("ana")
    await world.run(world.user("ana"), SendMessage(room.sid, body="one"))
    world.events()
    read = await world.run(world.user("ana"), UpdateMembership(room.sid, "ana", last_read_message_index=0))
    assert (read.last_read_message_index, read.last_read_date) == (0, world.now)
    assert {type(event) for event in world.events()} == {ParticipantUpdated, MembershipUpdated}
    await world.run(world.user("ana"), UpdateMembership(room.sid, "ana", notification_level="muted"))
    assert {type(event) for event in world.events()} == {MembershipUpdated}
    await world.run(world.user("ana"), UpdateMembership(room.sid, "ana", notification_level="muted"))
    assert world.events() == [], "what changes nothing is not announced"
    beyond = UpdateMembership(room.sid, "ana", last_read_message_index=1)
    assert await world.refused(world.user("ana"), beyond) == (400, 50421)


async def test_unique_names_are_unique_even_at_once(world: World) -> None:
    create = CreateConversation(friendly_name="#a", unique_name="room:a")
    results = await asyncio.gather(
        world.run(world.account, create), world.run(world.account, create), return_exceptions=True
    )
    made = [result for result in results if isinstance(result, Conversation)]
    refused = [result for result in results if isinstance(result, ServiceError)]
    assert (len(made), [error.code for error in refused]) == (1, [50353])
    other = await world.run(world.account, CreateConversation(friendly_name="#b"))
    assert await world.refused(world.account, UpdateConversation(other.sid, unique_name="room:a")) == (409, 50353)
    await world.run(world.account, DeleteConversation(made[0].sid))
    assert (await world.run(world.account, UpdateConversation(other.sid, unique_name="room:a"))).unique_name == "room:a"


async def test_a_deleted_conversation_leaves_its_members_streams_first(world: World) -> None:
    room = await world.room("ana", "bo")
    await world.run(world.user("ana"), SendMessage(room.sid, body="one"))
    world.events()
    await world.run(world.account, DeleteConversation(room.sid))
    assert [type(event) for event in world.events()] == [MembershipRemoved, MembershipRemoved, ConversationRemoved]
    assert await world.store.reads.read(lambda reads: reads.count(Message, conversation_sid=room.sid)) == 0
    assert await world.store.reads.read(lambda reads: reads.count(Participant, conversation_sid=room.sid)) == 0


async def test_a_deleted_user_leaves_everywhere_and_its_tokens_are_refused(world: World) -> None:
    room = await world.room("ana", "bo")
    await world.run(world.user("ana"), SendMessage(room.sid, body="stays"))
    world.events()
    await world.run(world.account, DeleteUser("ana"))
    assert {type(event) for event in world.events()} == {MembershipRemoved, ParticipantRemoved, TokensRevoked}
    subject = identity_subject(room.service_sid, "ana")
    revocation = await world.store.reads.read(lambda reads: reads.one(Revocation, subject=subject))
    assert revocation is not None
    assert revocation.not_after == world.now // 1000
    assert await world.store.reads.read(lambda reads: reads.count(Message, conversation_sid=room.sid)) == 1
    assert (await world.run(world.account, EnsureUser("ana"))).conversations_count == 0


async def test_tokens_are_revoked_one_by_one(world: World) -> None:
    digest = "ab" * 32
    await world.run(world.account, RevokeTokens(token_sha256=(digest,)))
    await world.run(world.account, RevokeTokens(token_sha256=(digest,)))
    assert await world.store.reads.read(lambda reads: reads.one(Revocation, subject=token_subject(digest)))
    assert await world.refused(world.account, RevokeTokens()) == (400, 20001)
    assert await world.refused(world.account, RevokeTokens(token_sha256=("no",))) == (400, 20001)
    assert await world.refused(world.user("ana"), RevokeTokens(identity="bo")) == (403, 50107)


async def test_profiles(world: World) -> None:
    ana = await world.person("ana", "participant")
    await world.person("bo", "participant")
    changed = await world.run(ana, UpdateUser("ana", friendly_name="Ana"))
    assert changed.friendly_name == "Ana"
    [event] = world.events()
    assert isinstance(event, UserUpdated)
    assert (event.user.friendly_name_position, event.user.attributes_position) == (2, 1)
    await world.run(ana, UpdateUser("ana", friendly_name="A.", attributes="[]"))  # two items of the profile
    first, second = world.events()
    assert [first.position, second.position] == [3, 4]
    assert isinstance(second, UserUpdated)
    assert (second.user.friendly_name_position, second.user.attributes_position) == (3, 4)
    assert await world.refused(ana, UpdateUser("bo", friendly_name="B")) == (403, 50107)
    admin_sid = (await world.role("service admin")).sid
    assert await world.refused(ana, UpdateUser("ana", role_sid=admin_sid)) == (403, 50205)
    assert await world.refused(world.account, CreateUser("ana")) == (409, 50201)


async def test_roles(world: World) -> None:
    role = await world.run(world.account, CreateRole("muted", "conversation", ("leaveConversation",)))
    room = await world.room("ana")
    await world.run(world.account, UpdateParticipant(room.sid, "ana", role_sid=role.sid))
    assert await world.refused(world.user("ana"), SendMessage(room.sid, body="hi")) == (403, 50107)
    await world.run(world.account, UpdateRole(role.sid, ("leaveConversation", "sendMessage")))
    assert (await world.run(world.user("ana"), SendMessage(room.sid, body="hi"))).index == 0
    assert await world.refused(world.account, DeleteRole(role.sid)) == (409, 20409)
    default = (await world.role("channel user")).sid
    assert await world.refused(world.account, DeleteRole(default)) == (409, 20409)
    assert await world.refused(world.account, CreateRole("x", "conversation", ("joinConversation",))) == (400, 50104)
    assert await world.refused(world.account, CreateUser("zed", role_sid=role.sid)) == (400, 50105)


async def test_a_closed_conversation_takes_nothing_more(world: World) -> None:
    room = await world.room("ana")
    await world.run(world.account, UpdateConversation(room.sid, state="inactive"))
    await world.run(world.user("ana"), SendMessage(room.sid, body="wakes it"))
    updates = [event for event in world.events() if isinstance(event, ConversationUpdated)]
    assert [event.conversation.state for event in updates] == ["inactive", "active"]
    await world.run(world.account, UpdateConversation(room.sid, state="closed"))
    assert await world.refused(world.user("ana"), SendMessage(room.sid, body="late")) == (400, 50377)
    assert await world.refused(world.account, UpdateConversation(room.sid, state="active")) == (400, 50377)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (CreateConversation(friendly_name="x" * 257), 50003),
        (CreateConversation(unique_name="x" * 257), 50004),
        (CreateConversation(unique_name="CH" + "a" * 32), 50390),
        (CreateConversation(attributes="{"), 50304),
        (CreateConversation(attributes="NaN"), 50304),
        (CreateConversation(attributes="[" * 100_0 + "]" * 100_0), 50304),
        (CreateConversation(attributes=json.dumps("x" * 17_000)), 50303),
        (CreateConversation(friendly_name="a\x00b"), 20001),
        (CreateConversation(friendly_name="\ud800"), 20001),
        (CreateConversation(state="closed"), 50384),
        (CreateConversation(state="asleep"), 50378),
        (CreateUser(""), 50204),
        (CreateUser("x" * 257), 50207),
        (CreateUser("US" + "0" * 32), 50206),
    ],
)
async def test_bad_input_is_refused_with_its_code(world: World, command: CreateConversation, code: int) -> None:
    assert await world.refused(world.account, command) == (400, code)


async def test_a_body_is_bounded(world: World) -> None:
    room = await world.room("ana")
    too_long = SendMessage(room.sid, body="é" * (limits.BODY_BYTES // 2 + 1))
    assert await world.refused(world.user("ana"), too_long) == (400, 50504)
    fits = SendMessage(room.sid, body="é" * (limits.BODY_BYTES // 2))
    assert (await world.run(world.user("ana"), fits)).index == 0


async def test_another_services_things_do_not_exist_here(world: World) -> None:
    room = await world.room("ana")
    elsewhere = Actor("IS" + "f" * 32)
    assert await world.refused(elsewhere, DeleteConversation(room.sid)) == (404, 50350)
