"""The commands and parameters that only account credentials may use, ready to be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from roomful.conversations.core.addresses import CreateAddress, DeleteAddress, UpdateAddress
from roomful.conversations.core.api_keys import CreateApiKey, RevokeApiKey
from roomful.conversations.core.bindings import Binding
from roomful.conversations.core.content import CreateContentTemplate, DeleteContentTemplate
from roomful.conversations.core.conversation_with_participants import CreateConversationWithParticipants
from roomful.conversations.core.conversations import CreateConversation, UpdateConversation
from roomful.conversations.core.credentials import CreateCredential, DeleteCredential, UpdateCredential
from roomful.conversations.core.messages import SendMessage, UpdateMessage
from roomful.conversations.core.model import (
    AddressConfiguration,
    ApiKey,
    ContentTemplate,
    Conversation,
    Message,
    Participant,
    PushBinding,
    PushCredential,
    Webhook,
)
from roomful.conversations.core.notifications import UpdateNotifications
from roomful.conversations.core.outbox import DropCalls, RetryCalls
from roomful.conversations.core.outside import AddNonChatParticipant
from roomful.conversations.core.participants import AddParticipant, UpdateMembership, UpdateParticipant
from roomful.conversations.core.permissions import PERMISSIONS
from roomful.conversations.core.ports import Command
from roomful.conversations.core.push import DeletePushBinding, RegisterPush
from roomful.conversations.core.receipts import ReportDelivery, SetChannelMetadata
from roomful.conversations.core.roles import CreateRole, DeleteRole, UpdateRole
from roomful.conversations.core.services import (
    CreateService,
    DeleteService,
    UpdateAccountConfiguration,
    UpdateServiceConfiguration,
)
from roomful.conversations.core.tokens import RevokeTokens
from roomful.conversations.core.users import CreateUser, DeleteUser, UpdateUser
from roomful.conversations.core.webhook_configuration import (
    CreateWebhook,
    DeleteWebhook,
    UpdateWebhook,
    UpdateWebhookConfiguration,
)
from tests.conversations.sync.world import World

from .table import OTHER, role_sids


@dataclass(frozen=True)
class Almighty:
    """A member whose roles hold every permission, and what that member might wish to change."""

    identity: str
    roles: dict[str, str]
    service_sid: str
    room: Conversation
    message: Message
    webhook: Webhook
    outside: Participant
    template: ContentTemplate
    api_key: ApiKey
    credential: PushCredential
    binding: PushBinding
    address: AddressConfiguration

    @classmethod
    async def of(cls, world: World) -> Almighty:
        for type_ in ("service", "conversation"):
            await world.run(CreateRole(f"all ({type_})", type_, tuple(sorted(PERMISSIONS[type_]))))
        await world.run(CreateRole("nobody's", "service", ()))
        roles = await role_sids(world)
        await world.run(CreateUser("almighty", role_sid=roles["all (service)"]))
        room = await world.room("room", OTHER)
        await world.run(AddParticipant(room.sid, "almighty", role_sid=roles["all (conversation)"]))
        message = await world.run(SendMessage(room.sid, body="mine", author="almighty"))
        default = await world.run(CreateService("default"))
        await world.run(UpdateAccountConfiguration(default.sid))  # it cannot be deleted, so this is another
        told = CreateWebhook(room.sid, "webhook", "https://hooks.example/", filters=("onMessageAdded",))
        binding = Binding("+4930123456", "+4930654321")
        return cls(
            identity="almighty",
            roles=roles,
            service_sid=world.service_sid,
            room=room,
            message=message,
            webhook=await world.run(told),
            outside=await world.run(AddNonChatParticipant(room.sid, binding)),
            template=await world.run(CreateContentTemplate("greeting", "en", "{}", A_FORM)),
            api_key=await world.run(CreateApiKey("bot", "secret")),
            credential=await world.run(CreateCredential("apn")),
            binding=await world.run(RegisterPush("fcm", "device"), OTHER),
            address=await world.run(CreateAddress("chat", "lobby")),
        )


A_DATE = 1_600_000_000_000
A_FORM = '{"twilio/text":{"body":"hello"}}'

COMMANDS: dict[str, Callable[[Almighty], Command[object]]] = {
    "make a user": lambda who: CreateUser("somebody"),
    "delete a user": lambda who: DeleteUser(OTHER),
    "give a user another role": lambda who: UpdateUser(who.identity, role_sid=who.roles["service admin"]),
    "make a role": lambda who: CreateRole("another", "service", ()),
    "change a role": lambda who: UpdateRole(who.roles["service user"], ()),
    "delete a role": lambda who: DeleteRole(who.roles["nobody's"]),
    "make a service": lambda who: CreateService("another"),
    "change a service's defaults": lambda who: UpdateServiceConfiguration(reachability_enabled=True),
    "choose the default service": lambda who: UpdateAccountConfiguration(who.service_sid),
    "revoke tokens": lambda who: RevokeTokens(identity=OTHER),
    "date a new conversation": lambda who: CreateConversation(date_created=A_DATE),
    "change a conversation's state": lambda who: UpdateConversation(who.room.sid, state="inactive"),
    "change a conversation's dates": lambda who: UpdateConversation(who.room.sid, date_created=A_DATE),
    "add with a role": lambda who: AddParticipant(who.room.sid, "somebody", role_sid=who.roles["channel admin"]),
    "date a new participant": lambda who: AddParticipant(who.room.sid, "somebody", date_created=A_DATE),
    "give a participant another role": lambda who: UpdateParticipant(
        who.room.sid, who.identity, role_sid=who.roles["channel admin"]
    ),
    "set another's read horizon": lambda who: UpdateParticipant(who.room.sid, OTHER, last_read_message_index=0),
    "set another's notification level": lambda who: UpdateMembership(who.room.sid, OTHER, notification_level="muted"),
    "date a new message": lambda who: SendMessage(who.room.sid, body="old", date_created=A_DATE),
    "change a message's author": lambda who: UpdateMessage(who.room.sid, who.message.sid, author=OTHER),
    "change a message's subject": lambda who: UpdateMessage(who.room.sid, who.message.sid, subject="new"),
    "change a message's dates": lambda who: UpdateMessage(who.room.sid, who.message.sid, date_created=A_DATE),
    "configure webhooks": lambda who: UpdateWebhookConfiguration(who.service_sid, method="GET"),
    "add a webhook to a conversation": lambda who: CreateWebhook(
        who.room.sid, "trigger", "https://hooks.example/", triggers=("help",)
    ),
    "change a webhook": lambda who: UpdateWebhook(who.room.sid, who.webhook.sid, method="GET"),
    "remove a webhook": lambda who: DeleteWebhook(who.room.sid, who.webhook.sid),
    "retry calls of webhooks": lambda who: RetryCalls(),
    "drop calls of webhooks": lambda who: DropCalls(),
    "report a delivery": lambda who: ReportDelivery(who.room.sid, who.message.sid, who.outside.sid, "sent"),
    "set channel metadata": lambda who: SetChannelMetadata(who.room.sid, who.message.sid, "sms", "{}"),
    "make a content template": lambda who: CreateContentTemplate("a template", "en", "{}", A_FORM),
    "delete a content template": lambda who: DeleteContentTemplate(who.template.sid),
    "make an API key": lambda who: CreateApiKey("bot", "secret"),
    "revoke an API key": lambda who: RevokeApiKey(who.api_key.sid),
    "delete a service": lambda who: DeleteService(),
    "make a room with people in it": lambda who: CreateConversationWithParticipants(
        CreateConversation(), (AddParticipant("", OTHER),)
    ),
    "keep a push credential": lambda who: CreateCredential("fcm"),
    "change a push credential": lambda who: UpdateCredential(who.credential.sid, sandbox=True),
    "delete a push credential": lambda who: DeleteCredential(who.credential.sid),
    "remove another's push binding": lambda who: DeletePushBinding(OTHER, who.binding.sid),
    "configure notifications": lambda who: UpdateNotifications({"log_enabled": True}),
    "configure an address": lambda who: CreateAddress("chat", "foyer"),
    "change an address": lambda who: UpdateAddress(who.address.sid, friendly_name="new"),
    "delete an address": lambda who: DeleteAddress(who.address.sid),
}
