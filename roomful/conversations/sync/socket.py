"""The WebSocket under uvicorn: picows takes the transport over after uvicorn's HTTP parser saw the upgrade.

Everything that knows of picows or of transports is in this file, so that it can be exchanged
(docs/design/0004-the-socket.md).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import MutableMapping
from functools import partial
from typing import Any, ClassVar, cast

import structlog
from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # its stub leaves it out

from ..hub import Hub
from .frames import MAX_PACKET
from .session import INTERNAL, PROTOCOL_ERROR, Session

PATH = b"/v3/wsconnect"

READ_BUFFER = 2048
"""Bytes; picows doubles it when a read fills it."""

RECEIVE_WINDOW = 64 * 1024
"""The kernel's receive buffer: what arrives beyond it waits at the client, so the read buffer cannot grow far."""

HANDSHAKE_SECONDS = 10
PING_AFTER_SECONDS = 30
PONG_WITHIN_SECONDS = 20

HIGH_WATER = 256 * 1024
"""Outgoing bytes from which on replies and replays wait."""

MAX_OUTGOING = 4 * 1024 * 1024
"""Outgoing bytes at which a connection is dropped: its client comes again and is sent what it missed."""

CLOSE_SECONDS = 3
"""How long a client may take to answer our close frame with its own."""

MAX_CONNECTIONS = 20_000

_log = structlog.get_logger(__name__)


class _QuietLog(logging.LoggerAdapter[logging.Logger]):
    """picows' log: what clients do wrong is no error of ours, and no adapter means a logger a connection."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if not kwargs.get("exc_info"):
            level = logging.DEBUG
        super().log(level, msg, *args, **kwargs)

    def process(self, msg: object, kwargs: MutableMapping[str, Any]) -> tuple[object, MutableMapping[str, Any]]:
        return msg, kwargs


_picows_log = _QuietLog(logging.getLogger("roomful.socket"), {})


class Connection(WSListener):
    """A session's way to its client: frames from and to the transport."""

    __slots__ = (  # as in `Session`
        *("_hub", "_websocket", "_transport", "_session", "_fragments", "_in_fragments", "_writable", "_closing"),
    )

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._websocket: WSTransport | None = None
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._fragments = bytearray()
        self._in_fragments = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._closing: asyncio.TimerHandle | None = None

    # --- picows' side ----------------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._websocket = transport
        self._transport = transport.underlying_transport
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._session = Session(self._hub, self, lambda: self._hub.clock() / 1000)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        session = self._session
        if self._closing is not None:  # what comes after our close frame is not read, but for the client's own
            if frame.msg_type is WSMsgType.CLOSE:
                transport.disconnect()
            return
        if session is None:
            return
        try:
            reserved = frame.rsv1 or frame.rsv2 or frame.rsv3
            if frame.msg_type is WSMsgType.BINARY and frame.fin and not self._in_fragments and not reserved:
                session.receive(frame.get_payload_as_bytes())
            else:
                self._other_frame(session, transport, frame)
        except Exception:
            _log.exception("connection.failed")
            session.close(INTERNAL, "the server cannot go on")

    def _other_frame(self, session: Session, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif frame.rsv1 or frame.rsv2 or frame.rsv3:
            session.close(PROTOCOL_ERROR, "no extension was agreed on")
        elif kind is WSMsgType.TEXT or (kind is WSMsgType.BINARY and self._in_fragments):
            session.close(PROTOCOL_ERROR, "only binary messages are understood")
        elif kind in (WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._fragment(session, frame)

    def _fragment(self, session: Session, frame: WSFrame) -> None:
        """Browsers send long messages in several frames."""
        if frame.msg_type is WSMsgType.CONTINUATION and not self._in_fragments:
            session.close(PROTOCOL_ERROR, "a continuation of nothing")
            return
        self._in_fragments = True
        self._fragments += frame.get_payload_as_memoryview()
        if len(self._fragments) > MAX_PACKET:
            session.close(WSCloseCode.MESSAGE_TOO_BIG.value, "the message is too long")
        elif frame.fin:
            message = bytes(self._fragments)
            self._fragments.clear()
            self._in_fragments = False
            session.receive(message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._writable.set()
        if self._closing is not None:
            self._closing.cancel()
        if self._session is not None:
            self._session.closed()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # --- the session's side (`session.Outlet`) ---------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or self._closing is not None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > MAX_OUTGOING:
            transport.abort()

    def close(self, code: int, reason: str) -> None:
        websocket, transport = self._websocket, self._transport
        if websocket is None or transport is None or self._closing is not None:
            return
        websocket.send_close(WSCloseCode(code), reason)
        # Closing at once would reset the connection if the client still sends, and it might never see our frame.
        self._closing = asyncio.get_running_loop().call_later(CLOSE_SECONDS, transport.abort)
        transport.resume_reading()

    def pause_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    async def drained(self) -> None:
        await self._writable.wait()


def _accept(hub: Hub, connections: set[object], request: WSUpgradeRequest) -> object:
    """Whether an upgrade is granted. Any origin may ask: it is a token that authenticates, never a cookie."""
    if request.path.partition(b"?")[0] != PATH:
        return None  # picows answers 404
    if hub.closing or len(connections) > MAX_CONNECTIONS:
        refusal = WSUpgradeResponse.create_error_response(503, b"Too many connections", {"Retry-After": "5"})
        return WSUpgradeResponseWithListener(refusal, None)
    return Connection(hub)


class SocketProtocol(WSProtocol):  # type: ignore[misc]
    """One upgraded connection. uvicorn calls `connection_made`, then `data_received` with the request again."""

    hub: ClassVar[Hub]
    sockets: ClassVar[set[object]]

    def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
        super().__init__(
            None,
            None,
            False,
            partial(_accept, self.hub, self.sockets),
            _picows_log,
            True,
            HANDSHAKE_SECONDS,
            True,
            PING_AFTER_SECONDS,
            PONG_WITHIN_SECONDS,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            True,
            MAX_PACKET,
            None,
            READ_BUFFER,
        )
        self._known_to_server = server_state.connections
        self._tcp: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._tcp = transport
        self._known_to_server.add(self)
        self.sockets.add(self)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_WINDOW)
        super().connection_made(transport)
        # uvicorn exchanges the protocol right after this; only then can reading into our buffer begin.
        asyncio.get_running_loop().call_soon(self._restart_reading)

    def _restart_reading(self) -> None:
        if self._tcp is not None and not self._tcp.is_closing():
            self._tcp.pause_reading()
            self._tcp.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Bytes that did not come through `get_buffer`: the request, and what may follow before the exchange."""
        view = memoryview(data)
        while view:
            room = self.get_buffer(len(view))
            count = min(len(room), len(view))
            room[:count] = view[:count]
            try:
                self.buffer_updated(count)
            except UnicodeError:  # picows repeats in its refusal what is wrong, and that need not be text
                self._refuse()
                return
            view = view[count:]

    def _refuse(self) -> None:
        if self._tcp is not None:
            self._tcp.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self._tcp.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._known_to_server.discard(self)
        self.sockets.discard(self)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """uvicorn stops: the clients are to look for another node, or for this one when it is back."""
        if isinstance(self.listener, Connection):
            self.listener.close(WSCloseCode.GOING_AWAY.value, "the server is going away")
        elif self._tcp is not None:
            self._tcp.close()


def socket_protocol(hub: Hub) -> type[asyncio.Protocol]:
    """The class for uvicorn's `ws` setting, which makes an object for each connection; they belong to `hub`."""
    return cast(type[asyncio.Protocol], type("HubSocketProtocol", (SocketProtocol,), {"hub": hub, "sockets": set()}))
