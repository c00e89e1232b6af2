"""Making a conversation together with the people in it."""

from __future__ import annotations

import msgspec

from ..core.bindings import Binding
from ..core.conversation_with_participants import CreateConversationWithParticipants
from ..core.errors import ServiceError, invalid
from ..core.outside import AddNonChatParticipant
from ..core.participants import AddParticipant
from . import render
from .call import Answer, Call
from .conversations import creation
from .params import parse_date


class _Binding(msgspec.Struct):
    address: str | None = None
    proxy_address: str | None = None
    projected_address: str | None = None


class _Person(msgspec.Struct):
    identity: str | None = None
    messaging_binding: _Binding | None = None
    attributes: str | None = None
    role_sid: str | None = None
    date_created: str | None = None
    date_updated: str | None = None


def _person(number: int, text: str) -> AddParticipant | AddNonChatParticipant:
    """The command for one value of `Participant`. Raises what is wrong with it, saying which it is."""
    try:
        return _command(msgspec.json.decode(text.encode(), type=_Person))
    except (msgspec.DecodeError, RecursionError):
        raise invalid(20001, f"Participant {number}: this is not a participant as a JSON object") from None
    except ServiceError as refusal:
        raise ServiceError(refusal.status, refusal.code, f"Participant {number}: {refusal.message}") from None


def _command(person: _Person) -> AddParticipant | AddNonChatParticipant:
    """With no conversation yet."""
    attributes = "{}" if person.attributes is None else person.attributes
    created = None if person.date_created is None else parse_date(person.date_created, "date_created", 50308)
    updated = None if person.date_updated is None else parse_date(person.date_updated, "date_updated", 50309)
    binding = person.messaging_binding
    if binding is None:
        if not person.identity:
            raise invalid(50204, "Identity not provided")
        return AddParticipant("", person.identity, attributes, person.role_sid, created, updated)
    if person.identity is not None:
        raise invalid(50451, "A participant has an identity or a messaging binding, not both")
    if binding.projected_address:
        raise invalid(50373, "This server has no carrier of its own, so nobody has a projected address")
    pair = Binding(binding.address or "", binding.proxy_address or "")
    return AddNonChatParticipant("", pair, attributes, person.role_sid, created, updated)


async def create(call: Call) -> Answer:
    people = tuple(_person(number, text) for number, text in enumerate(call.form.all("Participant"), 1))
    command = CreateConversationWithParticipants(creation(call.form), people)
    return Answer(201, render.conversation_with_participants(call, await call.perform(command)))
