"""Commands on memberships: who is in a conversation, with which role, and how far each has read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from . import errors, limits, timers
from .events import MembershipAdded, MembershipUpdated, ParticipantAdded, ParticipantUpdated
from .leaving import remove_member
from .model import Conversation, Participant, Role, Service, User
from .permissions import Access, access, needs_access, require_account
from .ports import UNSET, Actor, Needs, Tx, Unset, given
from .users import ensure_user


@dataclass(frozen=True, slots=True)
class AddParticipant:
    """Put a person into a conversation; the user is made if the service does not know the identity yet.

    A user who adds itself joins: it needs joinConversation and must be able to see the conversation.
    """

    exclusive: ClassVar = False

    conversation_sid: str
    identity: str
    attributes: str = "{}"
    role_sid: str | None = None
    date_created: int | None = None
    date_updated: int | None = None

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid, self.identity)

    def decide(self, actor: Actor, tx: Tx) -> Participant:
        rights = access(tx, actor, self.conversation_sid)
        rights.require_open()
        rights.require("joinConversation" if actor.identity == self.identity else "addParticipant")
        if self.role_sid or self.date_created is not None or self.date_updated is not None:
            require_account(actor, "set a participant's role or dates")
        identity = limits.identity(self.identity)
        limits.attributes(self.attributes, limits.PARTICIPANT_ATTRIBUTES_BYTES)
        conversation = rights.conversation
        if tx.one(Participant, conversation_sid=conversation.sid, identity=identity):
            raise errors.participant_exists()
        role_sid = self._role(tx, conversation)
        if conversation.participants_count >= limits.PARTICIPANTS_PER_CONVERSATION:
            raise errors.participants_limit(limits.PARTICIPANTS_PER_CONVERSATION)
        known = tx.one(User, service_sid=conversation.service_sid, identity=identity)
        if known and at_conversations_limit(tx, known):
            raise errors.conversations_limit(limits.CONVERSATIONS_PER_USER)
        user = known or ensure_user(tx, conversation.service_sid, identity)
        return self._join(tx, conversation, user, role_sid)

    def _role(self, tx: Tx, conversation: Conversation) -> str:
        if self.role_sid:
            return conversation_role(tx, conversation.service_sid, self.role_sid).sid
        service = tx.one(Service, sid=conversation.service_sid)
        if service is None:
            raise errors.service_not_found()
        if conversation.created_by == self.identity:
            return service.default_conversation_creator_role_sid
        return service.default_conversation_role_sid

    def _join(self, tx: Tx, conversation: Conversation, user: User, role_sid: str) -> Participant:
        conv_position, user_position = conversation.position + 1, user.position + 1
        created = tx.now if self.date_created is None else self.date_created
        participant = Participant(
            sid=tx.sid("MB"),
            conversation_sid=conversation.sid,
            user_sid=user.sid,
            identity=user.identity,
            attributes=self.attributes,
            role_sid=role_sid,
            last_read_message_index=None,
            last_read_date=None,
            notification_level="default",
            conv_created=conv_position,
            conv_changed=conv_position,
            user_created=user_position,
            user_changed=user_position,
            date_created=created,
            date_updated=created if self.date_updated is None else self.date_updated,
        )
        awake = timers.after_activity(conversation, tx.now)
        joined = replace(
            conversation,
            position=conv_position,
            document_position=conv_position if "state" in awake else conversation.document_position,
            participants_count=conversation.participants_count + 1,
            **awake,
        )
        tx.add(participant)
        tx.change(joined)
        tx.change(replace(user, position=user_position, conversations_count=user.conversations_count + 1))
        tx.emit(ParticipantAdded(conversation.sid, conv_position, joined, participant))
        timers.tell_of_waking(tx, conversation, joined)
        tx.emit(MembershipAdded(user.sid, user_position, participant))
        return participant


def at_conversations_limit(tx: Tx, user: User) -> bool:
    """Whether the user, who is locked, is in as many conversations as can be; closed ones do not count.

    They are counted only when all memberships together reach the limit. Closing is final and joining needs the user's
    lock, so the number can only be too high for a moment, never too low.
    """
    limit = limits.CONVERSATIONS_PER_USER
    return user.conversations_count >= limit and tx.open_memberships(user.sid) >= limit


def conversation_role(tx: Tx, service_sid: str, role_sid: str) -> Role:
    """The conversation role with this SID. Raises 50100 (404) or 50105 (400)."""
    role = tx.one(Role, sid=role_sid) if limits.is_sid(role_sid, "RL") else None
    if role is None or role.service_sid != service_sid:
        raise errors.role_not_found()
    if role.type != "conversation":
        raise errors.invalid(50105, "A participant needs a role of type conversation")
    return role


@dataclass(frozen=True, slots=True)
class UpdateParticipant:
    """Change a membership. Role, read horizon and dates are for account credentials."""

    exclusive: ClassVar = False

    conversation_sid: str
    identity: str
    attributes: str | Unset = UNSET
    role_sid: str | Unset = UNSET
    last_read_message_index: int | Unset | None = UNSET
    last_read_date: int | Unset | None = UNSET
    date_created: int | Unset = UNSET
    date_updated: int | Unset = UNSET

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid, self.identity)

    def decide(self, actor: Actor, tx: Tx) -> Participant:
        rights = access(tx, actor, self.conversation_sid)
        if any(value is not UNSET for value in (self.attributes, self.role_sid, self.date_created, self.date_updated)):
            rights.require_open()  # only how far somebody has read may still be set, here as by UpdateMembership
        participant = member(tx, rights.conversation, self.identity)
        own = actor.identity == self.identity
        if self.attributes is not UNSET:
            rights.require("editAnyParticipantAttributes", *(["editOwnParticipantAttributes"] if own else []))
        others = (
            self.role_sid,
            self.last_read_message_index,
            self.last_read_date,
            self.date_created,
            self.date_updated,
        )
        if any(value is not UNSET for value in others):
            require_account(actor, "set a participant's role, read horizon or dates")
        changes = self._changes(tx, rights.conversation)
        return change_membership(tx, rights.conversation, participant, changes)

    def _changes(self, tx: Tx, conversation: Conversation) -> dict[str, Any]:
        changes = horizon_changes(tx, conversation, self.last_read_message_index, self.last_read_date)
        if not isinstance(self.attributes, Unset):
            limits.attributes(self.attributes, limits.PARTICIPANT_ATTRIBUTES_BYTES)
            changes["attributes"] = self.attributes
        if not isinstance(self.role_sid, Unset):
            changes["role_sid"] = conversation_role(tx, conversation.service_sid, self.role_sid).sid
        return changes | given(date_created=self.date_created, date_updated=self.date_updated)


@dataclass(frozen=True, slots=True)
class UpdateMembership:
    """Change what a person keeps about a conversation: how far it was read, and whether it notifies.

    A user may set only its own. The horizon may go back, and None unsets it.
    """

    exclusive: ClassVar = False

    conversation_sid: str
    identity: str
    last_read_message_index: int | Unset | None = UNSET
    last_read_date: int | Unset | None = UNSET
    notification_level: str | Unset = UNSET

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid, self.identity)

    def decide(self, actor: Actor, tx: Tx) -> Participant:
        rights = access(tx, actor, self.conversation_sid)
        if actor.identity is not None and actor.identity != self.identity:
            raise errors.ServiceError(403, 50107, "A read horizon and a notification level are set by their owner only")
        rights.require_member()
        participant = member(tx, rights.conversation, self.identity)
        changes = horizon_changes(tx, rights.conversation, self.last_read_message_index, self.last_read_date)
        if not isinstance(self.notification_level, Unset):
            rights.require("editNotificationLevel")
            changes["notification_level"] = limits.notification_level(self.notification_level)
        return change_membership(tx, rights.conversation, participant, changes)


def member(tx: Tx, conversation: Conversation, identity: str) -> Participant:
    """The membership of `identity`. Raises 50432 (404)."""
    participant = tx.one(Participant, conversation_sid=conversation.sid, identity=identity)
    if participant is None:
        raise errors.participant_not_found()
    return participant


def horizon_changes(
    tx: Tx, conversation: Conversation, index: int | Unset | None, date: int | Unset | None
) -> dict[str, Any]:
    """The columns of a new read horizon. Raises 50421 (400) for an index that the conversation has not reached."""
    changes: dict[str, Any] = {}
    if not isinstance(index, Unset):
        if index is not None and not 0 <= index < max(conversation.next_index, 1):
            raise errors.invalid(50421, "The last read message index is not an index of this conversation")
        changes["last_read_message_index"] = index
        changes["last_read_date"] = tx.now if index is not None else None
    if not isinstance(date, Unset):
        changes["last_read_date"] = date
    return changes


USER_STREAM = ("last_read_message_index", "notification_level")
"""What the user's own map of conversations shows of a membership."""


def change_membership(
    tx: Tx, conversation: Conversation, participant: Participant, changes: dict[str, Any]
) -> Participant:
    """Write a membership's new values and announce them in the streams that show them."""
    changed = {name for name, value in changes.items() if getattr(participant, name) != value}
    if not changed - {"last_read_date"}:
        return participant
    shown_in_roster = changed - {"notification_level"}
    if shown_in_roster:  # all in the conversation see this date, and what is one person's own is not announced to them
        changes.setdefault("date_updated", tx.now)
    user = None
    if changed.intersection(USER_STREAM):
        user = tx.one(User, service_sid=conversation.service_sid, identity=participant.identity)
        if user is not None:
            user = replace(user, position=user.position + 1)
            changes["user_changed"] = user.position
            tx.change(user)
    if shown_in_roster:
        conversation = replace(conversation, position=conversation.position + 1)
        changes["conv_changed"] = conversation.position
        tx.change(conversation)
    participant = replace(participant, **changes)
    tx.change(participant)
    if shown_in_roster:
        tx.emit(ParticipantUpdated(conversation.sid, conversation.position, conversation, participant))
    if user is not None:
        tx.emit(MembershipUpdated(user.sid, user.position, participant))
    return participant


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    """Take a person out of a conversation; a user who removes itself leaves."""

    exclusive: ClassVar = False

    conversation_sid: str
    identity: str

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid, self.identity)

    def decide(self, actor: Actor, tx: Tx) -> None:
        rights = access(tx, actor, self.conversation_sid)
        self._require(rights)
        remove_member(tx, rights.conversation, member(tx, rights.conversation, self.identity))

    def _require(self, rights: Access) -> None:
        if rights.actor.identity == self.identity:
            rights.require_member()
            rights.require("leaveConversation")
        else:
            rights.require("removeParticipant")
