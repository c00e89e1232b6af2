"""Hostile bytes at the real socket of a real server, over TCP.

The server may answer the handshake with a documented status, send well-formed frames, and close with a documented code.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from hypothesis import strategies as st

from tests.conversations.sync.line import packet, read_packet
from tests.servers import Server

HANDSHAKE_STATUSES = {101, 400, 404, 405, 431, 503}
CLOSE_CODES = {1000, 1001, 1002, 1007, 1008, 1009}
WARM_AFTER = 500
MAX_GROWTH = 32
"""Megabytes by which a server may grow after so many hostile connections, however many more follow."""

PATIENCE = 15.0
"""Seconds within which a connection must have ended after the client has."""

OPENING = (
    b"GET /v3/wsconnect HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


@dataclass(frozen=True)
class Attack:
    """A connection: a handshake, then chunks of bytes; `slowly`: one by one, so that the server reads them so."""

    opening: bytes
    chunks: tuple[bytes, ...]
    slowly: bool = False
    abrupt: bool = False
    """Reset rather than closed."""


def frame(
    opcode: int = 2,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    declared: int | None = None,
    wide: int = 0,
) -> bytes:
    """A WebSocket frame. declared: the length it claims; wide: 2 or 8 bytes for it though fewer would do."""
    size = len(payload) if declared is None else declared
    bit = 0x80 if masked else 0
    first = bytes(((0x80 if fin else 0) | rsv << 4 | opcode,))
    if wide == 8 or size > 0xFFFF:
        length = bytes((bit | 127,)) + (size % 2**64).to_bytes(8, "big")
    elif wide == 2 or size > 125:
        length = bytes((bit | 126,)) + size.to_bytes(2, "big")
    else:
        length = bytes((bit | size,))
    return first + length + (bytes(4) if masked else b"") + payload


_damage = st.tuples(st.integers(0, 250), st.binary(max_size=6))


def _damaged(data: bytes, damage: tuple[int, bytes]) -> bytes:
    place, put = damage
    at = place % (len(data) + 1)
    return data[:at] + put + data[at + len(put) :]


headers = st.sampled_from(
    (
        b"",
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        b"Sec-WebSocket-Protocol: a, b\r\n",
        b"X: " + b"y" * 70_000 + b"\r\n",
        b"X: y\r\n" * 300,
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"Sec-WebSocket-Version: 8\r\n",
        b"Sec-WebSocket-Key: x\r\n",
        b"\xff\xfe: \x00\r\n",
    )
)
openings = st.one_of(
    st.just(OPENING + b"\r\n"),
    st.just(OPENING + b"\r\n"),
    headers.map(lambda header: OPENING + header + b"\r\n"),
    _damage.map(lambda damage: _damaged(OPENING + b"\r\n", damage)),
    st.sampled_from(
        (
            OPENING.replace(b"/v3/wsconnect", b"/v3/wsconnect/" + b"x" * 9000) + b"\r\n",
            OPENING.replace(b"13", b"12") + b"\r\n",
            OPENING.replace(b"GET", b"POST") + b"\r\n",
            OPENING.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n",
            OPENING.replace(b"Sec-WebSocket-Key", b"X") + b"\r\n",
            OPENING.replace(b"AAAAAAAAAAAAAAAAAAAAAA==", b"") + b"\r\n",
            OPENING,
            b"",
            b"\x16\x03\x01\x02\x00",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        )
    ),
)
payloads = st.one_of(
    st.sampled_from((b"<init>", b"<init>", b"<get>", b"<subscribe>", packet({"method": "close", "id": "1"}))),
    st.binary(max_size=130),
    st.builds(lambda size: b"x" * size, st.sampled_from((125, 126, 65_535, 65_536, 262_144, 262_145, 400_000))),
)
frames = st.builds(
    frame,
    st.sampled_from((2, 2, 2, 2, 0, 1, 8, 9, 10)) | st.integers(0, 15),
    payloads,
    fin=st.sampled_from((True, True, True, False)),
    rsv=st.sampled_from((0, 0, 0, 0, 4, 2, 1, 7)),
    masked=st.sampled_from((True, True, True, True, False)),
    declared=st.none() | st.none() | st.sampled_from((0, 1, 200, 2**16, 262_145, 2**31, 2**40, 2**63, 2**64 - 1)),
    wide=st.sampled_from((0, 0, 0, 2, 8)),
)
pieces = st.builds(
    lambda payload, cut: frame(2, payload[:cut], fin=False) + frame(0, payload[cut:]), payloads, st.integers(0, 100)
)
closes = st.sampled_from((b"", b"\x03", b"\x03\xe8", b"\x03\xe8bye", b"\xff\xff", b"\x03\xe8\xff\xfe", b"x" * 126)).map(
    lambda payload: frame(8, payload)
)
chunks = st.one_of(
    frames,
    frames,
    pieces,
    closes,
    st.binary(max_size=40),
    st.tuples(frames, _damage).map(lambda drawn: _damaged(*drawn)),
)
cases = st.builds(Attack, openings, st.lists(chunks, max_size=6).map(tuple), st.booleans(), st.booleans())


class Target:
    """A running server, and what is watched of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.played = 0
        self.read_log = 0
        self.memory = 0
        keys, now = server.credentials, int(time.time())
        claims = {
            "iss": keys["api_key_sid"],
            "sub": keys["account_sid"],
            "nbf": now,
            "exp": now + 86_000,
            "grants": {"identity": "mallory", "chat": {"service_sid": keys["service_sid"]}},
        }
        token = jwt.encode(claims, keys["api_key_secret"], headers={"cty": "twilio-fpa;v=1"})
        self.init = packet({"method": "init", "id": "TM1", "token": token})
        get = {"path": "/Client/v2/Configuration", "method": "GET", "params": {}}
        self.get = packet({"method": "message", "id": "TM2", "http_request": get})

    async def attack(self, case: Attack) -> None:
        """One connection; it must end, and what it is sent be well formed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            heard, news = bytearray(), asyncio.Event()
            listening = asyncio.ensure_future(_listen(reader, heard, news))
            with contextlib.suppress(OSError):  # the server may end the connection at any time
                for chunk in (case.opening, *case.chunks):
                    await self._send(writer, self._filled(chunk), case.slowly)
                    if chunk is case.opening or b"<init>" in chunk:  # without the answer most of the rest says nothing
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(news.wait(), 0.1)
                    news.clear()
                if case.abrupt:
                    writer.transport.abort()
                else:
                    writer.write_eof()
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(listening, PATIENCE)
            check(bytes(heard))
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        await self._server_is_well()

    async def _send(self, writer: asyncio.StreamWriter, data: bytes, slowly: bool) -> None:
        for at in range(0, len(data), 7) if slowly and len(data) < 400 else ():
            writer.write(data[at : at + 7])
            await asyncio.sleep(0)
        if not slowly or len(data) >= 400:
            writer.write(data)
        await writer.drain()

    def _filled(self, chunk: bytes) -> bytes:
        """Packets are put in where the case names them: as whole frames, since their sizes differ."""
        for name, real in ((b"<init>", self.init), (b"<get>", self.get)):
            if name in chunk:
                return frame(2, real)
        return chunk

    async def _server_is_well(self) -> None:
        """Now and then: it answers others, has logged no error, and holds no more memory."""
        self.played += 1
        if self.played % 25:
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        async with asyncio.timeout(PATIENCE):
            writer.write(OPENING + b"\r\n")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(frame(2, self.init))
            await reader.readuntil(b'"continuation_token"')
            writer.write(frame(2, self.get))
            await reader.readuntil(b'"identity":"mallory"')
        writer.transport.abort()
        log, self.read_log = self.server.log[self.read_log :], len(self.server.log)
        assert "Traceback" not in log, log
        assert "[error" not in log, log
        assert "[critical" not in log, log
        self._weigh()

    def _weigh(self) -> None:
        """Compare the memory that the server holds with what it held when all its caches were warm."""
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        megabytes = int(status.partition("VmRSS:")[2].split()[0]) // 1024
        if self.played <= WARM_AFTER:
            self.memory = max(self.memory, megabytes)
        assert megabytes <= self.memory + MAX_GROWTH, f"{self.memory} MB grew to {megabytes} MB"


async def _listen(reader: asyncio.StreamReader, heard: bytearray, news: asyncio.Event) -> None:
    try:
        while data := await reader.read(65_536):
            heard += data
            news.set()
    finally:
        news.set()


def check(data: bytes) -> None:
    """All that a connection was sent: an answer to the handshake, then frames."""
    if not data:
        return
    head, _, rest = data.partition(b"\r\n\r\n")
    line = head.split(b" ", 2)
    assert line[0] == b"HTTP/1.1", head
    status = int(line[1])
    assert status in HANDSHAKE_STATUSES, head
    if status != 101:
        return
    while rest:
        first, size, start = rest[0], rest[1] & 0x7F, 2
        assert not rest[1] & 0x80, "a server's frame is masked"
        if size > 125:
            wide = 2 if size == 126 else 8
            size, start = int.from_bytes(rest[2 : 2 + wide], "big"), 2 + wide
        payload, rest = rest[start : start + size], rest[start + size :]
        assert len(payload) == size or not rest
        assert first in (0x82, 0x88, 0x89, 0x8A), f"frame {first:#x}"
        if first == 0x82 and len(payload) == size:
            header, _ = read_packet(payload)
            assert header["status"]["code"] in (200, 401, 403, 429), header
        elif first == 0x88 and payload:
            assert int.from_bytes(payload[:2], "big") in CLOSE_CODES, payload


@contextlib.contextmanager
def server(folder: str) -> Iterator[Callable[[Any], None]]:
    """A function that plays one case on a server of its own."""
    running = Server(Path(folder) / "server", "--only", "service").start()
    try:
        with asyncio.Runner() as runner:
            target = Target(running)
            yield lambda case: runner.run(target.attack(case))
    finally:
        running.close()
