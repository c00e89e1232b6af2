"""Commands on people outside the chat, who have an address instead of an identity.

They are in the roster, and in no user's map. Nothing is sent to them by this server: whoever has a gateway hears of
messages by a webhook, and reports what came of them (core/receipts.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from . import errors, limits, timers
from .bindings import Binding, kind_of
from .events import ParticipantAdded
from .leaving import remove_member
from .model import Conversation, Participant, Service
from .participants import change_membership, conversation_role
from .permissions import Access, access, needs_access, require_account
from .ports import UNSET, Actor, Needs, Tx, Unset, given, key


@dataclass(frozen=True, slots=True)
class AddNonChatParticipant:
    """Put somebody with an address into a conversation. Role and dates are for account credentials."""

    exclusive: ClassVar = False

    conversation_sid: str
    binding: Binding
    attributes: str = "{}"
    role_sid: str | None = None
    date_created: int | None = None
    date_updated: int | None = None

    def needs(self, actor: Actor) -> Needs:
        base = needs_access(actor, self.conversation_sid)
        if not (kind_of(self.binding.address) and kind_of(self.binding.proxy_address)):
            return base  # it is refused, and may be text that a database cannot be asked about
        return replace(base, rows=(*base.rows, key(Participant, pair=self.binding.pair(actor.service_sid))))

    def decide(self, actor: Actor, tx: Tx) -> Participant:
        rights = access(tx, actor, self.conversation_sid)
        rights.require_open()
        rights.require("addNonChatParticipant")
        if self.role_sid or self.date_created is not None or self.date_updated is not None:
            require_account(actor, "set a participant's role or dates")
        kind = self.binding.check()
        limits.attributes(self.attributes, limits.PARTICIPANT_ATTRIBUTES_BYTES)
        conversation = rights.conversation
        taken = tx.one(Participant, pair=self.binding.pair(conversation.service_sid))
        if taken is not None:
            raise errors.binding_taken(taken.conversation_sid)
        if conversation.participants_count >= limits.PARTICIPANTS_PER_CONVERSATION:
            raise errors.participants_limit(limits.PARTICIPANTS_PER_CONVERSATION)
        outside = [each for each in members_outside(tx, conversation.sid) if each.pair is not None]
        if len(outside) >= limits.NON_CHAT_PARTICIPANTS_PER_CONVERSATION:
            raise errors.non_chat_limit(limits.NON_CHAT_PARTICIPANTS_PER_CONVERSATION)
        return self._add(tx, conversation, kind, self._role(tx, conversation))

    def _role(self, tx: Tx, conversation: Conversation) -> str:
        if self.role_sid:
            return conversation_role(tx, conversation.service_sid, self.role_sid).sid
        service = tx.one(Service, sid=conversation.service_sid)
        if service is None:
            raise errors.service_not_found()
        return service.default_conversation_role_sid

    def _add(self, tx: Tx, conversation: Conversation, kind: str, role_sid: str) -> Participant:
        position = conversation.position + 1
        created = tx.now if self.date_created is None else self.date_created
        participant = Participant(
            sid=tx.sid("MB"),
            conversation_sid=conversation.sid,
            user_sid=None,
            identity=None,
            attributes=self.attributes,
            role_sid=role_sid,
            last_read_message_index=None,
            last_read_date=None,
            notification_level="default",
            conv_created=position,
            conv_changed=position,
            user_created=0,
            user_changed=0,
            date_created=created,
            date_updated=created if self.date_updated is None else self.date_updated,
            type=kind,
            address=self.binding.address,
            proxy_address=self.binding.proxy_address,
            name=self.binding.name,
            level=self.binding.level,
            pair=self.binding.pair(conversation.service_sid),
        )
        awake = timers.after_activity(conversation, tx.now)
        joined = replace(
            conversation,
            position=position,
            document_position=position if "state" in awake else conversation.document_position,
            participants_count=conversation.participants_count + 1,
            **awake,
        )
        tx.add(participant)
        tx.change(joined)
        tx.emit(ParticipantAdded(conversation.sid, position, joined, participant))
        timers.tell_of_waking(tx, conversation, joined)
        return participant


@dataclass(frozen=True, slots=True)
class UpdateNonChatParticipant:
    """Change somebody outside the chat. Role and dates are for account credentials."""

    exclusive: ClassVar = False

    conversation_sid: str
    participant_sid: str
    attributes: str | Unset = UNSET
    role_sid: str | Unset = UNSET
    date_created: int | Unset = UNSET
    date_updated: int | Unset = UNSET

    def needs(self, actor: Actor) -> Needs:
        return _needs(actor, self.conversation_sid, self.participant_sid)

    def decide(self, actor: Actor, tx: Tx) -> Participant:
        rights = access(tx, actor, self.conversation_sid)
        rights.require_open()
        participant = _participant(tx, rights, self.participant_sid)
        if self.attributes is not UNSET:
            rights.require("editAnyParticipantAttributes")
        if any(value is not UNSET for value in (self.role_sid, self.date_created, self.date_updated)):
            require_account(actor, "set a participant's role or dates")
        changes: dict[str, Any] = given(date_created=self.date_created, date_updated=self.date_updated)
        if not isinstance(self.attributes, Unset):
            limits.attributes(self.attributes, limits.PARTICIPANT_ATTRIBUTES_BYTES)
            changes["attributes"] = self.attributes
        if not isinstance(self.role_sid, Unset):
            changes["role_sid"] = conversation_role(tx, rights.conversation.service_sid, self.role_sid).sid
        return change_membership(tx, rights.conversation, participant, changes)


@dataclass(frozen=True, slots=True)
class RemoveNonChatParticipant:
    """Take somebody outside the chat out of a conversation; the pair of addresses is free again."""

    exclusive: ClassVar = False

    conversation_sid: str
    participant_sid: str

    def needs(self, actor: Actor) -> Needs:
        return _needs(actor, self.conversation_sid, self.participant_sid)

    def decide(self, actor: Actor, tx: Tx) -> None:
        rights = access(tx, actor, self.conversation_sid)
        participant = _participant(tx, rights, self.participant_sid)
        rights.require("removeParticipant")
        remove_member(tx, rights.conversation, participant)


def _needs(actor: Actor, conversation_sid: str, participant_sid: str) -> Needs:
    base = needs_access(actor, conversation_sid)
    return replace(base, rows=(*base.rows, key(Participant, sid=participant_sid)))


def _participant(tx: Tx, rights: Access, sid: str) -> Participant:
    found = tx.one(Participant, sid=sid)
    if found is None or found.conversation_sid != rights.conversation.sid or found.identity is not None:
        raise errors.participant_not_found()
    return found


def members_outside(tx: Tx, conversation_sid: str) -> list[Participant]:
    """Those of a conversation's participants who are outside the chat, in the order in which they came."""
    members = tx.all(Participant, order="conv_created", conversation_sid=conversation_sid, identity=None)
    return [member for member in members if member.identity is None]
