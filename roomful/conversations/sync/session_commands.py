"""The commands of SDK 1.x (docs/protocol.md, "SDK 1.1.0"): each is another way to say a tunnelled request.

They are handed to the handlers of those requests, so there is one set of rules and of refusals.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ..core import errors
from ..core.errors import ServiceError
from ..core.limits import is_sid
from ..core.model import Message
from ..core.ports import Reads
from . import conversations, messages, participants, users
from .frames import encode_json
from .requests import Action, Backend, Caller, Reply, Request, readable

MAX_REPORT = 1000
"""Conversations in one report of read horizons; they are set one after another."""

MAX_NAME = 256
"""Characters of a SID, an identity or a unique name that a command may give."""

Given = dict[str, Any]
"""What a command says."""

Said = tuple[tuple[str, ...], dict[str, Any]]
"""The same as a tunnelled request: the open parts of its path, and its body."""

Carry = Callable[[Backend, Caller, Given], Awaitable[dict[str, Any]]]
"""Carries a command out; what its response says besides its status. Raises `ServiceError`."""


async def carry_out(backend: Backend, caller: Caller, given: Given) -> dict[str, Any]:
    """Do what a command's `action` names; its response. A refusal is a response too: with its code as `status`."""
    try:
        carry = _COMMANDS.get(_name(given, "action"))
        if carry is None:
            raise errors.invalid(20001, "The service knows no such command")
        return {"status": 200, "statusText": "OK", **await carry(backend, caller, given)}
    except ServiceError as error:
        return {"status": error.code, "statusText": error.message}


def _name(given: Any, field: str) -> str:
    """What a path would name. Raises 20001 (400)."""
    value = given.get(field) if isinstance(given, dict) else None
    if not isinstance(value, str) or not value or len(value) > MAX_NAME or "\x00" in value:
        raise errors.invalid(20001, f"{field} must be text of 1 to {MAX_NAME} characters, without NUL")
    return value


def _request(said: Said) -> Request:
    args, body = said
    return Request("POST", (), {}, encode_json(body), args)


def _plain(*names: str, **fields: str) -> Callable[[Caller, Given], Said]:
    """`names` of the command stand in the request's path, `fields` in its body, there under another name."""

    def say(caller: Caller, given: Given) -> Said:
        body = {theirs: given[ours] for ours, theirs in fields.items() if ours in given}
        return tuple(_name(given, name) for name in names), body

    return say


def _join(caller: Caller, given: Given) -> Said:
    return (_name(given, "channelSid"),), {"identity": caller.identity}


def _leave(caller: Caller, given: Given) -> Said:
    return (_name(given, "channelSid"), caller.identity), {}


def _remove(caller: Caller, given: Given) -> Said:
    return (_name(given, "channelSid"), _name(given, "memberSid" if "memberSid" in given else "username")), {}


def _add_outsider(caller: Caller, given: Given) -> Said:
    binding = {"address": given.get("address"), "proxy_address": given.get("proxyAddress")}
    (room,), body = _plain("conversationSid", attributes="attributes")(caller, given)
    return (room,), body | {"messaging_binding": binding}


def _send(caller: Caller, given: Given) -> Said:
    """`sendMessage(null)` sends an empty text, as later versions do."""
    (room,), body = _plain("channelSid", text="body", attributes="attributes")(caller, given)
    return (room,), body | {"body": "" if body.get("body") is None else body["body"]}


def _send_media(caller: Caller, given: Given) -> Said:
    (room,), body = _plain("channelSid", attributes="attributes")(caller, given)
    return (room,), body | {"media_sids": [_name(given, "mediaSid")]}


def _of_message(**fields: str) -> Callable[[Caller, Given], Said]:
    """A message is named by its index, which is a number or its digits."""

    def say(caller: Caller, given: Given) -> Said:
        return _plain("channelSid", "messageIdx", **fields)(
            caller, given | {"messageIdx": f"{given.get('messageIdx')}"}
        )

    return say


def _by_index(action: Action) -> Action:
    """The handler for a message that is named by its index."""

    async def act(backend: Backend, caller: Caller, request: Request) -> Reply:
        sid = await backend.reads.read(lambda reads: _message_sid(reads, caller, *request.args))
        return await action(backend, caller, replace(request, args=(request.args[0], sid)))

    return act


def _message_sid(reads: Reads, caller: Caller, name: str, index: str) -> str:
    conversation, _ = readable(reads, caller, name)
    known = index.isascii() and index.isdigit() and len(index) < 16
    row = reads.one(Message, conversation_sid=conversation.sid, index=int(index)) if known else None
    if row is None:
        raise errors.message_not_found()
    return row.sid


def _as(
    action: Action, say: Callable[[Caller, Given], Said], shown: Callable[[Any], dict[str, Any]] = lambda body: {}
) -> Carry:
    """A command that one tunnelled request says; `shown` is what the response tells of that one's answer."""

    async def carry(backend: Backend, caller: Caller, given: Given) -> dict[str, Any]:
        return shown((await action(backend, caller, _request(say(caller, given)))).body)

    return carry


async def _report(backend: Backend, caller: Caller, given: Given) -> dict[str, Any]:
    """Read horizons of some conversations. The client takes those that the response leaves out as refused."""
    entries = given.get("report")
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_REPORT:
        raise errors.invalid(20001, f"report must be a list of 1 to {MAX_REPORT} read horizons")
    done: list[dict[str, Any]] = []
    refusals: list[ServiceError] = []
    for entry in entries:
        try:
            done.append(await _read_up_to(backend, caller, entry))
        except ServiceError as error:
            refusals.append(error)
    if not done:
        raise refusals[0]
    return {"report": done}


async def _read_up_to(backend: Backend, caller: Caller, entry: Any) -> dict[str, Any]:
    sid = _name(entry, "channelSid")
    if not is_sid(sid, "CH") or "messageIdx" not in entry:
        raise errors.invalid(20001, "A read horizon has a channelSid and a messageIdx")
    body = {"last_read_message_index": entry["messageIdx"]}
    reply = await conversations.update_mine(backend, caller, _request(((sid,), body)))
    return {"channelSid": sid, "unreadMessagesCount": reply.body["unread_messages_count"]}


def _made(body: Any) -> dict[str, Any]:
    return {"conversationSid": body["sid"], "conversation": body["sync_objects"]["conversation"]}


def _sent(body: Any) -> dict[str, Any]:
    return {"messageId": body["index"]}


_COMMANDS: dict[str, Carry] = {
    "createConversation": _as(
        conversations.create,
        _plain(friendlyName="friendly_name", uniqueName="unique_name", attributes="attributes"),
        _made,
    ),
    "destroyChannel": _as(conversations.delete, _plain("channelSid")),
    "editFriendlyName": _as(conversations.update, _plain("channelSid", friendlyName="friendly_name")),
    "editUniqueName": _as(conversations.update, _plain("channelSid", uniqueName="unique_name")),
    "editAttributes": _as(conversations.update, _plain("channelSid", attributes="attributes")),
    "editNotificationLevel": _as(
        conversations.update_mine, _plain("channelSid", notificationLevel="notification_level")
    ),
    "consumptionReportV2": _report,
    "joinChannelV2": _as(participants.add, _join),
    "leaveChannel": _as(participants.remove, _leave),
    "addMemberV2": _as(participants.add, _plain("channelSid", username="identity", attributes="attributes")),
    "addNonChatParticipant": _as(participants.add, _add_outsider),
    "removeMember": _as(participants.remove, _remove),
    "editMemberAttributes": _as(participants.update, _plain("channelSid", "memberSid", attributes="attributes")),
    "sendMessage": _as(messages.send, _send, _sent),
    "sendMediaMessage": _as(messages.send, _send_media, _sent),
    "editMessage": _as(_by_index(messages.update), _of_message(text="body")),
    "editMessageAttributes": _as(_by_index(messages.update), _of_message(attributes="attributes")),
    "deleteMessage": _as(_by_index(messages.delete), _of_message()),
    "editUserFriendlyName": _as(users.update, _plain("username", friendlyName="friendly_name")),
    "editUserAttributes": _as(users.update, _plain("username", attributes="attributes")),
}
