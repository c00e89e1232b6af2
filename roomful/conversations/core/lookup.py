"""Finding rows by what callers call them."""

from __future__ import annotations

from . import errors
from .limits import is_sid
from .model import Account, Conversation
from .ports import Reads, Tx


def the_account(tx: Tx) -> Account:
    """The installation's one account."""
    account = tx.last(Account, order="sid")
    if account is None:
        raise errors.internal()
    return account


def conversation_named(reads: Reads, service_sid: str, name: str) -> Conversation | None:
    """The conversation of this service with this SID or unique name (which never looks like a SID), or None."""
    if is_sid(name, "CH"):
        found = reads.one(Conversation, sid=name)
    else:
        found = reads.one(Conversation, service_sid=service_sid, unique_name=name)
    return found if found is not None and found.service_sid == service_sid else None
