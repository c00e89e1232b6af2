"""Tunnelled requests on what is sent to people outside the chat: delivery receipts and recipients."""

from __future__ import annotations

from typing import Any, Final

from ..core import errors
from ..core.dates import iso
from ..core.limits import NON_CHAT_PARTICIPANTS_PER_CONVERSATION, is_sid
from ..core.model import Conversation, Message, Participant, Receipt
from ..core.ports import Reads
from .messages import readable_message
from .replay import first_after
from .requests import Caller, Query, Reply, Request, readable

PAGE_SIZE: Final = 50
LARGEST_PAGE: Final = 100


def _page_size(request: Request, default: int = PAGE_SIZE) -> int:
    given = request.params.get("PageSize", "")
    return min(max(int(given) if given.isdecimal() and len(given) < 9 else default, 1), LARGEST_PAGE)


def _page(name: str, items: list[dict[str, Any]], next_token: str | None, previous_token: str | None = None) -> Reply:
    return Reply(200, {name: items, "meta": {"next_token": next_token, "previous_token": previous_token}})


def receipts(reads: Reads, caller: Caller, request: Request) -> Reply:
    """Delivery receipts of a message, in pages whose token is the last receipt's SID."""
    message = readable_message(reads, caller, request)
    size, token = _page_size(request), request.params.get("PageToken")
    if token is not None and not is_sid(token, "DY"):
        raise errors.invalid(20001, "The page token is not valid")
    rows = reads.page(Receipt, order="sid", start=token, limit=size + 1, message_sid=message.sid)
    shown = [_receipt(row) for row in rows[:size]]
    return _page("delivery_receipts", shown, rows[size - 1].sid if len(rows) > size else None)


def _receipt(row: Receipt) -> dict[str, Any]:
    return {
        "sid": row.sid,
        "message_sid": row.message_sid,
        "conversation_sid": row.conversation_sid,
        "channel_message_sid": row.channel_message_sid,
        "participant_sid": row.participant_sid,
        "status": row.status,
        "error_code": row.error_code,
        "date_created": iso(row.date_created),
        "date_updated": iso(row.date_updated),
    }


def recipients(reads: Reads, caller: Caller, request: Request) -> Reply:
    """To whom a message, or each of a conversation's messages, went outside the chat: those who were there by then.

    A page is of so many messages, of which each has all of its recipients. Its token is its first message's index, and
    how many there are: the SDK says the size only when it asks for the first page.
    """
    conversation, _ = readable(reads, caller, request.args[0])
    people = _people(reads, conversation)
    sid = request.params.get("MessageSid")
    if sid is not None:
        message = reads.one(Message, sid=sid)
        if message is None or message.conversation_sid != conversation.sid:
            raise errors.message_not_found()
        return _page("message_recipients", _of(message, people), None)
    start, told_size = _position(request.params.get("PageToken"))
    if not people:
        return _page("message_recipients", [], None)
    first = first_after(reads, conversation, people[0].conv_created)  # nobody was there before
    size, start = _page_size(request, told_size), max(start, first)
    messages = _messages(reads, conversation, start, size + 1)
    before = _messages(reads, conversation, start, size, descending=True) if start > first else []
    shown = [each for message in messages[:size] for each in _of(message, people)]
    next_token = f"{messages[size].index}.{size}" if len(messages) > size else None
    return _page("message_recipients", shown, next_token, f"{max(before[-1].index, first)}.{size}" if before else None)


def _messages(
    reads: Reads, conversation: Conversation, index: int, limit: int, *, descending: bool = False
) -> list[Message]:
    """From a message on; descending: those before it, the last first."""
    return reads.page(
        Message,
        order="index",
        start=index,
        inclusive=not descending,
        limit=limit,
        descending=descending,
        conversation_sid=conversation.sid,
    )


def _position(token: str | None) -> tuple[int, int]:
    index, dot, size = (token or f"0.{PAGE_SIZE}").partition(".")
    if not (dot and index.isdecimal() and size.isdecimal() and len(index) < 16 and 0 < len(size) < 4):
        raise errors.invalid(20001, "The page token is not valid")
    return int(index), int(size)


def _people(reads: Reads, conversation: Conversation) -> list[Participant]:
    return reads.page(
        Participant,
        order="conv_created",
        limit=NON_CHAT_PARTICIPANTS_PER_CONVERSATION,
        conversation_sid=conversation.sid,
        identity=None,
    )


def _of(message: Message, people: list[Participant]) -> list[dict[str, Any]]:
    there = [person for person in people if person.conv_created < message.created_position]
    return [
        {
            "type": person.type,
            "message_sid": message.sid,
            "level": person.level or ("to" if person.type == "email" else None),
            "name": person.name,
            "address": person.address,
        }
        for person in there
        if person.sid != message.participant_sid
    ]


QUERIES: dict[str, Query] = {
    "GET /Client/v2/Conversations/*/Messages/*/Receipts": receipts,
    "GET /Client/v2/Conversations/*/MessageRecipients": recipients,
}
