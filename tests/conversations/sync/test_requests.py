"""Tunnelled requests: decoding, routing, and every route's answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.messages import DeleteMessage
from roomful.conversations.core.users import CreateUser
from roomful.conversations.sync.frames import HttpRequest
from roomful.conversations.sync.objects import Kind
from roomful.conversations.sync.requests import parse_request

from .world import PUBLIC_URL, World, eventually

pytestmark = pytest.mark.anyio

C = "/Client/v2"


def test_paths_are_split_first_and_decoded_once() -> None:
    line = HttpRequest("/Users/a%2Fb%2520c/", "get", {"%C3%A9": "x%2Fy", "k": ["1", "2"], "odd": 3})
    request = parse_request(line, b"")
    assert request.segments == ("Users", "a/b%20c")
    assert request.params == {"é": "x/y", "k": "2", "odd": ""}
    assert request.method == "GET"


@pytest.mark.parametrize(
    "line",
    [HttpRequest("/%ff", "GET"), HttpRequest("/" + "x" * 5000, "GET"), HttpRequest("/", "GET", {"%ff": "1"})],
)
def test_paths_that_cannot_be(line: HttpRequest) -> None:
    with pytest.raises(ServiceError) as refused:
        parse_request(line, b"")
    assert refused.value.status == 400


async def test_configuration_names_absolute_urls(world: World) -> None:
    ann = await world.connect("ann b")
    configuration = await ann.get(f"{C}/Configuration")
    assert configuration["identity"] == "ann b"
    links = configuration["links"]
    assert links["current_user"] == "https://chat.example/Client/v2/Users/ann%20b"
    assert links["media_service"] == f"{PUBLIC_URL}/v1/Services/{world.service_sid}/Media"
    assert all(link.startswith("https://chat.example/") for link in links.values())
    for name in configuration["sync_objects"].values():
        assert (await ann.get(f"/v3/Maps/{name}"))["unique_name"] == name


async def test_unknown_paths_and_methods(world: World) -> None:
    ann = await world.connect("ann")
    for method, path, expected in (
        ("GET", "/", (404, 20404)),
        ("GET", f"{C}/Nothing", (404, 20404)),
        ("GET", f"{C}/Conversations/x/y/z/a/b", (404, 20404)),
        ("PUT", f"{C}/Configuration", (405, 20004)),
        ("DELETE", f"{C}/Users/ann", (405, 20004)),
        ("GET", "/v4/Subscriptions", (404, 20404)),
    ):
        status, body = await ann.request(method, path)
        assert (status, body["code"], body["status"]) == (*expected, expected[0])


@pytest.mark.parametrize("body", [b"{", b"[]", b"1", b'{"body":7}', b"\xff", b"[" * 100_000])
async def test_bodies_that_cannot_be(world: World, body: bytes) -> None:
    room = await world.room("r", "ann")
    ann = await world.connect("ann")
    status, answer = await ann.request("POST", f"{C}/Conversations/{room.sid}/Messages", body)
    assert (status, answer["code"]) == (400, 20001)


async def test_conversations_from_creation_to_deletion(world: World) -> None:
    ann = await world.connect("ann")
    body = {"friendly_name": "plans", "unique_name": "p/1", "attributes": '{"a":1}'}
    status, made = await ann.request("POST", f"{C}/Conversations", body)
    assert status == 201
    sid = made["sid"]
    assert made["url"] == f"https://chat.example/Client/v2/Conversations/{sid}"
    assert made["links"]["messages"] == f"{made['url']}/Messages"
    assert made["sync_objects"]["conversation"] == Kind.DOCUMENT.unique_name(sid)
    assert (await ann.request("POST", f"{C}/Conversations", body))[1]["code"] == 50353
    document = await ann.get(f"/v3/Documents/{made['sync_objects']['conversation']}")  # not joined yet
    assert document["data"]["attributes"] == '{"a":1}'
    assert (await ann.request("GET", f"{C}/MyConversations/{sid}"))[0] == 404
    status, member = await ann.request("POST", f"{C}/Conversations/{sid}/Participants", {"identity": "ann"})
    assert (status, member["identity"]) == (201, "ann")
    mine = await ann.get(f"{C}/MyConversations/p%2F1")
    assert (mine["conversation_sid"], mine["status"], mine["unread_messages_count"]) == (sid, "joined", None)
    listed = await ann.get(f"{C}/MyConversations")
    assert [row["conversation_sid"] for row in listed["conversations"]] == [sid]
    assert listed["meta"]["next_token"] is None
    await ann.request("POST", f"{C}/Conversations/{sid}", {"friendly_name": None, "unique_name": ""})
    seen = await ann.get(f"{C}/Conversations/{sid}")
    assert (seen["friendly_name"], seen["unique_name"], seen["participants_count"]) == (None, None, 1)
    assert (await ann.request("DELETE", f"{C}/Conversations/{sid}", {}))[0] == 204
    assert (await ann.request("GET", f"{C}/Conversations/{sid}"))[1]["code"] == 50350


async def test_messages(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    ann, ben = await world.connect("ann"), await world.connect("ben")
    path = f"{C}/Conversations/{room.sid}/Messages"
    status, sent = await ann.request("POST", path, {"body": "hi", "attributes": '{"z":1}', "media_sids": []})
    assert (status, sent["index"], sent["author"]) == (201, 0, "ann")
    assert (await ann.request("POST", path, {"media_sids": ["ME1"]}))[0] == 404
    one = f"{path}/{sent['sid']}"
    assert (await ann.request("POST", one, {"body": "ho"}))[1]["body"] == "ho"
    assert (await ben.request("POST", one, {"body": "no"}))[1]["code"] == 50107
    assert (await ann.get(f"{one}/Receipts"))["delivery_receipts"] == []
    assert (await ann.request("GET", f"{one}/ChannelMetadata"))[1]["code"] == 50530
    assert (await ann.get(f"{C}/Conversations/{room.sid}/MessageRecipients"))["message_recipients"] == []
    assert (await ann.request("DELETE", one, {}))[0] == 204
    assert (await ann.request("GET", f"{one}/Receipts"))[1]["code"] == 50500


async def test_read_horizon_and_notification_level(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    for body in "abc":
        await world.say(room, "ben", body)
    ann = await world.connect("ann")
    mine = f"{C}/MyConversations/{room.sid}"
    for horizon, unread in ((0, 2), (2, 0), (None, 3)):
        _, answer = await ann.request("POST", mine, {"last_read_message_index": horizon})
        assert answer["unread_messages_count"] == unread
    await ann.request("POST", mine, {"last_read_message_index": 1, "notification_level": "muted"})
    seen = await ann.get(mine)
    assert (seen["unread_messages_count"], seen["notification_level"]) == (1, "muted")
    for wrong in ({"last_read_message_index": "1"}, {"last_read_message_index": True}, {"notification_level": "loud"}):
        assert (await ann.request("POST", mine, wrong))[0] == 400


async def test_participants_by_sid_and_identity(world: World) -> None:
    room = await world.room("r", "ann")
    ann = await world.connect("ann")
    await world.run(CreateUser("b/n"))
    path = f"{C}/Conversations/{room.sid}/Participants"
    admin = await world.connect("ann")
    status, answer = await admin.request("POST", path, {"identity": "b/n"})
    assert (status, answer["code"]) == (403, 50107)  # a channel user may not add others
    other = await world.room("other", "b/n")
    unknown = f"{path}/MB{'0' * 32}"
    assert (await ann.request("DELETE", unknown))[1]["code"] == 50107
    assert (await ann.request("POST", unknown, {"attributes": "{}"}))[1]["code"] == 50432
    assert (await ann.request("DELETE", f"{C}/Conversations/{other.sid}/Participants/b%2Fn"))[1]["code"] == 50350
    assert (await ann.request("POST", path, {"attributes": "{}", "messaging_binding": "x"}))[0] == 400
    assert (await ann.request("DELETE", f"{path}/ann"))[0] == 204


async def test_who_is_named_like_a_participants_sid_may_leave(world: World) -> None:
    name = "MB" + "0" * 32
    room = await world.room("r", name)
    member = await world.connect(name)
    assert (await member.request("DELETE", f"{C}/Conversations/{room.sid}/Participants/{name}"))[0] == 204


async def test_who_peeks_is_told_the_own_notification_level(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    ann, ben = await world.connect("ann"), await world.connect("ben")
    await ann.request("POST", f"{C}/MyConversations/{room.sid}", {"notification_level": "muted"})
    for who, level in ((ann, "muted"), (ben, "default")):
        assert (await who.get(f"{C}/Conversations/{room.sid}"))["notification_level"] == level


async def test_users(world: World) -> None:
    await world.connect("ben")
    ann = await world.connect("ann")
    await ann.request("POST", f"{C}/Users/ann", {"friendly_name": "Ann", "attributes": '{"c":1}'})
    profile = (await ann.get(f"{C}/Users/ann"))["sync_objects"]["user_info_map"]
    shown = await ann.get(f"/v3/Maps/{profile}", Include="items")
    assert {item["key"]: item["data"] for item in shown["items"]} == {
        "friendlyName": {"value": "Ann"},
        "attributes": {"value": '{"c":1}'},
    }
    await ann.request("POST", f"{C}/Users/ann", {"friendly_name": None})
    items = await ann.get(f"/v3/Maps/{shown['sid']}/Items", Key="friendlyName")
    assert items["items"][0]["data"] == {"value": None}
    assert (await ann.request("POST", f"{C}/Users/ben", {"friendly_name": "x"}))[1]["code"] == 50107
    assert (await ann.request("GET", f"{C}/Users/nobody"))[1]["code"] == 50200


async def test_templates_and_push_are_answered(world: World) -> None:
    ann = await world.connect("ann")
    assert (await ann.get(f"{C}/ContentTemplates", PageSize="100"))["meta"]["next_token"] is None
    device = {"endpoint_platform": "x", "channel_type": "fcm", "version": "3", "data": {"registration_id": "device"}}
    status, answer = await ann.request("POST", "/v1/registrations", device, productId="ip")
    assert status == 200
    assert (await ann.request("DELETE", f"/v1/registrations/{answer['id']}", productId="ip"))[0] == 204


async def test_typing_reaches_the_others(world: World) -> None:
    room = await world.room("r", "ann", "ben")
    ann, ann2, ben = [await world.connect(name) for name in ("ann", "ann", "ben")]
    for line in (ann, ann2, ben):
        await line.established((Kind.ROSTER.sid(room.sid), "map", None))
    form = f"ChannelSid={room.sid}".encode()
    assert await ann.request("POST", "/v1/typing", form) == (200, {"typing_timeout": 5})
    await eventually(lambda: ben.typing)
    assert ben.typing == [{"channel_sid": room.sid, "identity": "ann", "typing_timeout": 6}]
    assert (ann.typing, ann2.typing) == ([], [])
    outsider = await world.connect("outsider")
    assert (await outsider.request("POST", "/v1/typing", form))[1]["code"] == 50350


async def page(line: Any, sid: str, **params: str) -> tuple[list[Any], bool, bool]:
    """Keys of a page, and whether there is more before and behind it."""
    kind = "Lists" if sid.startswith("ES") else "Maps"
    answer = await line.get(f"/v3/{kind}/{sid}/Items", HideExpired="true", **params)
    keys = [item.get("index", item.get("key")) for item in answer["items"]]
    return keys, answer["meta"]["previous_token"] is not None, answer["meta"]["next_token"] is not None


async def test_pages_of_a_list(world: World) -> None:
    room = await world.room("r", "ann")
    sent = await asyncio.gather(*(world.say(room, "ann", str(n)) for n in range(12)))
    await world.run(DeleteMessage(room.sid, sent[5].sid))
    ann, sid = await world.connect("ann"), Kind.MESSAGES.sid(room.sid)
    assert await page(ann, sid, PageSize="4") == ([0, 1, 2, 3], False, True)
    assert await page(ann, sid, PageSize="4", Order="desc") == ([11, 10, 9, 8], False, True)
    assert await page(ann, sid, PageSize="3", From="5") == ([6, 7, 8], True, True)
    assert await page(ann, sid, PageSize="3", From="5", Order="desc") == ([4, 3, 2], True, True)
    assert await page(ann, sid, PageSize="30", From="2", Order="desc") == ([2, 1, 0], True, False)
    assert await page(ann, sid, PageSize="30", From="0") == ([*range(5), *range(6, 12)], False, False)
    assert await page(ann, sid, PageSize="10", From="99") == ([], True, False)
    assert await page(ann, sid, PageSize="10", From="99", Order="desc") == (
        [11, 10, 9, 8, 7, 6, 4, 3, 2, 1],
        False,
        True,
    )
    assert await page(ann, sid, Index="7") == ([7], False, False)
    assert await page(ann, sid, Index="5") == ([], False, False)
    for wrong in ({"PageSize": "0"}, {"PageSize": "x"}, {"From": "x"}, {"Index": "x"}):
        assert (await ann.request("GET", f"/v3/Lists/{sid}/Items", **wrong))[0] == 400


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_page_tokens_walk_there_and_back(world: World, order: str) -> None:
    room = await world.room("r", "ann")
    await asyncio.gather(*(world.say(room, "ann", str(n)) for n in range(7)))
    ann, path = await world.connect("ann"), f"/v3/Lists/{Kind.MESSAGES.sid(room.sid)}/Items"
    expected = list(range(7)) if order == "asc" else list(range(6, -1, -1))
    answer = await ann.get(path, PageSize="3", Order=order)
    there = [item["index"] for item in answer["items"]]
    while token := answer["meta"]["next_token"]:
        answer = await ann.get(path, PageSize="3", PageToken=token)
        there += [item["index"] for item in answer["items"]]
    assert there == expected
    back = [item["index"] for item in answer["items"]]
    while token := answer["meta"]["previous_token"]:
        answer = await ann.get(path, PageSize="3", PageToken=token)
        back = [item["index"] for item in answer["items"]] + back
    assert back == expected


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_page_token_keeps_the_size_for_clients_that_send_nothing_else(world: World, order: str) -> None:
    room = await world.room("r", "ann")
    await asyncio.gather(*(world.say(room, "ann", str(n)) for n in range(8)))
    ann, path = await world.connect("ann"), f"/v3/Lists/{Kind.MESSAGES.sid(room.sid)}/Items"
    answer = await ann.get(path, PageSize="3", Order=order)
    sizes = [len(answer["items"])]
    while token := answer["meta"]["next_token"]:
        answer = await ann.get(path, PageToken=token)
        sizes.append(len(answer["items"]))
    assert sizes == [3, 3, 2]
    answer = await ann.get(path, PageToken=answer["meta"]["previous_token"])
    assert (len(answer["items"]), answer["meta"]["page_size"]) == (3, 3)
    for wrong in ("x", "after.asc.3", "after.asc.x.1", "after.asc.0.1", "after.asc.3.x"):
        assert (await ann.request("GET", path, PageToken=wrong))[0] == 400, wrong


async def test_pages_end_before_they_grow_too_big(world: World) -> None:
    room = await world.room("r", "ann")
    await asyncio.gather(*(world.say(room, "ann", "x" * 32_000) for _ in range(30)))
    ann, sid = await world.connect("ann"), Kind.MESSAGES.sid(room.sid)
    keys, before, behind = await page(ann, sid, PageSize="30")
    assert 10 <= len(keys) < 20
    assert (before, behind) == (False, True)


async def test_maps_are_paged_by_key(world: World) -> None:
    room = await world.room("r", "ann", "ben", "cat")
    other = await world.room("s", "ann")
    ann = await world.connect("ann")
    roster, _, _ = await page(ann, Kind.ROSTER.sid(room.sid))
    assert roster == sorted(roster)
    assert await page(ann, Kind.ROSTER.sid(room.sid), From=roster[1], Order="desc") == (roster[1::-1], True, False)
    assert await page(ann, Kind.ROSTER.sid(room.sid), Key=roster[2]) == ([roster[2]], False, False)
    mine = (await ann.get(f"{C}/Configuration"))["sync_objects"]
    assert (await page(ann, mine["my_conversations"]))[0] == sorted([room.sid, other.sid])
    info = (await ann.get(f"/v3/Maps/{mine['my_user_info']}"))["sid"]
    assert await page(ann, info, Order="desc", PageSize="1") == (["friendlyName"], False, True)
    assert await page(ann, info, From="b") == (["friendlyName"], True, False)
    assert await page(ann, info, Key="reachability") == ([], False, False)


async def test_objects_are_closed_to_those_who_may_not_read_them(world: World) -> None:
    room = await world.room("r", "ann")
    ann, ben = await world.connect("ann"), await world.connect("ben")
    maps = (await ann.get(f"{C}/Configuration"))["sync_objects"]
    for path, code in (
        (f"/v3/Documents/{Kind.DOCUMENT.sid(room.sid)}", 54100),
        (f"/v3/Lists/{Kind.MESSAGES.sid(room.sid)}", 54150),
        (f"/v3/Lists/{Kind.MESSAGES.unique_name(room.sid)}/Items", 54150),
        (f"/v3/Maps/{Kind.ROSTER.sid(room.sid)}/Items", 54200),
        (f"/v3/Maps/{maps['my_conversations']}", 54200),
        (f"/v3/Maps/{maps['my_conversations']}/Items", 54200),
        (f"/v3/Lists/{Kind.DOCUMENT.sid(room.sid)}", 54150),
        ("/v3/Maps/nothing", 54200),
    ):
        status, body = await ben.request("GET", path)
        assert (status, body["code"]) == (404, code), path
    assert (await ben.request("GET", f"/v3/Maps/{maps['my_user_info']}"))[0] == 200
