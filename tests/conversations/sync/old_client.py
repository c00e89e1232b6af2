"""A client of SDK 1.1.0, held in the hand: it gives its commands through a session list."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .line import Line, eventually

LISTS = "/v3/Lists"
CONTEXT = {"type": "IpMsgSession", "apiVersion": "4", "endpointPlatform": "JS|1.1.0|Linux"}


@dataclass
class OldClient:
    """A session as SDK 1.1.0 keeps it. `descriptor` is the list's; `items` is the path for commands."""

    line: Line
    descriptor: dict[str, Any]
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @classmethod
    async def make(cls, line: Line) -> OldClient:
        """Make the session's list, and subscribe to nothing yet."""
        body = {"purpose": "com.twilio.rtd.ipmsg", "context": CONTEXT}
        status, descriptor = await line.request("POST", LISTS, body)
        assert status == 201, descriptor
        return cls(line, descriptor)

    @classmethod
    async def start(cls, line: Line) -> OldClient:
        """As the SDK starts: register for notifications, make the list, subscribe, and wait for the context."""
        context = {"product_id": "ip_messaging", "notification_protocol_version": 4, "message_types": []}
        header, _ = await line.send({"method": "put_notification_ctx", "notification_ctx_id": "1"}, context)
        assert header["status"]["code"] == 200
        client = await cls.make(line)
        await client.subscribe(client.descriptor["last_event_id"])
        return client

    @property
    def sid(self) -> str:
        return str(self.descriptor["sid"])

    @property
    def items(self) -> str:
        return urlsplit(str(self.descriptor["links"]["items"])).path

    async def subscribe(self, position: int | None) -> int:
        """Subscribe to the list; the position that is confirmed."""
        correlation = await self.line.subscribe((self.sid, "list", position), version=3)
        confirmed = await eventually(lambda: self.confirmations(correlation), "the confirmation")
        assert [each["replay_status"] for each in confirmed] == ["completed"]
        return int(confirmed[0]["last_event_id"])

    def confirmations(self, correlation: int) -> list[dict[str, Any]]:
        """What the packets say that confirm or refuse, one object each."""
        found = [event for event in self.line.events if event.get("correlation_id") == correlation]
        assert not any("events" in event for event in found), "this version of the SDK crashes"
        return [event["event"] for event in found]

    async def push(self, action: str, **params: Any) -> tuple[int, Any]:
        """Add a command to the list: status and body of the answer."""
        data = {"request": params | {"action": action}, "commandId": f"c{next(self.numbers)}"}
        return await self.line.request("POST", self.items, {"data": data})

    async def command(self, action: str, **params: Any) -> dict[str, Any]:
        """Give a command, and wait for its response."""
        status, item = await self.push(action, **params)
        assert status == 201, item
        return await eventually(lambda: self.response(item["index"]), "the response")

    def response(self, index: int) -> dict[str, Any]:
        """The response to the command at this index; empty until it comes."""
        found = [
            event["item_data"]["response"]
            for event in self.line.of_type("list_item_updated")
            if (event["list_sid"], event["item_index"]) == (self.sid, index)
        ]
        assert len(found) < 2
        return found[0] if found else {}
