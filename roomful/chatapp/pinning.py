"""Pins: rows of this application, which a conversation's attributes show as `pins: [{sid, i, by, ts}]`."""

from sqlalchemy import Connection as Transaction
from sqlalchemy import delete, func, insert, select

from roomful.chatapp.access import no_room
from roomful.chatapp.accounts import Account
from roomful.chatapp.attributes import write_attributes
from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import ApiError
from roomful.chatapp.locks import ROOMS
from roomful.chatapp.messages import Message, forget_message, no_message, refusing
from roomful.chatapp.state import ChatState
from roomful.chatapp.store import schema

MAX_PINS = 50  # a room

_table = schema.pins


def pin_message(state: ChatState, person: Account, message: Message) -> None:
    """Pin the message, for everybody. Nothing is done to one that is pinned.

    Raises ApiError `too_many_pins`, `no_message` and `room_archived`, and BackendUnavailable: then it is kept, and
    shown with the room's next pin.
    """
    key = {"room_sid": message.room_sid, "message_sid": message.sid}
    mine = select(_table.c.at).filter_by(**key)
    count = select(func.count()).where(_table.c.room_sid == message.room_sid)
    with state.locks.holding(ROOMS):
        if state.messages.find(message.room_sid, message.sid) is None:  # whoever deletes it takes the pin out after us
            raise no_message()
        with state.database.write() as transaction:
            if transaction.execute(mine).one_or_none() is None:
                if transaction.execute(count).scalar_one() >= MAX_PINS:
                    raise _full()
                values = {"index": message.index, "by": person.identity, "at": now_ms()}
                transaction.execute(insert(_table).values(**key, **values))
        try:
            show_pins(state, message.room_sid)
        except ApiError:  # refused for good
            _take_out(state, message)
            raise


def unpin_message(state: ChatState, message: Message) -> None:
    """Raises BackendUnavailable: then it is shown until the room's next pin."""
    with state.locks.holding(ROOMS):
        _take_out(state, message)
        show_pins(state, message.room_sid)


def forget_gone(state: ChatState, room_sid: str, message_sid: str) -> None:
    """There is no such message in the room any more: what is kept of it goes.

    Raises as `show_pins` does: then it is as before, and may be tried again.
    """
    this = (_table.c.room_sid == room_sid, _table.c.message_sid == message_sid)
    with state.locks.holding(ROOMS):
        with state.database.read() as transaction:
            pinned = transaction.execute(select(_table.c.at).where(*this)).one_or_none() is not None
        if pinned:
            show_pins(state, room_sid, without=message_sid)
        with state.database.write() as transaction:
            transaction.execute(delete(_table).where(*this))
            forget_message(transaction, room_sid, message_sid)


def show_pins(state: ChatState, room_sid: str, without: str = "") -> None:
    """Write the rows into the room's attributes, within the rooms' lock. Nothing is done to a room that is gone.

    Raises ApiError `too_many_pins` and `room_archived`, and BackendUnavailable.
    """
    room = state.rooms.find(room_sid)
    if room is None:
        return
    with state.database.read() as transaction:
        pins = [pin for pin in pins_in(transaction, room_sid) if pin["sid"] != without]
    if pins == room.attributes.get("pins", []):
        return
    attributes = {key: value for key, value in room.attributes.items() if key != "pins"}
    wanted = write_attributes(attributes | ({"pins": pins} if pins else {}))
    with refusing("pin a message", no_room(), _full()):
        state.connection.service.conversations(room_sid).update(attributes=wanted)
    state.room_changed(room_sid)


def pins_in(transaction: Transaction, room_sid: str) -> list[dict[str, object]]:
    """The rows, as a conversation's attributes show them."""
    rows = select(_table).where(_table.c.room_sid == room_sid).order_by(_table.c.at, _table.c.message_sid)
    found = transaction.execute(rows).mappings().all()
    return [{"sid": row["message_sid"], "i": row["index"], "by": row["by"], "ts": row["at"]} for row in found]


def _take_out(state: ChatState, message: Message) -> None:
    with state.database.write() as transaction:
        transaction.execute(delete(_table).filter_by(room_sid=message.room_sid, message_sid=message.sid))


def _full() -> ApiError:
    return ApiError(409, "too_many_pins", f"A room has at most {MAX_PINS} pinned messages.")
