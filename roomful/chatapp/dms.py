"""Direct messages: one conversation for the same people, whoever opens it."""

import hashlib
import json
from typing import Any

from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.accounts import Account
from roomful.chatapp.backend import talking
from roomful.chatapp.joining import make_participant
from roomful.chatapp.rooms import MAX_NAME, UNIQUE_NAME_EXISTS
from roomful.chatapp.state import ChatState

MAX_OTHERS = 8


def open_dm(state: ChatState, people: list[Account]) -> tuple[str, str]:
    """The SID and name of the conversation of exactly these people, made for the first of them if there is none. Who
    has left it is put back. Two who open it at the same moment get the same one: its unique name decides.

    Raises ApiError `too_many_rooms` and `throttled`, and BackendUnavailable.
    """
    identities = sorted(person.identity for person in people)
    unique_name = unique_name_of(identities)
    conversation = _find(state, unique_name)
    if conversation is None:
        state.throttles.new_rooms.attempt(people[0].identity)
        conversation = _make(state, unique_name, identities, people)
    for person in people:
        if make_participant(state, person, str(conversation.sid)):
            state.rooms.read_all(person.identity, str(conversation.sid))
    state.room_changed(str(conversation.sid))
    return str(conversation.sid), str(conversation.friendly_name or "")


def unique_name_of(identities: list[str]) -> str:
    """Of sorted identities. Line feeds are in none of them."""
    return "dm:" + hashlib.sha256("\n".join(identities).encode()).hexdigest()[:32]


def _find(state: ChatState, unique_name: str) -> Any | None:
    with talking("read a direct message", ignore=frozenset({404})):
        return state.connection.service.conversations(unique_name).fetch()
    return None


def _make(state: ChatState, unique_name: str, identities: list[str], people: list[Account]) -> Any:
    name = ", ".join(person.friendly_name for person in people)[:MAX_NAME]  # for other clients; ours shows who is in it
    attributes = json.dumps({"v": 1, "kind": "dm", "members": identities})
    try:
        return state.connection.service.conversations.create(
            friendly_name=name, unique_name=unique_name, attributes=attributes
        )
    except TwilioRestException as exc:
        found = _find(state, unique_name) if exc.status == 409 and exc.code in (UNIQUE_NAME_EXISTS, 409) else None
        if found is None:
            with talking("make a direct message"):
                raise
        return found
