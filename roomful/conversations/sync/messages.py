"""Tunnelled requests on messages. They are read through the Sync list, never from here."""

from __future__ import annotations

import json
from typing import Any

from ..core import errors
from ..core.dates import iso
from ..core.errors import ServiceError
from ..core.messages import DeleteMessage, SendMessage, UpdateMessage
from ..core.model import Message
from ..core.ports import Reads
from .requests import (
    Action,
    Backend,
    Caller,
    Query,
    Reply,
    Request,
    conversation_sid,
    given_or_null,
    given_text,
    readable,
    text,
)


def _shown(row: Message) -> dict[str, object]:
    return {
        "sid": row.sid,
        "conversation_sid": row.conversation_sid,
        "index": row.index,
        "author": row.author,
        "participant_sid": row.participant_sid,
        "body": row.body,
        "subject": row.subject,
        "attributes": row.attributes,
        "date_created": iso(row.date_created),
        "date_updated": iso(row.date_updated),
    }


def _media_sids(body: dict[str, Any]) -> tuple[str, ...]:
    sids = body.get("media_sids") or []
    if not isinstance(sids, list) or not all(isinstance(sid, str) for sid in sids):
        raise errors.invalid(20001, "media_sids must be a list of SIDs")
    return tuple(sids)


async def send(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Send a message; `index` is what the SDK hands to the application."""
    body = request.json()
    sid = await conversation_sid(backend, caller, request.args[0])
    content_sid, variables = text(body, "content_sid"), text(body, "content_variables")
    command = SendMessage(
        sid,
        body=text(body, "body"),
        subject=text(body, "subject"),
        attributes=text(body, "attributes") or "{}",
        media_sids=_media_sids(body),
        content_sid=content_sid or None,
    )
    if content_sid:  # body and media are then the template's
        return Reply(201, _shown(await backend.send_content(caller.actor, command, variables)))
    return Reply(201, _shown(await backend.perform(caller.actor, command)))


async def update(backend: Backend, caller: Caller, request: Request) -> Reply:
    body = request.json()
    sid = await conversation_sid(backend, caller, request.args[0])
    command = UpdateMessage(
        sid, request.args[1], body=given_or_null(body, "body"), attributes=given_text(body, "attributes")
    )
    return Reply(200, _shown(await backend.perform(caller.actor, command)))


async def delete(backend: Backend, caller: Caller, request: Request) -> Reply:
    sid = await conversation_sid(backend, caller, request.args[0])
    await backend.perform(caller.actor, DeleteMessage(sid, request.args[1]))
    return Reply(204, None)


def readable_message(reads: Reads, caller: Caller, request: Request) -> Message:
    conversation, _ = readable(reads, caller, request.args[0])
    found = reads.one(Message, sid=request.args[1])
    if found is None or found.conversation_sid != conversation.sid:
        raise errors.message_not_found()
    return found


def channel_metadata(reads: Reads, caller: Caller, request: Request) -> Reply:
    """What a message's channel says about it. The SDK takes code 50530 as "nothing" and does not ask again."""
    message = readable_message(reads, caller, request)
    if message.channel_metadata is None:
        raise ServiceError(404, 50530, "Channel metadata not found")
    return Reply(200, json.loads(message.channel_metadata))


QUERIES: dict[str, Query] = {
    "GET /Client/v2/Conversations/*/Messages/*/ChannelMetadata": channel_metadata,
}
ACTIONS: dict[str, Action] = {
    "POST /Client/v2/Conversations/*/Messages": send,
    "POST /Client/v2/Conversations/*/Messages/*": update,
    "DELETE /Client/v2/Conversations/*/Messages/*": delete,
}
