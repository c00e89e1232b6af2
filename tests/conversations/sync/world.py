"""Sessions on a real store and hub, with clients that are held in the hand: no socket between them."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jwt

from roomful.conversations.bus import LocalBus
from roomful.conversations.core.conversations import CreateConversation
from roomful.conversations.core.events import StreamCommit
from roomful.conversations.core.installation import Install, Installation
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.model import Conversation, Message
from roomful.conversations.core.participants import AddParticipant
from roomful.conversations.core.perform import Performer
from roomful.conversations.core.ports import Actor, Command
from roomful.conversations.hub import Hub
from roomful.conversations.ids import Sids, now
from roomful.conversations.store.store import Store
from roomful.conversations.sync.requests import Backend, Links
from roomful.conversations.sync.session import Session

T = TypeVar("T")
_numbers = itertools.count(1)
PUBLIC_URL = "https://chat.example/base"


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


@dataclass(eq=False)
class Line:
    """A client's end (implements `session.Outlet`).

    Attributes:
        events: payloads of Sync notifications, in order.
        typing: payloads of typing notifications.
        updates: types of client updates.
        writes: how many writes the server made.
        closed: code and reason with which the server ended the connection.
    """

    world: World
    events: list[dict[str, Any]] = field(default_factory=list)
    typing: list[dict[str, Any]] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)
    writes: int = 0
    closed: tuple[int, str] | None = None
    reading: bool = True
    full: asyncio.Event = field(default_factory=asyncio.Event)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self._replies: dict[str, asyncio.Future[tuple[dict[str, Any], Any]]] = {}
        self._ids = itertools.count(1)
        self.full.set()
        self.session = Session(self.world.hub, self, self.world.clock)

    # Outlet

    def write(self, data: bytes) -> None:
        assert self.closed is None
        self.writes += 1
        for payload in websocket_payloads(data):
            header, body = read_packet(payload)
            if header["method"] == "reply":
                self._replies.pop(header["id"]).set_result((header, body))
            elif header["method"] == "client_update":
                self.updates.append(header["client_update_type"])
            elif header["message_type"] == "twilio.sync.event":
                self.events.append(body)
            else:
                self.typing.append(body)

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    async def drained(self) -> None:
        await self.full.wait()

    # what a client does

    def send(self, header: dict[str, Any], body: Any = None) -> asyncio.Future[tuple[dict[str, Any], Any]]:
        """Send a packet; the reply's header and payload, if one comes."""
        request_id = f"TM{next(self._ids)}"
        self._replies[request_id] = future = asyncio.get_running_loop().create_future()
        self.session.receive(packet({"id": request_id} | header, body))
        return future

    async def init(self, token: str, continuation: str | None = None) -> dict[str, Any]:
        """The header of the answer to `init`."""
        header = {"method": "init", "token": token, "continuation_token": continuation}
        return (await asyncio.wait_for(self.send(header), 5))[0]

    async def request(self, method: str, path: str, body: Any = None, **params: str) -> tuple[int, Any]:
        """HTTP status and body of the answer to a tunnelled request."""
        line = {"host": "cds.us1.twilio.com", "path": path, "method": method, "params": params, "headers": {}}
        header, answer = await asyncio.wait_for(self.send({"method": "message", "http_request": line}, body), 5)
        assert header["status"]["code"] == 200
        return header["http_status"]["code"], answer

    async def get(self, path: str, **params: str) -> Any:
        status, body = await self.request("GET", path, **params)
        assert status == 200, body
        return body

    async def subscribe(self, *wanted: tuple[str, str, int | None], action: str = "establish") -> int:
        """Ask for subscriptions, given as SID, type and position; the request's correlation id."""
        correlation = next(self._ids)
        requests = [{"object_sid": sid, "object_type": type_, "last_event_id": at} for sid, type_, at in wanted]
        body = {
            "event_protocol_version": 4,
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


@dataclass(eq=False)
class World:
    """`published` is what the bus was told."""

    store: Store
    hub: Hub
    installation: Installation
    performer: Performer
    seconds: float | None = None
    """A clock that stands still; None: the real one."""

    def clock(self) -> float:
        return time.time() if self.seconds is None else self.seconds

    @property
    def service_sid(self) -> str:
        return self.installation.service.sid

    async def run(self, command: Command[T], identity: str | None = None) -> T:
        """Carry a command out, as the account or as a user."""
        return await self.performer.perform(Actor(self.service_sid, identity), command)

    def token(self, identity: str, *, seconds: float = 3600, header: Any = None, key: str = "", **claims: Any) -> str:
        """An access token; `claims` replace its own, None removes one."""
        keys, now_ = self.installation.api_key, int(self.clock())
        own = {
            "jti": f"{keys.sid}-{now_}",
            "iss": keys.sid,
            "sub": self.installation.account.sid,
            "nbf": now_,
            "exp": now_ + seconds,
            "grants": {"identity": identity, "chat": {"service_sid": self.service_sid}},
            "unique": next(_numbers),  # no two tokens of one second are the same
        }
        payload = {name: value for name, value in (own | claims).items() if value is not None}
        return jwt.encode(payload, key or keys.secret, headers={"cty": "twilio-fpa;v=1"} | (header or {}))

    async def connect(self, identity: str, continuation: str | None = None) -> Line:
        """A client that is let in."""
        line = Line(self)
        answer = await line.init(self.token(identity), continuation)
        assert answer["status"]["code"] == 200, answer
        return line

    async def room(self, name: str, *members: str) -> Conversation:
        room = await self.run(CreateConversation(friendly_name=name))
        for member in members:
            await self.run(AddParticipant(room.sid, member))
        return room

    async def say(self, room: Conversation, author: str, body: str) -> Message:
        return await self.run(SendMessage(room.sid, body=body), author)


class SwitchableBus(LocalBus):
    """A bus that can lose what it carries, or keep it for later."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self.lost: list[StreamCommit] | None = None

    def publish(self, commits: Sequence[StreamCommit]) -> None:
        if self.lost is None:
            super().publish(commits)
        else:
            self.lost += commits


@asynccontextmanager
async def open_world(database_url: str) -> AsyncIterator[World]:
    """A new installation on an empty database."""
    hub = Hub()
    bus = SwitchableBus(hub)
    store = Store.open(database_url, clock=now, sids=Sids(), bus=bus, tombstone_days=30)
    try:
        installation = await store.writer.submit(Actor(""), Install("a" * 32, "s" * 64))
        performer = Performer(store.writer)
        hub.attach(Backend(store.reads, performer.perform, Links(PUBLIC_URL), hub.typing))
        yield World(store, hub, installation, performer)
    finally:
        await hub.close()
        await store.close()


def bus_of(world: World) -> SwitchableBus:
    bus = world.store.writer._bus
    assert isinstance(bus, SwitchableBus)
    return bus
