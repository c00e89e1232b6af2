"""What the chat application hears of its Conversations service: webhooks after the fact (docs/rest.md, "Webhooks").

They come two ways: a service in this process hands batches to `receive`; any other calls the signed route, which hands
over one. Webhooks carry no id of the event, may come twice, and from Twilio also late or never. So each is applied as
what it says of its object's state, not as a step: what is known already changes nothing, and what was missed is mended
once a day (`roomful.chatapp.reconcile`).
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Response, request
from sqlalchemy import Connection
from twilio.request_validator import RequestValidator

from roomful.chatapp.accounts import follow_user
from roomful.chatapp.attributes import read_attributes
from roomful.chatapp.clock import to_ms
from roomful.chatapp.errors import ApiError
from roomful.chatapp.identity import is_identity, to_shown_name
from roomful.chatapp.messages import is_message_sid
from roomful.chatapp.pinning import pins_in
from roomful.chatapp.reacting import hear_demo
from roomful.chatapp.rooms import forget_member, forget_room
from roomful.chatapp.settling import settle, settle_removed, settle_room
from roomful.chatapp.state import ChatState, chat

log = logging.getLogger(__name__)
blueprint = Blueprint("hooks", __name__)

Call = Mapping[str, str]
"""The parameters of one webhook call."""

PATH = "/hooks/conversations"
MAX_BODY = 256 * 1024
"""Bytes. A message's text has up to 32 KB, which a form makes three times as long, and attributes come beside it."""

MAX_CLIENT = 256
"""Characters of an identity: those who use other software are called as they like."""

_Later = tuple[Callable[..., None], tuple[str | bool, ...]]
"""What is to be done with REST, outside the transaction. Twice the same in a batch is done once."""

_ROOM_SID = re.compile(r"CH[0-9a-fA-F]{32}")


def _room_removed(transaction: Connection, call: Call) -> None:
    forget_room(transaction, _room_sid(call))


def _room_updated(transaction: Connection, call: Call) -> _Later | None:
    """Somebody may have written over the pins."""
    room_sid, told, pins = (
        _room_sid(call),
        read_attributes(call.get("Attributes")),
        pins_in(transaction, _room_sid(call)),
    )
    ours = pins or "kind" in told  # in what other software made, `pins` may be anything
    return (settle_room, (room_sid,)) if ours and told.get("pins", []) != pins else None


def _person_left(transaction: Connection, call: Call) -> None:
    """A leave is remembered, also of a room that nobody was ever put into: it may become a default room later."""
    identity, room_sid = call.get("Identity", ""), _room_sid(call)
    if is_identity(identity):
        forget_member(transaction, room_sid, identity)


def _user_updated(transaction: Connection, call: Call) -> None:
    """People change their name through the SDK."""
    identity, updated = call.get("Identity", ""), to_ms(call.get("DateUpdated"))
    if updated is None:
        raise _Unusable("DateUpdated")
    if is_identity(identity):
        follow_user(transaction, identity, to_shown_name(call.get("FriendlyName"), identity), updated)


def _message_added(transaction: Connection, call: Call) -> _Later | None:
    """Most messages say nothing of what we keep, and cost nothing."""
    room_sid, sid = _room_sid(call), _message_sid(call)
    if not read_attributes(call.get("Attributes")).keys() & {"m", "rx", "reactions"}:
        return None
    return settle, (room_sid, sid, False)


def _message_updated(transaction: Connection, call: Call) -> _Later:
    """Of a client of Twilio's demo application its own person's reactions count."""
    room_sid, sid, identity = _room_sid(call), _message_sid(call), call.get("ClientIdentity", "")
    updated = to_ms(call.get("DateUpdated"))
    if updated is None:
        raise _Unusable("DateUpdated")
    if 0 < len(identity) <= MAX_CLIENT:
        hear_demo(transaction, room_sid, sid, identity, call.get("Attributes", ""), updated)
    return settle, (room_sid, sid, bool(identity))


def _message_removed(transaction: Connection, call: Call) -> _Later:
    return settle_removed, (_room_sid(call), _message_sid(call))


def _nothing(transaction: Connection, call: Call) -> None:
    """Nothing of it is kept."""


_APPLY: Mapping[str, Callable[[Connection, Call], _Later | None]] = {
    "onConversationUpdated": _room_updated,
    "onConversationRemoved": _room_removed,
    "onMessageAdded": _message_added,
    "onMessageUpdated": _message_updated,
    "onMessageRemoved": _message_removed,
    "onParticipantRemoved": _person_left,
    "onUserUpdated": _user_updated,
}
"""What is written of each, with the other calls of a batch."""

_OF_ROOMS = frozenset(
    {
        *("onConversationUpdated", "onConversationRemoved"),
        *("onParticipantAdded", "onParticipantUpdated", "onParticipantRemoved"),
    }
)
"""After these, what was read of the room a moment ago may be wrong."""

EVENTS = frozenset(_APPLY) | _OF_ROOMS
"""The events that the chat application wants to hear of; others are passed over."""


def receive(state: ChatState, calls: Sequence[Call]) -> None:
    """Apply webhook calls, in order and in one transaction; after it, put right at the backend what they ask for. When
    it raises, all may be handed over again: that changes nothing that was applied. A call that makes no sense is passed
    over, so that it holds up no other.

    Raises BackendUnavailable, and what the database raises.
    """
    ours = [call for call in calls if call.get("EventType") in EVENTS and _is_ours(state, call)]
    if not ours:
        return
    later: dict[_Later, None] = {}
    with state.database.write() as transaction:
        for call in ours:
            event = call["EventType"]
            try:
                if (work := _APPLY.get(event, _nothing)(transaction, call)) is not None:
                    later[work] = None
            except _Unusable as missing:
                log.warning("a webhook call was passed over: %s without a usable %s", event, missing)
    for sid in {call.get("ConversationSid", "") for call in ours if call["EventType"] in _OF_ROOMS}:
        state.room_changed(sid)
    for settling, what in later:
        settling(state, *what)


@blueprint.post(PATH)
def conversations() -> Response:
    """The webhook of a service in another process; nobody's session. Only a signed call is looked into."""
    request.max_content_length = MAX_BODY
    state = chat()
    credentials = state.connection.credentials
    signature = request.headers.get("X-Twilio-Signature")
    query = request.query_string.decode("latin-1")
    url = hook_url(state.config.public_url) + (f"?{query}" if query else "")
    if signature is None or not RequestValidator(credentials.auth_token).validate(url, request.form, signature):
        if request.form.get("AccountSid") == credentials.account_sid:
            log.warning("a webhook call was refused: its signature is not for %s", hook_url(state.config.public_url))
        raise ApiError(403, "bad_signature", "This call is not signed as the Conversations service signs.")
    if request.form.get("AccountSid") != credentials.account_sid:
        raise ApiError(403, "bad_signature", "This call is of another account.")
    receive(state, [request.form.to_dict()])
    return Response(status=204)


def hook_url(public_url: str) -> str:
    """Where a service in another process tells what happened."""
    return public_url.rstrip("/") + PATH


class _Unusable(ValueError):
    """A call lacks the parameter that is named, or it cannot be what it says."""


def _is_ours(state: ChatState, call: Call) -> bool:
    """Some of Twilio's calls do not say which service they are of; then it is the one that the webhook belongs to."""
    told = call.get("ChatServiceSid")
    return told is None or told == state.connection.service_sid


def _room_sid(call: Call) -> str:
    sid = call.get("ConversationSid", "")
    if not _ROOM_SID.fullmatch(sid):
        raise _Unusable("ConversationSid")
    return sid


def _message_sid(call: Call) -> str:
    sid = call.get("MessageSid", "")
    if not is_message_sid(sid):
        raise _Unusable("MessageSid")
    return sid
