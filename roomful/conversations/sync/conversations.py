"""Tunnelled requests on conversations, on the caller's own ones, and typing."""

from __future__ import annotations

from typing import Any

from ..core import errors
from ..core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from ..core.dates import iso
from ..core.model import Conversation, Participant
from ..core.participants import UpdateMembership
from ..core.ports import UNSET, Reads
from ..core.unread import unread_messages
from .configuration import TYPING_SECONDS
from .objects import Kind
from .requests import (
    Action,
    Backend,
    Caller,
    Query,
    Reply,
    Request,
    conversation_sid,
    find_conversation,
    given_index,
    given_or_null,
    given_text,
    readable,
    text,
)

PAGE_SIZE = 200
"""The SDK reads the pages of its conversations one after another, so few large ones start faster."""


def _sync_objects(conversation: Conversation) -> dict[str, str]:
    kinds = {"conversation": Kind.DOCUMENT, "messages": Kind.MESSAGES, "participants": Kind.ROSTER}
    return {name: kind.unique_name(conversation.sid) for name, kind in kinds.items()}


def _shown(conversation: Conversation) -> dict[str, Any]:
    return {
        "friendly_name": conversation.friendly_name,
        "unique_name": conversation.unique_name,
        "attributes": conversation.attributes,
        "created_by": conversation.created_by,
        "date_created": iso(conversation.date_created),
        "date_updated": iso(conversation.date_updated),
        "sync_objects": _sync_objects(conversation),
    }


def _mine(member: Participant, conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation_sid": conversation.sid,
        "status": "joined",
        "last_read_message_index": member.last_read_message_index,
        "notification_level": member.notification_level,
        **_shown(conversation),
    }


def my_conversations(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A page of the caller's conversations; the token is the last one's SID."""
    after = request.params.get("PageToken", "")
    rows = reads.memberships(caller.user_sid, after=after, limit=PAGE_SIZE + 1)
    page = rows[:PAGE_SIZE]
    token = page[-1][1].sid if len(rows) > PAGE_SIZE else None
    meta = {"key": "conversations", "page_size": PAGE_SIZE, "next_token": token, "previous_token": None}
    return Reply(200, {"conversations": [_mine(*row) for row in page], "meta": meta})


def my_conversation(reads: Reads, caller: Caller, request: Request) -> Reply:
    """One of the caller's conversations, with its unread messages: null until the caller has a read horizon."""
    conversation = find_conversation(reads, caller, request.args[0])
    member = reads.one(Participant, conversation_sid=conversation.sid, identity=caller.identity)
    if member is None:
        raise errors.conversation_not_found()
    unread = unread_messages(reads, member, conversation)
    return Reply(200, _mine(member, conversation) | {"unread_messages_count": unread})


async def update_mine(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Set the caller's read horizon, or the level of its notifications."""
    body = request.json()
    sid = await conversation_sid(backend, caller, request.args[0])
    horizon = given_index(body, "last_read_message_index")
    level = given_text(body, "notification_level")
    command = UpdateMembership(sid, caller.identity, last_read_message_index=horizon, notification_level=level)
    member = await backend.perform(caller.actor, command)
    if horizon is UNSET:
        return Reply(200, {"notification_level": member.notification_level})
    unread = await backend.reads.read(lambda reads: _unread(reads, member))
    return Reply(200, {"last_read_message_index": member.last_read_message_index, "unread_messages_count": unread})


def _unread(reads: Reads, member: Participant) -> int:
    """What setting the horizon answers: without one, all messages."""
    conversation = reads.one(Conversation, sid=member.conversation_sid)
    if conversation is None:  # deleted since
        return 0
    unread = unread_messages(reads, member, conversation)
    return conversation.messages_count if unread is None else unread


def conversation(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A conversation that the caller may open, with its counts."""
    row, member = readable(reads, caller, request.args[0])
    return Reply(
        200,
        {
            "sid": row.sid,
            "status": "joined" if member else "notParticipating",
            # peekConversationBySid() takes this over into a conversation that the client has open
            "notification_level": member.notification_level if member else "default",
            **_shown(row),
            "messages_count": row.messages_count,
            "participants_count": row.participants_count,
        },
    )


def _urls(caller: Caller, row: Conversation) -> dict[str, Any]:
    url = f"{caller.links.client}/Conversations/{row.sid}"
    return {"url": url, "links": {"messages": f"{url}/Messages", "participants": f"{url}/Participants"}}


async def create(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Make a conversation; its creator may open it, and is not in it before joining."""
    body = request.json()
    command = CreateConversation(
        friendly_name=text(body, "friendly_name"),
        unique_name=text(body, "unique_name"),
        attributes=text(body, "attributes") or "{}",
    )
    row = await backend.perform(caller.actor, command)
    return Reply(201, {"sid": row.sid, **_shown(row), **_urls(caller, row)})


async def update(backend: Backend, caller: Caller, request: Request) -> Reply:
    """Change names or attributes; an empty name or null clears it."""
    body = request.json()
    sid = await conversation_sid(backend, caller, request.args[0])
    command = UpdateConversation(
        sid,
        friendly_name=given_or_null(body, "friendly_name"),
        unique_name=given_or_null(body, "unique_name"),
        attributes=given_text(body, "attributes"),
    )
    row = await backend.perform(caller.actor, command)
    return Reply(200, {"sid": row.sid, **_shown(row), **_urls(caller, row)})


async def delete(backend: Backend, caller: Caller, request: Request) -> Reply:
    sid = await conversation_sid(backend, caller, request.args[0])
    await backend.perform(caller.actor, DeleteConversation(sid))
    return Reply(204, None)


async def typing(backend: Backend, caller: Caller, request: Request) -> Reply:
    """A member is typing: the other members' connections are told."""
    name = request.form().get("ChannelSid", "")
    row, member = await backend.reads.read(lambda reads: readable(reads, caller, name))
    if member is None:
        raise errors.not_a_participant()
    backend.typing(row.sid, caller.identity)
    return Reply(200, {"typing_timeout": TYPING_SECONDS})


QUERIES: dict[str, Query] = {
    "GET /Client/v2/MyConversations": my_conversations,
    "GET /Client/v2/MyConversations/*": my_conversation,
    "GET /Client/v2/Conversations/*": conversation,
}
ACTIONS: dict[str, Action] = {
    "POST /Client/v2/MyConversations/*": update_mine,
    "POST /Client/v2/Conversations": create,
    "POST /Client/v2/Conversations/*": update,
    "DELETE /Client/v2/Conversations/*": delete,
    "POST /v1/typing": typing,
}
