"""Invitations over HTTP."""

import re

from flask import Blueprint, Response, jsonify

from roomful.chatapp.access import no_room
from roomful.chatapp.errors import ApiError
from roomful.chatapp.incoming import number, payload, signed_in, text
from roomful.chatapp.invites import DAYS, MAX_DAYS, MAX_USES, USES, Invite
from roomful.chatapp.inviting import Opened, enter, invite_url, no_invite, open_invite, room_to_fill
from roomful.chatapp.signin import client_address
from roomful.chatapp.state import chat

blueprint = Blueprint("invites", __name__)

_SID = re.compile(r"CH[0-9a-fA-F]{32}")
WRONG_CODE = 9  # how much more than a right one it counts


@blueprint.post("/api/invites")
def create() -> Response:
    """Make an invitation, to a room or to the server."""
    account, _ = signed_in()
    found = payload()
    room_sid, days = text(found, "room"), number(found, "days", DAYS, 1, MAX_DAYS)
    uses = number(found, "uses", USES, 1, MAX_USES)
    chat().throttles.new_invites.attempt(account.identity)
    if room_sid is None:
        if not account.admin:
            raise ApiError(403, "not_allowed", "Only administrators may invite people to the server.")
    elif not _SID.fullmatch(room_sid):
        raise no_room()
    else:
        room_to_fill(chat(), account, room_sid)
    invite, code = chat().invites.create(room_sid, account.identity, days, uses)
    answer = jsonify(_shown(invite) | {"code": code, "url": invite_url(chat(), code)})
    answer.status_code = 201
    return answer


@blueprint.get("/api/invites")
def mine() -> Response:
    """The person's own that still work."""
    account, _ = signed_in()
    return jsonify(invites=[_shown(invite) for invite in chat().invites.of(account.identity)])


@blueprint.delete("/api/invites/<invite_id>")
def revoke(invite_id: str) -> Response:
    """Have an invitation work no longer."""
    account, _ = signed_in()
    known = re.fullmatch(r"[0-9a-f]{16}", invite_id) is not None
    if not known or not chat().invites.revoke(invite_id, None if account.admin else account.identity):
        raise no_invite()
    return Response(status=204)


@blueprint.get("/api/invites/<code>")
def look(code: str) -> Response:
    """What an invitation is to: also for who is signed out."""
    opened = open_counted(code)
    room = None if opened.room is None else {"name": opened.room.name}
    return jsonify(room=room, by=None if opened.maker is None else opened.maker.friendly_name)


@blueprint.post("/api/invites/<code>")
def accept(code: str) -> Response:
    """Enter the room."""
    account, _ = signed_in()
    opened = open_counted(code)
    if opened.room is None:
        return jsonify(room=None)
    if not chat().invites.take(opened.invite):
        raise no_invite()
    entered = False
    try:
        entered = enter(chat(), opened, account)
    finally:
        if not entered:
            chat().invites.give_back(opened.invite)
    return jsonify(room=opened.room.sid)


def open_counted(code: str) -> Opened:
    """`open_invite`, throttled by address. Raises ApiError `no_invite` and `throttled`."""
    address = client_address()
    chat().throttles.invites.attempt(address)
    try:
        return open_invite(chat(), code)
    except ApiError:
        chat().throttles.invites.attempt(address, cost=WRONG_CODE)
        raise


def _shown(invite: Invite) -> dict[str, object]:
    return {
        "id": invite.id,
        "room": invite.room_sid,
        "expires_at": invite.expires,
        "uses_left": invite.uses_left,
    }
