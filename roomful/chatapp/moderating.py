"""What people do to rooms, and to each other in them. That they may, `Access.room` has said before they come here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.access import REMOVE, no_room
from roomful.chatapp.accounts import Account
from roomful.chatapp.acts import Farewell, bid_farewell, record, welcome
from roomful.chatapp.announcing import announce
from roomful.chatapp.attributes import write_attributes
from roomful.chatapp.backend import talking
from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import ApiError
from roomful.chatapp.joining import admit
from roomful.chatapp.locks import ROOMS
from roomful.chatapp.rooms import Room, check_name, check_topic, forget_member, forget_room, remember_offer
from roomful.chatapp.state import ChatState
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import upsert


def create_room(state: ChatState, person: Account, name: str, topic: str, *, private: bool) -> Room:
    """Make a room that the person moderates. Raises RoomExists, BadRoomName, BackendUnavailable."""
    room = state.rooms.create(name, private=private, default=False, topic=topic)
    conversation = state.connection.service.conversations(room.sid)
    try:
        with talking("put the room's maker into it"):
            conversation.participants.create(identity=person.identity, role_sid=state.roles.moderator_sid)
    except BaseException:
        with talking("remove a room that nobody is in"):
            conversation.delete()
        raise
    with state.database.write() as transaction:
        remember_offer(transaction, person.identity, room.sid, joined=True)
        record(transaction, person.identity, "created", room.sid, name)
    return room


def edit_room(
    state: ChatState, actor: Account | None, sid: str, name: str | None, topic: str | None, archived: bool | None
) -> Room:
    """Change what is given. `actor`: None for the terminal.

    Raises RoomExists, BadRoomName, ApiError `no_room`, BackendUnavailable.
    """
    by = None if actor is None else actor.identity
    with state.locks.holding(ROOMS):  # one change at a time, so that none is lost
        before = state.rooms.find(sid)
        if before is None:
            raise no_room()
        changes = _changes(state, before, name, topic, archived, by)
        if not changes:
            return before
        with talking("change the room", ignore=frozenset({404})):
            state.connection.service.conversations(sid).update(**changes)
        after = state.rooms.find(sid)
    state.room_changed(sid)
    if after is None:
        raise no_room()
    _tell_of_edit(state, actor, before, after)
    return after


def _changes(
    state: ChatState, room: Room, name: str | None, topic: str | None, archived: bool | None, by: str | None
) -> dict[str, str]:
    """What to ask of the backend. Attributes of other software stay as they are."""
    changes: dict[str, str] = {}
    if name is not None and (name := check_name(name)) != room.name:
        state.rooms.refuse_taken(name)
        changes["friendly_name"] = name
    attributes = dict(room.attributes)
    if topic is not None and (topic := check_topic(topic)) != room.topic:
        attributes["topic"] = topic
    if archived is not None and archived != room.archived:
        attributes["archived"] = {"by": by, "at": now_ms()} if archived else None
    if attributes != room.attributes:
        kept = {key: value for key, value in attributes.items() if value is not None}
        changes["attributes"] = write_attributes(kept)
    return changes


def _tell_of_edit(state: ChatState, actor: Account | None, before: Room, after: Room) -> None:
    """In the room and in the acts."""
    who, by = _called(actor), None if actor is None else actor.identity
    told: list[tuple[str, str, dict[str, str]]] = []
    if before.name != after.name:
        told.append(
            (
                "renamed",
                f"{who} renamed the room {before.name} to {after.name}.",
                {"from": before.name, "to": after.name},
            )
        )
    if before.topic != after.topic:
        body = f"{who} set the topic: {after.topic}" if after.topic else f"{who} removed the topic."
        told.append(("topic", body, {"topic": after.topic}))
    if before.archived != after.archived:
        kind = "archived" if after.archived else "unarchived"
        told.append((kind, f"{who} {kind} the room.", {}))
    with state.database.write() as transaction:
        for kind, _, more in told:
            record(transaction, by or "", kind, after.sid, more.get("to") or more.get("topic"))
    for kind, body, more in told:
        announce(state.connection, after.sid, body, kind, by, **more)


def delete_room(state: ChatState, actor: Account | None, room: Room) -> None:
    """Delete the room; who was in it is told by whom, when their page asks.

    Raises ApiError `no_room` when somebody else was faster, and BackendUnavailable.
    """
    by = None if actor is None else actor.identity
    members = [participant.identity for participant in state.rooms.participants(room.sid) if participant.identity]
    if state.rooms.find(room.sid) is None:
        raise no_room()
    with state.database.write() as transaction:  # before they hear that it is gone
        bid_farewell(transaction, room.sid, members, Farewell("deleted", room.name, by))
    with _taken_back(state, room.sid, members), talking("delete the room", ignore=frozenset({404})):
        state.connection.service.conversations(room.sid).delete()
    with state.database.write() as transaction:
        forget_room(transaction, room.sid)
        record(transaction, by or "", "deleted", room.sid, room.name)
    state.room_changed(room.sid)


def add_members(
    state: ChatState, actor: Account | None, room: Room, people: list[Account]
) -> tuple[list[str], dict[str, str]]:
    """Put people into the room: who was added, and by identity why another was not. It lifts bans."""
    added, refused = [], {}
    for person in people:
        try:
            if admit(state, person, room):
                added.append(person.identity)
        except ApiError as exc:
            refused[person.identity] = exc.code
    if added:
        names = ", ".join(person.friendly_name for person in people if person.identity in added)
        by = None if actor is None else actor.identity
        with state.database.write() as transaction:
            for identity in added:
                record(transaction, by or "", "added", room.sid, identity)
        announce(state.connection, room.sid, f"{_called(actor)} added {names}.", "added", by, who=added)
    return added, refused


def remove_member(state: ChatState, actor: Account | None, room: Room, identity: str) -> None:
    """Put somebody out of the room; nobody but another member brings them back.

    Raises ApiError `no_person` when they are not in it, and BackendUnavailable.
    """
    by = None if actor is None else actor.identity
    _participant(state, room.sid, identity)
    with state.database.write() as transaction:  # before their page hears of it and asks why
        upsert(transaction, schema.bans, [{"room_sid": room.sid, "identity": identity, "by": by or "", "at": now_ms()}])
        bid_farewell(transaction, room.sid, [identity], Farewell("removed", room.name, by))
    with _taken_back(state, room.sid, [identity]), talking("remove a person", ignore=frozenset({404})):
        state.connection.service.conversations(room.sid).participants(identity).delete()
    state.room_changed(room.sid)
    with state.database.write() as transaction:
        forget_member(transaction, room.sid, identity)
        record(transaction, by or "", "removed", room.sid, identity)
    gone = state.accounts.find(identity)
    name = identity if gone is None else gone.friendly_name
    announce(state.connection, room.sid, f"{_called(actor)} removed {name}.", "removed", by, who=identity)


def leave_room(state: ChatState, person: Account, room: Room) -> None:
    """Take the person out of the room by their own wish: nobody puts them back."""
    with talking("leave the room", ignore=frozenset({404})):
        state.connection.service.conversations(room.sid).participants(person.identity).delete()
    with state.database.write() as transaction:
        forget_member(transaction, room.sid, person.identity)
    state.room_changed(room.sid)


def set_moderator(state: ChatState, actor: Account, room: Room, identity: str, *, moderator: bool) -> None:
    """Make a member a moderator, or a plain member again.

    Raises ApiError `no_person` when they are not in the room, `last_moderator`, and BackendUnavailable.
    """
    with state.locks.holding(ROOMS):  # one change at a time, so that none is lost
        participant = _participant(state, room.sid, identity)
        if (REMOVE in state.roles.permissions(str(participant.role_sid))) == moderator:
            return
        if not moderator and moderators(state, room.sid) <= {identity}:
            raise ApiError(409, "last_moderator", "A room needs a moderator: make somebody else one first.")
        role = state.roles.moderator_sid if moderator else state.roles.member_sid
        with talking("change a person's role"):
            participant.update(role_sid=role)
    state.room_changed(room.sid)
    kind = "moderator" if moderator else "not_moderator"
    with state.database.write() as transaction:
        record(transaction, actor.identity, kind, room.sid, identity)
    person = state.accounts.find(identity)
    name = identity if person is None else person.friendly_name
    what = "a moderator" if moderator else "a plain member"
    announce(state.connection, room.sid, f"{_called(actor)} made {name} {what}.", kind, actor.identity, who=identity)


def moderators(state: ChatState, sid: str) -> set[str]:
    """The identities of the room's moderators."""
    return {
        participant.identity
        for participant in state.rooms.participants(sid)
        if participant.identity and REMOVE in state.roles.permissions(str(participant.role_sid))
    }


def _participant(state: ChatState, sid: str, identity: str) -> Any:
    try:
        return state.connection.service.conversations(sid).participants(identity).fetch()
    except TwilioRestException as exc:
        if exc.status == 404:
            raise ApiError(404, "no_person", "This person is not in the room.") from exc
        with talking("read who is in the room"):
            raise


@contextmanager
def _taken_back(state: ChatState, sid: str, identities: list[str]) -> Iterator[None]:
    """Whoever turns out to be still in the room is not banned from it, and not told that it is gone."""
    try:
        yield
    except BaseException:
        with state.database.write() as transaction:
            welcome(transaction, sid, identities)
        raise


def _called(actor: Account | None) -> str:
    return "An administrator" if actor is None else actor.friendly_name
