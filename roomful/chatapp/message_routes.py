"""What people do to messages, over HTTP: the rest they do by the SDK."""

from flask import Blueprint, Response, jsonify, request

from roomful.chatapp.access import DELETE_ANY, DELETE_OWN, EDIT_OWN, MEMBER, SEND, no_room
from roomful.chatapp.accounts import Account
from roomful.chatapp.attributes import MAX_MENTIONS
from roomful.chatapp.editing import delete_message, edit_message
from roomful.chatapp.emoji import to_emoji
from roomful.chatapp.errors import ApiError, bad_request
from roomful.chatapp.incoming import flag, payload, signed_in, text
from roomful.chatapp.messages import Message, archived
from roomful.chatapp.pinning import pin_message, unpin_message
from roomful.chatapp.reacting import react, reactions_of
from roomful.chatapp.room_routes import is_room_sid
from roomful.chatapp.state import chat

blueprint = Blueprint("messages", __name__)

MAX_EDIT = 256 * 1024
"""Bytes of an edit: 32 KB of text, as JSON may spell it, and whom it mentions."""
_MESSAGE = "/api/rooms/<sid>/messages/<message_sid>"


@blueprint.post(f"{_MESSAGE}/edit")
def edit(sid: str, message_sid: str) -> Response:
    """Give one's own message another text."""
    request.max_content_length = MAX_EDIT
    account, _ = signed_in()
    message = message_to_change(account, sid, message_sid, EDIT_OWN, None)
    found = payload()
    body, claimed = text(found, "body"), found.get("mentions", [])
    if body is None:
        raise bad_request("“body” is missing.")
    if not isinstance(claimed, list) or len(claimed) > MAX_MENTIONS or not all(isinstance(who, str) for who in claimed):
        raise bad_request(f"“mentions” must be a list of at most {MAX_MENTIONS} texts.")
    edit_message(chat(), message, body, claimed)
    return Response(status=204)


@blueprint.delete(_MESSAGE)
def delete(sid: str, message_sid: str) -> Response:
    """Delete a message. It is no error when somebody else was faster."""
    account, _ = signed_in()
    try:
        message = message_to(account, sid, message_sid, DELETE_OWN, DELETE_ANY)
        chat().throttles.on_messages.attempt(account.identity)
        delete_message(chat(), account, message)
    except ApiError as error:
        if error.code != "no_message":
            raise
    return Response(status=204)


@blueprint.post(f"{_MESSAGE}/reactions")
def give(sid: str, message_sid: str) -> Response:
    """Give a reaction, or take one's own back."""
    account, _ = signed_in()
    message = message_to_change(account, sid, message_sid, SEND, SEND)
    found = payload()
    emoji, on = to_emoji(text(found, "emoji") or ""), flag(found, "on")
    if emoji is None:
        raise ApiError(400, "bad_emoji", "A reaction is one emoji.")
    if on is None:
        raise bad_request("“on” is missing.")
    react(chat(), account, message, emoji, given=on)
    return Response(status=204)


@blueprint.get(f"{_MESSAGE}/reactions")
def reactions(sid: str, message_sid: str) -> Response:
    """Everybody who reacted; the message itself may show fewer."""
    account, _ = signed_in()
    message = message_to(account, sid, message_sid, MEMBER, MEMBER)
    found = reactions_of(chat(), message.sid)
    known = chat().accounts.among(sorted({who for people in found.values() for who in people}))
    shown = []
    for emoji, identities in found.items():
        people = [
            known[who].as_person() if who in known else {"identity": who, "name": who, "avatar": None}
            for who in identities
        ]
        shown.append({"emoji": emoji, "people": people})
    return jsonify(reactions=shown)


@blueprint.put(f"{_MESSAGE}/pin")
def pin(sid: str, message_sid: str) -> Response:
    """Pin a message, for everybody in the room."""
    account, _ = signed_in()
    pin_message(chat(), account, message_to_change(account, sid, message_sid, SEND, SEND))
    return Response(status=204)


@blueprint.delete(f"{_MESSAGE}/pin")
def unpin(sid: str, message_sid: str) -> Response:
    """Take a pin away, whoever put it there."""
    account, _ = signed_in()
    unpin_message(chat(), message_to_change(account, sid, message_sid, SEND, SEND))
    return Response(status=204)


def message_to(person: Account, sid: str, message_sid: str, own: str, others: str | None) -> Message:
    """`Access.message`, for SIDs that came from outside."""
    if not is_room_sid(sid):
        raise no_room()
    return chat().access.message(person, sid, message_sid, own, others)[1]


def message_to_change(person: Account, sid: str, message_sid: str, own: str, others: str | None) -> Message:
    """The same, throttled, for what is done to messages as long as their room is not archived."""
    if not is_room_sid(sid):
        raise no_room()
    entry, message = chat().access.message(person, sid, message_sid, own, others)
    if entry.room.archived:
        raise archived()
    chat().throttles.on_messages.attempt(person.identity)
    return message
