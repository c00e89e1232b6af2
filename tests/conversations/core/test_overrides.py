"""What a webhook puts in place: rights are judged on what was asked for, values are the webhook's, limits hold."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from roomful.conversations.core import limits
from roomful.conversations.core.conversations import CreateConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import MessageUpdated
from roomful.conversations.core.messages import SendMessage, UpdateMessage
from roomful.conversations.core.overrides import Override, override_from
from roomful.conversations.core.participants import AddParticipant, UpdateParticipant
from roomful.conversations.core.roles import CreateRole
from tests.conversations.core.world import World

pytestmark = pytest.mark.anyio

TEXT = ("body", "author", "attributes")


async def test_a_message_has_the_values_put_in_place(world: World) -> None:
    room = await world.room("ana", "bo")
    put = Override(body="softer", author="bo", attributes='{"mood": 1}')
    sent = await world.run(world.user("ana"), SendMessage(room.sid, body="harsh", attributes='{"a": 1}', override=put))
    assert (sent.body, sent.author, sent.attributes) == ("softer", "bo", '{"mood": 1}')
    bo = await world.run(world.account, UpdateParticipant(room.sid, "bo"))
    assert sent.participant_sid == bo.sid, "the participant is the author's"
    outside = await world.run(world.user("ana"), SendMessage(room.sid, body="x", override=Override(author="robot")))
    assert (outside.author, outside.participant_sid, outside.body) == ("robot", None, "x")
    by_account = await world.run(world.account, SendMessage(room.sid, author="ana", override=Override(body="said")))
    assert (by_account.author, by_account.body) == ("ana", "said")


async def test_a_repeated_send_is_known_whoever_became_its_author(world: World) -> None:
    room = await world.room("ana", "bo")

    def send(**put: str) -> SendMessage:
        override = Override(**put) if put else None
        return SendMessage(room.sid, body="hello", attributes='{"cid":"c"}', override=override)

    ana = world.user("ana")
    first, at_once = await asyncio.gather(
        world.run(ana, send(author="bo", attributes="{}")), world.run(ana, send(author="robot"))
    )
    assert (first.author, first.attributes, first.index) == ("bo", "{}", 0)
    assert first == at_once
    assert await world.run(ana, send()) == first
    assert await world.run(ana, send(author="bo", attributes='{"cid":"other"}')) == first
    world.events()
    assert await world.store.reads.preview(ana, send()) == (), "so nobody is asked again"
    assert (await world.run(world.user("bo"), send())).index == 1, "bo has sent nothing under this cid yet"
    by_rest = SendMessage(room.sid, author="bo", attributes='{"cid":"c"}')
    assert (await world.run(world.account, by_rest)).index == 1
    await world.run(world.account, UpdateMessage(room.sid, first.sid, author="cy"))
    assert (await world.run(ana, send())).index == 0, "nor does a later author change whose send it was"


async def test_no_right_is_needed_for_what_is_put_in_place(world: World) -> None:
    """Eve may change texts of her own and the room's attributes; names, authors and others' texts she may not."""
    room = await world.room("bo")
    permissions = ("sendMessage", "editOwnMessage", "editConversationAttributes")
    role = await world.run(world.account, CreateRole("painter", "conversation", permissions))
    eve = await world.person("eve", "participant")
    await world.run(world.account, AddParticipant(room.sid, "eve", role_sid=role.sid))
    own = await world.run(eve, SendMessage(room.sid, body="mine"))
    others = await world.run(world.user("bo"), SendMessage(room.sid, body="bo's"))
    world.events()

    put = Override(friendly_name="by the hook")
    assert await world.refused(eve, UpdateConversation(room.sid, friendly_name="x", override=put)) == (403, 50107)
    named = await world.run(eve, UpdateConversation(room.sid, attributes='{"c": 1}', override=put))
    assert (named.friendly_name, named.attributes) == ("by the hook", '{"c": 1}')
    cleared = await world.run(
        eve, UpdateConversation(room.sid, attributes='{"c": 2}', override=Override(friendly_name=""))
    )
    assert cleared.friendly_name is None

    put = Override(author="bo", attributes='{"d": 1}')
    assert await world.refused(eve, UpdateMessage(room.sid, others.sid, body="x", override=put)) == (403, 50107)
    assert await world.refused(eve, UpdateMessage(room.sid, own.sid, attributes="{}", override=put)) == (403, 50107)
    changed = await world.run(eve, UpdateMessage(room.sid, own.sid, body="new", override=put))
    assert (changed.body, changed.author, changed.attributes) == ("new", "bo", '{"d": 1}')
    assert changed.last_updated_by == "eve"


async def test_a_new_conversation_has_the_name_put_in_place(world: World) -> None:
    creator = await world.person("cy", "service user")
    made = await world.run(creator, CreateConversation(friendly_name="asked", override=Override(friendly_name="put")))
    assert (made.friendly_name, made.created_by) == ("put", "cy")


async def test_what_is_put_back_as_it_was_changes_nothing(world: World) -> None:
    room = await world.room("ana")
    sent = await world.run(world.user("ana"), SendMessage(room.sid, body="one"))
    world.events()
    undone = UpdateMessage(room.sid, sent.sid, body="two", override=Override(body="one"))
    assert await world.run(world.user("ana"), undone) == sent
    assert world.events() == []
    kept = UpdateMessage(room.sid, sent.sid, body="two", override=Override(attributes=sent.attributes))
    assert (await world.run(world.user("ana"), kept)).body == "two"
    assert [type(event) for event in world.events()] == [MessageUpdated]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"body": "x" * (limits.BODY_BYTES + 1)}, 50504),
        ({"body": "a\x00b"}, 20001),
        ({"body": "half \ud83d"}, 20001),
        ({"author": "x" * (limits.IDENTITY_CHARS + 1)}, 50310),
        ({"author": "\x00"}, 20001),
        ({"attributes": "not JSON"}, 50304),
        ({"attributes": ""}, 50304),
        ({"attributes": json.dumps("x" * limits.MESSAGE_ATTRIBUTES_BYTES)}, 50303),
        ({"friendly_name": "x" * (limits.FRIENDLY_NAME_CHARS + 1)}, 50003),
        ({"body": 1}, 20001),
        ({"body": ["x"]}, 20001),
        ({"author": False}, 20001),
        ({"attributes": {"not": "text"}}, 20001),
    ],
)
def test_limits_hold_for_what_is_put_in_place(values: dict[str, Any], code: int) -> None:
    with pytest.raises(ServiceError) as caught:
        override_from(values, ("friendly_name", *TEXT))
    assert (caught.value.status, caught.value.code) == (400, code)


@pytest.mark.parametrize(
    "answer", [None, [], ["body"], "body", 1, True, {}, {"body": None}, {"author": ""}, {"Body": "x"}, {"text": 1}]
)
def test_what_puts_nothing_in_place(answer: Any) -> None:
    assert override_from(answer, TEXT) is None


def test_only_what_the_command_has_is_taken() -> None:
    answer = {"body": "b", "author": "a", "attributes": "{}", "friendly_name": 7}
    assert override_from(answer, TEXT) == Override(body="b", author="a", attributes="{}")
    assert override_from({"body": 7}, ("friendly_name",)) is None
    assert override_from({"body": ""}, TEXT) == Override(body="")
