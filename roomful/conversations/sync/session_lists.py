"""A session list: the Sync list through which SDK 1.x gives its commands (docs/protocol.md, "SDK 1.1.0").

A connection has one at most, and it ends with the connection: the client is told 404 then, and makes another.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from ..core import errors
from ..core.errors import ServiceError
from . import legacy
from .events import sync_event
from .requests import Backend, Caller, Reply, Request
from .session_commands import carry_out
from .subscriptions import Batch, canceled, established
from .sync_objects import not_found

PREFIX = "SL"
PURPOSE = "com.twilio.rtd.ipmsg"

CONTEXT_POSITION = 1
"""Of the event that tells the context. What the client reads of it elsewhere is older: so it must take the event."""

KEPT_BYTES = 256 * 1024
"""Responses kept for a client that has not subscribed to its list yet; beyond it further commands are refused."""

MAX_COMMAND_ID = 128


def concerns(request: Request) -> bool:
    """Whether a request makes a list, or is about a session's list."""
    lists, rest = request.segments[:2], request.segments[2:]
    return lists == ("v3", "Lists") and (rest[0].startswith(PREFIX) if rest else request.method == "POST")


class SessionList:
    """One connection's list. It keeps no command: request and response are told in one write, then forgotten."""

    __slots__ = ("_context", "_index", "_kept", "_kept_bytes", "_live", "_position", "_sid")

    def __init__(self) -> None:
        self._sid = PREFIX + secrets.token_hex(16)
        self._context: dict[str, Any] | None = None
        self._position = CONTEXT_POSITION
        self._index = 0
        self._live = False
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    async def answer(self, backend: Backend, caller: Caller, request: Request) -> Reply:
        """Answer a request that `concerns` (a `requests.Action`)."""
        rest = request.segments[2:]
        if not rest:
            return await self._open(backend, caller, request)
        if self._context is not None and rest[0] == self._sid:
            if (request.method, *rest[1:]) == ("GET", "Context"):
                return Reply(200, {"data": self._context, "last_event_id": CONTEXT_POSITION - 1})
            if (request.method, *rest[1:]) == ("POST", "Items"):
                return await self._command(backend, caller, request)
        raise not_found("list")

    async def _open(self, backend: Backend, caller: Caller, request: Request) -> Reply:
        """The list, whether it was there or not: after a reconnect each of the commands that wait asks for one."""
        if request.json().get("purpose") != PURPOSE:
            raise errors.invalid(20001, f"Only a list for a session can be made: its purpose is {PURPOSE}")
        self._context = await backend.reads.read(lambda reads: legacy.context(reads, caller))
        url = f"{caller.links.sync}/Lists/{self._sid}"
        links = {"items": f"{url}/Items", "context": f"{url}/Context"}
        before = CONTEXT_POSITION - 1
        return Reply(201, {"sid": self._sid, "url": url, "links": links, "revision": "0", "last_event_id": before})

    async def _command(self, backend: Backend, caller: Caller, request: Request) -> Reply:
        """Carry a command out, then add it to the list. Its response comes behind the answer.

        So a client whose connection ends has either both or neither, and never waits for a response that is lost.
        """
        if self._kept_bytes >= KEPT_BYTES:
            raise ServiceError(429, 20429, "Too many responses wait for the client to subscribe to its session")
        data = request.json().get("data")
        given, command_id = (data.get("request"), data.get("commandId")) if isinstance(data, dict) else (None, None)
        if not isinstance(given, dict) or not isinstance(command_id, str) or len(command_id) > MAX_COMMAND_ID:
            raise errors.invalid(20001, "data must have a request, and text as its commandId")
        response = await carry_out(backend, caller, given)
        index, added, answered = self._index, self._position + 1, self._position + 2
        self._index, self._position = index + 1, answered
        event = sync_event(
            "list_item_updated",
            {
                "id": answered,
                "list_sid": self._sid,
                "item_index": index,
                "item_data": {"commandId": command_id, "response": response},
            },
        )
        url = f"{caller.links.sync}/Lists/{self._sid}/Items/{index}"
        item = {"index": index, "url": url, "revision": f"{added:x}", "last_event_id": added}
        return Reply(201, item, event if self._live else self._keep(event))

    def _keep(self, event: bytes) -> bytes:
        self._kept.append(event)
        self._kept_bytes += len(event)
        return b""

    def subscribe(self, batch: Batch) -> tuple[bytes, Batch]:
        """Answer what of a request is about this list: the frames for the client, and the rest of the request."""
        own = [each for each in batch.wanted if each.sid == self._sid and each.type == "list"]
        if self._context is None or not own:
            return b"", batch
        rest = replace(batch, wanted=tuple(each for each in batch.wanted if each not in own))
        self._live = batch.action == "establish"
        if not self._live:
            return canceled(batch, own), rest
        known = own[-1].position
        missed = [self._told_context()] if known is None or known < CONTEXT_POSITION else []
        missed += self._kept
        self._kept, self._kept_bytes = [], 0
        return b"".join(missed) + established(batch, [(self._sid, "list", self._position)]), rest

    def _told_context(self) -> bytes:
        event = {"id": CONTEXT_POSITION, "list_sid": self._sid, "context_data": self._context}
        return sync_event("list_context_updated", event)
