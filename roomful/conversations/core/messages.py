"""Commands on messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from . import errors, limits, timers
from .bindings import kind_of
from .events import MessageAdded, MessageRemoved, MessageUpdated
from .media import attach, attachable, needs_media, remove
from .model import SYSTEM, Conversation, Media, Message, Participant, Receipt, Tombstone
from .overrides import Override, overridden
from .permissions import Access, access, needs_access, require_account
from .ports import UNSET, Actor, Needs, RowKey, Tx, Unset, given, key

REPEAT_WINDOW = 10 * 60 * 1000
"""Milliseconds in which a send with the same author, conversation and cid is taken for a repetition."""


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Add a message. A repetition (same author and `attributes.cid` within ten minutes) returns the first message.

    `author` is for account credentials; a user always writes as itself. Who sent a message and under which cid is what
    was asked for, whatever a webhook puts in place: so its repetition is known before the webhook is asked again.

    media_sids: uploads to attach, in order. content_sid: the template that `body` was made from.
    """

    conversation_sid: str
    body: str | None = None
    author: str | None = None
    subject: str | None = None
    attributes: str = "{}"
    date_created: int | None = None
    date_updated: int | None = None
    override: Override | None = None
    media_sids: tuple[str, ...] = ()
    content_sid: str | None = None

    @property
    def exclusive(self) -> bool:
        """Until a message takes it, no stream guards an upload."""
        return bool(self.media_sids)

    def needs(self, actor: Actor) -> Needs:
        author, cid = self._author(actor), client_id(self.attributes)
        base = needs_access(actor, self.conversation_sid)
        rows: tuple[RowKey, ...] = base.rows + needs_media(self.media_sids)
        if author != actor.identity:
            rows += (key(Participant, conversation_sid=self.conversation_sid, identity=author),)
        if cid is not None:
            sender = self._sender(actor)
            rows += (key(Message, conversation_sid=self.conversation_sid, cid_author=sender, cid=cid),)
        return replace(base, rows=rows)

    def _sender(self, actor: Actor) -> str:
        return actor.identity or self.author or SYSTEM

    def _author(self, actor: Actor) -> str:
        return (self.override and self.override.author) or self._sender(actor)

    def decide(self, actor: Actor, tx: Tx) -> Message:
        rights = access(tx, actor, self.conversation_sid)
        rights.require_open()
        rights.require_member()
        rights.require("sendMessage")
        if self.date_created is not None or self.date_updated is not None:
            require_account(actor, "set dates")
        attributes = limits.attributes(self.attributes, limits.MESSAGE_ATTRIBUTES_BYTES)
        sender, cid = limits.author(self._sender(actor)), _client_id(attributes)
        body, subject = limits.body(overridden(self).body), limits.subject(self.subject)
        first = None
        if cid is not None:
            first = tx.one(Message, conversation_sid=self.conversation_sid, cid_author=sender, cid=cid)
        if first is not None and tx.now - first.date_created < REPEAT_WINDOW:
            return first
        media = self._media(tx, rights) if self.media_sids else []
        if first is not None:  # the cid is free again; its unique key follows the newer message
            tx.change(replace(first, cid=None, cid_author=None))
        return self._add(tx, rights, cid, body, subject, media)

    def _media(self, tx: Tx, rights: Access) -> list[Media]:
        media = attachable(tx, rights.actor, self.media_sids)
        if any(medium.category == "media" for medium in media):
            rights.require("sendMediaMessage")
        return media

    def _participant(self, tx: Tx, author: str) -> Participant | None:
        """Whose identity the author is, or else whose address: so a gateway hands in what somebody outside wrote."""
        found = tx.one(Participant, conversation_sid=self.conversation_sid, identity=author)
        if found is not None or kind_of(author) is None:
            return found
        outside = tx.all(Participant, order="conv_created", conversation_sid=self.conversation_sid, identity=None)
        return next((each for each in outside if each.address == author), None)

    def _add(
        self, tx: Tx, rights: Access, cid: str | None, body: str | None, subject: str | None, media: list[Media]
    ) -> Message:
        author, participant = self._author(rights.actor), rights.participant
        if author != rights.actor.identity:
            participant = self._participant(tx, author)
        position = rights.conversation.position + 1
        created = tx.now if self.date_created is None else self.date_created
        sid = tx.sid("IM")
        message = Message(
            sid=sid,
            conversation_sid=self.conversation_sid,
            index=rights.conversation.next_index,
            author=author,
            participant_sid=participant.sid if participant else None,
            body=body,
            subject=subject,
            attributes=overridden(self).attributes,
            cid=cid,
            last_updated_by=None,
            created_position=position,
            changed_position=position,
            date_created=created,
            date_updated=created if self.date_updated is None else self.date_updated,
            cid_author=None if cid is None else self._sender(rights.actor),
            medias=attach(tx, media, self.conversation_sid, sid) if media else None,
            content_sid=self.content_sid,
        )
        conversation = replace(
            rights.conversation,
            position=position,
            document_position=position,
            next_index=message.index + 1,
            last_message_index=message.index,
            last_message_date=created,
            messages_count=rights.conversation.messages_count + 1,
            **timers.after_activity(rights.conversation, tx.now),
        )
        tx.add(message)
        tx.change(conversation)
        tx.emit(MessageAdded(conversation.sid, position, conversation, message))
        timers.tell_of_waking(tx, rights.conversation, conversation)
        return message


def client_id(attributes: str) -> str | None:
    """`attributes.cid`, if they hold one that is printable ASCII text of a sensible length."""
    if '"cid"' not in attributes:
        return None
    try:
        return _client_id(limits.attributes(attributes, limits.MESSAGE_ATTRIBUTES_BYTES))
    except errors.ServiceError:
        return None


def _client_id(attributes: Any) -> str | None:
    cid = attributes.get("cid") if isinstance(attributes, dict) else None
    if not isinstance(cid, str) or not 0 < len(cid) <= limits.CID_CHARS:
        return None
    return cid if cid.isascii() and cid.isprintable() else None


def _needs_message(actor: Actor, conversation_sid: str, sid: str) -> Needs:
    base = needs_access(actor, conversation_sid)
    return replace(base, rows=(*base.rows, key(Message, sid=sid)))


def _message(tx: Tx, conversation: Conversation, sid: str) -> Message:
    message = tx.one(Message, sid=sid)
    if message is None or message.conversation_sid != conversation.sid:
        raise errors.message_not_found()
    return message


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    """Change a message's text or attributes; author, subject and dates are for account credentials."""

    exclusive: ClassVar = False

    conversation_sid: str
    message_sid: str
    body: str | Unset | None = UNSET
    author: str | Unset = UNSET
    subject: str | Unset | None = UNSET
    attributes: str | Unset = UNSET
    date_created: int | Unset = UNSET
    date_updated: int | Unset = UNSET
    override: Override | None = None

    def needs(self, actor: Actor) -> Needs:
        return _needs_message(actor, self.conversation_sid, self.message_sid)

    def decide(self, actor: Actor, tx: Tx) -> Message:
        rights = access(tx, actor, self.conversation_sid)
        rights.require_open()
        message = _message(tx, rights.conversation, self.message_sid)
        own = message.author == actor.identity and rights.participant is not None
        if self.body is not UNSET:
            rights.require("editAnyMessage", *(["editOwnMessage"] if own else []))
        if self.attributes is not UNSET:
            rights.require("editAnyMessageAttributes", *(["editOwnMessageAttributes"] if own else []))
        if any(value is not UNSET for value in (self.author, self.subject, self.date_created, self.date_updated)):
            require_account(actor, "change a message's author, subject or dates")
        changes = overridden(self)._changes()
        if all(getattr(message, name) == value for name, value in changes.items()):
            return message
        return self._write(tx, rights, message, changes)

    def _changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if not isinstance(self.body, Unset):
            changes["body"] = limits.body(self.body)
        if not isinstance(self.attributes, Unset):
            limits.attributes(self.attributes, limits.MESSAGE_ATTRIBUTES_BYTES)
            changes["attributes"] = self.attributes
        if not isinstance(self.author, Unset):
            changes["author"] = limits.author(self.author)
        if not isinstance(self.subject, Unset):
            changes["subject"] = limits.subject(self.subject)
        return changes | given(date_created=self.date_created, date_updated=self.date_updated)

    def _write(self, tx: Tx, rights: Access, message: Message, changes: dict[str, Any]) -> Message:
        position = rights.conversation.position + 1
        changes.setdefault("date_updated", tx.now)
        changes["last_updated_by"] = rights.actor.identity or SYSTEM
        message = replace(message, changed_position=position, **changes)
        conversation = replace(rights.conversation, position=position)
        tx.change(message)
        tx.change(conversation)
        tx.emit(MessageUpdated(conversation.sid, position, conversation, message))
        return message


@dataclass(frozen=True, slots=True)
class DeleteMessage:
    """Remove a message; its index is not used again."""

    exclusive: ClassVar = False

    conversation_sid: str
    message_sid: str

    def needs(self, actor: Actor) -> Needs:
        return _needs_message(actor, self.conversation_sid, self.message_sid)

    def decide(self, actor: Actor, tx: Tx) -> None:
        rights = access(tx, actor, self.conversation_sid)
        rights.require_open()
        message = _message(tx, rights.conversation, self.message_sid)
        own = message.author == actor.identity and rights.participant is not None
        rights.require("deleteAnyMessage", *(["deleteOwnMessage"] if own else []))
        old = rights.conversation
        position = old.position + 1
        tx.remove(message)
        if message.medias is not None:
            remove(tx, old.service_sid, tx.all(Media, order="sid", message_sid=message.sid))
        if message.delivery is not None:
            for receipt in tx.all(Receipt, order="sid", message_sid=message.sid):
                tx.remove(receipt)
        tx.add(Tombstone(old.sid, position, "messages", str(message.index), tx.now))
        conversation = replace(old, position=position, messages_count=old.messages_count - 1)
        if old.last_message_index == message.index:
            last = tx.last(Message, order="index", conversation_sid=old.sid)
            conversation = replace(
                conversation,
                document_position=position,
                last_message_index=last.index if last else None,
                last_message_date=last.date_created if last else None,
            )
        tx.change(conversation)
        tx.emit(MessageRemoved(conversation.sid, position, conversation, message))
