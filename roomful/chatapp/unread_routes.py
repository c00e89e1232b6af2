"""What a page that starts cannot learn by the SDK, over HTTP: where one was mentioned, and one's levels."""

from flask import Blueprint, Response, jsonify

from roomful.chatapp.access import MEMBER
from roomful.chatapp.errors import bad_request
from roomful.chatapp.incoming import payload, signed_in, text
from roomful.chatapp.levels import ALL, MENTIONS, levels_of, set_level
from roomful.chatapp.mentioning import mentions_of
from roomful.chatapp.room_routes import entry_to
from roomful.chatapp.state import chat

blueprint = Blueprint("unreads", __name__)


@blueprint.get("/api/unreads")
def unreads() -> Response:
    """The latest messages that mention oneself, read or not, and one's levels; of the rooms that one is in."""
    account, _ = signed_in()
    rooms = chat().rooms.memberships(account.identity)
    return jsonify(
        mentions=mentions_of(chat(), account.identity, rooms), levels=levels_of(chat().database, account, rooms)
    )


@blueprint.put("/api/rooms/<sid>/level")
def level(sid: str) -> Response:
    """Choose of which messages of a room to hear."""
    account, _ = signed_in()
    entry = entry_to(account, sid, MEMBER)
    chosen = text(payload(), "level")
    if chosen not in (ALL, MENTIONS):
        raise bad_request(f"“level” must be {ALL} or {MENTIONS}.")
    chat().throttles.on_messages.attempt(account.identity)
    set_level(chat().database, account, entry.room.sid, chosen)
    return Response(status=204)
