"""One client's connection as a state machine over packets (docs/protocol.md, "Frames" and "Tokens").

It touches no socket: packets come in by `receive`, frames go out through an `Outlet`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Coroutine
from enum import Enum, auto
from functools import partial
from itertools import islice
from typing import Any, Protocol

import structlog

from ..core import errors
from ..core.errors import ServiceError
from ..core.model import User
from ..core.ports import Actor, Reads
from ..core.tokens import RevokeTokens
from ..core.users import EnsureUser
from ..hub import Hub
from . import frames, queries, session_lists, subscriptions, upstream
from .frames import FrameError, Packet
from .requests import Action, Caller, Reply, Request, error_reply, parse_request
from .session_lists import SessionList
from .subscriber import Subscriber
from .tokens import AccessToken, TokenError, digest, refuse_revoked, refuse_stale, verify

UNAUTHENTICATED_SECONDS = 30
"""How long a connection may take to authenticate itself."""

WARNING_SECONDS = 180
"""How long before a token expires its client is told, or half of the token's life if that is less."""

MAX_PENDING = 256
"""Requests of one connection, or KiB of them, that may be at work; beyond it no more is read until half are done."""

CONNECTIONS_PER_USER = 100
MAX_CONTINUATION = 128

NORMAL, PROTOCOL_ERROR, POLICY, INTERNAL = 1000, 1002, 1008, 1011

_log = structlog.get_logger(__name__)


class Outlet(Protocol):
    """The way to the client."""

    def write(self, data: bytes) -> None:
        """Send complete frames, or drop the connection if too much waits for the client to take it."""

    def close(self, code: int, reason: str) -> None:
        """Send what waits and a close frame, then end the connection."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    async def drained(self) -> None:
        """Returns when the client has taken most of what was sent, or is gone."""


class State(Enum):
    """NEW → CHECKING → OPEN or REFUSED; any → CLOSED."""

    NEW = auto()
    CHECKING = auto()
    OPEN = auto()
    REFUSED = auto()
    CLOSED = auto()


class Session:
    """A connection, from its first packet to its end. The hub knows it as a `Receiver`.

    Slots: a room's thousand sessions are met once a message each, and what lies close together is met faster.
    """

    __slots__ = (
        *("_hub", "_outlet", "_clock", "_state", "_caller", "_continuation", "_expires", "_timer", "_tasks"),
        *("service_sid", "identity", "digests", "_queries", "_answering", "_pending", "_paused", "_subscriber"),
        "_commands",
    )

    def __init__(self, hub: Hub, outlet: Outlet, clock: Callable[[], float] = time.time) -> None:
        self._hub = hub
        self._outlet = outlet
        self._clock = clock
        self._state = State.NEW
        self._caller: Caller | None = None
        self._continuation = ""
        self._expires = 0
        self.service_sid = ""
        self.identity = ""
        self.digests: frozenset[str] = frozenset()
        self._queries: deque[queries.Asked] = deque()
        self._answering = False
        self._pending = 0
        self._paused = False
        self._commands: SessionList | None = None
        self._subscriber = Subscriber(self, hub, outlet.drained)
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer = asyncio.get_running_loop().call_later(
            UNAUTHENTICATED_SECONDS, self.close, POLICY, "not authenticated in time"
        )

    @property
    def caller(self) -> Caller:
        """On whose behalf the connection speaks, once it is authenticated."""
        if self._caller is None:
            raise RuntimeError("the connection is not authenticated")
        return self._caller

    # --- called by the transport and the hub -----------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """A binary message came."""
        if frames.is_acknowledgement(data) or self._state is State.CLOSED:
            return
        try:
            packet = frames.decode(data)
        except FrameError as error:
            self.close(PROTOCOL_ERROR, str(error))
            return
        match packet.header.method:
            case "reply" | "telemetry.v1":
                pass
            case "close":
                self.close(NORMAL, "")
            case "init" if self._state is State.NEW:
                self._state = State.CHECKING
                self._start(self._init(packet))
            case _ if self._state is not State.OPEN:
                self.close(POLICY, "not authenticated")
            case _ if self._clock() >= self._expires:
                self._expire()
            case "message":
                self._message(packet, 1 + len(data) // 1024)
            case "update":
                self._work(1, self._update(packet))
            case "put_notification_ctx" | "delete_notification_ctx":  # SDK 1.x; it is told everything in any case
                self.write(frames.reply(packet.header.id))
            case _:
                self.close(PROTOCOL_ERROR, "unknown method")

    def write(self, data: bytes) -> None:
        """Send complete frames."""
        if self._state is not State.CLOSED:
            self._outlet.write(data)

    def close(self, code: int, reason: str) -> None:
        """End the connection from our side."""
        if self._state is not State.CLOSED:
            self._outlet.close(code, reason)
            self.closed()

    def closed(self) -> None:
        """The connection ended. Commands at work go on: the client cannot know whether they were carried out."""
        if self._state is not State.CLOSED:
            self._state = State.CLOSED
            self._timer.cancel()
            self._queries.clear()
            self._dismiss()

    def _dismiss(self) -> None:
        self._hub.dismiss(self)
        if self.identity and not self._hub.connections_of(self.service_sid, self.identity):
            self._hub.backend.attendance.left(self.service_sid, self.identity)

    # --- authentication --------------------------------------------------------------------------------------------

    async def _init(self, packet: Packet) -> None:
        header = packet.header
        try:
            token = await self._verified(header.token)
            user = await self._enter(token, header.continuation_token)
        except TokenError as error:
            self._refuse(packet, error)
            return
        except ServiceError as error:  # the user could not be made: its identity is impossible, or we are too busy
            self._refuse(packet, TokenError(error.code, error.message, 500 if error.status >= 500 else 401))
            return
        if self._state is not State.CHECKING:  # the token was revoked meanwhile, or the client left
            return
        self._caller = Caller(token.service_sid, token.identity, user.sid, self._hub.backend.links)
        self._state = State.OPEN
        self.write(
            frames.reply(
                header.id,
                continuation_token=self._continuation,
                continuation_token_status={"reissued": self._continuation != header.continuation_token},
                capabilities=["client_update"],
                init_registrations=[],
                debug_info={},
            )
        )
        self._admit(token)

    async def _verified(self, text: str | None) -> AccessToken:
        now = self._clock()
        return await self._hub.backend.reads.read(lambda reads: verify(reads, text or "", now))

    async def _enter(self, token: AccessToken, continuation: str | None) -> User:
        """Make the connection known to the hub before revocations are read, so that none can be missed."""
        backend = self._hub.backend
        if self._hub.connections_of(token.service_sid, token.identity) >= CONNECTIONS_PER_USER:
            raise TokenError(20429, "Too many connections of one user", status=429)
        known = continuation if continuation and len(continuation) <= MAX_CONTINUATION else None
        self._continuation = known or secrets.token_urlsafe(18)
        self.service_sid, self.identity = token.service_sid, token.identity
        self.digests = self._digests(token)
        if self._state is State.CHECKING:
            self._hub.admit(self)

        def query(reads: Reads) -> User | None:
            refuse_revoked(reads, token)
            refuse_stale(reads, self._continuation)
            return reads.one(User, service_sid=token.service_sid, identity=token.identity)

        user = await backend.reads.read(query)
        if user is None:
            user = await backend.perform(Actor(token.service_sid, token.identity), EnsureUser(token.identity))
        return user

    def _digests(self, token: AccessToken) -> frozenset[str]:
        """By what a revocation finds this connection: its token, and the client's continuation token."""
        return frozenset((token.digest, digest(self._continuation)))

    def _refuse(self, packet: Packet, error: TokenError) -> None:
        """The SDK closes the connection; if it does not, time does."""
        self.write(frames.refusal(packet.header.id, error.status, error.code, error.message))
        if self._state is State.CHECKING:
            self._state = State.REFUSED
            self._dismiss()

    async def _update(self, packet: Packet) -> None:
        """A new token for the same person."""
        old = self.digests
        try:
            token = await self._verified(packet.header.token)
            if (token.service_sid, token.identity) != (self.service_sid, self.identity):
                raise TokenError(20106, "The Access Token is for another identity")
            if self._state is State.CLOSED:
                return
            self._hub.renew(self, old | self._digests(token))
            await self._hub.backend.reads.read(lambda reads: refuse_revoked(reads, token))
        except TokenError as error:
            self.write(frames.refusal(packet.header.id, error.status, error.code, error.message))
            return
        if self._state is State.OPEN:
            self._hub.renew(self, self._digests(token))
            self.write(frames.reply(packet.header.id))
            self._admit(token)

    def _admit(self, token: AccessToken) -> None:
        """The connection may go on until the token expires."""
        self._arm(token)
        if token.reachability:
            self._hub.backend.attendance.arrived(self.caller)

    def _arm(self, token: AccessToken) -> None:
        """Warn the client before the token expires, then close: the client comes again and is told why (20104)."""
        now = self._clock()
        self._expires = token.expires
        life = token.expires - (token.issued or now)
        warn_in = token.expires - min(WARNING_SECONDS, life / 2) - now
        self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, warn_in), self._warn)

    def _warn(self) -> None:
        self.write(frames.client_update("token_about_to_expire"))
        rest = max(0.0, self._expires - self._clock())
        self._timer = asyncio.get_running_loop().call_later(rest, self._expire)

    def _expire(self) -> None:
        self.close(POLICY, "the access token expired")

    # --- requests --------------------------------------------------------------------------------------------------

    def _message(self, packet: Packet, weight: int) -> None:
        line = packet.header.http_request
        if line is None:
            self.close(PROTOCOL_ERROR, "a message without a request")
            return
        request_id = packet.header.id
        try:
            request = parse_request(line, packet.payload)
            if request.segments == upstream.SUBSCRIPTIONS and request.method == "POST":
                self._subscribe(request_id, request, weight)
            elif session_lists.concerns(request):
                self._commands = self._commands or SessionList()
                self._work(weight, self._act(request_id, self._commands.answer, request))
            elif found := upstream.QUERIES.find(request):
                self._begin(weight)
                self._queries.append((request_id, *found, weight))
                if not self._answering:
                    self._answering = True
                    self._start(self._answer())
            elif action := upstream.ACTIONS.find(request):
                self._work(weight, self._act(request_id, *action))
            else:
                raise upstream.no_route(request)
        except ServiceError as error:
            self._reply(request_id, error_reply(error))

    def _subscribe(self, request_id: str, request: Request, weight: int) -> None:
        batch = subscriptions.parse(request)
        told = b""
        if self._commands is not None:
            told, batch = self._commands.subscribe(batch)
        self._reply(request_id, Reply(200, subscriptions.ACCEPTED, told))
        if batch.wanted or not told:
            self._work(weight, self._carry_out(batch))

    async def _carry_out(self, batch: subscriptions.Batch) -> None:
        if not await self._subscriber.carry_out(batch):
            mark = RevokeTokens(token_sha256=(digest(self._continuation),))
            await self._hub.backend.perform(Actor(self.service_sid), mark)
            self.close(POLICY, "away for too long")

    def _reply(self, request_id: str, reply: Reply) -> None:
        self.write(frames.http_reply(request_id, reply.status, reply.body) + reply.behind)

    async def _answer(self) -> None:
        """Answer reading requests, many in one snapshot: a client asks for hundreds of things at its start."""
        try:
            while self._queries:
                some = list(islice(self._queries, queries.AT_ONCE))
                query = partial(queries.answers, caller=self.caller, asked=some)
                replies = await self._hub.backend.reads.read(query)
                self.write(b"".join(replies))
                for _ in range(min(len(replies), len(self._queries))):
                    self._queries.popleft()
                self._ended(sum(weight for *_, weight in some[: len(replies)]))
                await self._outlet.drained()
        finally:
            self._answering = False

    async def _act(self, request_id: str, action: Action, request: Request) -> None:
        try:
            reply = await action(self._hub.backend, self.caller, request)
        except ServiceError as error:
            reply = error_reply(error)
        except Exception:
            _log.exception("request.failed", method=request.method, path=request.segments)
            reply = error_reply(errors.internal())
        self._reply(request_id, reply)

    def _work(self, weight: int, work: Coroutine[Any, Any, None]) -> None:
        """Start what counts as at work until it is done."""
        self._begin(weight)
        self._start(self._counted(weight, work))

    async def _counted(self, weight: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._ended(weight)

    def _begin(self, weight: int) -> None:
        self._pending += weight
        if self._pending >= MAX_PENDING and not self._paused:
            self._paused = True
            self._outlet.pause_reading()

    def _ended(self, weight: int) -> None:
        self._pending -= weight
        if self._paused and self._pending <= MAX_PENDING // 2:
            self._paused = False
            self._outlet.resume_reading()

    # --- tasks -----------------------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """What nobody expected ends the connection: the client comes again and makes up for what it missed."""
        try:
            await work
        except Exception:
            if self._state is not State.CLOSED:
                _log.exception("connection.failed")
                self.close(INTERNAL, "the server cannot go on")
