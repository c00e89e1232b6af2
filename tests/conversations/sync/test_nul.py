"""Text that a database cannot hold is refused before the store is asked about it, wherever a client puts it."""

from __future__ import annotations

from typing import Any

import pytest

from .line import Line
from .world import open_world

pytestmark = pytest.mark.anyio

C = "/Client/v2"
NUL = "a%00b"

REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", f"{C}/Users/{NUL}", None),
    ("POST", f"{C}/Users/{NUL}", {"friendly_name": "x"}),
    ("POST", f"{C}/Users/ann", {"friendly_name": "a\0b"}),
    ("GET", f"{C}/MyConversations/{NUL}", None),
    ("GET", f"{C}/MyConversations?PageToken={NUL}", None),
    ("POST", f"{C}/MyConversations/{NUL}", {"notification_level": "muted"}),
    ("GET", f"{C}/Conversations/{NUL}", None),
    ("DELETE", f"{C}/Conversations/{NUL}", None),
    ("POST", f"{C}/Conversations", {"unique_name": "a\0b"}),
    ("POST", f"{C}/Conversations/{{sid}}", {"unique_name": "a\0b"}),
    ("POST", f"{C}/Conversations/{{sid}}/Participants", {"identity": "a\0b"}),
    ("DELETE", f"{C}/Conversations/{{sid}}/Participants/{NUL}", None),
    ("DELETE", f"{C}/Conversations/{{sid}}/Messages/{NUL}", None),
    ("GET", f"/v3/Maps/{NUL}", None),
    ("GET", f"/v3/Maps/{{sid}}.roster/Items?Key={NUL}", None),
    ("GET", f"/v3/Maps/{{sid}}.roster/Items?From={NUL}", None),
    ("POST", "/v1/registrations", {"channel_type": "fcm", "data": {"registration_id": "a\0b"}}),
    ("DELETE", f"/v1/registrations/{NUL}", None),
    ("DELETE", "/v1/registrations", {"binding_type": "fcm", "address": "a\0b"}),
]


async def test_nul_in_a_request(database_url: str) -> None:
    async with open_world(database_url) as world:
        room = await world.room("room", "ann")
        ann = await world.connect("ann")
        for method, path, body in REQUESTS:
            where, _, query = path.format(sid=room.sid).partition("?")
            params = dict([query.split("=")]) if query else {}
            status, answer = await ann.request(method, where, body, **params)
            assert (status, answer["code"]) == (400, 20001), (method, path, answer)


async def test_text_deeper_in_a_request(database_url: str) -> None:
    async with open_world(database_url) as world:
        room = f"{C}/Conversations/{(await world.room('room', 'ann')).sid}"
        ann = await world.connect("ann")
        for bad in ("a\0b", "ME\0" + "0" * 31):
            asked = {"media_sids": [bad]}
            status, answer = await ann.request("POST", f"{room}/Messages", asked)
            assert (status, answer["code"]) == (404, 50507)
            binding = {"address": f"{bad}@example.com", "proxy_address": "chat@example.com"}
            status, answer = await ann.request("POST", f"{room}/Participants", {"messaging_binding": binding})
            assert (status, answer["code"]) in ((400, 50407), (403, 50107)), answer


async def test_text_in_a_token(database_url: str) -> None:
    async with open_world(database_url) as world:
        service = {"service_sid": world.service_sid}
        for bad in ("a\0b", "a\ud800b"):
            refusals: tuple[tuple[int, dict[str, Any]], ...] = (
                (20103, {"iss": bad}),
                (20106, {"grants": {"identity": bad, "chat": service}}),
                (20106, {"grants": {"identity": "ann", "chat": {"service_sid": bad}}}),
            )
            for code, claims in refusals:
                answer = await Line(world).init(world.token("ann", **claims))
                assert (answer["status"]["code"], answer["status"]["errorCode"]) == (401, code), claims
