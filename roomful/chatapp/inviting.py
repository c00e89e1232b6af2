"""What an invitation is worth, and what happens when somebody follows it."""

from dataclasses import dataclass

from sqlalchemy import select

from roomful.chatapp.access import ADD, MEMBER, not_allowed
from roomful.chatapp.accounts import Account
from roomful.chatapp.errors import ApiError
from roomful.chatapp.invites import Invite
from roomful.chatapp.joining import admit, room_archived
from roomful.chatapp.rooms import Room
from roomful.chatapp.state import ChatState
from roomful.chatapp.store import schema


@dataclass(frozen=True, slots=True)
class Opened:
    """An invitation whose code somebody has, and what it is worth at the moment.

    maker: None for the terminal. moderated: who made it may lift bans in the room.
    """

    invite: Invite
    room: Room | None
    maker: Account | None
    moderated: bool


def open_invite(state: ChatState, code: str) -> Opened:
    """What the code stands for. An invitation is worth what its maker may do now, so that nobody who was put out of a
    room keeps a key to it. Raises ApiError `no_invite`, whatever the reason."""
    invite = state.invites.find(code)
    if invite is None:
        raise no_invite()
    maker = None if invite.created_by is None else state.accounts.find(invite.created_by)
    if invite.created_by is not None and (maker is None or maker.disabled):
        raise no_invite()
    if invite.room_sid is None:
        if maker is not None and not maker.admin:
            raise no_invite()
        return Opened(invite, None, maker, moderated=False)
    if maker is None:
        room = state.rooms.find(invite.room_sid)
        if room is None:
            raise no_invite()
        return Opened(invite, room, None, moderated=True)
    try:
        room, moderated = room_to_fill(state, maker, invite.room_sid)
    except ApiError as exc:
        raise no_invite() from exc
    return Opened(invite, room, maker, moderated)


def enter(state: ChatState, opened: Opened, account: Account) -> bool:
    """Put the person into the room that they are invited to; False when they were in it already, or there is none.

    A ban is lifted by an invitation of a moderator that is newer: an older one is no pardon, but the way in that the
    person may have come by before. Raises ApiError `banned` and what `admit` raises.
    """
    if opened.room is None:
        return False
    table = schema.bans
    mine = (table.c.room_sid == opened.room.sid) & (table.c.identity == account.identity)
    with state.database.read() as connection:
        banned = connection.execute(select(table.c.at).where(mine)).scalar_one_or_none()
    if banned is not None and not (opened.moderated and opened.invite.created > banned):
        raise ApiError(403, "banned", "You were removed from this room. One of its members has to add you.")
    return admit(state, account, opened.room)


def room_to_fill(state: ChatState, person: Account, sid: str) -> tuple[Room, bool]:
    """The room, if the person may add people to it, and whether they moderate it: members may in public rooms,
    moderators in all. Raises ApiError `no_room`, `not_allowed` and `room_archived`."""
    try:
        entry = state.access.room(person, sid, ADD)
    except ApiError as exc:
        if exc.code != "not_allowed":
            raise
        entry = state.access.room(person, sid, MEMBER)
        if entry.room.private:
            raise
    if entry.room.kind != "room":
        raise not_allowed()
    if entry.room.archived:
        raise room_archived()
    return entry.room, entry.moderator


def invite_url(state: ChatState, code: str) -> str:
    """The link that people are sent."""
    return f"{state.config.public_url.rstrip('/')}/join/{code}"


def no_invite() -> ApiError:
    return ApiError(404, "no_invite", "This invitation does not work any more. Ask for a new one.")
