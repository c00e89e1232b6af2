"""Commands on conversations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from . import errors, limits, timers
from .events import ConversationAdded, ConversationRemoved, ConversationUpdated, StateChange
from .leaving import free_pairs, leave_user_stream
from .media import remove
from .model import SYSTEM, Conversation, Media, Message, Participant, Receipt, Tombstone, User, Webhook
from .overrides import Override, overridden
from .permissions import access, needs_access, require_account, require_service
from .ports import UNSET, Actor, Needs, Tx, Unset, given, key


@dataclass(frozen=True, slots=True)
class CreateConversation:
    """Make a conversation that nobody is in yet.

    Dates (milliseconds) and timers (ISO 8601 durations) may be set by account credentials only.
    """

    exclusive: ClassVar = False

    friendly_name: str | None = None
    unique_name: str | None = None
    attributes: str = "{}"
    state: str = "active"
    timer_inactive: str | None = None
    timer_closed: str | None = None
    date_created: int | None = None
    date_updated: int | None = None
    override: Override | None = None

    def needs(self, actor: Actor) -> Needs:
        rows = []
        if self.unique_name:
            rows.append(key(Conversation, service_sid=actor.service_sid, unique_name=self.unique_name))
        if actor.identity is not None:
            rows.append(key(User, service_sid=actor.service_sid, identity=actor.identity))
        return Needs(rows=tuple(rows))

    def decide(self, actor: Actor, tx: Tx) -> Conversation:
        require_service(tx, actor, "createConversation")
        if any((self.timer_inactive, self.timer_closed, self.date_created is not None, self.date_updated is not None)):
            require_account(actor, "set timers or dates")
        limits.attributes(self.attributes, limits.CONVERSATION_ATTRIBUTES_BYTES)
        inactive, closed = timers.INACTIVE.length(self.timer_inactive), timers.CLOSED.length(self.timer_closed)
        state = limits.state(self.state)
        if state == "closed":
            raise errors.invalid(50384, "A conversation cannot be created closed")
        unique_name = limits.unique_name(self.unique_name)
        require_unique(tx, actor.service_sid, unique_name)
        created = tx.now if self.date_created is None else self.date_created
        conversation = Conversation(
            sid=tx.sid("CH"),
            service_sid=actor.service_sid,
            friendly_name=limits.friendly_name(overridden(self).friendly_name),
            unique_name=unique_name,
            attributes=self.attributes,
            state=state,
            created_by=actor.identity or SYSTEM,
            position=1,
            document_position=1,
            pruned_to=0,
            next_index=0,
            last_message_index=None,
            last_message_date=None,
            messages_count=0,
            participants_count=0,
            date_created=created,
            date_updated=created if self.date_updated is None else self.date_updated,
            state_date=tx.now,
            timer_inactive=inactive,
            timer_closed=closed,
            **timers.schedule(state, inactive, closed, tx.now),
        )
        tx.add(conversation)
        tx.emit(ConversationAdded(conversation.sid, 1, conversation))
        return conversation


def require_unique(tx: Tx, service_sid: str, unique_name: str | None) -> None:
    """Raise 50353 (409) if another conversation of the service has the name."""
    if unique_name is not None and tx.one(Conversation, service_sid=service_sid, unique_name=unique_name):
        raise errors.unique_name_exists(unique_name)


@dataclass(frozen=True, slots=True)
class UpdateConversation:
    """Change names, attributes, state or timers. Without a change nothing is announced.

    A timer is an ISO 8601 duration, an empty text clears it. A change of the state and a timer that is set, were it to
    the length that it has, start both timers anew.
    """

    exclusive: ClassVar = False

    conversation_sid: str
    friendly_name: str | Unset | None = UNSET
    unique_name: str | Unset | None = UNSET
    attributes: str | Unset = UNSET
    state: str | Unset = UNSET
    timer_inactive: str | Unset = UNSET
    timer_closed: str | Unset = UNSET
    date_created: int | Unset = UNSET
    date_updated: int | Unset = UNSET
    override: Override | None = None

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid)

    def decide(self, actor: Actor, tx: Tx) -> Conversation:
        rights = access(tx, actor, self.conversation_sid)
        rights.require_open()
        if self.friendly_name is not UNSET or self.unique_name is not UNSET:
            rights.require("editConversationName")
        if self.attributes is not UNSET:
            rights.require("editConversationAttributes")
        others = (self.state, self.timer_inactive, self.timer_closed, self.date_created, self.date_updated)
        if any(value is not UNSET for value in others):
            require_account(actor, "change a conversation's state, timers or dates")
        old = rights.conversation
        changes = overridden(self)._changes(tx, old)
        if all(getattr(old, name) == value for name, value in changes.items()):
            return old
        position = old.position + 1
        changes.setdefault("date_updated", tx.now)
        new = replace(old, position=position, document_position=position, **changes)
        tx.change(new)
        if new.state == "closed":
            free_pairs(tx, new.sid)
        moved = StateChange(old.state, new.state, "API") if new.state != old.state else None
        tx.emit(ConversationUpdated(new.sid, position, new, moved))
        return new

    def _changes(self, tx: Tx, old: Conversation) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if not isinstance(self.friendly_name, Unset):
            changes["friendly_name"] = limits.friendly_name(self.friendly_name)
        if not isinstance(self.unique_name, Unset):
            changes["unique_name"] = name = limits.unique_name(self.unique_name)
            if name != old.unique_name:
                require_unique(tx, old.service_sid, name)
        if not isinstance(self.attributes, Unset):
            limits.attributes(self.attributes, limits.CONVERSATION_ATTRIBUTES_BYTES)
            changes["attributes"] = self.attributes
        changes |= self._state_changes(old, tx.now)
        return changes | given(date_created=self.date_created, date_updated=self.date_updated)

    def _state_changes(self, old: Conversation, now: int) -> dict[str, Any]:
        state = old.state if isinstance(self.state, Unset) else limits.state(self.state)
        inactive, closed = old.timer_inactive, old.timer_closed
        if not isinstance(self.timer_inactive, Unset):
            inactive = timers.INACTIVE.length(self.timer_inactive)
        if not isinstance(self.timer_closed, Unset):
            closed = timers.CLOSED.length(self.timer_closed)
        changes: dict[str, Any] = {"timer_inactive": inactive, "timer_closed": closed}
        if state != old.state:
            changes |= {"state": state, "state_date": now}
        set_anew = any(isinstance(text, str) and text for text in (self.timer_inactive, self.timer_closed))
        if set_anew or any(getattr(old, name) != value for name, value in changes.items()):
            changes |= timers.schedule(state, inactive, closed, now)
        return changes


@dataclass(frozen=True, slots=True)
class DeleteConversation:
    """Remove a conversation with its messages and memberships; every member's own stream tells of it first."""

    exclusive: ClassVar = True

    conversation_sid: str

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid)

    def decide(self, actor: Actor, tx: Tx) -> None:
        access(tx, actor, self.conversation_sid).require("deleteConversation")
        # The conversation is locked, so nobody joins or leaves between the two readings of its members.
        members = tx.all(Participant, order="identity", conversation_sid=self.conversation_sid)
        people = tuple((actor.service_sid, member.identity) for member in members if member.identity is not None)
        tx.lock(Needs(users=people))
        end_conversation(tx, access(tx, actor, self.conversation_sid).conversation)


def end_conversation(tx: Tx, conversation: Conversation) -> None:
    """Remove a conversation with all that is in it. It and its members are locked; only for exclusive commands."""
    for member in tx.all(Participant, order="identity", conversation_sid=conversation.sid):
        leave_user_stream(tx, conversation.service_sid, member)
        tx.remove(member)
    remove(tx, conversation.service_sid, tx.all(Media, order="sid", conversation_sid=conversation.sid))
    tx.remove_all(Message, conversation_sid=conversation.sid)
    tx.remove_all(Receipt, conversation_sid=conversation.sid)
    tx.remove_all(Tombstone, stream_sid=conversation.sid)
    webhooks = _take_webhooks(tx, conversation)
    tx.remove(conversation)
    tx.emit(ConversationRemoved(conversation.sid, conversation.position + 1, conversation, webhooks))


def _take_webhooks(tx: Tx, conversation: Conversation) -> tuple[Webhook, ...]:
    """Remove the conversation's own webhooks, which hear of its end."""
    if not conversation.webhooks_count:
        return ()
    webhooks = tx.all(Webhook, order="sid", conversation_sid=conversation.sid)
    tx.remove_all(Webhook, conversation_sid=conversation.sid)
    return tuple(webhooks)
