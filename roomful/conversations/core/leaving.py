"""How a membership ends: shared by leaving, removal, and the deletion of a conversation or a user."""

from __future__ import annotations

from dataclasses import replace

from .events import MembershipRemoved, ParticipantRemoved
from .model import Conversation, Participant, Tombstone, User
from .ports import Tx


def remove_member(tx: Tx, conversation: Conversation, member: Participant) -> None:
    """End a membership in both of its streams, with a tombstone in each."""
    position = conversation.position + 1
    conversation = replace(conversation, position=position, participants_count=conversation.participants_count - 1)
    tx.change(conversation)
    tx.add(Tombstone(conversation.sid, position, "roster", member.sid, tx.now))
    tx.remove(member)
    leave_user_stream(tx, conversation.service_sid, member)
    tx.emit(ParticipantRemoved(conversation.sid, position, conversation, member))


def free_pairs(tx: Tx, conversation_sid: str) -> None:
    """A conversation was closed: its people outside the chat may be in another one with the same addresses."""
    for member in tx.all(Participant, order="sid", conversation_sid=conversation_sid, identity=None):
        if member.pair is not None:
            tx.change(replace(member, pair=None))


def leave_user_stream(tx: Tx, service_sid: str, member: Participant) -> None:
    """Take a membership out of its user's map of conversations."""
    user = tx.one(User, service_sid=service_sid, identity=member.identity) if member.identity is not None else None
    if user is None:
        return
    position = user.position + 1
    tx.change(replace(user, position=position, conversations_count=user.conversations_count - 1))
    tx.add(Tombstone(user.sid, position, "my_channels", member.conversation_sid, tx.now))
    tx.emit(MembershipRemoved(user.sid, position, member))
