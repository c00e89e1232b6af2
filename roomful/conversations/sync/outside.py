"""Tunnelled requests on what is sent to people outside the chat: delivery receipts and recipients."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from ..core import errors
from ..core.dates import iso
from ..core.limits import NON_CHAT_PARTICIPANTS_PER_CONVERSATION, is_sid
from ..core.model import Conversation, Message, Participant, Receipt
from ..core.ports import Reads
from .messages import readable_message
from .requests import Caller, Query, Reply, Request, readable

PAGE_SIZE: Final = 50
LARGEST_PAGE: Final = 100


def _page_size(request: Request) -> int:
    given = request.params.get("PageSize", "")
    return min(max(int(given), 1), LARGEST_PAGE) if given.isdecimal() and len(given) < 9 else PAGE_SIZE


def _page(name: str, items: list[dict[str, Any]], next_token: str | None) -> Reply:
    return Reply(200, {name: items, "meta": {"next_token": next_token, "previous_token": None}})


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

    A page's token is the index of the message at which the next one begins, and how many of that message's
    recipients were in pages before.
    """
    conversation, _ = readable(reads, caller, request.args[0])
    people = _people(reads, conversation)
    sid = request.params.get("MessageSid")
    if sid is not None:
        message = reads.one(Message, sid=sid)
        if message is None or message.conversation_sid != conversation.sid:
            raise errors.message_not_found()
        return _page("message_recipients", _of(message, people), None)
    size, (index, skipped) = _page_size(request), _position(request.params.get("PageToken"))
    if not people:
        return _page("message_recipients", [], None)
    found: list[dict[str, Any]] = []
    while messages := _messages(reads, conversation, index, size):
        for message in messages:
            its = list(islice(_of(message, people), skipped, None))
            room = size - len(found)
            found += its[:room]
            if len(its) > room:
                return _page("message_recipients", found, f"{message.index}.{skipped + room}")
            index, skipped = message.index + 1, 0
    return _page("message_recipients", found, None)


def _messages(reads: Reads, conversation: Conversation, index: int, limit: int) -> list[Message]:
    return reads.page(
        Message, order="index", start=index, inclusive=True, limit=limit, conversation_sid=conversation.sid
    )


def _position(token: str | None) -> tuple[int, int]:
    index, dot, skipped = (token or "0.0").partition(".")
    if not (dot and index.isdecimal() and skipped.isdecimal() and len(index) < 16 and len(skipped) < 4):
        raise errors.invalid(20001, "The page token is not valid")
    return int(index), int(skipped)


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
