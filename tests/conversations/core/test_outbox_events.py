"""Each event at each level: the calls of it, with all their parameters."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import APPLICATION, PLACES, Conversation, Webhook, WebhookCall
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant, UpdateMembership
from roomful.conversations.core.ports import Actor
from roomful.conversations.core.timers import ApplyTimers
from roomful.conversations.core.users import CreateUser, UpdateUser
from roomful.conversations.core.webhooks import CONVERSATION_EVENTS, POST_EVENTS

from .listening import ALL, IN_CONVERSATION, URL, configure, hears
from .world import World

pytestmark = pytest.mark.anyio


class Story:
    """All that can happen, step by step; the clock goes on by a second before each. `expected` holds the calls of it:
    name, stream, position and parameters."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.room_sid = ""
        self.expected: list[tuple[str, str, int, dict[str, str]]] = []
        self.dates = iter(f"2027-01-15T08:00:{second:02}.000Z" for second in range(1, 60))
        self.date = ""

    def tick(self) -> str:
        self.world.now += 1_000
        self.date = next(self.dates)
        return self.date

    def expect(self, name: str, stream: str, position: int, by: Actor, **parameters: Any) -> None:
        common = {
            "AccountSid": self.world.installation.account.sid,
            "ChatServiceSid": self.world.installation.service.sid,
            "EventType": name,
            "Source": "SDK" if by.identity else "API",
        }
        if by.identity:
            common["ClientIdentity"] = by.identity
        self.expected.append((name, stream, position, common | parameters))

    async def tell(self, then: Callable[[Conversation], Awaitable[object]]) -> None:
        """`then` is called with the new conversation, before more happens in it."""
        world, account = self.world, self.world.account
        channel_user = (await world.role("channel user")).sid
        creator = (await world.role("channel admin")).sid
        users_role = (await world.role("service user")).sid

        made = self.tick()
        anna = world.user("anna")
        admin = (await world.role("service admin")).sid
        user = await world.run(account, CreateUser("anna", friendly_name="Anna", role_sid=admin))
        profile = {"UserSid": user.sid, "Identity": "anna", "RoleSid": admin, "Attributes": "{}"}
        self.expect("onUserAdded", user.sid, 1, account, **profile, FriendlyName="Anna", DateCreated=made)

        created = self.tick()
        room = await world.run(anna, CreateConversation("#room", "room", attributes='{"a": "ü"}'))
        known = {"FriendlyName": "#room", "UniqueName": "room", "Attributes": '{"a": "ü"}', "State": "active"}
        here = {"ConversationSid": room.sid}
        both = {"DateCreated": created, "DateUpdated": created}
        self.expect("onConversationAdded", room.sid, 1, anna, **here, **known, **both)
        await then(room)

        joined = self.tick()
        member = await world.run(account, AddParticipant(room.sid, "anna", attributes='{"b":1}'))
        people = {**here, "Identity": "anna", "RoleSid": creator, "Attributes": '{"b":1}', "ParticipantSid": member.sid}
        self.expect("onParticipantAdded", room.sid, 2, account, **people, DateCreated=joined)

        sent = self.tick()
        message = await world.run(anna, SendMessage(room.sid, body="Hello & so on", attributes='{"c":1}'))
        text = {**here, "Author": "anna", "ParticipantSid": member.sid, "MessageSid": message.sid, "Index": "0"}
        text |= {"Attributes": '{"c":1}', "DateCreated": sent}
        self.expect("onMessageAdded", room.sid, 3, anna, **text, Body="Hello & so on")

        edited = self.tick()
        await world.run(anna, UpdateMessage(room.sid, message.sid, body=""))
        self.expect("onMessageUpdated", room.sid, 4, anna, **text, Body="", DateUpdated=edited)

        read = self.tick()
        await world.run(anna, UpdateMembership(room.sid, "anna", last_read_message_index=0))
        horizon = {"LastReadMessageIndex": "0", "DateCreated": joined, "DateUpdated": read}
        self.expect("onParticipantUpdated", room.sid, 5, anna, **people, **horizon)

        renamed = self.tick()
        await world.run(account, UpdateConversation(room.sid, friendly_name=""))
        del known["FriendlyName"]
        both["DateUpdated"] = renamed
        self.expect("onConversationUpdated", room.sid, 6, account, **here, **known, **both)

        put_to_sleep = self.tick()
        await world.run(account, UpdateConversation(room.sid, state="inactive"))
        both["DateUpdated"] = put_to_sleep
        self.expect("onConversationUpdated", room.sid, 7, account, **here, **known | {"State": "inactive"}, **both)
        changed = {"StateFrom": "active", "StateTo": "inactive", "StateUpdated": put_to_sleep, "Reason": "API"}
        self.expect("onConversationStateUpdated", room.sid, 7, account, **here, **changed)

        gone = self.tick()
        await world.run(account, DeleteMessage(room.sid, message.sid))
        removed = {"DateUpdated": edited, "DateRemoved": gone}
        self.expect("onMessageRemoved", room.sid, 8, account, **text, Body="", **removed)

        came = self.tick()
        guest = await world.run(account, AddParticipant(room.sid, "ben"))
        assert guest.user_sid
        ben = {"UserSid": guest.user_sid, "Identity": "ben", "RoleSid": users_role, "Attributes": "{}"}
        self.expect("onUserAdded", guest.user_sid, 1, account, **ben, DateCreated=came)
        guests = {**here, "Identity": "ben", "RoleSid": channel_user, "Attributes": "{}", "ParticipantSid": guest.sid}
        self.expect("onParticipantAdded", room.sid, 9, account, **guests, DateCreated=came)
        woken = {"StateFrom": "inactive", "StateTo": "active", "StateUpdated": came, "Reason": "EVENT"}
        self.expect("onConversationStateUpdated", room.sid, 9, account, **here, **woken)
        both["DateUpdated"] = came

        left = self.tick()
        await world.run(anna, RemoveParticipant(room.sid, "ben"))
        ended = {"DateCreated": came, "DateUpdated": came, "DateRemoved": left}
        self.expect("onParticipantRemoved", room.sid, 10, anna, **guests, **ended)

        both["DateUpdated"] = self.tick()
        await world.run(account, UpdateConversation(room.sid, timer_closed="PT10M", attributes="{}"))
        known["Attributes"] = "{}"
        self.expect("onConversationUpdated", room.sid, 11, account, **here, **known, **both)

        world.now += 600_000
        await world.run(account, ApplyTimers(room.sid))
        closed = self.date.replace("08:00", "08:10")
        changed = {"StateFrom": "active", "StateTo": "closed", "StateUpdated": closed, "Reason": "TIMER"}
        self.expect("onConversationStateUpdated", room.sid, 12, account, **here, **changed)
        world.now -= 600_000

        profiled = self.tick()
        await world.run(anna, UpdateUser("anna", friendly_name="A.", attributes='{"d":1}'))
        profile |= {"Attributes": '{"d":1}', "FriendlyName": "A.", "DateCreated": made, "DateUpdated": profiled}
        self.expect("onUserUpdated", user.sid, 5, anna, **profile)

        end = self.tick()
        await world.run(anna, DeleteConversation(room.sid))
        both["DateUpdated"] = closed
        self.expect(
            "onConversationRemoved", room.sid, 13, anna, **here, **known | {"State": "closed"}, **both, DateRemoved=end
        )


async def nothing_more(room: Conversation) -> None:
    """For a story of which somebody hears from its beginning."""


def shown(call: WebhookCall) -> tuple[str, str, int, dict[str, str]]:
    """A call as a story expects it."""
    return call.event, call.stream_sid, call.place // PLACES, json.loads(call.parameters)


@pytest.mark.parametrize("owner", ["service", "account"])
async def test_a_service_and_an_account_hear_of_every_event(world: World, owner: str) -> None:
    owner_sid = await configure(world, *ALL, owner=owner, method="GET")
    story = Story(world)
    await story.tell(nothing_more)
    calls = await world.calls()
    assert [shown(call) for call in calls] == story.expected
    assert {name for name, *_ in story.expected} == POST_EVENTS - {"onDeliveryUpdated"}, "nothing is forgotten"
    assert {(call.target_sid, call.url, call.method, call.state) for call in calls} == {
        (owner_sid, URL, "GET", "waiting")
    }
    assert {(call.attempts, call.error) for call in calls} == {(0, None)}
    assert all(call.date_created == call.date_due for call in calls)
    assert calls[1].date_created == 1_800_000_002_000


async def test_an_application_hears_of_every_event(world_with_application: World) -> None:
    world = world_with_application
    story = Story(world)
    await story.tell(nothing_more)
    calls = await world.calls()
    assert [shown(call) for call in calls] == story.expected
    assert {(call.target_sid, call.url) for call in calls} == {(APPLICATION, None)}


async def test_a_conversation_hears_of_its_events(world: World) -> None:
    story = Story(world)
    made: list[Webhook] = []

    async def listen(room: Conversation) -> None:
        made.append(await hears(world, room, *IN_CONVERSATION, method="GET"))

    await story.tell(listen)
    calls = await world.calls()
    expected = [one for one in story.expected if one[0] in CONVERSATION_EVENTS]
    assert [shown(call) for call in calls] == expected
    assert {(call.target_sid, call.url, call.method) for call in calls} == {(made[0].sid, URL, "GET")}


async def test_all_levels_hear_at_once_and_in_one_order(world_with_application: World) -> None:
    """Each lane has its calls in the order of their places, and each target the same parameters."""
    world = world_with_application
    service_sid = await configure(world, *ALL)
    await configure(world, *ALL, owner="account")
    story = Story(world)

    async def listen(room: Conversation) -> None:
        for _ in range(2):
            await hears(world, room, *IN_CONVERSATION)

    await story.tell(listen)
    calls = await world.calls()
    lanes: dict[tuple[str, str], list[WebhookCall]] = {}
    for call in calls:
        lanes.setdefault((call.target_sid, call.stream_sid), []).append(call)
    for lane in lanes.values():
        assert [call.place for call in lane] == sorted({call.place for call in lane})
    for target in {APPLICATION, service_sid}:
        assert [shown(call) for call in calls if call.target_sid == target] == story.expected
    assert len({call.target_sid for call in calls}) == 4
    assert await world.store.reads.read(lambda reads: reads.lanes("waiting")) == sorted(lanes)
