"""Putting a person into a room by their own wish: they followed an invitation, or joined."""

from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.access import no_room
from roomful.chatapp.accounts import Account
from roomful.chatapp.acts import welcome
from roomful.chatapp.backend import talking
from roomful.chatapp.errors import ApiError
from roomful.chatapp.rooms import Room, remember_offer
from roomful.chatapp.state import ChatState

_ROOM_FULL = 50417
_TOO_MANY_ROOMS = frozenset({50208, 50214})
_CLOSED = 50377


def admit(state: ChatState, account: Account, room: Room) -> bool:
    """Put the person into the room, with nothing in it unread; False when they were in it already. A ban is lifted:
    whether it may be, the caller has found out.

    Raises ApiError `room_archived`, `room_full`, `too_many_rooms` and `no_room`, and BackendUnavailable.
    """
    if room.archived:
        raise room_archived()
    made = make_participant(state, account, room.sid)
    if made:
        _read_all(state, account, room.sid)
    with state.database.write() as transaction:
        remember_offer(transaction, account.identity, room.sid, joined=True)
        welcome(transaction, room.sid, [account.identity])
    state.room_changed(room.sid)
    return made


def room_archived() -> ApiError:
    return ApiError(409, "room_archived", "This room is archived: nobody can be added to it.")


def make_participant(state: ChatState, account: Account, sid: str) -> bool:
    """Put the person into the conversation; False when they were in it already. Raises as `admit` does."""
    try:
        state.connection.service.conversations(sid).participants.create(identity=account.identity)
    except TwilioRestException as exc:
        if exc.status == 409:
            return False
        refusal = _refusal(exc)
        if refusal is None:
            with talking("add a person to a room"):
                raise
        raise refusal from exc
    return True


def _refusal(exc: TwilioRestException) -> ApiError | None:
    if exc.status == 404:
        return no_room()
    if exc.code == _ROOM_FULL:
        return ApiError(409, "room_full", "This room is full.")
    if exc.code in _TOO_MANY_ROOMS:
        return ApiError(409, "too_many_rooms", "You are in as many rooms as one can be. Leave one first.")
    return room_archived() if exc.code == _CLOSED else None


def _read_all(state: ChatState, account: Account, sid: str) -> None:
    """With nothing unread, or not at all: who tries again is a newcomer again."""
    try:
        state.rooms.read_all(account.identity, sid)
    except BaseException:
        with talking("take back a person who was added", ignore=frozenset({404})):
            state.connection.service.conversations(sid).participants(account.identity).delete()
        raise
