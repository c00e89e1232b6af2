"""Rooms over HTTP: to find, make, join, leave and change them; and direct messages."""

import re

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select

from roomful.chatapp.access import DELETE, EDIT, MEMBER, Entry, no_room
from roomful.chatapp.accounts import Account
from roomful.chatapp.acts import farewell_of
from roomful.chatapp.directory import list_rooms, show_room
from roomful.chatapp.dms import MAX_OTHERS, open_dm
from roomful.chatapp.errors import ApiError, bad_request
from roomful.chatapp.identity import is_identity
from roomful.chatapp.incoming import flag, payload, signed_in, text, texts
from roomful.chatapp.joining import admit
from roomful.chatapp.moderating import create_room, delete_room, edit_room, leave_room
from roomful.chatapp.rooms import MAX_NAME, BadRoomName, RoomExists
from roomful.chatapp.state import chat
from roomful.chatapp.store import schema

blueprint = Blueprint("rooms", __name__)

_SID = re.compile(r"CH[0-9a-fA-F]{32}")


@blueprint.errorhandler(RoomExists)
def _exists(_: RoomExists) -> Response:
    return _refusal(ApiError(409, "room_exists", "A room of this name exists already."))


@blueprint.errorhandler(BadRoomName)
def _bad_name(error: BadRoomName) -> Response:
    said = str(error)
    return _refusal(ApiError(400, "bad_name", f"{said[0].upper()}{said[1:]}."))


@blueprint.get("/api/rooms")
def rooms() -> Response:
    """Public rooms, and one's own."""
    account, _ = signed_in()
    typed = request.args.get("q", "")
    return jsonify(rooms=list_rooms(chat(), account, typed) if len(typed) <= MAX_NAME else [])


@blueprint.post("/api/rooms")
def create() -> Response:
    """Make a room."""
    account, _ = signed_in()
    found = payload()
    name, topic = text(found, "name"), text(found, "topic") or ""
    if name is None:
        raise bad_request("“name” is missing.")
    private = bool(flag(found, "private"))
    chat().throttles.new_rooms.attempt(account.identity)
    answer = jsonify(show_room(create_room(chat(), account, name, topic, private=private), 1, joined=True))
    answer.status_code = 201
    return answer


@blueprint.get("/api/rooms/<sid>")
def room(sid: str) -> Response:
    """One room, and what one may do in it."""
    account, _ = signed_in()
    entry = seen(account, sid)
    you = {"moderator": entry.moderator, "permissions": sorted(entry.permissions)}
    return jsonify(_shown(entry) | {"you": you})


@blueprint.patch("/api/rooms/<sid>")
def edit(sid: str) -> Response:
    """Rename a room, say what it is about, archive it or take it back."""
    account, _ = signed_in()
    entry = room_to_change(account, sid, EDIT)
    found = payload()
    name, topic, archived = text(found, "name"), text(found, "topic"), flag(found, "archived")
    after = edit_room(chat(), account, entry.room.sid, name, topic, archived)
    return jsonify(show_room(after, chat().member_counts.read(after.sid), joined=entry.member))


@blueprint.delete("/api/rooms/<sid>")
def remove(sid: str) -> Response:
    """Delete a room and all that was said in it."""
    account, _ = signed_in()
    delete_room(chat(), account, room_to_change(account, sid, DELETE).room)
    return Response(status=204)


@blueprint.post("/api/rooms/<sid>/join")
def join(sid: str) -> Response:
    """Enter a public room."""
    account, _ = signed_in()
    entry = seen(account, sid)
    if not entry.member:
        chat().throttles.room_changes.attempt(account.identity)
        _refuse_banned(account, entry.room.sid)
        admit(chat(), account, entry.room)
        entry = entry_to(account, sid, MEMBER)
    return jsonify(_shown(entry))


@blueprint.post("/api/rooms/<sid>/leave")
def leave(sid: str) -> Response:
    """Go out of a room."""
    account, _ = signed_in()
    leave_room(chat(), account, entry_to(account, sid, MEMBER).room)
    return Response(status=204)


@blueprint.get("/api/rooms/<sid>/farewell")
def farewell(sid: str) -> Response:
    """Why one is no longer in a room."""
    account, _ = signed_in()
    told = farewell_of(chat().database, sid, account.identity) if is_room_sid(sid) else None
    if told is None or chat().access.is_member(account, sid):
        raise no_room()
    by = None if told.by is None else chat().accounts.find(told.by)
    return jsonify(reason=told.reason, name=told.name, by=None if by is None else by.as_person())


@blueprint.post("/api/dms")
def dm() -> Response:
    """The conversation of exactly these people and oneself."""
    account, _ = signed_in()
    asked = texts(payload(), "people", MAX_OTHERS + 1)
    people = [existing(identity) for identity in asked if identity != account.identity]
    if not 1 <= len(people) <= MAX_OTHERS:
        raise bad_request(f"A direct message is to 1 to {MAX_OTHERS} other people.")
    chat().throttles.room_changes.attempt(account.identity)
    sid, name = open_dm(chat(), [account, *people])
    return jsonify(sid=sid, name=name)


def entry_to(person: Account, sid: str, permission: str) -> Entry:
    """`Access.room`, for a SID that came from outside."""
    if not is_room_sid(sid):
        raise no_room()
    return chat().access.room(person, sid, permission)


def seen(person: Account, sid: str) -> Entry:
    """`Access.seen`, for a SID that came from outside."""
    if not is_room_sid(sid):
        raise no_room()
    return chat().access.seen(person, sid)


def is_room_sid(text: str) -> bool:
    """Whether it has a room's form; nothing else may become part of a path."""
    return _SID.fullmatch(text) is not None


def room_to_change(person: Account, sid: str, permission: str) -> Entry:
    """The same for what is done to rooms only, not to direct messages; throttled."""
    entry = entry_to(person, sid, permission)
    if entry.room.kind != "room":
        raise no_room()
    chat().throttles.room_changes.attempt(person.identity)
    return entry


def existing(identity: str) -> Account:
    """The account of somebody who can be talked to. Raises ApiError `no_person`."""
    account = chat().accounts.find(identity) if is_identity(identity) else None
    if account is None or account.disabled:
        raise ApiError(404, "no_person", "There is nobody of this name.")
    return account


def _shown(entry: Entry) -> dict[str, object]:
    return show_room(entry.room, chat().member_counts.read(entry.room.sid), joined=entry.member)


def _refuse_banned(account: Account, sid: str) -> None:
    table = schema.bans
    mine = select(table.c.at).where(table.c.room_sid == sid, table.c.identity == account.identity)
    with chat().database.read() as connection:
        if connection.execute(mine).one_or_none() is not None:
            raise ApiError(403, "banned", "You were removed from this room. One of its members has to add you.")


def _refusal(error: ApiError) -> Response:
    response = jsonify(error.body())
    response.status_code = error.status
    return response
