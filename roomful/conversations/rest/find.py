"""What the variable parts of a path name. All run on a reader thread and raise 20404 (404) naming the path."""

from __future__ import annotations

from typing import Any

from ..core.limits import is_sid
from ..core.lookup import conversation_named
from ..core.model import (
    AddressConfiguration,
    Conversation,
    Message,
    Participant,
    PushBinding,
    PushCredential,
    Role,
    User,
    Webhook,
)
from ..core.ports import Reads
from .answers import not_found
from .call import Call


def conversation(reads: Reads, call: Call, name: str = "conversation") -> Conversation:
    """By SID or unique name."""
    found = conversation_named(reads, call.service.sid, call.names[name])
    if found is None:
        raise not_found(call.path)
    return found


def participant(reads: Reads, call: Call, of: Conversation) -> Participant:
    """By SID or by identity."""
    given = call.names["participant"]
    found = reads.one(Participant, sid=given) if is_sid(given, "MB") else None
    if found is None:
        found = reads.one(Participant, conversation_sid=of.sid, identity=given)
    if found is None or found.conversation_sid != of.sid:
        raise not_found(call.path)
    return found


def membership(reads: Reads, call: Call) -> tuple[User, Conversation, Participant]:
    """A user's conversation."""
    person, of = user(reads, call), conversation(reads, call)
    found = reads.one(Participant, conversation_sid=of.sid, identity=person.identity)
    if found is None:
        raise not_found(call.path)
    return person, of, found


def message(reads: Reads, call: Call, of: Conversation) -> Message:
    """By SID."""
    found = reads.one(Message, sid=call.names["message"])
    if found is None or found.conversation_sid != of.sid:
        raise not_found(call.path)
    return found


def webhook(reads: Reads, call: Call, of: Conversation) -> Webhook:
    """By SID."""
    found = reads.one(Webhook, sid=call.names["webhook"])
    if found is None or found.conversation_sid != of.sid:
        raise not_found(call.path)
    return found


def user(reads: Reads, call: Call) -> User:
    """By SID or identity (which never looks like a user's SID)."""
    given = call.names["user"]
    if is_sid(given, "US"):
        found = reads.one(User, sid=given)
    else:
        found = reads.one(User, service_sid=call.service.sid, identity=given)
    if found is None or found.service_sid != call.service.sid:
        raise not_found(call.path)
    return found


def role(reads: Reads, call: Call) -> Role:
    """By SID."""
    found = reads.one(Role, sid=call.names["role"])
    if found is None or found.service_sid != call.service.sid:
        raise not_found(call.path)
    return found


def credential(reads: Reads, call: Call) -> PushCredential:
    """By SID."""
    found = reads.one(PushCredential, sid=call.names["credential"])
    if found is None or found.account_sid != call.account.sid:
        raise not_found(call.path)
    return found


def binding(reads: Reads, call: Call) -> PushBinding:
    """By SID."""
    found = reads.one(PushBinding, sid=call.names["binding"])
    if found is None or found.service_sid != call.service.sid:
        raise not_found(call.path)
    return found


def address(reads: Reads, call: Call) -> AddressConfiguration:
    """By SID, or by the address itself: if it has several types, the one that was configured first."""
    given = call.names["address"]
    match: dict[str, Any] = {"account_sid": call.account.sid, "sid" if is_sid(given, "IG") else "address": given}
    found = reads.page(AddressConfiguration, order="sid", limit=1, **match)
    if not found:
        raise not_found(call.path)
    return found[0]
