"""People outside the chat: which addresses, in one open conversation at a time, and what is reported of deliveries."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from roomful.conversations.core import limits
from roomful.conversations.core.bindings import Binding
from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import DeliveryUpdated, MessageUpdated, ParticipantAdded, ParticipantRemoved
from roomful.conversations.core.messages import DeleteMessage, SendMessage
from roomful.conversations.core.model import Message, Participant, Receipt
from roomful.conversations.core.outside import (
    AddNonChatParticipant,
    RemoveNonChatParticipant,
    UpdateNonChatParticipant,
)
from roomful.conversations.core.receipts import ReportDelivery, SetChannelMetadata
from roomful.conversations.core.timers import ApplyTimers
from roomful.conversations.store.store import Store
from tests.conversations.core.world import World

pytestmark = pytest.mark.anyio

PHONE, PROXY = "+4930123456", "+4930654321"
BINDING = Binding(PHONE, PROXY)


async def outside(world: World, room: str, binding: Binding = BINDING) -> Participant:
    return await world.run(world.account, AddNonChatParticipant(room, binding))


async def test_somebody_outside_is_in_the_roster_alone(world: World) -> None:
    room = await world.room("ann")
    world.events()
    there = await outside(world, room.sid, Binding("bo@example.com", "chat@example.com", "Bo", "cc"))
    assert (there.type, there.identity, there.user_sid) == ("email", None, None)
    assert (there.address, there.proxy_address, there.name, there.level) == (
        *("bo@example.com", "chat@example.com"),
        *("Bo", "cc"),
    )
    assert [type(event) for event in world.events()] == [ParticipantAdded]
    assert (await world.conversation(room.sid)).participants_count == 2
    changed = await world.run(world.account, UpdateNonChatParticipant(room.sid, there.sid, attributes='{"a":1}'))
    assert (changed.attributes, changed.conv_changed) == ('{"a":1}', there.conv_changed + 1)
    await world.run(world.account, RemoveNonChatParticipant(room.sid, there.sid))
    assert [type(event) for event in world.events()][-1] is ParticipantRemoved
    assert (await world.conversation(room.sid)).participants_count == 1
    gone = await world.refused(world.account, RemoveNonChatParticipant(room.sid, there.sid))
    assert gone == (404, 50432)


@pytest.mark.parametrize(
    ("binding", "code"),
    [
        (Binding("", PROXY), 50411),
        (Binding(PHONE, ""), 50412),
        (Binding("4930123456", PROXY), 50407),
        (Binding("+0123456789", PROXY), 50407),
        (Binding("whatsapp:bo", "whatsapp:" + PROXY), 50407),
        (Binding("bo@@example.com", "chat@example.com"), 50407),
        (Binding("bo@example.com\n", "chat@example.com"), 50407),
        (Binding(PHONE, "somewhere"), 50408),
        (Binding(PHONE, PHONE), 50409),
        (Binding("Bo@example.com", "bo@EXAMPLE.com"), 50409),
        (Binding("whatsapp:" + PHONE, PROXY), 50414),
        (Binding("bo@example.com", PROXY), 50414),
        (Binding(PHONE, PROXY, name="Bo"), 20001),
        (Binding("bo@example.com", "chat@example.com", level="from"), 20001),
        (Binding("bo@example.com", "chat@example.com", name="x" * 257), 20001),
        (Binding("bo@example.com", "chat@example.com", name="\x00"), 20001),
    ],
)
async def test_addresses_that_cannot_be(world: World, binding: Binding, code: int) -> None:
    room = await world.room()
    assert await world.refused(world.account, AddNonChatParticipant(room.sid, binding)) == (400, code)
    assert (await world.conversation(room.sid)).participants_count == 0


async def refusal(world: World, room: str) -> str:
    with pytest.raises(ServiceError) as refused:
        await outside(world, room)
    assert (refused.value.status, refused.value.code) == (409, 50416)
    return refused.value.message


async def test_a_pair_of_addresses_is_in_one_open_conversation(world: World) -> None:
    """Software in use takes the conversation's SID from the end of the text."""
    first, second = await world.room(), await world.room()
    there = await outside(world, first.sid)
    assert (await refusal(world, first.sid)).endswith(first.sid)
    assert (await refusal(world, second.sid)).endswith(first.sid)
    await outside(world, second.sid, Binding(PHONE, "+4930654322"))
    await world.run(world.account, RemoveNonChatParticipant(first.sid, there.sid))
    await outside(world, second.sid)


async def test_closing_and_deleting_frees_the_pair(world: World) -> None:
    rooms = [await world.run(world.account, CreateConversation(timer_closed="PT10M")) for _ in range(4)]
    there = await outside(world, rooms[0].sid)
    await world.run(world.account, UpdateConversation(rooms[0].sid, state="closed"))
    await outside(world, rooms[1].sid)
    world.now += 10 * 60 * 1000
    assert await world.run(world.account, ApplyTimers(rooms[1].sid))
    await outside(world, rooms[2].sid)
    await world.run(world.account, DeleteConversation(rooms[2].sid))
    await outside(world, rooms[3].sid)
    kept = await world.store.reads.read(lambda reads: reads.one(Participant, sid=there.sid))
    assert kept is not None, "who was in a closed conversation still is"
    assert (kept.address, kept.pair) == (PHONE, None)


async def test_a_pair_is_claimed_by_many_at_once(world: World, database_url: str) -> None:
    """On PostgreSQL by two nodes."""
    rooms = [await world.room() for _ in range(8)]
    one_process = database_url.startswith("sqlite")
    other = None if one_process else Store.open(database_url, clock=world.clock, sids=world.sid, bus=world)
    writers = [world.store.writer, (other or world.store).writer]
    try:
        sent = (
            writers[n % 2].submit(world.account, AddNonChatParticipant(room.sid, BINDING))
            for n, room in enumerate(rooms)
        )
        results = await asyncio.gather(*sent, return_exceptions=True)
    finally:
        if other is not None:
            await other.close()
    refused = [result for result in results if isinstance(result, ServiceError)]
    [winner] = [result for result in results if isinstance(result, Participant)]
    assert {(error.status, error.code) for error in refused} == {(409, 50416)}
    assert all(error.message.endswith(winner.conversation_sid) for error in refused)


async def test_how_many_there_may_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NON_CHAT_PARTICIPANTS_PER_CONVERSATION", 3)
    room = await world.room("ann")
    for number in range(3):
        await outside(world, room.sid, Binding(f"+49301234{number:02}", PROXY))
    one_more = AddNonChatParticipant(room.sid, Binding("+4930123499", PROXY))
    assert await world.refused(world.account, one_more) == (400, 50418)


async def sent(world: World, room: str) -> Message:
    return await world.run(world.account, SendMessage(room, body="hello", author="ann"))


async def test_the_sum_of_receipts(world: World) -> None:
    room = await world.room("ann")
    people = [await outside(world, room.sid, Binding(f"+493012340{n}", PROXY)) for n in range(3)]
    message = await sent(world, room.sid)

    async def report(number: int, status: str, error_code: int = 0) -> dict[str, object]:
        command = ReportDelivery(room.sid, message.sid, people[number].sid, status, error_code, f"SM{number}")
        await world.run(world.account, command)
        row = await world.store.reads.read(lambda reads: reads.one(Message, sid=message.sid))
        assert row is not None
        assert (row.date_updated, row.last_updated_by) == (message.date_updated, None)
        shown: dict[str, object] = json.loads(row.delivery or "")
        return shown

    nothing = dict.fromkeys(("sent", "delivered", "read", "failed", "undelivered"), "none")
    assert await report(0, "sent") == nothing | {"total": 1, "sent": "all"}
    assert await report(1, "sent") == nothing | {"total": 2, "sent": "all"}
    assert await report(0, "delivered") == nothing | {"total": 2, "sent": "all", "delivered": "some"}
    assert await report(2, "failed", 30008) == nothing | {
        **{"total": 3, "sent": "some", "delivered": "some", "failed": "some"},
    }
    for number in range(3):
        await report(number, "read")
    assert await report(2, "read") == nothing | {"total": 3, "sent": "all", "delivered": "all", "read": "all"}


async def test_a_report_is_told_once_and_goes_with_its_message(world: World) -> None:
    room = await world.room("ann")
    there, message = await outside(world, room.sid), await sent(world, room.sid)
    world.events()
    first = await world.run(world.account, ReportDelivery(room.sid, message.sid, there.sid, "sent"))
    world.now += 1000
    again = await world.run(world.account, ReportDelivery(room.sid, message.sid, there.sid, "sent"))
    assert again == first
    last = await world.run(world.account, ReportDelivery(room.sid, message.sid, there.sid, "undelivered", 30005))
    assert (last.sid, last.status, last.error_code) == (first.sid, "undelivered", 30005)
    assert (last.date_created, last.date_updated) == (first.date_created, world.now)
    events = world.events()
    assert [type(event) for event in events] == [DeliveryUpdated] * 2
    assert all(one.position < two.position for one, two in pairwise(events))
    await world.run(world.account, DeleteMessage(room.sid, message.sid))
    assert await world.store.reads.read(lambda reads: reads.count(Receipt)) == 0


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"status": "lost"}, (400, 20001)),
        ({"error_code": -1}, (400, 20001)),
        ({"error_code": 1_000_000}, (400, 20001)),
        ({"channel_message_sid": "x" * 257}, (400, 20001)),
        ({"message_sid": "IM" + "0" * 32}, (404, 50500)),
        ({"participant_sid": "MB" + "0" * 32}, (404, 50432)),
        ({"participant_sid": "chat"}, (404, 50432)),
        ({"participant_sid": "elsewhere"}, (404, 50432)),
    ],
)
async def test_reports_that_are_refused(world: World, changes: dict[str, object], refused: tuple[int, int]) -> None:
    room, other = await world.room("ann"), await world.room("ann")
    there, message = await outside(world, room.sid), await sent(world, room.sid)
    elsewhere = await outside(world, other.sid, Binding(PHONE, "+4930654399"))
    member = await world.store.reads.read(
        lambda reads: reads.one(Participant, conversation_sid=room.sid, identity="ann")
    )
    assert member is not None
    named = {"chat": member.sid, "elsewhere": elsewhere.sid}
    asked: dict[str, object] = {"message_sid": message.sid, "participant_sid": there.sid, "status": "sent"}
    asked |= {name: named.get(str(value), value) for name, value in changes.items()}
    command = ReportDelivery(room.sid, **asked)  # type: ignore[arg-type]
    assert await world.refused(world.account, command) == refused
    assert await world.store.reads.read(lambda reads: reads.count(Receipt)) == 0


async def test_channel_metadata(world: World) -> None:
    room = await world.room("ann")
    message = await sent(world, room.sid)
    world.events()
    command = SetChannelMetadata(room.sid, message.sid, "whatsapp", '{"profile":{"name":"Bo"}}')
    changed = await world.run(world.account, command)
    assert json.loads(changed.channel_metadata or "") == {"type": "whatsapp", "data": {"profile": {"name": "Bo"}}}
    assert changed.date_updated == message.date_updated
    assert [type(event) for event in world.events()] == [MessageUpdated]
    await world.run(world.account, command)
    assert world.events() == []
    for wrong in (
        SetChannelMetadata(room.sid, message.sid, "", "{}"),
        SetChannelMetadata(room.sid, message.sid, "x" * 65, "{}"),
        SetChannelMetadata(room.sid, message.sid, "sms", "[]"),
    ):
        assert await world.refused(world.account, wrong) == (400, 20001)
