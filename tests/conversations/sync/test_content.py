"""Content templates as SDK clients ask for them: their pages, and messages made from them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomful.conversations.core import limits
from roomful.conversations.core.content import CreateContentTemplate
from roomful.conversations.core.conversations import UpdateConversation
from roomful.conversations.core.media import attached
from roomful.conversations.core.model import ContentTemplate, Media, Message
from roomful.conversations.media.store import MediaStoreError

from .line import Line
from .world import World

pytestmark = pytest.mark.anyio

C = "/Client/v2"
GREETING = {"twilio/text": {"body": "Hello {{1}}"}}


async def make(world: World, types: dict[str, Any], **variables: str) -> ContentTemplate:
    return await world.run(CreateContentTemplate("a name", "en", json.dumps(variables), json.dumps(types)))


async def unattached(world: World) -> list[Media]:
    """The files that count as uploads of somebody."""
    kept = await world.service.read(lambda reads: reads.page(Media, order="sid", limit=1000))
    return [media for media in kept if media.owner is not None]


async def messages(world: World, room: str) -> list[Message]:
    return list(
        await world.service.read(lambda reads: reads.page(Message, order="index", limit=1000, conversation_sid=room))
    )


async def send(line: Line, room: str, **body: str) -> tuple[int, Any]:
    status, answer = await line.request("POST", f"{C}/Conversations/{room}/Messages", body)
    return status, answer.get("code", answer.get("index"))


async def test_sends_that_are_refused_are_no_uploads(world: World) -> None:
    room = await world.room("r", "ann")
    ann = await world.connect("ann")
    sid = (await make(world, {"twilio/text": {"body": "{{1}}{{1}}"}})).sid
    long = json.dumps({"1": "x" * 20_000})
    assert await send(ann, room.sid, content_sid=sid, content_variables=long) == (400, 50504)
    await world.run(UpdateConversation(room.sid, state="closed"))
    for _ in range(limits.UNATTACHED_MEDIA + 1):
        assert await send(ann, room.sid, content_sid=sid) == (400, 50377)
    assert await unattached(world) == []


async def test_what_a_repeated_send_made_is_no_upload(world: World) -> None:
    room = await world.room("r", "ann")
    ann, sid = await world.connect("ann"), (await make(world, GREETING)).sid
    for _ in range(3):
        assert await send(ann, room.sid, content_sid=sid, attributes='{"cid":"one"}') == (201, 0)
    [message] = await messages(world, room.sid)
    assert (message.body, len(attached(message))) == ("Hello {{1}}", 1)
    assert await unattached(world) == []


async def test_nothing_is_left_when_the_media_store_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> int:
        raise MediaStoreError("no space is left")

    room = await world.room("r", "ann")
    ann, sid = await world.connect("ann"), (await make(world, GREETING)).sid
    with monkeypatch.context() as patched:
        patched.setattr(world.service._media, "write", full)
        assert await send(ann, room.sid, content_sid=sid) == (503, 20503)
    assert (await unattached(world), await messages(world, room.sid)) == ([], [])
    assert await send(ann, room.sid, content_sid=sid) == (201, 0)


async def test_large_templates_make_shorter_pages(world: World) -> None:
    ann = await world.connect("ann")
    made = [(await make(world, {"twilio/text": {"body": "x" * 30_000}}, a="y" * 30_000)).sid for _ in range(12)]
    found, asked, sizes = [], {"PageSize": "100"}, []
    while True:
        page = await ann.get(f"{C}/ContentTemplates", **asked)
        found += [template["sid"] for template in page["templates"]]
        sizes.append(len(page["templates"]))
        if page["meta"]["next_token"] is None:
            break
        asked["PageToken"] = page["meta"]["next_token"]
    assert (found, sizes) == (made, [4, 4, 4])
    for _ in range(100):
        await make(world, GREETING)
    del asked["PageToken"]
    assert (await ann.get(f"{C}/ContentTemplates", **asked, PageToken=made[-1]))["meta"]["next_token"] is None
