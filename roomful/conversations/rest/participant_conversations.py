"""The conversations of a person, by identity or by address: list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import invalid
from ..core.model import Conversation, Participant, User
from ..core.ports import Reads
from . import paging, render
from .call import Answer, Call


@dataclass(frozen=True, slots=True)
class _Membership:
    participant: Participant
    conversation: Conversation

    def json(self, call: Call) -> dict[str, Any]:
        return render.participant_conversation(call, self.participant, self.conversation)


async def list_(call: Call) -> Answer:
    identity, address = call.query.text_or_none("Identity"), call.query.text_or_none("Address")
    if identity and address:
        raise invalid(50451, "Give either Identity or Address, not both")
    if identity:
        page = paging.requested(call.query, maximum=50, position=int)
        found = await call.read(lambda reads: _of_identity(reads, call.service.sid, identity, page))
    elif address:
        page = paging.requested(call.query, maximum=50, position=str)
        found = await call.read(lambda reads: _of_address(reads, call.service.sid, address, page))
    else:
        raise invalid(20001, "Missing required parameter Identity or Address")
    body = paging.body(call, "conversations", page, found, lambda item: item.json(call), "Identity", "Address")
    return Answer(200, body)


def _with_conversations(reads: Reads, participants: list[Participant]) -> list[_Membership]:
    found = reads.find(Conversation, "sid", [row.conversation_sid for row in participants])
    by_sid = {row.sid: row for row in found}
    return [_Membership(row, by_sid[row.conversation_sid]) for row in participants]


def _of_identity(reads: Reads, service_sid: str, identity: str, page: paging.Page) -> paging.Slice[_Membership]:
    """In the order of joining. Whom the service does not know is in no conversation."""
    user = reads.one(User, service_sid=service_sid, identity=identity)

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[_Membership]:
        if user is None:
            return []
        joined = reads.page(
            Participant, order="user_created", start=start, limit=limit, descending=backward, user_sid=user.sid
        )
        return _with_conversations(reads, joined)

    return paging.fetch(page, rows, lambda item: item.participant.user_created)


def _of_address(reads: Reads, service_sid: str, address: str, page: paging.Page) -> paging.Slice[_Membership]:
    """In the order of joining. The address may be in conversations of other services, too."""

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[_Membership]:
        found = reads.page(Participant, order="sid", start=start, limit=limit, descending=backward, address=address)
        return _with_conversations(reads, found)

    def ours(item: _Membership) -> bool:
        return item.conversation.service_sid == service_sid

    return paging.sift(page, rows, ours, lambda item: item.participant.sid)
