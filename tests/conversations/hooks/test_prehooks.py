"""Webhooks that are asked before something happens: what of, who, and what their answers do."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from roomful.conversations.core.conversations import CreateConversation, UpdateConversation
from roomful.conversations.core.messages import SendMessage, UpdateMessage
from roomful.conversations.core.model import Message
from roomful.conversations.core.participants import AddParticipant, UpdateMembership
from roomful.conversations.core.ports import UNSET, Actor, Command
from roomful.conversations.core.presence import Arrive, Person, TakeLease
from roomful.conversations.core.roles import CreateRole
from roomful.conversations.core.services import CreateService
from roomful.conversations.core.timers import ApplyTimers
from roomful.conversations.core.tokens import RevokeTokens
from roomful.conversations.core.users import CreateUser, DeleteUser, EnsureUser
from roomful.conversations.core.webhooks import PRE_EVENTS
from roomful.conversations.hooks import prehooks
from roomful.conversations.hooks.client import ANSWER_BYTES
from tests.webhooks.listener import Reply, override

from .asking import REFUSED, Asking, commands, furnished

pytestmark = pytest.mark.anyio


# What is asked


async def test_each_kind_of_change_asks_once_and_only_then_happens(asking_on_both: Asking) -> None:
    asking, world = asking_on_both, asking_on_both.world
    room, message = await furnished(asking)
    asked = commands(room, message)
    assert set(asked) == PRE_EVENTS
    asking.listener.always("/pre", Reply(403))
    for command in asked.values():
        assert await world.refused(world.account, command) == REFUSED
    assert [call.event for call in asking.asked()] == list(asked)
    asking.listener.forget()
    asking.listener.always("/pre", Reply())
    for event, command in asked.items():
        await world.run(world.account, command)
        (call,) = asking.asked(event)
        assert (call["Source"], call["ChatServiceSid"]) == ("API", world.account.service_sid)
        assert world.events() != []
    assert len(asking.asked()) == len(asked)


async def test_who_asks_is_told_and_what_would_happen(asking: Asking) -> None:
    room, _ = await furnished(asking)
    await asking.world.run(asking.world.user("ana"), SendMessage(room.sid, body="héllo & goodbye", attributes="[1]"))
    (call,) = asking.asked()
    participant = await asking.world.store.reads.read(lambda reads: reads.one(Message, body="héllo & goodbye"))
    assert participant is not None
    assert call.parameters == {
        "AccountSid": asking.world.installation.account.sid,
        "ChatServiceSid": room.service_sid,
        "EventType": "onMessageAdd",
        "Source": "SDK",
        "ClientIdentity": "ana",
        "ConversationSid": room.sid,
        "ParticipantSid": participant.participant_sid,
        "Author": "ana",
        "Body": "héllo & goodbye",
        "Attributes": "[1]",
    }


async def test_what_changes_nothing_or_is_not_allowed_asks_nobody(asking: Asking) -> None:
    world = asking.world
    room, message = await furnished(asking)
    await world.person("eve", "participant")
    assert (await world.run(world.account, UpdateConversation(room.sid, friendly_name="#room"))).sid == room.sid
    assert await world.run(world.account, UpdateMessage(room.sid, message.sid, body="first")) == message
    assert await world.run(world.user("ana"), SendMessage(room.sid, body="?", attributes='{"cid":"1"}')) == message
    assert await world.refused(world.user("eve"), SendMessage(room.sid, body="x")) == (404, 50350)
    assert await world.refused(world.user("bo"), UpdateMessage(room.sid, message.sid, body="x")) == (403, 50107)
    assert await world.refused(world.account, AddParticipant(room.sid, "bo")) == (409, 50433)
    assert await world.refused(world.account, SendMessage(room.sid, body="x" * 40_000)) == (400, 50504)
    assert asking.asked() == []


async def test_what_is_not_the_business_of_webhooks_asks_nobody(asking: Asking) -> None:
    """Reading, presence, tokens, roles, users' comings and goings, the clock."""
    world = asking.world
    room, _ = await furnished(asking)
    await world.run(world.account, UpdateConversation(room.sid, timer_closed="PT10M"))
    asking.listener.forget()
    world.now += 10 * 60 * 1000
    ana = await world.run(world.account, EnsureUser("ana"))
    silent: list[Command[Any]] = [
        ApplyTimers(room.sid),
        EnsureUser("dora"),
        CreateUser("emil"),
        DeleteUser("emil"),
        RevokeTokens(identity="dora"),
        CreateRole("some role", "service", ("joinConversation",)),
        Arrive(await world.run(world.account, TakeLease()), (Person(room.service_sid, "ana", ana.sid),)),
    ]
    for command in silent:
        await world.run(world.account, command)
    await world.run(world.user("ana"), UpdateMembership(room.sid, "ana", last_read_message_index=0))
    assert (await world.conversation(room.sid)).state == "closed"
    assert asking.asked() == []


async def test_who_wants_no_webhooks_asks_none(asking: Asking) -> None:
    room, message = await furnished(asking)
    quiet = Actor(room.service_sid, webhooks=False)
    asking.listener.always("/pre", Reply(403))
    for command in commands(room, message).values():
        await asking.world.run(quiet, command)
    assert asking.asked() == []


# Who is asked


async def test_filters_choose_the_events(asking: Asking) -> None:
    room, message = await furnished(asking)
    await asking.configure(filters=("onMessageSend", "onParticipantAdded"))  # an older name, and one after the fact
    for command in commands(room, message).values():
        await asking.world.run(asking.world.account, command)
    assert [call.event for call in asking.asked()] == ["onMessageAdd"]


async def test_a_new_configuration_holds_at_once(asking: Asking) -> None:
    world = asking.world
    room, _ = await furnished(asking)

    async def send() -> list[str]:
        asking.listener.forget()
        await world.run(world.user("ana"), SendMessage(room.sid, body="x"))
        return [call.path for call in asking.listener.calls]

    account_sid = world.installation.account.sid
    assert await send() == ["/pre"]
    await asking.configure("/pre/other")
    assert await send() == ["/pre/other"]
    await asking.configure(UNSET, target="flex")
    assert await send() == []
    await asking.configure(UNSET, target="webhook", filters=())
    assert await send() == []
    await asking.configure("/pre/account", owner=account_sid)
    assert await send() == [], "the service's own configuration takes the account's place"
    await asking.configure("")
    assert await send() == ["/pre/account"]
    await asking.configure(UNSET, post="/post")
    assert await send() == [], "also when it only wants to be told afterwards"
    await asking.configure(UNSET, post="")
    assert await send() == ["/pre/account"]
    await asking.configure("", owner=account_sid)
    assert await send() == []


async def test_each_service_has_its_own(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when more services act than are remembered."""
    monkeypatch.setattr(prehooks, "MAX_SERVICES", 2)
    world = asking.world
    services = [await world.run(world.account, CreateService(f"service {number}")) for number in range(4)]
    for number, service in enumerate(services[:3]):
        await asking.configure(f"/pre/{number}", owner=service.sid)
    await asking.configure("/pre/account", owner=world.installation.account.sid)
    for _ in range(2):
        asking.listener.forget()
        for service in services:
            await world.run(Actor(service.sid), CreateConversation("#new"))
        assert [call.path for call in asking.listener.calls] == ["/pre/0", "/pre/1", "/pre/2", "/pre/account"]
        assert [call["ChatServiceSid"] for call in asking.listener.calls] == [service.sid for service in services]
        assert len(asking.hooks._hooks) <= 2


async def test_what_was_read_while_it_changed_is_not_remembered(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, _ = await furnished(asking)
    world, read = asking.world, asking.world.store.reads.read
    await asking.configure("/pre/old")

    async def late(query: Any) -> Any:
        found = await read(query)
        monkeypatch.setattr(world.store.reads, "read", read)
        await asking.configure("/pre/new")
        return found

    monkeypatch.setattr(world.store.reads, "read", late)
    for _ in range(2):
        await world.run(world.user("ana"), SendMessage(room.sid, body="x"))
    assert [call.path for call in asking.listener.calls] == ["/pre/old", "/pre/new"]


# What it answers


@pytest.mark.parametrize(
    "answer",
    [
        Reply(200),
        Reply(204),
        Reply(201, b" \r\n"),
        Reply(200, b"{}"),
        Reply(200, b"OK, go on"),
        Reply(200, b'{"body": "cut'),
        Reply(200, b'["body", "x"]'),
        Reply(200, b'"body"'),
        Reply(200, b"null"),
        Reply(200, b'\xff\xfe{"body'),
        Reply(200, b"[" * 60_000),
        Reply(200, b'{"body": null, "author": "", "Body": "x", "friendly_name": 7}'),
        Reply(299, b"{}"),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]!r}",
)
async def test_an_answer_that_puts_nothing_in_place(
    asking: Asking, answer: Reply, logs: list[MutableMapping[str, Any]]
) -> None:
    room, _ = await furnished(asking)
    asking.listener.on("/pre", answer)
    sent = await asking.world.run(asking.world.user("ana"), SendMessage(room.sid, body="asked", attributes="[2]"))
    assert (sent.body, sent.author, sent.attributes) == ("asked", "ana", "[2]")
    assert len(asking.asked()) == 1
    assert logs == []


async def test_values_are_put_in_place(asking_on_both: Asking) -> None:
    asking, world = asking_on_both, asking_on_both.world
    room, message = await furnished(asking)
    asking.listener.always(
        "/pre",
        override(body="put 😀", author="bo", attributes='{"put": true}', friendly_name="#put", unique_name="no"),
    )
    sent = await world.run(world.user("ana"), SendMessage(room.sid, body="asked", attributes='{"cid":"2"}'))
    assert (sent.body, sent.author, sent.attributes) == ("put 😀", "bo", '{"put": true}')
    edited = await world.run(world.user("ana"), UpdateMessage(room.sid, message.sid, body="asked"))
    assert (edited.body, edited.author, edited.attributes) == ("put 😀", "bo", '{"put": true}')
    named = await world.run(world.account, UpdateConversation(room.sid, attributes="[3]"))
    assert (named.friendly_name, named.unique_name, named.attributes) == ("#put", None, "[3]")
    made = await world.run(world.account, CreateConversation("asked"))
    assert (made.friendly_name, made.unique_name) == ("#put", None)
    added = await world.run(world.account, AddParticipant(room.sid, "cy"))
    assert added.attributes == "{}", "of participants nothing can be replaced"
    asking.listener.forget()
    again = await world.run(world.user("ana"), SendMessage(room.sid, body="asked", attributes='{"cid":"2"}'))
    assert again == sent
    assert asking.asked() == [], "a repeated send is known before the webhook is asked"


@pytest.mark.parametrize(
    ("put", "code"),
    [
        ({"body": 7}, 20001),
        ({"body": ["x"]}, 20001),
        ({"author": {}}, 20001),
        ({"attributes": {"a": 1}}, 20001),
        ({"attributes": "{'a'}"}, 50304),
        ({"attributes": json.dumps("x" * 5000)}, 50303),
        ({"body": "x" * 33_000}, 50504),
        ({"body": "\x00"}, 20001),
        ({"author": "x" * 300}, 50310),
        ({"author": "\ud800"}, 20001),
    ],
    ids=str,
)
async def test_an_answer_that_cannot_be_obeyed_is_told_to_who_sent(
    asking: Asking, put: dict[str, Any], code: int
) -> None:
    room, _ = await furnished(asking)
    asking.listener.on("/pre", override(**put))
    assert await asking.world.refused(asking.world.user("ana"), SendMessage(room.sid, body="x")) == (400, code)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 429, 451, 500, 502, 503, 599])
async def test_an_answer_that_refuses(asking: Asking, status: int) -> None:
    room, _ = await furnished(asking)
    asking.listener.on("/pre", Reply(status, b'{"body": "x"}'))
    assert await asking.world.refused(asking.world.user("ana"), SendMessage(room.sid, body="x")) == REFUSED


async def test_a_refusal_with_a_huge_page_is_a_refusal(asking: Asking) -> None:
    room, _ = await furnished(asking)
    asking.listener.on("/pre", Reply(404, b"<p>" * ANSWER_BYTES))
    assert await asking.world.refused(asking.world.user("ana"), SendMessage(room.sid, body="x")) == REFUSED
