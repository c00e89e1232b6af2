"""Who may do what in which room: the chat application holds the administrator's keys, so it asks first.

A room on behalf of a person comes from `Access.room` or `Access.seen`, a message from `Access.message`, from nowhere
else (a test sees to it). Membership and role are read by REST, and what permitted something is believed for `KEPT`
seconds; a refusal never is.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any

from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.accounts import Account
from roomful.chatapp.backend import Connection, talking
from roomful.chatapp.errors import ApiError
from roomful.chatapp.messages import Message, Messages, no_message
from roomful.chatapp.roles import Roles
from roomful.chatapp.rooms import Room, read_room

KEPT = 5.0  # seconds
MAX_KEPT = 1000

MEMBER = ""  # enough to be in the room
SEE = "see"  # to be in the room, or the room is public
SEND = "sendMessage"
ADD = "addParticipant"
REMOVE = "removeParticipant"
EDIT = "editConversationName"
DELETE = "deleteConversation"
EDIT_OWN = "editOwnMessage"
DELETE_OWN = "deleteOwnMessage"
EDIT_ANY = "editAnyMessage"
DELETE_ANY = "deleteAnyMessage"

INCLUDED = {EDIT_OWN: EDIT_ANY, DELETE_OWN: DELETE_ANY}
"""What stands for any message stands for one's own, too: moderators' roles name only the former."""

MODERATION = frozenset({ADD, REMOVE, EDIT, DELETE, DELETE_ANY})
"""What an administrator of the installation may in public rooms without being their moderator."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A room as one person may have it.

    participant_sid: None when the person is not in it. permissions: what their role in it allows.
    """

    room: Room
    participant_sid: str | None
    permissions: frozenset[str]

    @property
    def member(self) -> bool:
        return self.participant_sid is not None

    @property
    def moderator(self) -> bool:
        return REMOVE in self.permissions


class Access:
    """What the rules above say, asked of the backend."""

    def __init__(self, connection: Connection, roles: Roles, messages: Messages) -> None:
        self._connection = connection
        self._messages = messages
        self._roles = roles
        self._kept: OrderedDict[tuple[str, str], tuple[float, Entry]] = OrderedDict()
        self._lock = Lock()

    def room(self, person: Account, sid: str, permission: str, *others: str) -> Entry:
        """The room, if the person may do there what `permission` (one of the above) says, or one of the `others`.

        Raises ApiError `no_room` for an outsider, whether the room exists or not, `not_allowed` for a member whose
        role lacks the permission, and BackendUnavailable.
        """
        enough = (permission, *others)
        return self._remembered(person, sid, enough) or self._admitted(person, sid, enough)

    def seen(self, person: Account, sid: str) -> Entry:
        """The room as it is at this moment, if the person may see it: for who is shown what they may do in it. Raises
        ApiError `no_room` and BackendUnavailable."""
        return self._admitted(person, sid, (SEE,))

    def message(self, person: Account, room_sid: str, sid: str, own: str, others: str | None) -> tuple[Entry, Message]:
        """The message, and the room that it is in, if the person may do what `own` says to their own messages, or what
        `others` says to anybody's. `others`: None when it is nobody else's business.

        Raises as `room` does, ApiError `no_message`, and `not_allowed` for what is another's.
        """
        entry = self.room(person, room_sid, own, *([] if others is None else [others]))
        message = self._messages.find(entry.room.sid, sid)
        if message is None:
            raise no_message()
        if others is not None and _permits(entry, (others,)):
            return entry, message
        if message.author != person.identity or not entry.member:
            raise not_allowed()
        return entry, message

    def is_member(self, person: Account, sid: str) -> bool:
        """Whether the person is in the room at this moment. Raises BackendUnavailable."""
        entry = self._read(person, sid)
        return entry is not None and entry.member

    def forget(self, sid: str) -> None:
        """The room, or who is in it, has changed."""
        with self._lock:
            for key in [key for key in self._kept if key[1] == sid]:
                del self._kept[key]

    def _admitted(self, person: Account, sid: str, enough: Sequence[str]) -> Entry:
        entry = self._read(person, sid)
        if entry is None or not (entry.member or ((SEE in enough or person.admin) and not entry.room.private)):
            raise no_room()
        if not _permits(entry, enough):
            raise not_allowed()
        self._remember(person, sid, entry)
        return entry

    def _remembered(self, person: Account, sid: str, enough: Sequence[str]) -> Entry | None:
        with self._lock:
            until, entry = self._kept.get((person.identity, sid), (0.0, None))
        return entry if entry is not None and until > monotonic() and _permits(entry, enough) else None

    def _remember(self, person: Account, sid: str, entry: Entry) -> None:
        with self._lock:
            self._kept[person.identity, sid] = monotonic() + KEPT, entry
            self._kept.move_to_end((person.identity, sid))
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)

    def _read(self, person: Account, sid: str) -> Entry | None:
        """None when there is no such room."""
        conversation = self._fetch(self._connection.service.conversations(sid), "read the room")
        room = None if conversation is None else read_room(conversation)
        if room is None:
            return None
        participants = self._connection.service.conversations(sid).participants
        participant = self._fetch(participants(person.identity), "read who is in the room")
        permissions = self._roles.permissions(str(participant.role_sid)) if participant is not None else frozenset()
        if person.admin and not room.private:
            permissions |= MODERATION
        return Entry(room, None if participant is None else str(participant.sid), permissions)

    def _fetch(self, resource: Any, doing: str) -> Any | None:
        try:
            return resource.fetch()
        except TwilioRestException as exc:
            if exc.status == 404:
                return None
            with talking(doing):
                raise


def _permits(entry: Entry, enough: Sequence[str]) -> bool:
    """Whether one of these permissions is there."""
    return any(_has(entry, permission) for permission in enough)


def _has(entry: Entry, permission: str) -> bool:
    if permission == SEE:
        return entry.member or not entry.room.private
    if permission == MEMBER:
        return entry.member
    return permission in entry.permissions or INCLUDED.get(permission) in entry.permissions


def no_room() -> ApiError:
    return ApiError(404, "no_room", "There is no such room, or you are not in it.")


def not_allowed() -> ApiError:
    return ApiError(403, "not_allowed", "You may not do that in this room.")
