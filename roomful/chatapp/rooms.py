"""Rooms: conversations that people find by name, and who is put into them without asking.

A room's attributes are JSON: `{"v": 1, "kind": "room", "visibility": "public"|"private", "default": true|false,
"topic": text, "archived": {"by", "at"}}`; those of a direct message `{"v": 1, "kind": "dm", "members": [identity]}`.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection as Transaction
from sqlalchemy import delete, insert, select
from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.accounts import Account, Accounts
from roomful.chatapp.attributes import read_attributes
from roomful.chatapp.backend import BackendUnavailable, Connection, talking
from roomful.chatapp.clock import now_ms, to_ms
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database

MAX_NAME = 256  # characters; Twilio's limit of a friendly name
MAX_MEMBERS = 1000  # of a conversation; Twilio's limit
MAX_TOPIC = 250  # characters
PAGE_SIZE = 100  # the most that Twilio sends at once
NO_PLACE = frozenset({50417, 50208, 50214, 50377})  # room full; person in too many rooms (two codes); room closed
UNIQUE_NAME_EXISTS = 50353
OF_ROOMS = (
    *(schema.offered_rooms, schema.invites, schema.bans),
    *(schema.reactions, schema.pins, schema.mentions, schema.levels),
)
"""What is kept of a room as long as there is one."""


class RoomExists(Exception):
    """A room of this name exists."""


class BadRoomName(ValueError):
    """The text says what is wrong with the name."""


@dataclass(frozen=True, slots=True)
class Room:
    """A conversation that is a room, or a direct message (`kind` is `room` or `dm`).

    created: ms, by the backend's clock, which counts whole seconds. attributes: all of them, also other software's.
    """

    sid: str
    name: str
    kind: str
    private: bool
    default: bool
    archived: bool
    topic: str
    created: int
    attributes: Mapping[str, Any]


class Rooms:
    """The rooms at the backend."""

    def __init__(self, connection: Connection, database: Database, accounts: Accounts) -> None:
        self._connection = connection
        self._database = database
        self._accounts = accounts

    def all(self) -> list[Room]:
        """Every room, in the backend's order. Conversations of another kind (direct messages) are left out; one
        without a kind, made by other software, is a room that nobody is put into."""
        with talking("list the rooms"):
            conversations = self._connection.service.conversations.list(page_size=PAGE_SIZE)
        found = (read_room(conversation) for conversation in conversations)
        return [room for room in found if room is not None and room.kind == "room"]

    def refuse_taken(self, name: str) -> None:
        """Raises RoomExists."""
        if any(room.name == name for room in self.all()):
            raise RoomExists(name)

    def participants(self, sid: str) -> list[Any]:
        """Who is in the room, as the backend has it; nobody when it is gone."""
        found: list[Any] = []
        with talking("read who is in the room", ignore=frozenset({404})):
            found = self._connection.service.conversations(sid).participants.list(
                limit=MAX_MEMBERS, page_size=PAGE_SIZE
            )
        return found

    def last_index(self, sid: str) -> int | None:
        """The index of the room's last message; None when it has none."""
        with talking("read the room's last message"):
            last = self._connection.service.conversations(sid).messages.list(order="desc", limit=1)
        return int(last[0].index) if last else None

    def find(self, sid: str) -> Room | None:
        """The room with this SID. On behalf of a person ask `Access.room`."""
        with talking("read the room", ignore=frozenset({404})):
            return read_room(self._connection.service.conversations(sid).fetch())
        return None

    def of_person(self, account: Account) -> list[Room]:
        """The rooms that the person is in, after joining the default rooms that are new to them."""
        rooms = self.all()
        joined = self._join_new(account, rooms)
        joined |= self.memberships(account.identity)
        return [room for room in rooms if room.sid in joined]

    def create(self, name: str, *, private: bool, default: bool, topic: str = "") -> Room:
        """Make a room; everybody who has an account is put into a default room.

        Raises RoomExists, BadRoomName, BackendUnavailable.
        """
        name = check_name(name)
        self.refuse_taken(name)
        visibility = "private" if private else "public"
        attributes = {"v": 1, "kind": "room", "visibility": visibility, "default": default}
        if topic:
            attributes["topic"] = check_topic(topic)
        room = self._create_unique(name, json.dumps(attributes))
        if default:
            for identity in self._accounts.active_identities():
                if not self._join(identity, room, empty=True):
                    break  # full
        return room

    def _create_unique(self, name: str, attributes: str) -> Room:
        """The unique name decides between two who create the same room at once. A room that was renamed keeps its
        unique name, so the next one of the old name gets a number."""
        unique_name, number = unique_name_for(name), 1
        while True:
            numbered = unique_name if number == 1 else f"{unique_name}.{number}"
            try:
                conversation = self._connection.service.conversations.create(
                    friendly_name=name, unique_name=numbered, attributes=attributes
                )
            except TwilioRestException as exc:
                if exc.status != 409 or exc.code not in (UNIQUE_NAME_EXISTS, 409):
                    with talking("create the room"):
                        raise
                if self._name_of(numbered) == name:
                    raise RoomExists(name) from exc
                number += 1
                continue
            room = read_room(conversation)
            if room is None:
                raise BackendUnavailable("The Conversations service answered with another conversation")
            return room

    def _name_of(self, unique_name: str) -> str | None:
        with talking("read the room", ignore=frozenset({404})):
            conversation = self._connection.service.conversations(unique_name).fetch()
            return str(conversation.friendly_name)
        return None

    def memberships(self, identity: str) -> set[str]:
        """The SIDs of the conversations that the person is in."""
        # The library loses the status of a list that fails; a person unknown to the backend is in no room.
        with talking("list the person's rooms"):
            memberships = self._connection.service.users(identity).user_conversations.list(page_size=PAGE_SIZE)
        return {str(membership.conversation_sid) for membership in memberships}

    def _join_new(self, account: Account, rooms: list[Room]) -> set[str]:
        """Join default rooms: all of them the first time, later those created since; never one that was offered
        before, so that who left stays out. Answers what was joined."""
        table = schema.offered_rooms
        query = select(table.c.room_sid, table.c.joined).where(table.c.identity == account.identity)
        with self._database.read() as connection:
            offered: dict[str, bool] = {row.room_sid: row.joined for row in connection.execute(query)}
        since = account.rooms_since or 0
        joined = set()
        for room in rooms:
            is_new = room.sid not in offered and room.created >= since
            was_full = offered.get(room.sid) is False
            if room.default and (is_new or was_full) and self._join(account.identity, room):
                joined.add(room.sid)
        if account.rooms_since is None:
            newest = max((room.created for room in rooms), default=0)
            self._accounts.set_rooms_since(account.identity, newest)
        return joined

    def read_all(self, identity: str, sid: str) -> None:
        """A newcomer must not see all that was ever written as unread."""
        last = self.last_index(sid)
        if last is not None:
            with talking("mark the room as read", ignore=frozenset({404})):  # removed again meanwhile
                participants = self._connection.service.conversations(sid).participants
                participants(identity).update(last_read_message_index=last)

    def _join(self, identity: str, room: Room, *, empty: bool = False) -> bool:
        """Put the person into the room and remember the offer. False when the room is full, closed or gone.

        empty: nothing was said there yet.
        """
        try:
            self._connection.service.conversations(room.sid).participants.create(identity=identity)
            joined = True
            if not empty:
                self.read_all(identity, room.sid)
        except TwilioRestException as exc:
            if exc.status == 404:
                return False
            joined = exc.status == 409  # is in it already
            if not joined and exc.code not in NO_PLACE:
                with talking("add a person to a room"):
                    raise
        with self._database.write() as transaction:
            remember_offer(transaction, identity, room.sid, joined=joined)
        return joined


def remember_offer(transaction: Transaction, identity: str, room_sid: str, *, joined: bool) -> None:
    """The person has been put into the room, or has been in it: nobody puts them there again. Without `joined` it is
    tried again at the next log-in. Nothing is kept of people who have no account."""
    table, accounts = schema.offered_rooms, schema.accounts
    # Two log-ins of one person offer the same rooms; on PostgreSQL the account's row makes them take turns.
    mine = select(accounts.c.identity).where(accounts.c.identity == identity).with_for_update()
    if transaction.execute(mine).one_or_none() is None:
        return
    transaction.execute(delete(table).where(table.c.identity == identity, table.c.room_sid == room_sid))
    values = {"identity": identity, "room_sid": room_sid, "joined": joined}
    transaction.execute(insert(table).values(**values, offered_at=now_ms()))


def forget_member(transaction: Transaction, room_sid: str, identity: str) -> None:
    """The person has left the room, and is remembered to have been there."""
    remember_offer(transaction, identity, room_sid, joined=True)
    for table in (schema.mentions, schema.levels):
        transaction.execute(delete(table).where(table.c.room_sid == room_sid, table.c.identity == identity))


def forget_room(transaction: Transaction, room_sid: str) -> None:
    """The room is gone: drop what is kept of it, but for what its people are told."""
    for table in OF_ROOMS:
        transaction.execute(delete(table).where(table.c.room_sid == room_sid))


def check_name(name: str) -> str:
    """The name of a new room, in NFC. Raises BadRoomName."""
    name = unicodedata.normalize("NFC", name)
    if not name.strip() or len(name) > MAX_NAME:
        raise BadRoomName(f"a room's name has 1 to {MAX_NAME} characters")
    if name != name.strip():
        raise BadRoomName("a room's name cannot begin or end with a space")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise BadRoomName("a room's name cannot contain line breaks or control characters")
    return name


def check_topic(topic: str) -> str:
    """What a room is about, in NFC, on one line; it may be empty. Raises BadRoomName."""
    topic = " ".join(unicodedata.normalize("NFC", topic).split())
    if len(topic) > MAX_TOPIC:
        raise BadRoomName(f"a topic has at most {MAX_TOPIC} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in topic):
        raise BadRoomName("a topic cannot contain control characters")
    return topic


def unique_name_for(name: str) -> str:
    """The unique name of a room: `room:sales` for `#sales`, otherwise a hash. Different names never share one, and
    none needs escaping in a path."""
    if re.fullmatch(r"#[a-z0-9][a-z0-9_-]{0,63}", name):
        return f"room:{name[1:]}"
    return "room:~" + hashlib.sha256(name.encode()).hexdigest()[:32]


def read_room(conversation: Any) -> Room | None:
    """The room, or direct message, that a conversation of the backend is; None for what other software made for a
    purpose of its own. One without a kind is a room."""
    attributes = read_attributes(conversation.attributes)
    kind = attributes.get("kind", "room")
    if kind not in ("room", "dm"):
        return None
    private = kind == "dm" or attributes.get("visibility") == "private"
    topic = attributes.get("topic")
    return Room(
        sid=str(conversation.sid),
        name=str(conversation.friendly_name or conversation.unique_name or conversation.sid),
        kind=kind,
        private=private,
        default=attributes.get("default") is True and not private,
        archived=bool(attributes.get("archived")),
        topic=topic if isinstance(topic, str) else "",
        created=to_ms(conversation.date_created) or 0,
        attributes=attributes,
    )
