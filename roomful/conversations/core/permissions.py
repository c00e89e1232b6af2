"""Who may do what (docs/rest.md, "Roles"). A command asks here inside its own transaction, never a cache.

A user holds one service role, and one conversation role in each conversation joined. A permission counts when either
holds it. Account credentials are bound by no role.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import errors
from .model import Conversation, Participant, Role, User
from .ports import Actor, Needs, RowKey, Tx, key

_EITHER = frozenset(
    (
        *("addParticipant", "addNonChatParticipant", "removeParticipant", "deleteConversation"),
        *("editConversationName", "editConversationAttributes", "editNotificationLevel"),
        *("deleteAnyMessage", "editAnyMessage", "editAnyMessageAttributes", "editAnyUserInfo", "editOwnUserInfo"),
        *("editOwnMessage", "editOwnMessageAttributes"),
        *("editOwnParticipantAttributes", "editAnyParticipantAttributes"),
    )
)
PERMISSIONS: dict[str, frozenset[str]] = {
    "service": _EITHER | {"createConversation", "joinConversation"},
    "conversation": _EITHER | {"leaveConversation", "sendMessage", "sendMediaMessage", "deleteOwnMessage"},
}
"""The permissions that a role of each type may hold."""

MODERATOR = ("editAnyMessage", "deleteAnyMessage")
"""A service role with one of these opens every conversation (docs/design/0005-who-may-read.md)."""


def may_read(
    conversation: Conversation, participant: Participant | None, user_role: Role | None, identity: str
) -> bool:
    """Whether a user may open the conversation: a member, its creator, or a moderator of the service.

    Everyone else is told that it does not exist.
    """
    if participant is not None or conversation.created_by == identity:
        return True
    return user_role is not None and moderates(user_role)


def moderates(role: Role) -> bool:
    """Whether a service role opens every conversation to those who hold it."""
    return any(role.allows(permission) for permission in MODERATOR)


@dataclass(frozen=True, slots=True)
class Access:
    """What an actor's command may do in one conversation, as read in the command's transaction."""

    tx: Tx
    actor: Actor
    conversation: Conversation
    participant: Participant | None

    def allows(self, permission: str) -> bool:
        """Whether the conversation role or, failing that, the service role holds the permission."""
        if self.actor.identity is None:
            return True
        if self.participant is not None:
            role = self.tx.one(Role, sid=self.participant.role_sid)
            if role is not None and role.allows(permission):
                return True
        role = service_role(self.tx, self.actor)
        return role is not None and role.allows(permission)

    def require(self, *permissions: str) -> None:
        """Raise 50107 (403) unless one of `permissions` is held."""
        if not any(self.allows(permission) for permission in permissions):
            raise errors.forbidden(*permissions)

    def require_member(self) -> None:
        """Raise 50430 (403) if the actor is a user who is not in the conversation."""
        if self.actor.identity is not None and self.participant is None:
            raise errors.not_a_participant()

    def require_open(self) -> None:
        """Raise 50377 if the conversation is closed, which is final."""
        if self.conversation.state == "closed":
            raise errors.conversation_closed()


def access(tx: Tx, actor: Actor, conversation_sid: str) -> Access:
    """The actor's access to a conversation. Raises 50350 (404) to those who may not even know of it."""
    conversation = tx.one(Conversation, sid=conversation_sid)
    if conversation is None or conversation.service_sid != actor.service_sid:
        raise errors.conversation_not_found()
    if actor.identity is None:
        return Access(tx, actor, conversation, None)
    participant = tx.one(Participant, conversation_sid=conversation_sid, identity=actor.identity)
    user_role = None if participant else service_role(tx, actor)
    if not may_read(conversation, participant, user_role, actor.identity):
        raise errors.conversation_not_found()
    return Access(tx, actor, conversation, participant)


def service_role(tx: Tx, actor: Actor) -> Role | None:
    """The role that the acting user holds in the service; None for account credentials."""
    if actor.identity is None:
        return None
    user = tx.one(User, service_sid=actor.service_sid, identity=actor.identity)
    return tx.one(Role, sid=user.role_sid) if user else None


def require_service(tx: Tx, actor: Actor, permission: str) -> None:
    """Raise 50107 (403) unless the actor's service role holds `permission`."""
    if actor.identity is None:
        return
    role = service_role(tx, actor)
    if role is None or not role.allows(permission):
        raise errors.forbidden(permission)


def require_account(actor: Actor, what: str) -> None:
    """Raise 50107 (403) unless the actor holds the account's credentials."""
    if actor.identity is not None:
        raise errors.ServiceError(403, 50107, f"Only the account's credentials may {what}")


def needs_access(actor: Actor, conversation_sid: str, *people: str) -> Needs:
    """What `access` reads. The conversation is locked, and so are the users `people` (identities of this service)."""
    rows: tuple[RowKey, ...] = ()
    if actor.identity is not None:
        rows = (key(Participant, conversation_sid=conversation_sid, identity=actor.identity),)
    return Needs(
        conversations=(conversation_sid,),
        users=tuple((actor.service_sid, identity) for identity in people),
        rows=rows,
    )
