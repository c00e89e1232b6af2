"""What happened becomes calls: who hears of what, in which place, and what it costs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from roomful.conversations.core import limits
from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import WebhookCallsDue
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import APPLICATION, PLACES, Conversation
from roomful.conversations.core.participants import AddParticipant
from roomful.conversations.core.ports import Actor
from roomful.conversations.core.presence import Arrive, Person, TakeLease
from roomful.conversations.core.push import RegisterPush
from roomful.conversations.core.services import CreateService, UpdateServiceConfiguration
from roomful.conversations.core.users import DeleteUser, EnsureUser, UpdateUser
from roomful.conversations.core.webhook_configuration import CreateWebhook, UpdateWebhookConfiguration
from roomful.conversations.core.webhooks import PRE_EVENTS

from .listening import ALL, IN_CONVERSATION, URL, configure, hears, together, told
from .world import World

pytestmark = pytest.mark.anyio


# Who hears


async def test_a_service_replaces_the_account(world: World) -> None:
    """As soon as it has a URL, be it one that is only asked; other services still go by the account's."""
    account_sid, service_sid = world.installation.account.sid, world.installation.service.sid
    other = Actor((await world.run(world.account, CreateService("other"))).sid)

    async def heard(**values: Any) -> list[tuple[str, str]]:
        if values:
            await world.run(world.account, UpdateWebhookConfiguration(service_sid, **values))
        before = len(await world.calls())
        for actor in (world.account, other):
            await world.run(actor, CreateConversation())
        return [
            (call.target_sid, json.loads(call.parameters)["ChatServiceSid"]) for call in (await world.calls())[before:]
        ]

    await configure(world, "onConversationAdded", owner="account")
    mine, others = (account_sid, service_sid), (account_sid, other.service_sid)
    assert await heard() == [mine, others]
    assert await heard(filters=("onConversationAdded",)) == [mine, others], "a configuration without a URL is none"
    assert await heard(post_webhook_url=URL) == [(service_sid, service_sid), others]
    assert await heard(filters=()) == [others]
    assert await heard(post_webhook_url="", pre_webhook_url=URL) == [others]
    assert await heard(pre_webhook_url="") == [mine, others]


async def test_a_flex_target_is_never_called(world: World) -> None:
    await configure(world, *ALL, owner="account")
    await configure(world, *ALL, target="flex")
    await world.room("anna")
    assert await told(world) == []


@pytest.mark.parametrize(
    ("filters", "heard"),
    [
        ((), []),
        (("onMessageAdded",), ["onMessageAdded"]),
        (("ONMESSAGEADDED", "onmessageremoved"), ["onMessageAdded", "onMessageRemoved"]),
        (("onMessageSent", "onConversationDestroyed"), ["onMessageAdded", "onConversationRemoved"]),
        (tuple(sorted(PRE_EVENTS)), []),
        (("onMessageSend", "onConversationDestroy"), []),
        (("onParticipantAdded", "onConversationRemoved"), ["onParticipantAdded", "onConversationRemoved"]),
    ],
)
async def test_filters(world: World, filters: tuple[str, ...], heard: list[str]) -> None:
    await configure(world, *filters)
    room = await world.room("anna")
    message = await world.run(world.user("anna"), SendMessage(room.sid, body="hello"))
    await world.run(world.account, DeleteMessage(room.sid, message.sid))
    await world.run(world.account, DeleteConversation(room.sid))
    assert [name for _, name in await told(world)] == heard


async def test_rest_without_the_header_is_not_told(world_with_application: World) -> None:
    """What the same request does by the way is not told either; with the header it is."""
    world = world_with_application
    await configure(world, *ALL)
    silent = replace(world.account, webhooks=False)
    room = await world.run(silent, CreateConversation())
    await hears(world, room, *IN_CONVERSATION)
    await world.run(silent, AddParticipant(room.sid, "anna"))
    await world.run(silent, SendMessage(room.sid, body="hello"))
    await world.run(silent, UpdateConversation(room.sid, state="inactive"))
    await world.run(silent, DeleteUser("anna"))
    await world.run(silent, DeleteConversation(room.sid))
    assert await told(world) == []
    await world.run(world.account, CreateConversation())
    assert [name for _, name in await told(world)] == ["onConversationAdded"] * 2


async def test_presence_and_push_are_not_told(world_with_application: World) -> None:
    world = world_with_application
    await configure(world, *ALL)
    await world.run(world.account, UpdateServiceConfiguration(reachability_enabled=True))
    anna = await world.run(world.user("anna"), EnsureUser("anna"))
    node = await world.run(Actor(""), TakeLease())
    person = Person(world.installation.service.sid, "anna", anna.sid)
    world.events()
    before = await told(world)
    await world.run(Actor(""), Arrive(node, (person,)))
    await world.run(world.user("anna"), RegisterPush("fcm", "device"))
    assert len(world.events()) == 2, "clients are told"
    assert (
        await told(world) == before == [(APPLICATION, "onUserAdded"), (world.installation.service.sid, "onUserAdded")]
    )
    await world.run(world.user("anna"), UpdateUser("anna", friendly_name="Anna"))
    updated = json.loads((await world.calls())[-1].parameters)
    assert (updated["isOnline"], updated["isNotifiable"]) == ("true", "true")


async def test_who_deletes_a_user_tells_its_conversations(world: World) -> None:
    await configure(world, *ALL)
    rooms = [await world.room("anna", "ben") for _ in range(3)]
    before = len(await world.calls())
    await world.run(world.account, DeleteUser("anna"))
    calls = (await world.calls())[before:]
    assert [(call.event, call.stream_sid) for call in calls] == [("onParticipantRemoved", room.sid) for room in rooms]


@pytest.mark.parametrize(
    ("triggers", "body", "heard"),
    [
        (("help",), "help", True),
        (("help",), "Could you HELP me?", True),
        (("help",), "helpless", False),
        (("help",), "self_help", False),
        (("help",), "self-help!", True),
        (("help",), None, False),
        (("help",), "", False),
        (("no", "help me"), "please help me", True),
        (("no", "help me"), "please help  me", False),
        (("#1",), "we are #1.", True),
        (("#1",), "we are #12", False),
        (("?",), "what?", False),
        (("?",), "what ?", True),
        (("grüße",), "Viele GRÜSSE und GRÜßE", True),
        (("a.c",), "abc", False),
        (("a|b", "("), "a b", False),
        (("помощь",), "Нужна ПОМОЩЬ", True),
        (("help", "helper"), "my helper", True),
    ],
)
async def test_triggers(world: World, triggers: tuple[str, ...], body: str | None, heard: bool) -> None:
    room = await world.room("anna")
    webhook = await world.run(world.account, CreateWebhook(room.sid, "trigger", URL, triggers=triggers))
    message = await world.run(world.user("anna"), SendMessage(room.sid, body=body))
    await world.run(world.user("anna"), UpdateMessage(room.sid, message.sid, body="help # ? ("))
    assert await told(world) == [(webhook.sid, "onMessageAdded")] * heard


async def test_a_studio_flow_is_never_called(world: World) -> None:
    room = await world.room("anna")
    await world.run(world.account, CreateWebhook(room.sid, "studio", flow_sid="FW" + "0" * 32, replay_after=0))
    await world.run(world.user("anna"), SendMessage(room.sid, body="hello"))
    assert await told(world) == []


# How they are written


async def test_calls_are_announced_once_a_command(world: World) -> None:
    service_sid = await configure(world, *ALL)
    room = await world.room()
    webhook = await hears(world, room, *IN_CONVERSATION)
    await world.run(world.account, UpdateConversation(room.sid, state="inactive"))
    world.events()
    member = await world.run(world.account, AddParticipant(room.sid, "anna"))
    due = [event for event in world.events() if isinstance(event, WebhookCallsDue)]
    assert member.user_sid
    lanes = ((service_sid, member.user_sid), (service_sid, room.sid), (webhook.sid, room.sid))
    assert due == [WebhookCallsDue(service_sid, 0, lanes)]
    calls = [call for call in await world.calls() if call.stream_sid == room.sid and call.place // PLACES == 3]
    assert [(call.target_sid, call.event, call.place % PLACES) for call in calls] == [
        *((service_sid, "onParticipantAdded", 0), (webhook.sid, "onParticipantAdded", 0)),
        *((service_sid, "onConversationStateUpdated", 1), (webhook.sid, "onConversationStateUpdated", 1)),
    ]


async def test_a_refused_command_of_a_batch_leaves_no_call(world: World) -> None:
    await configure(world, *ALL)
    room = await world.room("anna")
    before = len(await world.calls())
    anna, stranger = world.user("anna"), world.user("stranger")
    sends = [(anna, f"{number}") for number in range(3)]
    sends.insert(1, (stranger, "refused"))
    sends.insert(3, (anna, "a" * 40_000))
    answers = await together(world, *((actor, SendMessage(room.sid, body=body)) for actor, body in sends))
    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False, True, False]
    calls = (await world.calls())[before:]
    assert [json.loads(call.parameters)["Body"] for call in calls] == ["0", "1", "2"]
    assert [call.place for call in calls] == [position * PLACES for position in (3, 4, 5)]


async def test_a_command_that_breaks_off_leaves_no_call(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what the outbox itself wrote is undone when it fails: then the command has failed."""
    await configure(world, *ALL)
    room = await world.room("anna")
    before = await told(world)
    with monkeypatch.context() as broken:
        broken.setattr(json.JSONEncoder, "encode", lambda *_: 1 / 0)
        assert await world.refused(world.user("anna"), SendMessage(room.sid, body="hello")) == (500, 20500)
    assert await told(world) == before
    assert (await world.conversation(room.sid)).messages_count == 0


# What it costs


class Counted:
    """A connection that notes the tables that each transaction looks into."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.transactions: list[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def begin(self) -> None:
        self.transactions.append([])
        self._connection.begin()

    def load(self, table: Any, *rest: Any) -> Any:
        self.transactions[-1].append(table.table.name)
        return self._connection.load(table, *rest)

    def lock(self, table: Any, *rest: Any) -> Any:
        self.transactions[-1].append(table.table.name)
        return self._connection.lock(table, *rest)

    def select(self, statement: Any, values: Any) -> Any:
        self.transactions[-1].append(statement.get_final_froms()[0].name)
        return self._connection.select(statement, values)


async def statements(world: World, room: Conversation, number: int) -> list[str]:
    """The tables that a batch of so many messages looks into, beside those that sending looks into anyway."""
    counted = Counted(world.store.writer.connection)
    world.store.writer.connection = counted
    anna = world.user("anna")
    answers = await together(world, *((anna, SendMessage(room.sid, body=str(n))) for n in range(number)))
    assert not any(isinstance(answer, Exception) for answer in answers)
    world.store.writer.connection = counted._connection
    (batch,) = [tables for tables in counted.transactions if "conversations" in tables]
    return [table for table in batch if table not in ("conversations", "participants", "users", "roles")]


async def test_what_a_batch_reads(world: World) -> None:
    """The configurations once a batch, a conversation's webhooks once if it has any, its service once for all."""
    room = await world.room("anna")
    assert await statements(world, room, 20) == ["webhook_configurations"]
    await configure(world, *ALL)
    assert await statements(world, room, 20) == ["webhook_configurations"]
    await hears(world, room, "onMessageAdded")
    assert await statements(world, room, 20) == ["webhook_configurations", "webhooks"]
    assert len(await world.calls()) == 20 + 2 * 20


# What is told of the past


async def test_the_past_is_told_before_what_is_new(world: World) -> None:
    room = await world.room("anna")
    anna = world.user("anna")
    sent = [await world.run(anna, SendMessage(room.sid, body=f"help {number}")) for number in range(5)]
    await world.run(world.account, DeleteMessage(room.sid, sent[3].sid))
    await world.run(anna, UpdateMessage(room.sid, sent[2].sid, body="no"))
    world.events()
    webhook = await hears(world, room, "onMessageAdded", "onMessageRemoved", replay_after=1)
    trigger = await world.run(
        world.account, CreateWebhook(room.sid, "trigger", URL, triggers=("help",), replay_after=0)
    )
    service_sid = world.installation.service.sid
    assert world.events() == [
        WebhookCallsDue(service_sid, 0, ((webhook.sid, room.sid),)),
        WebhookCallsDue(service_sid, 0, ((trigger.sid, room.sid),)),
    ]
    await world.run(anna, SendMessage(room.sid, body="help 5"))
    calls = await world.calls()

    def bodies(target_sid: str) -> list[str]:
        lane = sorted((call for call in calls if call.target_sid == target_sid), key=lambda call: call.place)
        assert [call.sid for call in lane] == [call.sid for call in calls if call.target_sid == target_sid]
        return [json.loads(call.parameters)["Body"] for call in lane]

    assert bodies(webhook.sid) == ["help 1", "no", "help 4", "help 5"]
    assert bodies(trigger.sid) == ["help 0", "help 1", "help 4", "help 5"]
    first = json.loads(calls[0].parameters)
    assert (first["Source"], first["EventType"], first["Index"]) == ("API", "onMessageAdded", "1")
    assert "ClientIdentity" not in first
    assert first["MessageSid"] == sent[1].sid


@pytest.mark.parametrize("start", [2, 3, 2**63, 10**40])
async def test_there_is_no_past_beyond_the_last_message(world: World, start: int) -> None:
    room = await world.room("anna")
    for number in range(2):
        await world.run(world.user("anna"), SendMessage(room.sid, body=f"{number}"))
    await hears(world, room, "onMessageAdded", replay_after=start)
    await hears(world, room, "onMessageUpdated", replay_after=0)
    assert await told(world) == []


async def test_the_past_that_can_be_told_is_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REPLAY_MESSAGES", 3)
    room = await world.room("anna")
    sent = [await world.run(world.user("anna"), SendMessage(room.sid, body=f"{number}")) for number in range(6)]
    await world.run(world.account, DeleteMessage(room.sid, sent[4].sid))
    with pytest.raises(ServiceError, match="must be 2 or higher") as refused:
        await hears(world, room, "onMessageAdded", replay_after=1)
    assert (refused.value.status, refused.value.code) == (400, 20001)
    assert (await world.conversation(room.sid)).webhooks_count == 0
    await hears(world, room, "onMessageAdded", replay_after=2)
    assert [json.loads(call.parameters)["Index"] for call in await world.calls()] == ["2", "3", "5"]


async def test_a_thousand_messages_of_the_past(world: World) -> None:
    room = await world.room("anna")
    anna, count = world.user("anna"), limits.REPLAY_MESSAGES
    await asyncio.gather(*(world.run(anna, SendMessage(room.sid, body=f"{number}")) for number in range(count)))
    await hears(world, room, "onMessageAdded", replay_after=0)
    assert [json.loads(call.parameters)["Index"] for call in await world.calls()] == list(map(str, range(count)))
