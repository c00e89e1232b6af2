"""The rooms that there are to see, with how many people are in each."""

from roomful.chatapp.accounts import Account
from roomful.chatapp.rooms import Room
from roomful.chatapp.state import ChatState

ASKED_AT_ONCE = 30  # rooms whose people are counted; of others the number is not known until somebody asks again


def list_rooms(state: ChatState, person: Account, typed: str) -> list[dict[str, object]]:
    """Public rooms and the person's own whose name or topic has what was typed; archived ones last, by name."""
    joined = state.rooms.memberships(person.identity)
    wanted = typed.casefold().strip()
    seen = [
        room
        for room in state.rooms.all()
        if (not room.private or room.sid in joined) and wanted in f"{room.name}\n{room.topic}".casefold()
    ]
    seen.sort(key=lambda room: (room.archived, room.name.casefold(), room.sid))
    left = ASKED_AT_ONCE
    shown = []
    for room in seen:
        count = state.member_counts.known(room.sid)
        if count is None and left:
            left -= 1
            count = state.member_counts.read(room.sid)
        shown.append(show_room(room, count, joined=room.sid in joined))
    return shown


def show_room(room: Room, members: int | None, *, joined: bool) -> dict[str, object]:
    """The JSON of a room (docs/chat-api.md)."""
    return {
        "sid": room.sid,
        "name": room.name,
        "topic": room.topic,
        "private": room.private,
        "archived": room.archived,
        "default": room.default,
        "members": members,
        "joined": joined,
    }
