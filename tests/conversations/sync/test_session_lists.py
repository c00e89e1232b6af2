"""SDK 1.1.0: its session list, its commands, and what it reads elsewhere (docs/protocol.md, "SDK 1.1.0")."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Message
from roomful.conversations.core.ports import Reads
from roomful.conversations.core.users import UpdateUser
from roomful.conversations.sync import conversations, session_commands, session_lists
from roomful.conversations.sync.objects import Kind
from roomful.conversations.sync.requests import Backend, Caller, Request

from .line import eventually
from .old_client import LISTS, OldClient
from .world import World

pytestmark = pytest.mark.anyio

OLD = "/Client/v1"


async def old_client(world: World, identity: str) -> OldClient:
    return await OldClient.start(await world.connect(identity))


async def test_a_session_starts(world: World) -> None:
    line = await world.connect("ann")
    client = await OldClient.make(line)
    assert line.events == []
    (status, body) = await line.request("GET", f"{LISTS}/{client.sid}/Context")
    assert status == 200
    assert await client.subscribe(client.descriptor["last_event_id"]) == 1
    (told,) = line.of_type("list_context_updated")
    assert told["context_data"] == body["data"]
    # Otherwise the SDK takes the event for old, and waits for the context for ever.
    assert body["last_event_id"] < told["id"]
    user, service = line.session.caller.user_sid, world.service_sid
    assert body["data"] == {
        "identity": "ann",
        "userInfo": f"{user}.info",
        "myChannels": f"{user}.my_channels",
        "channels": "public",
        "reachabilityEnabled": False,
        "userInfosToSubscribe": 100,
        "httpCacheInterval": "PT0S",
        "consumptionReportInterval": "PT5S",
        "links": {
            "publicChannelsUrl": "/Client/v1/Channels",
            "myChannelsUrl": "/Client/v1/MyChannels",
            "syncListUrl": "/Client/v1/SyncList",
            "usersUrl": "/Client/v1/Users",
            "typingUrl": "/v1/typing",
            "messagesReceiptsUrl": "/Client/v2/Conversations/%s/Messages/%s/Receipts",
            "mediaServiceUrl": f"@chat.example/base/v1/Services/{service}/Media",
        },
    }


async def test_notification_contexts_come_and_go(world: World) -> None:
    line = await world.connect("ann")
    for method in ("put_notification_ctx", "put_notification_ctx", "delete_notification_ctx"):
        header, _ = await line.send({"method": method, "notification_ctx_id": "1"}, {"message_types": ["a"]})
        assert header["status"]["code"] == 200


async def test_a_command_s_answer_and_response_are_one_write(world: World) -> None:
    room = await world.room("r", "ann")
    client = await old_client(world, "ann")
    before = client.line.writes
    status, item = await client.push("sendMessage", channelSid=room.sid, text="hey", attributes='{"a":1}')
    assert (status, item["index"], item["last_event_id"]) == (201, 0, 2)
    assert client.line.writes == before + 1
    (told,) = client.line.of_type("list_item_updated")
    assert told["id"] == 3
    assert told["item_data"] == {
        "commandId": "c1",
        "response": {"status": 200, "statusText": "OK", "messageId": 0},
    }


async def test_responses_wait_for_the_subscription(world: World) -> None:
    room = await world.room("r", "ann")
    client = await OldClient.make(await world.connect("ann"))
    for text in ("one", "two"):
        status, _ = await client.push("sendMessage", channelSid=room.sid, text=text)
        assert status == 201
    assert client.line.events == []
    assert await client.subscribe(0) == 5
    assert [event["event_type"] for event in client.line.events] == [
        *("list_context_updated", "list_item_updated", "list_item_updated"),
        "subscription_established",
    ]
    assert [event["event"]["id"] for event in client.line.events[:-1]] == [1, 3, 5]
    assert await client.subscribe(5) == 5  # what it has is not told again
    assert len(client.line.events) == 5
    assert (await client.command("sendMessage", channelSid=room.sid, text="three"))["messageId"] == 2


async def test_what_waits_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_lists, "KEPT_BYTES", 1)
    room = await world.room("r", "ann")
    client = await OldClient.make(await world.connect("ann"))
    assert (await client.push("sendMessage", channelSid=room.sid, text="one"))[0] == 201
    status, refusal = await client.push("sendMessage", channelSid=room.sid, text="two")
    assert (status, refusal["code"]) == (429, 20429)
    await client.subscribe(0)
    assert (await client.command("sendMessage", channelSid=room.sid, text="three"))["messageId"] == 1


async def test_a_connection_has_one_list_which_ends_with_it(world: World) -> None:
    room = await world.room("r", "ann")
    line = await world.connect("ann")
    first, second = await asyncio.gather(OldClient.make(line), OldClient.make(line))
    assert first.descriptor == second.descriptor
    line.cut()
    again = await world.connect("ann")
    lost = OldClient(again, first.descriptor)
    status, refusal = await lost.push("sendMessage", channelSid=room.sid, text="lost")
    assert (status, refusal["code"]) == (404, 54150)
    correlation = await again.subscribe((first.sid, "list", 1), version=3)
    (refused,) = await eventually(lambda: lost.confirmations(correlation))
    assert (refused["object_sid"], refused["error"]["code"]) == (first.sid, 54150)
    new = await OldClient.start(again)
    assert new.sid != first.sid
    assert (await new.command("sendMessage", channelSid=room.sid, text="found"))["messageId"] == 0
    for path, method in ((f"{LISTS}/{new.sid}", "GET"), (f"{LISTS}/{new.sid}/Items", "GET")):
        status, refusal = await again.request(method, path)
        assert (status, refusal["code"]) == (404, 54150)


async def test_a_list_is_nobody_else_s(world: World) -> None:
    client = await old_client(world, "ann")
    other = await world.connect("ann")
    await OldClient.start(other)
    for method, path in (("POST", client.items), ("GET", f"{LISTS}/{client.sid}/Context")):
        status, refusal = await other.request(method, path, {"data": {}})
        assert (status, refusal["code"]) == (404, 54150)


async def test_confirmations_are_single(world: World) -> None:
    rooms = [await world.room(str(n), "ann") for n in range(3)]
    client = await old_client(world, "ann")
    wanted = [(Kind.DOCUMENT.sid(room.sid), "document", None) for room in rooms]
    gone = (Kind.MESSAGES.sid("CH" + "0" * 32), "list", 0)
    correlation = await client.line.subscribe(*wanted, gone, ("SLnone", "list", 0), version=3)
    told = await eventually(lambda: found if len(found := client.confirmations(correlation)) == 5 else [])
    assert {each["object_sid"] for each in told if "error" in each} == {gone[0], "SLnone"}
    cancelled = await client.line.subscribe(*wanted, (client.sid, "list", None), action="cancel", version=3)
    await eventually(lambda: len(client.confirmations(cancelled)) == 4)
    await client.push("sendMessage", channelSid=rooms[0].sid, text="not told")
    assert client.line.of_type("list_item_updated") == []


async def shown(world: World, room_sid: str) -> list[tuple[int, str | None, str]]:
    def query(reads: Reads) -> list[tuple[int, str | None, str]]:
        rows = reads.page(Message, order="index", limit=100, conversation_sid=room_sid)
        return [(row.index, row.body, row.attributes) for row in rows]

    return await world.store.reads.read(query)


OK = {"status": 200, "statusText": "OK"}


async def test_commands_on_messages(world: World) -> None:
    room = await world.room("r", "ann")
    client = await old_client(world, "ann")
    one = {"channelSid": room.sid}
    assert (await client.command("sendMessage", **one, text="a", attributes="{}"))["messageId"] == 0
    assert (await client.command("sendMessage", **one, text=None))["messageId"] == 1
    assert (await client.command("sendMessage", **one, text="c"))["messageId"] == 2
    assert await client.command("editMessage", **one, messageIdx="0", text="A") == OK
    assert await client.command("editMessageAttributes", **one, messageIdx=1, attributes="[1]") == OK
    assert await client.command("deleteMessage", **one, messageIdx="2") == OK
    assert await shown(world, room.sid) == [(0, "A", "{}"), (1, "", "[1]")]
    for index in ("2", "-1", "x", None, "9" * 20, "٣"):
        refusal = await client.command("editMessage", **one, messageIdx=index, text="B")
        assert refusal == {"status": 50500, "statusText": "Message not found"}


async def test_commands_on_conversations_and_participants(world: World) -> None:
    client, ben = await old_client(world, "ann"), await old_client(world, "ben")
    made = await client.command("createConversation", friendlyName="f", uniqueName="u", attributes="{}")
    sid = made["conversationSid"]
    assert made == OK | {"conversationSid": sid, "conversation": f"{sid}.channel"}
    one = {"channelSid": sid}
    assert await client.command("joinChannelV2", **one) == OK
    assert await client.command("addMemberV2", **one, username="ben", attributes='{"b":1}') == OK
    assert await client.command("editFriendlyName", **one, friendlyName="g") == OK
    assert await client.command("editUniqueName", **one, uniqueName="") == OK
    assert await client.command("editAttributes", **one, attributes="[2]") == OK
    assert await client.command("editNotificationLevel", **one, notificationLevel="muted") == OK
    document = (await client.line.get(f"/v3/Documents/{sid}.channel"))["data"]
    assert [document[name] for name in ("friendlyName", "uniqueName", "attributes")] == ["g", None, "[2]"]
    roster = (await client.line.get(f"/v3/Maps/{sid}.roster/Items"))["items"]
    assert [item["data"]["attributes"] for item in roster] == ["{}", '{"b":1}']
    member = roster[1]["key"]
    assert await client.command("editMemberAttributes", **one, memberSid=member, attributes="3") == OK
    assert await client.command("removeMember", **one, memberSid=member) == OK
    assert await client.command("addMemberV2", **one, username="ben") == OK
    assert await client.command("removeMember", **one, username="ben") == OK
    assert await client.command("addMemberV2", **one, username="ben") == OK
    assert await ben.command("leaveChannel", **one) == OK
    assert (await client.command("joinChannelV2", **one))["status"] == 50433
    assert await client.command("destroyChannel", **one) == OK
    assert (await client.command("sendMessage", **one, text="late"))["status"] == 50350


async def test_commands_on_users(world: World) -> None:
    client = await old_client(world, "ann")
    assert await client.command("editUserFriendlyName", username="ann", friendlyName="Ann") == OK
    assert await client.command("editUserAttributes", username="ann", attributes="[1]") == OK
    user = await client.line.get(f"{OLD}/Users/ann")
    assert [user[name] for name in ("identity", "friendly_name", "attributes")] == ["ann", "Ann", "[1]"]
    assert (await client.command("editUserFriendlyName", username="nobody", friendlyName="x"))["status"] == 50107


async def test_read_horizons_are_reported_together(world: World) -> None:
    first, second = await world.room("1", "ann", "ben"), await world.room("2", "ann", "ben")
    for text in "abc":
        await world.say(first, "ben", text)
    await world.say(second, "ben", "d")
    client = await old_client(world, "ann")
    report: list[Any] = [
        {"channelSid": first.sid, "messageIdx": 0},
        {"channelSid": second.sid, "messageIdx": None},
        {"channelSid": "CH" + "0" * 32, "messageIdx": 0},
        {"channelSid": first.sid},
        "nonsense",
    ]
    assert await client.command("consumptionReportV2", report=report) == OK | {
        "report": [
            {"channelSid": first.sid, "unreadMessagesCount": 2},
            {"channelSid": second.sid, "unreadMessagesCount": 1},
        ]
    }
    assert (await client.command("consumptionReportV2", report=report[2:]))["status"] == 50350
    assert (await client.command("consumptionReportV2", report=[]))["status"] == 20001


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"request": {"action": "leaveChannel"}},
        {"request": [], "commandId": "c"},
        {"request": {}, "commandId": 7},
        {"request": {}, "commandId": "c" * 129},
    ],
)
async def test_what_is_no_command_is_refused(world: World, data: Any) -> None:
    client = await old_client(world, "ann")
    status, refusal = await client.line.request("POST", client.items, {"data": data})
    assert (status, refusal["code"]) == (400, 20001)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"action": "inviteMember", "channelSid": "CH" + "0" * 32, "username": "ben"},
        {"action": ["sendMessage"]},
        {"action": "sendMessage"},
        {"action": "sendMessage", "channelSid": 7},
        {"action": "sendMessage", "channelSid": "a\x00b"},
        {"action": "sendMessage", "channelSid": "x" * 257},
        {"action": "sendMessage", "channelSid": "ROOM", "text": 7},
        {"action": "sendMessage", "channelSid": "ROOM", "text": "a\x00b"},
        {"action": "removeMember", "channelSid": "ROOM"},
        {"action": "consumptionReportV2", "report": 7},
        {"action": "consumptionReportV2", "report": [{}] * 1001},
        {"action": "consumptionReportV2", "report": [{"channelSid": "ROOM", "messageIdx": "0"}]},
    ],
)
async def test_a_command_that_cannot_be_understood_is_answered(world: World, request_: dict[str, Any]) -> None:
    room = await world.room("r", "ann")
    if request_.get("channelSid") == "ROOM":
        request_ = request_ | {"channelSid": room.sid}
    if request_.get("report") == [{"channelSid": "ROOM", "messageIdx": "0"}]:
        request_ = request_ | {"report": [{"channelSid": room.sid, "messageIdx": "0"}]}
    client = await old_client(world, "ann")
    status, item = await client.line.request("POST", client.items, {"data": {"request": request_, "commandId": "c"}})
    assert status == 201
    response = await eventually(lambda: client.response(item["index"]))
    assert response["status"] == 20001


async def test_only_sessions_have_lists_to_be_made(world: World) -> None:
    line = await world.connect("ann")
    status, refusal = await line.request("POST", LISTS, {"unique_name": "mine"})
    assert (status, refusal["code"]) == (400, 20001)
    status, refusal = await line.request("POST", f"{LISTS}/SLnone/Items", {"data": {}})
    assert (status, refusal["code"]) == (404, 54150)


async def test_the_old_list_of_conversations(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "PAGE_SIZE", 2)
    rooms = [await world.room(str(n), "ann") for n in range(3)]
    await world.room("other", "ben")
    line = await world.connect("ann")
    page = await line.get(f"{OLD}/SyncList")
    rest = await line.get(f"{OLD}/SyncList", PageToken=page["meta"]["next_token"])
    assert rest["meta"]["next_token"] is None
    found = page["channels"] + rest["channels"]
    assert {each["channel_sid"] for each in found} == {room.sid for room in rooms}
    sid = found[0]["channel_sid"]
    names = ("status", "channel", "messages", "roster", "last_consumed_message_index", "notification_level")
    assert [found[0][name] for name in names] == [
        *("joined", f"{sid}.channel", f"{sid}.messages", f"{sid}.roster", None, "default"),
    ]


async def test_counts_and_names_of_old(world: World) -> None:
    room, other = await world.room("r", "ann", "ben"), await world.room("other", "ben")
    client = await old_client(world, "ann")
    await world.run(SendMessage(room.sid, body="x"), "ben")
    await client.command("editUniqueName", channelSid=room.sid, uniqueName="named")
    line = client.line
    counts = await line.get(f"{OLD}/Channels/{room.sid}")
    assert [counts["members_count"], counts["messages_count"]] == [2, 1]
    (unread,) = (await line.get(f"{OLD}/MyChannels", ChannelSid=room.sid))["channels"]
    assert [unread["channel_sid"], unread["unread_messages_count"]] == [room.sid, None]
    await client.command("consumptionReportV2", report=[{"channelSid": room.sid, "messageIdx": None}])
    assert (await line.get(f"{OLD}/MyChannels", ChannelSid=other.sid))["channels"] == []
    assert (await line.get(f"{OLD}/MyChannels"))["channels"] == []
    await world.run(UpdateUser("ben", friendly_name="Ben"))
    ben = await line.get(f"{OLD}/Users/ben")
    assert (ben["friendly_name"], ben["sync_unique_name"][-5:]) == ("Ben", ".info")


async def test_what_nobody_expected_is_no_answer_with_a_status_to_retry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(backend: Backend, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("on purpose")

    monkeypatch.setitem(session_commands._COMMANDS, "sendMessage", fails)
    client = await old_client(world, "ann")
    status, refusal = await client.push("sendMessage", channelSid="CH", text="x")
    assert (status, refusal["code"]) == (500, 20500)


async def test_commands_meet_the_bound_of_requests_at_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()

    async def waits(backend: Backend, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        await gate.wait()
        return {}

    monkeypatch.setitem(session_commands._COMMANDS, "sendMessage", waits)
    client = await old_client(world, "ann")
    pushes = [asyncio.ensure_future(client.push("sendMessage")) for _ in range(256)]
    await eventually(lambda: not client.line.reading, "reading to pause")
    gate.set()
    assert {status for status, _ in await asyncio.gather(*pushes)} == {201}
    await eventually(lambda: client.line.reading, "reading to go on")


def test_other_lists_are_not_taken_for_a_session_s() -> None:
    for method in ("GET", "POST"):
        assert not session_lists.concerns(Request(method, ("v3", "Lists", "ES" + "0" * 32), {}, b""))
