"""How many messages a person has not read."""

from __future__ import annotations

from .model import Conversation, Message, Participant
from .ports import Reads


def unread_messages(reads: Reads, participant: Participant, conversation: Conversation) -> int | None:
    """Messages beyond the read horizon; None while the person has none, as at Twilio (docs/rest.md)."""
    horizon = participant.last_read_message_index
    if horizon is None:
        return None
    if conversation.last_message_index is None or conversation.last_message_index <= horizon:
        return 0
    return reads.count_above(Message, "index", horizon, conversation_sid=conversation.sid)
