"""A world whose commands ask a webhook: a real listener, the real client, a real store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.messages import DeleteMessage, SendMessage, UpdateMessage
from roomful.conversations.core.model import Conversation, Message
from roomful.conversations.core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from roomful.conversations.core.ports import UNSET, Actor, Command, Unset
from roomful.conversations.core.users import UpdateUser
from roomful.conversations.core.webhook_configuration import UpdateWebhookConfiguration
from roomful.conversations.core.webhooks import PRE_EVENTS
from roomful.conversations.hooks.client import WebhookClient
from roomful.conversations.hooks.prehooks import PreHooks
from tests.conversations.core.world import World
from tests.webhooks.listener import Call, Listener

REFUSED = (403, 50056)
ALL = tuple(sorted(PRE_EVENTS))


@dataclass
class Asking:
    """A world whose commands ask a webhook, which `listener` is at `/pre`."""

    world: World
    hooks: PreHooks
    listener: Listener
    client: WebhookClient

    async def configure(
        self,
        pre: str | Unset = "/pre",
        *,
        owner: str = "",
        filters: tuple[str, ...] | Unset = ALL,
        post: str | Unset = UNSET,
        target: str | Unset = UNSET,
    ) -> None:
        """Of the default service, or of `owner`; `pre` and `post` are paths of the listener."""

        def url(path: str | Unset) -> str | Unset:
            return self.listener.url(path) if isinstance(path, str) and path.startswith("/") else path

        command = UpdateWebhookConfiguration(
            owner or self.world.installation.service.sid, url(pre), url(post), UNSET, filters, target
        )
        await self.world.run(self.world.account, command)
        self.world.events()

    def asked(self, event: str | None = None) -> list[Call]:
        return self.listener.heard("/pre", event)

    async def heard(self, count: int = 1) -> list[Call]:
        """Wait until so many calls have arrived."""
        return await asyncio.to_thread(self.listener.wait, count, "/pre")


async def furnished(asking: Asking) -> tuple[Conversation, Message]:
    """A room of ana and bo with a message of ana's, made in silence."""
    quiet = Actor(asking.world.account.service_sid, webhooks=False)
    room = await asking.world.run(quiet, CreateConversation("#room"))
    for identity in ("ana", "bo"):
        await asking.world.run(quiet, AddParticipant(room.sid, identity))
    message = await asking.world.run(quiet, SendMessage(room.sid, body="first", author="ana", attributes='{"cid":"1"}'))
    asking.world.events()
    assert asking.asked() == []
    return room, message


def commands(room: Conversation, message: Message) -> dict[str, Command[Any]]:
    """By the event that they ask about."""
    return {
        "onConversationAdd": CreateConversation("#new"),
        "onConversationUpdate": UpdateConversation(room.sid, friendly_name="#other"),
        "onMessageAdd": SendMessage(room.sid, body="hello"),
        "onMessageUpdate": UpdateMessage(room.sid, message.sid, body="edited"),
        "onMessageRemove": DeleteMessage(room.sid, message.sid),
        "onParticipantAdd": AddParticipant(room.sid, "cy"),
        "onParticipantUpdate": UpdateParticipant(room.sid, "bo", attributes='{"a": 1}'),
        "onParticipantRemove": RemoveParticipant(room.sid, "bo"),
        "onUserUpdate": UpdateUser("bo", friendly_name="Bo", attributes='{"b": 2}'),
        "onConversationRemove": DeleteConversation(room.sid),
    }
