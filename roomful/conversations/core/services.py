"""Commands on services and the account's configuration: for account credentials only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from . import errors, limits
from .conversations import end_conversation
from .events import WebhooksConfigured
from .lookup import the_account
from .media import remove
from .model import (
    Account,
    AddressConfiguration,
    Conversation,
    Media,
    NotificationConfiguration,
    Role,
    Service,
    User,
    WebhookConfiguration,
)
from .participants import conversation_role
from .permissions import require_account
from .ports import UNSET, Actor, Needs, Tx, Unset, key
from .roles import new_role
from .users import end_user, service_role_by_sid

SERVICE_ADMIN = (
    *("createConversation", "joinConversation", "deleteConversation", "addParticipant", "addNonChatParticipant"),
    *("removeParticipant", "editConversationName", "editConversationAttributes", "editAnyMessage"),
    *("editAnyMessageAttributes", "editAnyParticipantAttributes", "deleteAnyMessage", "editAnyUserInfo"),
)
SERVICE_USER = ("createConversation", "joinConversation", "editOwnUserInfo")
CHANNEL_ADMIN = (
    *("sendMessage", "sendMediaMessage", "leaveConversation", "addParticipant", "addNonChatParticipant"),
    *("removeParticipant", "deleteConversation", "editConversationName", "editConversationAttributes"),
    *("editAnyMessage", "editAnyMessageAttributes", "editAnyParticipantAttributes", "deleteAnyMessage"),
    "editNotificationLevel",
)
CHANNEL_USER = (
    *("sendMessage", "sendMediaMessage", "leaveConversation", "editOwnMessage", "editOwnMessageAttributes"),
    *("deleteOwnMessage", "editOwnParticipantAttributes", "editNotificationLevel"),
)


@dataclass(frozen=True, slots=True)
class CreateService:
    """Make a service with the four roles that every new service has, and its defaults among them."""

    exclusive: ClassVar = True

    friendly_name: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> Service:
        require_account(actor, "create services")
        account = the_account(tx)
        friendly_name = limits.friendly_name(self.friendly_name)
        if friendly_name is None:
            raise errors.invalid(50000, "Friendly name not provided")
        return new_service(tx, account.sid, friendly_name)


def new_service(tx: Tx, account_sid: str, friendly_name: str, *, presence: bool = False) -> Service:
    """Write a service and its four roles. It shows who is online if asked to, as at Twilio."""
    sid = tx.sid("IS")
    new_role(tx, sid, "service admin", "service", SERVICE_ADMIN)
    service_user = new_role(tx, sid, "service user", "service", SERVICE_USER)
    channel_admin = new_role(tx, sid, "channel admin", "conversation", CHANNEL_ADMIN)
    channel_user = new_role(tx, sid, "channel user", "conversation", CHANNEL_USER)
    service = Service(
        sid=sid,
        account_sid=account_sid,
        friendly_name=friendly_name,
        default_conversation_creator_role_sid=channel_admin.sid,
        default_conversation_role_sid=channel_user.sid,
        default_chat_service_role_sid=service_user.sid,
        reachability_enabled=presence,
        date_created=tx.now,
        date_updated=tx.now,
    )
    tx.add(service)
    return service


@dataclass(frozen=True, slots=True)
class DeleteService:
    """Remove the acting service and all that is in it, in one transaction.

    Raises 20409 (409) for the account's default service, and for one that holds more than a transaction should.
    """

    exclusive: ClassVar = True

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=(key(Service, sid=actor.service_sid),))

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "delete services")
        if the_account(tx).default_service_sid == actor.service_sid:
            raise errors.service_in_use("it is the account's default service")
        self._lock(tx, actor.service_sid)
        service = tx.one(Service, sid=actor.service_sid)
        if service is None:
            raise errors.service_not_found()
        for conversation in tx.all(Conversation, order="sid", service_sid=service.sid):
            end_conversation(tx, conversation)
        for user in tx.all(User, order="sid", service_sid=service.sid):
            end_user(tx, tx.one(User, sid=user.sid) or user)
        self._forget(tx, service)

    def _lock(self, tx: Tx, service_sid: str) -> None:
        """Lock every stream of the service, if they are not too many."""
        limit = limits.DELETABLE_STREAMS
        conversations = tx.page(Conversation, order="sid", limit=limit + 1, service_sid=service_sid)
        users = tx.page(User, order="sid", limit=limit + 1, service_sid=service_sid)
        for name, found in (("conversations", conversations), ("users", users)):
            if len(found) > limit:
                raise errors.service_in_use(f"it has more than {limit} {name}, delete them first")
        people = tuple((user.service_sid, user.identity) for user in users)
        tx.lock(Needs(conversations=tuple(each.sid for each in conversations), users=people))

    def _forget(self, tx: Tx, service: Service) -> None:
        remove(tx, service.sid, tx.all(Media, order="sid", owner=service.sid))
        for address in tx.all(AddressConfiguration, order="sid", auto_service_sid=service.sid):
            tx.change(replace(address, auto_service_sid=None, date_updated=tx.now))
        tx.remove_all(Role, service_sid=service.sid)
        tx.remove_all(NotificationConfiguration, service_sid=service.sid)
        tx.remove_all(WebhookConfiguration, owner_sid=service.sid)
        tx.remove(service)
        tx.emit(WebhooksConfigured(service.sid, 0))


@dataclass(frozen=True, slots=True)
class UpdateServiceConfiguration:
    """Change a service's default roles and whether presence is shown."""

    exclusive: ClassVar = True

    default_conversation_creator_role_sid: str | Unset = UNSET
    default_conversation_role_sid: str | Unset = UNSET
    default_chat_service_role_sid: str | Unset = UNSET
    reachability_enabled: bool | Unset = UNSET

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=(key(Service, sid=actor.service_sid),))

    def decide(self, actor: Actor, tx: Tx) -> Service:
        require_account(actor, "change a service's configuration")
        service = tx.one(Service, sid=actor.service_sid)
        if service is None:
            raise errors.service_not_found()
        changes: dict[str, Any] = {}
        for name in ("default_conversation_creator_role_sid", "default_conversation_role_sid"):
            value = getattr(self, name)
            if not isinstance(value, Unset):
                changes[name] = conversation_role(tx, service.sid, value).sid
        if not isinstance(self.default_chat_service_role_sid, Unset):
            role = service_role_by_sid(tx, service.sid, self.default_chat_service_role_sid)
            changes["default_chat_service_role_sid"] = role.sid
        if not isinstance(self.reachability_enabled, Unset):
            changes["reachability_enabled"] = self.reachability_enabled
        if changes:
            service = replace(service, date_updated=tx.now, **changes)
            tx.change(service)
        return service


@dataclass(frozen=True, slots=True)
class UpdateAccountConfiguration:
    """Choose the service that short URLs act on."""

    exclusive: ClassVar = True

    default_service_sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> Account:
        require_account(actor, "change the account's configuration")
        account = the_account(tx)
        if tx.one(Service, sid=self.default_service_sid) is None:
            raise errors.service_not_found()
        account = replace(account, default_service_sid=self.default_service_sid, date_updated=tx.now)
        tx.change(account)
        return account
