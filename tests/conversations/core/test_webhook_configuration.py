"""Commands on webhooks: what is kept, what is refused, and with which code."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roomful.conversations.core import limits
from roomful.conversations.core.conversations import DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.events import ConversationRemoved, WebhooksConfigured
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Conversation, Webhook, WebhookConfiguration
from roomful.conversations.core.services import CreateService
from roomful.conversations.core.webhook_configuration import (
    CreateWebhook,
    DeleteWebhook,
    UpdateWebhook,
    UpdateWebhookConfiguration,
    triggers,
)
from roomful.conversations.core.webhooks import CONVERSATION_EVENTS
from tests.conversations.core.world import World

anyio = pytest.mark.anyio

URL = "https://hooks.example/in?key=1"
FLOW = "FW" + "0a" * 16
NOBODYS = "f" * 32


async def webhooks(world: World) -> list[Webhook]:
    return await world.store.reads.read(lambda reads: reads.page(Webhook, order="sid", limit=100))


def a_webhook(room: Conversation, **changes: Any) -> CreateWebhook:
    return CreateWebhook(room.sid, **({"target": "webhook", "url": URL, "filters": ("onMessageAdded",)} | changes))


def a_trigger(room: Conversation, *words: str, **changes: Any) -> CreateWebhook:
    return CreateWebhook(room.sid, **({"target": "trigger", "url": URL, "triggers": words} | changes))


def a_flow(room: Conversation, **changes: Any) -> CreateWebhook:
    return CreateWebhook(room.sid, **({"target": "studio", "flow_sid": FLOW} | changes))


# An account's and a service's configuration


@anyio
@pytest.mark.parametrize("owner", ["account", "service"])
async def test_a_configuration_is_made_changed_and_cleared(world: World, owner: str) -> None:
    owner_sid = getattr(world.installation, owner).sid
    made = await world.run(world.account, UpdateWebhookConfiguration(owner_sid))
    then = world.now
    assert made == WebhookConfiguration(owner_sid, None, None, "POST", "", "webhook", then, then)
    assert world.events() == [WebhooksConfigured(owner_sid, 0)]
    world.now += 1_000
    values: dict[str, Any] = {
        "pre_webhook_url": "http://pre.example",
        "post_webhook_url": URL,
        "method": "get",
        "filters": ("onMessageAdd", "", "ONMESSAGESENT", "onUserAdded", "onMessageAdded"),
        "target": "Flex",
    }
    assert await world.run(world.account, UpdateWebhookConfiguration(owner_sid, **values)) == WebhookConfiguration(
        *(owner_sid, "http://pre.example", URL, "GET", "onMessageAdd ONMESSAGESENT onUserAdded", "flex"),
        *(then, then + 1_000),
    )
    clear = UpdateWebhookConfiguration(owner_sid, pre_webhook_url="", post_webhook_url="", filters=())
    assert await world.run(world.account, clear) == WebhookConfiguration(
        owner_sid, None, None, "GET", "", "flex", then, then + 1_000
    )


@anyio
async def test_services_are_configured_apart(world: World) -> None:
    other = await world.run(world.account, CreateService("other"))
    await world.run(world.account, UpdateWebhookConfiguration(other.sid, post_webhook_url=URL))
    rows = await world.store.reads.read(lambda reads: reads.page(WebhookConfiguration, order="owner_sid", limit=10))
    assert [row.owner_sid for row in rows] == [other.sid]


@anyio
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"method": "PUT"}, 50055),
        ({"method": ""}, 50055),
        ({"method": "POST "}, 50055),
        ({"filters": ("onMessageAdded", "onNothing")}, 50054),
        ({"filters": ("onMessageAdded onMessageRemoved",)}, 50054),
        ({"filters": ("onMessageAdded\x00",)}, 50054),
        ({"target": "trigger"}, 50054),
        ({"target": ""}, 50054),
        ({"pre_webhook_url": "mailto:anna@example.org"}, 50054),
        ({"post_webhook_url": "https://h.example/" + "a" * 2031}, 50054),
        ({"post_webhook_url": URL, "method": "DELETE"}, 50055),
    ],
)
async def test_a_configuration_that_is_refused(world: World, values: dict[str, Any], code: int) -> None:
    owner_sid = world.installation.service.sid
    assert await world.refused(world.account, UpdateWebhookConfiguration(owner_sid, **values)) == (400, code)
    assert await world.store.reads.read(lambda reads: reads.count(WebhookConfiguration)) == 0


@anyio
async def test_who_may_configure_what(world: World) -> None:
    room = await world.room("anna")
    admin = await world.person("admin", "service admin")
    mine = UpdateWebhookConfiguration(world.installation.service.sid, post_webhook_url=URL)
    assert await world.refused(admin, mine) == (403, 50107)
    assert await world.refused(world.user("anna"), a_webhook(room)) == (403, 50107)
    for sid in (f"IS{NOBODYS}", f"AC{NOBODYS}", room.sid, ""):
        assert await world.refused(world.account, UpdateWebhookConfiguration(sid)) == (404, 50050)


HOSTILE = [
    *("", "h.example", "//h.example/", "/in", "ftp://h.example/", "javascript:alert(1)", "file:///etc/passwd"),
    *("http://", "http:///in", "http://:80/", "http://user@/", "http://user:word@:80/", "https:h.example", "http:/h/"),
    *("https://h.example/#part", "https://h.example/in#", "http://a@b@h.example/", "http://h.example\\@evil.example/"),
    *(
        "http://h.example/\r\nHost: evil",
        "http://h.example/\n",
        " http://h.example/",
        "http://h.example/ ",
        "http://h e/",
    ),
    *(
        "http://h.example/\x00",
        "http://h.example/\x7f",
        "http://h.example/\ud800",
        "http://h.example/ü",
        "http://ü.example/",
    ),
    *(
        "http://h.example:0/",
        "http://h.example:65536/",
        "http://h.example:/",
        "http://h.example:-1/",
        "http://h:80:80/",
    ),
    *(
        "http://h.example:８０/",
        "http://h.example:port/",
        "http://[::1/",
        "http://::1/",
        "http://[::1]x/",
        "http://x[::1]/",
    ),
    *("http://[fe80::1%25eth0]/", "http://[v1.a]/", "http://[1.2.3.4]/", "http://[]/", "http://[:::]/"),
    *("http://h..example/", "http://.example/", "http://%31.example/", "http://h.example/%zz", "http://h.example/%4"),
    *('http://h.example/"', "http://h.example/<x>", "http://h.example/{x}", "http://h.example/^", "http://h.example/`"),
    *("http://h.example/[0]", "http://h,example/", "http://h;example/", "http://h*example/"),
]


@pytest.mark.parametrize("url", HOSTILE)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ServiceError) as refused:
        limits.webhook_url(url)
    assert (refused.value.status, refused.value.code) == (400, 50054)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://h",
            "https://h.example",
            "HTTPS://H.Example/",
            "http://h.example.",
            "http://h_1:8080?x",
            "http://127.1/",
        ),
        *(
            "https://user:p%40ss@h.example:8443/in/%C3%BC?a=b&c=d%20e;f=/?@:!$'()*+,",
            "http://@h.example/",
            "http://[::1]",
        ),
        *("http://[2001:db8::1]:80/", "http://[::ffff:10.0.0.1]/", "https://h.example:65535/a//b", "https://h/?"),
        "https://h.example/" + "a" * 2030,
    ],
)
def test_urls_that_are_kept_as_they_are(url: str) -> None:
    assert limits.webhook_url(url) == url


# A conversation's webhooks


@anyio
async def test_webhooks_of_each_target(world: World) -> None:
    room = await world.room()
    now = world.now
    told = await world.run(
        world.account,
        a_webhook(
            room,
            target="WebHook",
            method="get",
            filters=("onMessageSent", "ONCONVERSATIONUPDATED", "onMessageAdded"),
            triggers=("unused",),
            flow_sid="unused",
        ),
    )
    assert told == Webhook(
        *(told.sid, room.sid, "webhook", URL, "GET", "onMessageSent ONCONVERSATIONUPDATED", "[]", None, now, now)
    )
    assert limits.is_sid(told.sid, "WH")
    waiting = await world.run(world.account, a_trigger(room, " help ", "Grüße!", "help", filters=("onNothing",)))
    assert waiting == Webhook(
        *(waiting.sid, room.sid, "trigger", URL, "POST", "", '["help", "Grüße!"]', None, now, now)
    )
    assert triggers(waiting) == ("help", "Grüße!")
    flow = await world.run(world.account, a_flow(room, url="unused", replay_after=0))
    assert flow == Webhook(flow.sid, room.sid, "studio", None, "POST", "", "[]", FLOW, now, now)
    assert await webhooks(world) == [told, waiting, flow]
    changed = await world.conversation(room.sid)
    assert (changed.webhooks_count, changed.position) == (3, room.position)
    assert world.events() == [], "nobody who chats is told"


@anyio
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target": ""}, 50368),
        ({"target": "flex"}, 50364),
        ({"url": None}, 50369),
        ({"url": ""}, 50369),
        ({"url": "h.example"}, 50054),
        ({"url": "https://h.example/" + "a" * 2031}, 50372),
        ({"method": "HEAD"}, 50055),
        ({"filters": ()}, 50370),
        ({"filters": ("", "")}, 50370),
        ({"filters": ("onNothing",)}, 50365),
        ({"filters": ("onMessageAdd",)}, 50365),
        ({"filters": ("onConversationAdded",)}, 50365),
        ({"filters": ("onUserUpdated",)}, 50365),
        ({"target": "trigger", "url": None, "triggers": ("help",)}, 50369),
        ({"target": "trigger"}, 50371),
        ({"target": "trigger", "triggers": tuple(map(str, range(11)))}, 50362),
        ({"target": "trigger", "triggers": ("help", " ")}, 50366),
        ({"target": "trigger", "triggers": ("a" * 129,)}, 50366),
        ({"target": "trigger", "triggers": ("a\x00b",)}, 20001),
        ({"target": "studio"}, 50367),
        ({"target": "studio", "flow_sid": "FW123"}, 50367),
        ({"replay_after": -1}, 20001),
    ],
)
async def test_a_webhook_that_is_refused(world: World, changes: dict[str, Any], code: int) -> None:
    room = await world.room()
    assert await world.refused(world.account, a_webhook(room, **changes)) == (400, code)
    assert await webhooks(world) == []
    assert (await world.conversation(room.sid)).webhooks_count == 0


@anyio
async def test_the_most_that_a_webhook_may_have(world: World) -> None:
    room = await world.room()
    words = ("a" * limits.TRIGGER_CHARS, *map(str, range(limits.TRIGGERS_PER_WEBHOOK - 1)))
    assert triggers(await world.run(world.account, a_trigger(room, *words))) == words
    everything = tuple(sorted(CONVERSATION_EVENTS))
    assert (await world.run(world.account, a_webhook(room, filters=everything))).filters == " ".join(everything)


@anyio
async def test_a_conversation_has_at_most_five(world: World) -> None:
    room, other = await world.room(), await world.room()
    made = [await world.run(world.account, a_webhook(room)) for _ in range(limits.WEBHOOKS_PER_CONVERSATION)]
    assert await world.refused(world.account, a_webhook(room)) == (400, 50361)
    await world.run(world.account, a_webhook(other))
    await world.run(world.account, DeleteWebhook(room.sid, made[2].sid))
    await world.run(world.account, a_webhook(room))
    assert await world.refused(world.account, a_flow(room)) == (400, 50361)


@anyio
async def test_five_at_once(world: World) -> None:
    """Asked for at the same moment, too, no more than five are made."""
    room = await world.room()
    asked = [world.run(world.account, a_webhook(room)) for _ in range(8)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answer.code for answer in answers if isinstance(answer, ServiceError)] == [50361] * 3
    assert len(await webhooks(world)) == 5


@anyio
async def test_a_webhook_is_changed(world: World) -> None:
    room = await world.room()
    told = await world.run(world.account, a_webhook(room))
    waiting = await world.run(world.account, a_trigger(room, "help"))
    flow = await world.run(world.account, a_flow(room))
    world.now += 1_000

    async def changed(webhook: Webhook, **changes: Any) -> dict[str, Any]:
        """What differs from `webhook` after the change, the date left out."""
        new = await world.run(world.account, UpdateWebhook(room.sid, webhook.sid, **changes))
        assert new in await webhooks(world)
        assert new.date_updated == world.now
        names = [name for name in Webhook.__slots__ if name != "date_updated"]
        return {name: getattr(new, name) for name in names if getattr(new, name) != getattr(webhook, name)}

    assert await changed(told) == {}
    assert await changed(told, url="http://b.example", method="GET") == {"url": "http://b.example", "method": "GET"}
    assert await changed(told, url=URL, method="post", filters=("onMessageRemoved",)) == {"filters": "onMessageRemoved"}
    assert await changed(waiting, triggers=("me", "you"), filters=("onNothing",)) == {"triggers": '["me", "you"]'}
    assert await changed(flow, flow_sid="FW" + "1" * 32, url="no url") == {"flow_sid": "FW" + "1" * 32}


@anyio
async def test_a_change_of_a_webhook_that_is_refused(world: World) -> None:
    room, other = await world.room(), await world.room()
    told = await world.run(world.account, a_webhook(room))
    waiting = await world.run(world.account, a_trigger(room, "help"))
    flow = await world.run(world.account, a_flow(room))
    before = await webhooks(world)

    async def refused(webhook_sid: str, room_sid: str = room.sid, **changes: Any) -> tuple[int, int]:
        return await world.refused(world.account, UpdateWebhook(room_sid, webhook_sid, **changes))

    assert await refused(told.sid, url="") == (400, 50369)
    assert await refused(told.sid, url="http://") == (400, 50054)
    assert await refused(told.sid, url="https://h.example/" + "a" * 2031) == (400, 50372)
    assert await refused(told.sid, method="") == (400, 50055)
    assert await refused(told.sid, filters=()) == (400, 50370)
    assert await refused(told.sid, filters=("onUserAdded",)) == (400, 50365)
    assert await refused(waiting.sid, triggers=()) == (400, 50371)
    assert await refused(waiting.sid, triggers=("",)) == (400, 50366)
    assert await refused(flow.sid, flow_sid="") == (400, 50367)
    assert await refused("WH1") == (400, 50363)
    assert await refused(f"WH{NOBODYS}") == (404, 50360)
    assert await refused(told.sid, other.sid) == (404, 50360), "it is another conversation's"
    assert await refused(told.sid, f"CH{NOBODYS}") == (404, 50350)
    for sid, code in (("WH1", (400, 50363)), (f"WH{NOBODYS}", (404, 50360))):
        assert await world.refused(world.account, DeleteWebhook(room.sid, sid)) == code
    assert await world.refused(world.account, DeleteWebhook(other.sid, told.sid)) == (404, 50360)
    nowhere = CreateWebhook(f"CH{NOBODYS}", "webhook", URL, filters=("onMessageAdded",))
    assert await world.refused(world.account, nowhere) == (404, 50350)
    assert await webhooks(world) == before


@anyio
async def test_webhooks_of_another_service_do_not_exist(world: World) -> None:
    room = await world.room()
    told = await world.run(world.account, a_webhook(room))
    other = await world.run(world.account, CreateService("other"))
    stranger = type(world.account)(other.sid)
    assert await world.refused(stranger, a_webhook(room)) == (404, 50350)
    assert await world.refused(stranger, DeleteWebhook(room.sid, told.sid)) == (404, 50350)


@anyio
async def test_a_closed_conversations_webhooks_can_be_changed(world: World) -> None:
    room = await world.room()
    told = await world.run(world.account, a_webhook(room))
    await world.run(world.account, UpdateConversation(room.sid, state="closed"))
    await world.run(world.account, UpdateWebhook(room.sid, told.sid, method="GET"))
    await world.run(world.account, a_webhook(room))
    await world.run(world.account, DeleteWebhook(room.sid, told.sid))
    assert (await world.conversation(room.sid)).webhooks_count == 1


@anyio
async def test_a_conversation_takes_its_webhooks_along(world: World) -> None:
    room, other = await world.room("anna"), await world.room()
    mine = [await world.run(world.account, a_webhook(room)), await world.run(world.account, a_trigger(room, "help"))]
    others = await world.run(world.account, a_webhook(other))
    await world.run(world.account, SendMessage(room.sid, body="hello"))
    world.events()
    silent = type(world.account)(world.installation.service.sid, webhooks=False)
    await world.run(silent, DeleteConversation(room.sid))
    (removed,) = [event for event in world.events() if isinstance(event, ConversationRemoved)]
    assert list(removed.webhooks) == mine
    assert await webhooks(world) == [others]
