"""A client's end of a connection, held in the hand: no socket between it and the session."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from roomful.conversations.sync.session import Session

if TYPE_CHECKING:
    from .world import World

T = TypeVar("T")


async def eventually(condition: Callable[[], T], what: str = "the condition", within: float = 5.0) -> T:
    """Let the loop run until `condition` answers something true, and return that."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {within:g} s for {what}"
        await asyncio.sleep(0.001)
    return answer


def packet(header: dict[str, Any], body: Any = None) -> bytes:
    """A packet as the SDK writes it."""
    payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    text = json.dumps(header | {"payload_size": len(payload)}, separators=(",", ":")).encode()
    return b"TWILSOCK V3.0 %d\r\n%b\r\n%b" % (len(text), text, payload)


def websocket_payloads(data: bytes) -> list[bytes]:
    """The payloads of unmasked, final, binary frames, independently of how the service writes them."""
    payloads = []
    while data:
        assert data[0] == 0x82
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
            assert size >= 126
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
            assert size >= 65536
        assert len(data) >= start + size
        payloads.append(data[start : start + size])
        data = data[start + size :]
    return payloads


def read_packet(data: bytes) -> tuple[dict[str, Any], Any]:
    """Header and JSON payload of a packet from the server, taken apart as the SDK does it."""
    line, _, rest = data.partition(b"\r\n")
    assert line.startswith(b"TWILSOCK V3.0 ")
    size = int(line[14:])
    header = json.loads(rest[:size])
    payload = rest[size + 2 :]
    assert rest[size : size + 2] == b"\r\n"
    assert len(payload) == header["payload_size"]
    return header, json.loads(payload) if payload else None


Ask = Callable[[str, int, Sequence[tuple[str, str, int | None]]], None]
"""Is told an action, a correlation id and what is wanted, before the request goes out."""


class Disconnected(Exception):
    """The line broke while a request waited for its answer."""


HIGH_WATER = 2_000
CAPACITY = 20_000
"""Bytes that wait for a client which does not read: from the first on replays wait, at the second it is dropped."""


@dataclass(eq=False, repr=False)
class Line:
    """A client's end (implements `session.Outlet`).

    Attributes:
        events: payloads of Sync notifications, in order.
        typing: payloads of typing notifications.
        updates: types of client updates.
        writes: how many writes the server made.
        closed: code and reason with which the server ended the connection.
        gone: the connection is no more, whoever ended it.
        listener: is told each Sync event as it comes.
        backlog: what was written and not read; None: the client reads at once.
    """

    world: World
    events: list[dict[str, Any]] = field(default_factory=list)
    typing: list[dict[str, Any]] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)
    writes: int = 0
    closed: tuple[int, str] | None = None
    gone: bool = False
    reading: bool = True
    full: asyncio.Event = field(default_factory=asyncio.Event)
    listener: Callable[[dict[str, Any]], None] | None = None
    backlog: list[bytes] | None = None
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self._replies: dict[str, asyncio.Future[tuple[dict[str, Any], Any]]] = {}
        self._ids = itertools.count(1)
        self.full.set()
        self.session = Session(self.world.hub, self, self.world.clock)

    # Outlet

    def write(self, data: bytes) -> None:
        try:
            self._write(data)
        except AssertionError as error:  # the server would take it for a broken line
            self.world.trouble.append(error)
            raise

    def _write(self, data: bytes) -> None:
        assert self.closed is None
        self.writes += 1
        if self.gone:
            return
        payloads = websocket_payloads(data)
        if self.backlog is None:
            self._take(payloads)
            return
        self.backlog += payloads
        waiting = sum(map(len, self.backlog))
        if waiting > CAPACITY:
            self._break()
            asyncio.get_running_loop().call_soon(self.session.closed)
        elif waiting > HIGH_WATER:
            self.full.clear()

    def _take(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            header, body = read_packet(payload)
            if header["method"] == "reply":
                answer = self._replies.pop(header["id"])
                if not answer.done():  # whoever asked may have given up
                    answer.set_result((header, body))
            elif header["method"] == "client_update":
                self.updates.append(header["client_update_type"])
            elif header["message_type"] == "twilio.sync.event":
                self.events.append(body)
                if self.listener is not None:
                    self.listener(body)
            else:
                self.typing.append(body)

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)
        self._break()

    def _break(self) -> None:
        self.gone = True
        self.full.set()
        for answer in self._replies.values():
            if not answer.done():
                answer.set_exception(Disconnected())
                answer.exception()  # whether or not anybody waits for it

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    async def drained(self) -> None:
        await self.full.wait()

    # what a client's network does

    def stall(self) -> None:
        """Read nothing until `flow`."""
        if self.backlog is None:
            self.backlog = []

    def flow(self) -> None:
        """Read what waits, and from now on all that comes."""
        waiting, self.backlog = self.backlog, None
        if waiting and not self.gone:
            self._take(waiting)
        self.full.set()

    def cut(self, read: int = 0) -> None:
        """The connection breaks: of the packets that wait the client still reads the first `read`."""
        if not self.gone:
            self._take((self.backlog or [])[:read])
            self._break()
            self.session.closed()

    # what a client does

    def send(self, header: dict[str, Any], body: Any = None) -> asyncio.Future[tuple[dict[str, Any], Any]]:
        """Send a packet; the reply's header and payload, if one comes."""
        request_id = f"TM{next(self._ids)}"
        self._replies[request_id] = future = asyncio.get_running_loop().create_future()
        self.session.receive(packet({"id": request_id} | header, body))
        if self.gone and not future.done():
            future.set_exception(Disconnected())
            future.exception()
        return future

    async def init(self, token: str, continuation: str | None = None) -> dict[str, Any]:
        """The header of the answer to `init`."""
        header = {"method": "init", "token": token, "continuation_token": continuation}
        return (await asyncio.wait_for(self.send(header), 5))[0]

    async def request(self, method: str, path: str, body: Any = None, **params: str) -> tuple[int, Any]:
        """HTTP status and body of the answer to a tunnelled request."""
        line = {"host": "cds.us1.twilio.com", "path": path, "method": method, "params": params, "headers": {}}
        header, answer = await asyncio.wait_for(self.send({"method": "message", "http_request": line}, body), 30)
        assert header["status"]["code"] == 200
        return header["http_status"]["code"], answer

    async def get(self, path: str, **params: str) -> Any:
        status, body = await self.request("GET", path, **params)
        assert status == 200, body
        return body

    async def subscribe(
        self, *wanted: tuple[str, str, int | None], action: str = "establish", ask: Ask | None = None, version: int = 4
    ) -> int:
        """Ask for subscriptions, given as SID, type and position; the request's correlation id, which `ask` is told.

        version: of the event protocol; SDK 1.x speaks 3.
        """
        correlation = next(self._ids)
        if ask is not None:
            ask(action, correlation, wanted)
        requests = [{"object_sid": sid, "object_type": type_, "last_event_id": at} for sid, type_, at in wanted]
        body = {
            "event_protocol_version": version,
            "action": action,
            "correlation_id": correlation,
            "requests": requests,
        }
        status, answer = await self.request("POST", "/v4/Subscriptions", body)
        assert status == 200, answer
        return correlation

    async def established(self, *wanted: tuple[str, str, int | None]) -> dict[str, int]:
        """Subscribe and wait for all to be confirmed: the confirmed positions by SID."""
        correlation = await self.subscribe(*wanted)

        def confirmed() -> dict[str, int]:
            found = {
                entry["object_sid"]: entry["last_event_id"]
                for event in self.events
                if event.get("correlation_id") == correlation and event["event_type"] == "subscription_established"
                for entry in event["events"]
                if entry["replay_status"] == "completed"
            }
            return found if len(found) == len(wanted) else {}

        return await eventually(confirmed, f"subscriptions; saw {self.events}")

    def of_type(self, event_type: str) -> list[dict[str, Any]]:
        """The events of a type."""
        return [event["event"] for event in self.events if event["event_type"] == event_type]
