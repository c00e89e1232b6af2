"""Worlds in which webhooks hear of what happens, and what they are told there."""

from __future__ import annotations

import asyncio
from typing import Any

from roomful.conversations.core.model import Conversation, Webhook
from roomful.conversations.core.ports import Actor
from roomful.conversations.core.webhook_configuration import CreateWebhook, UpdateWebhookConfiguration
from roomful.conversations.core.webhooks import CONVERSATION_EVENTS, POST_EVENTS
from tests.conversations.core.world import World
from tests.conversations.store.commands import Hold

URL = "https://hooks.example/in?key=1"
ALL = tuple(sorted(POST_EVENTS))
IN_CONVERSATION = tuple(sorted(CONVERSATION_EVENTS))


async def configure(world: World, *filters: str, owner: str = "service", **values: Any) -> str:
    """Let the service or the account be told of these events; its SID."""
    owner_sid: str = getattr(world.installation, owner).sid
    values = {"post_webhook_url": URL, "filters": filters} | values
    await world.run(world.account, UpdateWebhookConfiguration(owner_sid, **values))
    return owner_sid


async def hears(world: World, room: Conversation, *filters: str, **values: Any) -> Webhook:
    """A webhook of the conversation that is told of these events."""
    return await world.run(world.account, CreateWebhook(room.sid, "webhook", URL, filters=filters, **values))


async def told(world: World) -> list[tuple[str, str]]:
    """The targets and names of what the outbox holds."""
    return [(call.target_sid, call.event) for call in await world.calls()]


async def together(world: World, *asked: tuple[Actor, Any]) -> list[Any]:
    """Submit commands so that the writer takes them as one batch; their results or exceptions."""
    hold, writer = Hold(), world.store.writer
    held = asyncio.ensure_future(writer.submit(world.account, hold))
    assert await asyncio.to_thread(hold.started.wait, 30)
    waiting = [asyncio.ensure_future(writer.submit(actor, command)) for actor, command in asked]
    await asyncio.sleep(0)  # every submit has run up to its place in the queue
    hold.release.set()
    await held
    return await asyncio.gather(*waiting, return_exceptions=True)
