"""Who is in a room, over HTTP."""

from flask import Blueprint, Response, jsonify

from roomful.chatapp.access import MEMBER, REMOVE
from roomful.chatapp.errors import ApiError, bad_request
from roomful.chatapp.identity import is_identity
from roomful.chatapp.incoming import flag, payload, signed_in, texts
from roomful.chatapp.inviting import room_to_fill
from roomful.chatapp.moderating import add_members, remove_member, set_moderator
from roomful.chatapp.room_routes import entry_to, existing, room_to_change
from roomful.chatapp.state import chat

blueprint = Blueprint("members", __name__)

ADDED_AT_ONCE = 50


@blueprint.get("/api/rooms/<sid>/members")
def members(sid: str) -> Response:
    """Everybody in the room; people on a phone have an address and no identity."""
    account, _ = signed_in()
    entry = entry_to(account, sid, MEMBER)
    found = chat().rooms.participants(entry.room.sid)
    known = chat().accounts.among([participant.identity for participant in found if participant.identity])
    shown = []
    for participant in found:
        identity = participant.identity
        person = known[identity].as_person() if identity in known else None
        binding = participant.messaging_binding or {}
        stranger = {"identity": identity, "name": identity or binding.get("address") or "?", "avatar": None}
        moderator = REMOVE in chat().roles.permissions(str(participant.role_sid))
        shown.append((person or stranger) | {"moderator": moderator})
    return jsonify(members=shown)


@blueprint.post("/api/rooms/<sid>/members")
def add(sid: str) -> Response:
    """Put people into the room."""
    account, _ = signed_in()
    entry_to(account, sid, MEMBER)
    room, _ = room_to_fill(chat(), account, sid)
    asked = texts(payload(), "people", ADDED_AT_ONCE)
    chat().throttles.room_changes.attempt(account.identity)
    people, refused = [], {}
    for identity in asked:
        try:
            people.append(existing(identity))
        except ApiError as exc:
            refused[identity] = exc.code
    added, full = add_members(chat(), account, room, people)
    return jsonify(added=added, refused=refused | full)


@blueprint.delete("/api/rooms/<sid>/members/<identity>")
def remove(sid: str, identity: str) -> Response:
    """Put somebody out of the room."""
    account, _ = signed_in()
    entry = room_to_change(account, sid, REMOVE)
    if identity == account.identity:
        raise bad_request("Leave the room instead.")
    remove_member(chat(), account, entry.room, _named(identity))
    return Response(status=204)


@blueprint.put("/api/rooms/<sid>/members/<identity>")
def change(sid: str, identity: str) -> Response:
    """Make somebody a moderator, or no moderator."""
    account, _ = signed_in()
    entry = room_to_change(account, sid, REMOVE)
    moderator = flag(payload(), "moderator")
    if moderator is None:
        raise bad_request("“moderator” is missing.")
    set_moderator(chat(), account, entry.room, _named(identity), moderator=moderator)
    return Response(status=204)


def _named(identity: str) -> str:
    if not is_identity(identity):
        raise ApiError(404, "no_person", "This person is not in the room.")
    return identity
