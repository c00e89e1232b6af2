"""How messages fare that went to people outside the chat: what a gateway reports, and what all are told of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from . import errors, limits
from .events import DeliveryUpdated, MessageUpdated
from .model import Conversation, Message, Participant, Receipt
from .permissions import access, needs_access, require_account
from .ports import Actor, Needs, Tx, key

STATUSES: Final = ("sent", "delivered", "read", "failed", "undelivered")
_REACHED: Final = {
    "read": ("read", "delivered", "sent"),
    "delivered": ("delivered", "sent"),
    "undelivered": ("undelivered", "sent"),
}
"""What else is true of a message that is read, delivered or undelivered: it was sent, and so on."""
_ERROR_CODES: Final = range(1_000_000)
CHANNEL_SID_CHARS: Final = 256


@dataclass(frozen=True, slots=True)
class ReportDelivery:
    """Say how the delivery of a message to one participant goes. The latest word counts; account credentials only.

    `error_code` is the carrier's, 0 if there is none; `channel_message_sid` is what the carrier calls the message.
    """

    exclusive: ClassVar = False

    conversation_sid: str
    message_sid: str
    participant_sid: str
    status: str
    error_code: int = 0
    channel_message_sid: str | None = None

    def needs(self, actor: Actor) -> Needs:
        base = needs_access(actor, self.conversation_sid)
        rows = (
            key(Message, sid=self.message_sid),
            key(Participant, sid=self.participant_sid),
            key(Receipt, message_sid=self.message_sid, participant_sid=self.participant_sid),
        )
        return replace(base, rows=(*base.rows, *rows))

    def decide(self, actor: Actor, tx: Tx) -> Receipt:
        require_account(actor, "report deliveries")
        conversation = access(tx, actor, self.conversation_sid).conversation
        self._check()
        message = tx.one(Message, sid=self.message_sid)
        if message is None or message.conversation_sid != conversation.sid:
            raise errors.message_not_found()
        old = tx.one(Receipt, message_sid=self.message_sid, participant_sid=self.participant_sid)
        if old is None:
            participant = tx.one(Participant, sid=self.participant_sid)
            if participant is None or participant.conversation_sid != conversation.sid or participant.type == "chat":
                raise errors.participant_not_found()
        receipt = self._receipt(tx, old)
        if old is not None and replace(receipt, date_updated=old.date_updated) == old:
            return old
        if old is None:
            tx.add(receipt)
        else:
            tx.change(receipt)
        self._tell(tx, conversation, message, receipt)
        return receipt

    def _check(self) -> None:
        if self.status not in STATUSES:
            raise errors.invalid(20001, "The status must be sent, delivered, read, failed or undelivered")
        if self.error_code not in _ERROR_CODES:
            raise errors.invalid(20001, "The error code must be a number from 0 to 999999")
        name = self.channel_message_sid
        if name is not None and not (limits.is_storable(name) and len(name) <= CHANNEL_SID_CHARS):
            raise errors.invalid(20001, f"The channel's message SID is text of {CHANNEL_SID_CHARS} characters at most")

    def _receipt(self, tx: Tx, old: Receipt | None) -> Receipt:
        if old is not None:
            name = self.channel_message_sid or old.channel_message_sid
            return replace(
                old, status=self.status, error_code=self.error_code, channel_message_sid=name, date_updated=tx.now
            )
        return Receipt(
            sid=tx.sid("DY"),
            conversation_sid=self.conversation_sid,
            message_sid=self.message_sid,
            participant_sid=self.participant_sid,
            channel_message_sid=self.channel_message_sid,
            status=self.status,
            error_code=self.error_code,
            date_created=tx.now,
            date_updated=tx.now,
        )

    def _tell(self, tx: Tx, conversation: Conversation, message: Message, receipt: Receipt) -> None:
        """The message itself is as old as it was, and by whom it was: only its delivery changed."""
        receipts = tx.all(Receipt, order="sid", message_sid=message.sid)
        position = conversation.position + 1
        conversation = replace(conversation, position=position)
        message = replace(message, delivery=summary(receipts), changed_position=position)
        tx.change(conversation)
        tx.change(message)
        tx.emit(DeliveryUpdated(conversation.sid, position, conversation, message, receipt))


def summary(receipts: Sequence[Receipt]) -> str:
    """`Message.delivery`: of how many receipts, and whether all, some or none of them reached each status."""
    reached = [_REACHED.get(receipt.status, (receipt.status,)) for receipt in receipts]
    shown: dict[str, object] = {"total": len(receipts)}
    for status in STATUSES:
        count = sum(status in each for each in reached)
        shown[status] = "none" if count == 0 else "all" if count == len(receipts) else "some"
    return json.dumps(shown, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class SetChannelMetadata:
    """Keep what a message's channel says about it. Account credentials only.

    `data` is the JSON text of an object.
    """

    exclusive: ClassVar = False

    conversation_sid: str
    message_sid: str
    type: str
    data: str

    def needs(self, actor: Actor) -> Needs:
        base = needs_access(actor, self.conversation_sid)
        return replace(base, rows=(*base.rows, key(Message, sid=self.message_sid)))

    def decide(self, actor: Actor, tx: Tx) -> Message:
        require_account(actor, "set channel metadata")
        conversation = access(tx, actor, self.conversation_sid).conversation
        message = tx.one(Message, sid=self.message_sid)
        if message is None or message.conversation_sid != conversation.sid:
            raise errors.message_not_found()
        if not (limits.is_storable(self.type) and 0 < len(self.type) <= limits.CHANNEL_TYPE_CHARS):
            raise errors.invalid(20001, f"The type is text of 1 to {limits.CHANNEL_TYPE_CHARS} characters")
        data = limits.attributes(self.data, limits.CHANNEL_METADATA_BYTES)
        if not isinstance(data, dict):
            raise errors.invalid(20001, "The data must be a JSON object")
        metadata = json.dumps({"type": self.type, "data": data}, separators=(",", ":"), ensure_ascii=False)
        if metadata == message.channel_metadata:
            return message
        position = conversation.position + 1
        conversation = replace(conversation, position=position)
        message = replace(message, channel_metadata=metadata, changed_position=position)
        tx.change(conversation)
        tx.change(message)
        tx.emit(MessageUpdated(conversation.sid, position, conversation, message))
        return message
