"""Has a message, or a room, agree again with what is kept of it, after somebody else wrote to it
(docs/design/0018-reactions-and-pins.md)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from roomful.chatapp.attributes import claimed_mentions, quoted_author, read_attributes, write_attributes
from roomful.chatapp.errors import ApiError
from roomful.chatapp.locks import ROOMS
from roomful.chatapp.mentioning import mentioned, note_mentions
from roomful.chatapp.messages import forget_message
from roomful.chatapp.pinning import forget_gone, show_pins
from roomful.chatapp.reacting import with_rows
from roomful.chatapp.state import ChatState

log = logging.getLogger(__name__)


def settle(state: ChatState, room_sid: str, sid: str, by_client: bool) -> None:
    """Check whom the message mentions, and have it show the reactions that there are. May be repeated.

    by_client: a person's client wrote to it, so nobody believes what it shows until it is written again, even if it is
        the same.
    Raises BackendUnavailable.
    """
    if state.rooms.find(room_sid) is None:
        return  # gone, or other software's, whose attributes are its own affair
    with _whatever_it_can(), state.locks.holding(sid):
        message = state.messages.find(room_sid, sid)
        if message is None:
            with state.database.write() as transaction:
                forget_message(transaction, room_sid, sid)
            return
        attributes = read_attributes(message.attributes)
        mentions = mentioned(message.body, claimed_mentions(attributes), quoted_author(attributes))
        note_mentions(state, message, mentions)
        wanted = with_rows(state, message)
        if wanted != write_attributes(attributes):
            state.messages.show(message, wanted)
        elif by_client and "rx" in attributes:  # what is the same to the letter, the backend would not write
            state.messages.show(message, wanted if wanted != message.attributes else f"{wanted} ")


def settle_removed(state: ChatState, room_sid: str, sid: str) -> None:
    """The message is gone. May be repeated. Raises BackendUnavailable."""
    with _whatever_it_can():
        forget_gone(state, room_sid, sid)


def settle_room(state: ChatState, room_sid: str) -> None:
    """Have the room show the pins that there are. May be repeated. Raises BackendUnavailable."""
    with _whatever_it_can(), state.locks.holding(ROOMS):
        show_pins(state, room_sid)


@contextmanager
def _whatever_it_can() -> Iterator[None]:
    """What the backend refuses for good, such as a change in a closed conversation, is not tried again."""
    try:
        yield
    except ApiError as exc:
        log.warning("what a message or room shows could not be put right: %s", exc.code)
