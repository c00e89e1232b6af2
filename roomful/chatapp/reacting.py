"""Reactions: rows of this application, which a message's attributes show (docs/design/0018-reactions-and-pins.md)."""

from collections.abc import Mapping

from sqlalchemy import Connection as Transaction
from sqlalchemy import select

from roomful.chatapp.accounts import Account
from roomful.chatapp.attributes import DEMO, read_attributes, shown_in_demo, with_reactions, write_attributes
from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import ApiError
from roomful.chatapp.messages import Message, forget_message, no_message
from roomful.chatapp.state import ChatState
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import upsert

MAX_EMOJI = 20  # different ones a message

_table = schema.reactions


def react(state: ChatState, person: Account, message: Message, emoji: str, *, given: bool) -> None:
    """Give a reaction, or take it back. When this has returned, everybody has been told.

    Raises ApiError `too_many_reactions`, `room_archived` and `no_message`, and BackendUnavailable: then it is kept, and
    shown with the next one.
    """
    with state.database.write() as transaction:
        shown = reactions_in(transaction, message.sid)
        if given and emoji not in shown and len(shown) >= MAX_EMOJI:
            raise ApiError(409, "too_many_reactions", f"A message has at most {MAX_EMOJI} different reactions.")
        changed = (person.identity in shown.get(emoji, ())) != given
        if changed:
            _note(transaction, message.room_sid, message.sid, emoji, person.identity, now_ms(), given=given)
    try:
        state.locks.after_me(message.sid, lambda: _show(state, message))
    except ApiError as refusal:  # for good
        if changed and refusal.code != "no_message":
            with state.database.write() as transaction:
                _note(transaction, message.room_sid, message.sid, emoji, person.identity, now_ms(), given=not given)
        raise


def reactions_of(state: ChatState, message_sid: str) -> dict[str, list[str]]:
    """By emoji, who gave it, both in the order of time."""
    with state.database.read() as transaction:
        return reactions_in(transaction, message_sid)


def reactions_in(transaction: Transaction, message_sid: str) -> dict[str, list[str]]:
    """The same, within what else is read or written."""
    given = select(_table.c.emoji, _table.c.identity).where(_table.c.message_sid == message_sid, _table.c.given)
    found: dict[str, list[str]] = {}
    for row in transaction.execute(given.order_by(_table.c.at, _table.c.identity, _table.c.emoji)):
        found.setdefault(row.emoji, []).append(row.identity)
    return found


def hear_demo(transaction: Transaction, room_sid: str, message_sid: str, identity: str, told: str, at: int) -> None:
    """A client of Twilio's demo application wrote `told` as the attributes, at `at`. In it counts what it says of its
    own person, so far as it could know better: names that were left out for want of room are no statement."""
    attributes = read_attributes(told)
    listed = shown_in_demo(attributes)
    if listed is None:
        return
    shown = reactions_in(transaction, message_sid)
    visible = shown_in_demo(with_reactions(attributes, shown)) or {}
    newest = _changes_of(transaction, message_sid, identity)
    for emoji in DEMO.values():
        wanted, given = identity in listed[emoji], identity in shown.get(emoji, ())
        possible = emoji in shown or len(shown) < MAX_EMOJI if wanted else identity in visible.get(emoji, ())
        if wanted != given and possible and at > newest.get(emoji, 0):
            _note(transaction, room_sid, message_sid, emoji, identity, at, given=wanted)


def with_rows(state: ChatState, message: Message) -> str:
    """The message's attributes, as they should be by the rows."""
    return write_attributes(with_reactions(read_attributes(message.attributes), reactions_of(state, message.sid)))


def _show(state: ChatState, message: Message) -> None:
    """Write the rows into the attributes, whoever wrote there meanwhile. Within the message's lock."""
    now = state.messages.find(message.room_sid, message.sid)
    if now is None:
        with state.database.write() as transaction:
            forget_message(transaction, message.room_sid, message.sid)
        raise no_message()
    wanted = with_rows(state, now)
    if wanted != write_attributes(read_attributes(now.attributes)):
        state.messages.show(now, wanted)


def _note(
    transaction: Transaction, room_sid: str, message_sid: str, emoji: str, identity: str, at: int, *, given: bool
) -> None:
    key = {"message_sid": message_sid, "emoji": emoji, "identity": identity}
    upsert(transaction, _table, [key | {"room_sid": room_sid, "given": given, "at": at}])


def _changes_of(transaction: Transaction, message_sid: str, identity: str) -> Mapping[str, int]:
    """When the person last gave each reaction, or took it back."""
    mine = select(_table.c.emoji, _table.c.at).where(_table.c.message_sid == message_sid, _table.c.identity == identity)
    return {row.emoji: row.at for row in transaction.execute(mine)}
