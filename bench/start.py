"""Cold start: a client that asks exactly what the SDK asks when it starts (docs/protocol.md, "Upstream").

Recorded from SDK 3.0.1: the token, the configuration, two maps, the pages of the person's conversations, then for each
conversation its document, when that is there its list and its roster, and when that is there the roster's items; the
items of the person's own map, page by page; and all subscriptions. The SDK's own pauses (0.1 s between batches of
subscriptions) are left out.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import packets
from .client import BenchError, Client, Packet
from .packets import Position, next_id
from .processes import Server, cpu_seconds
from .rooms import make_rooms, say

FIRST_BATCH = 100
"""Subscriptions in the SDK's first request; the answer says how many it may ask for in the next."""

ROSTER_PAGE = {"HideExpired": "true", "PageSize": "50", "Order": "asc"}
_correlations = itertools.count(2_000_000)


@dataclass
class Start:
    """One start: what is asked, what was answered, and what is still under way."""

    client: Client
    requests: int = 0
    rosters: int = 0
    positions: list[Position] = field(default_factory=list)
    _waiting: dict[str, Callable[[Any], None]] = field(default_factory=dict)

    def run(self, token: str) -> None:
        """From the first packet to the last confirmed subscription. Raises `BenchError`."""
        self.client.enter(token)
        configuration = self._one(packets.get, "/Client/v2/Configuration")
        own, profile = (configuration["sync_objects"][name] for name in ("my_conversations", "my_user_info"))
        memberships: dict[str, Any] = {}
        self._ask(packets.sync_get, f"/v3/Maps/{own}", memberships.update)
        self._ask(packets.sync_get, f"/v3/Maps/{profile}", self._opened("map"), {"Include": "items"})
        self._finish()
        self.positions.insert(0, (memberships["sid"], "map", memberships["last_event_id"]))
        for conversation in self._conversations():
            self._ask(packets.sync_get, f"/v3/Documents/{conversation}.channel", self._document)
        self._finish()
        self._own_items(memberships["links"]["items"])
        self._subscribe()

    def _conversations(self) -> list[str]:
        found: list[str] = []
        page = self._one(packets.get, "/Client/v2/MyConversations")
        while True:
            found += [entry["conversation_sid"] for entry in page["conversations"]]
            following = page["meta"]["next_token"]
            if not following:
                return found
            page = self._one(packets.get, "/Client/v2/MyConversations", {"PageToken": following})

    def _opened(self, kind: str) -> Callable[[Any], None]:
        return lambda body: self.positions.append((body["sid"], kind, body["last_event_id"]))

    def _document(self, body: Any) -> None:
        self._opened("document")(body)
        self._ask(packets.sync_get, f"/v3/Lists/{body['data']['messages']}", self._opened("list"))
        self._ask(packets.sync_get, f"/v3/Maps/{body['data']['roster']}", self._roster)

    def _roster(self, body: Any) -> None:
        self._opened("map")(body)
        self._ask(packets.sync_get, _path(body["links"]["items"]), self._roster_items, ROSTER_PAGE)

    def _roster_items(self, body: Any) -> None:
        if not body["items"]:
            raise BenchError("an empty roster")
        self.rosters += 1

    def _own_items(self, url: str) -> None:
        params = dict(ROSTER_PAGE)
        while True:
            page = self._one(packets.sync_get, _path(url), params)
            if not page["meta"]["next_token"]:
                return
            params |= {"From": page["items"][-1]["key"], "PageSize": "51"}

    def _subscribe(self) -> None:
        """One batch after the other: the first small, the next as large as the server allows."""
        at, size = 0, FIRST_BATCH
        while at < len(self.positions):
            batch = self.positions[at : at + size]
            correlation, request_id = next(_correlations), next_id()
            self.client.post(packets.subscriptions(batch, correlation, request_id))
            self.requests += 1
            confirmed, answered = 0, False
            while confirmed < len(batch) or not answered:
                for packet in self.client.receive():
                    if packet.header["method"] == "reply":
                        size, answered = packet.checked()["max_batch_size"], True
                    else:
                        confirmed += _confirmed(packet, correlation)
            at += len(batch)

    def _ask(
        self, request: Any, path: str, answered: Callable[[Any], None], params: dict[str, str] | None = None
    ) -> None:
        request_id = next_id()
        self._waiting[request_id] = answered
        self.requests += 1
        self.client.post(request(path, params or {}, request_id))

    def _finish(self) -> None:
        while self._waiting:
            for packet in self.client.receive():
                if packet.header["method"] == "reply":
                    self._waiting.pop(packet.header["id"])(packet.checked())

    def _one(self, request: Any, path: str, params: dict[str, str] | None = None) -> Any:
        found: list[Any] = []
        self._ask(request, path, found.append, params)
        self._finish()
        return found[0]


def _confirmed(packet: Packet, correlation: int) -> int:
    """How many subscriptions of this request a notification confirms; live events may come in between."""
    event = packet.payload
    if event["event_type"] == "subscription_failed":
        raise BenchError(f"a subscription was refused: {event}")
    if event["event_type"] != "subscription_established":
        return 0
    return len(event["events"]) if event["correlation_id"] == correlation else 0


def _path(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


def make_person(server: Server, conversations: int) -> str:
    """The identity of somebody who is in so many conversations, each with another member and a message."""
    person = f"person-{conversations}"
    rooms = make_rooms(server, person, [[f"friend-of-{person}"]] * conversations)
    say(server, rooms, person)
    return person


def cold_start(server: Server, identity: str, conversations: int) -> dict[str, float]:
    """Start once: seconds in all, of the server's processor and of the client's own."""
    token = packets.token(server.credentials, identity)
    began, server_cpu, own_cpu = time.perf_counter(), cpu_seconds(server.pid), time.process_time()
    with Client(server.port) as client:
        start = Start(client)
        start.run(token)
        seconds, own = time.perf_counter() - began, time.process_time() - own_cpu
    server_seconds = cpu_seconds(server.pid) - server_cpu
    if start.rosters != conversations or len(start.positions) != 2 + 3 * conversations:
        raise BenchError(f"{start.rosters} of {conversations} conversations were opened")
    return {
        "seconds": seconds,
        "server_cpu": server_seconds,
        "client_cpu": own,
        "requests": start.requests,
        "server_cpu_us_per_conversation": server_seconds / conversations * 1e6,
        "us_per_conversation": seconds / conversations * 1e6,
    }
