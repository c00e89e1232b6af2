"""A user's conversations: list, fetch, update (read horizon and notifications), delete (leave)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.model import Conversation, Participant
from ..core.participants import RemoveParticipant, UpdateMembership
from ..core.ports import Reads
from ..core.unread import unread_messages
from . import find, paging, render
from .call import Answer, Call


@dataclass(frozen=True, slots=True)
class _Membership:
    participant: Participant
    conversation: Conversation
    unread: int | None

    def json(self, call: Call) -> dict[str, Any]:
        return render.user_conversation(call, self.participant, self.conversation, self.unread)


def _load(reads: Reads, call: Call) -> _Membership:
    _, conversation, participant = find.membership(reads, call)
    return _Membership(participant, conversation, unread_messages(reads, participant, conversation))


async def fetch(call: Call) -> Answer:
    found = await call.read(lambda reads: _load(reads, call))
    return Answer(200, found.json(call))


async def update(call: Call) -> Answer:
    form = call.form
    user, conversation, _ = await call.read(lambda reads: find.membership(reads, call))
    command = UpdateMembership(
        conversation.sid,
        user.identity,
        last_read_message_index=form.integer("LastReadMessageIndex", 50421),
        last_read_date=form.date("LastReadTimestamp"),
        notification_level=form.text("NotificationLevel"),
    )
    changed = await call.perform(command)
    unread = await call.read(lambda reads: unread_messages(reads, changed, conversation))
    return Answer(200, _Membership(changed, conversation, unread).json(call))


async def delete(call: Call) -> Answer:
    user, conversation, _ = await call.read(lambda reads: find.membership(reads, call))
    await call.perform(RemoveParticipant(conversation.sid, user.identity))
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=50, position=int)
    found = await call.read(lambda reads: _slice(reads, call, page))
    return Answer(200, paging.body(call, "conversations", page, found, lambda item: item.json(call)))


def _slice(reads: Reads, call: Call, page: paging.Page) -> paging.Slice[_Membership]:
    """In the order of joining."""
    user = find.user(reads, call)

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[_Membership]:
        joined = reads.page(
            Participant, order="user_created", start=start, limit=limit, descending=backward, user_sid=user.sid
        )
        found = reads.find(Conversation, "sid", [row.conversation_sid for row in joined])
        by_sid = {row.sid: row for row in found}
        pairs = [(row, by_sid[row.conversation_sid]) for row in joined]
        return [_Membership(row, of, unread_messages(reads, row, of)) for row, of in pairs]

    return paging.fetch(page, rows, lambda item: item.participant.user_created)
