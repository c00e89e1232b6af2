"""Changing and deleting messages. That the person may, `Access.message` has said."""

import logging

from roomful.chatapp.accounts import Account
from roomful.chatapp.acts import record
from roomful.chatapp.attributes import (
    claimed_mentions,
    quoted_author,
    read_attributes,
    with_reactions,
    with_text,
    write_attributes,
)
from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import ApiError
from roomful.chatapp.mentioning import mentioned, note_mentions
from roomful.chatapp.messages import Message, no_message
from roomful.chatapp.pinning import forget_gone
from roomful.chatapp.reacting import reactions_of
from roomful.chatapp.state import ChatState

log = logging.getLogger(__name__)

MAX_BODY = 32_768  # bytes; Twilio's limit


def check_body(body: str, *, has_files: bool) -> None:
    """Raises ApiError `bad_message`."""
    try:
        size = len(body.encode())
    except UnicodeEncodeError:
        raise _bad("A message's text must be valid Unicode.") from None
    if "\x00" in body:
        raise _bad("A message's text cannot contain NUL characters.")
    if size > MAX_BODY:
        raise _bad(f"A message has at most {MAX_BODY} bytes.")
    if not body.strip() and not has_files:
        raise _bad("A message cannot be empty.")


def edit_message(state: ChatState, message: Message, body: str, claimed: list[str]) -> None:
    """Give the message another text. Reactions that come meanwhile stay: they wait for each other.

    claimed: whom it mentions, as its author says; whom it answers, it goes on to mention.
    Raises ApiError `bad_message`, and as `Messages.edit` does.
    """
    check_body(body, has_files=message.has_files)
    with state.locks.holding(message.sid):
        now = state.messages.find(message.room_sid, message.sid)
        if now is None:
            raise no_message()
        before = read_attributes(now.attributes)
        was, quoted = claimed_mentions(before), quoted_author(before)
        mentions = mentioned(body, [*claimed, *(who for who in was if who == quoted)], quoted)
        if now.body == body and was == mentions:
            return
        attributes = with_reactions(with_text(before, now_ms(), mentions), reactions_of(state, message.sid))
        state.messages.edit(now, body, write_attributes(attributes))
        note_mentions(state, now, mentions)


def delete_message(state: ChatState, person: Account, message: Message) -> None:
    """Delete the message and what is kept of it. Raises as `Messages.delete` does."""
    state.messages.delete(message)
    if message.author != person.identity:
        with state.database.write() as transaction:
            record(transaction, person.identity, "deleted_message", message.room_sid, message.author)
    try:
        forget_gone(state, message.room_sid, message.sid)
    except (ApiError, BackendUnavailable) as exc:  # it is deleted all the same; the pin goes with the day's reconciling
        log.warning("a pin of a deleted message is still shown: %s", exc)


def _bad(why: str) -> ApiError:
    return ApiError(400, "bad_message", why)
