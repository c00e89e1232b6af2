"""A client on one connection that asks many things at once: for preparing a measurement, and for the cold start."""

from __future__ import annotations

import base64
import os
import select
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import msgspec

from . import packets

_decode = msgspec.json.decode
_MASK = bytes(4)
"""A mask of zeros is a mask like any other to a server, and costs this client nothing."""

AT_ONCE = 200
"""Requests under way while preparing; the server reads no further than 256."""


class BenchError(Exception):
    """A measurement cannot be made, or what came back was wrong; the text is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A server's packet with its payload parsed (None: there is none)."""

    raw: bytes
    header: dict[str, Any]
    payload: Any

    def checked(self) -> Any:
        """The payload of a successful reply. Raises `BenchError`."""
        status = self.header.get("http_status", self.header["status"])["code"]
        if not 200 <= status < 300:
            raise BenchError(f"a request was refused: {status} {self.payload or self.header}")
        return self.payload


class Client:
    """A connection of its own; a context manager."""

    def __init__(self, port: int, timeout: float = 60.0) -> None:
        self._deadline = time.monotonic() + timeout
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in = bytearray()
        self._out = bytearray()
        self._upgrade(port)
        self._socket.setblocking(False)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def _upgrade(self, port: int) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET /v3/wsconnect HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            received = self._socket.recv(4096)
            if not received:
                raise BenchError(f"no upgrade: {answer!r}")
            answer += received
        if not answer.startswith(b"HTTP/1.1 101"):
            raise BenchError(f"no upgrade: {answer!r}")
        self._in += answer.partition(b"\r\n\r\n")[2]

    def post(self, packet: bytes) -> None:
        """Put a packet into what goes out; `receive` sends it."""
        self._frame(0x82, packet)

    def _frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        short, medium = size < 126, size < 65536
        length = bytes((0x80 | (size if short else 126 if medium else 127),))
        longer = b"" if short else size.to_bytes(2 if medium else 8, "big")
        self._out += bytes((opcode,)) + length + longer + _MASK + payload

    def receive(self) -> list[Packet]:
        """Send what waits and return what came, at least one packet; notifications are acknowledged."""
        while True:
            if found := list(self._packets()):
                return found
            left = self._deadline - time.monotonic()
            readable, writable, _ = select.select([self._socket], [self._socket] if self._out else [], [], max(0, left))
            if not readable and not writable:
                raise BenchError("the server did not answer in time")
            if writable:
                del self._out[: self._socket.send(self._out)]
            if readable:
                received = self._socket.recv(1 << 18)
                if not received:
                    raise BenchError("the server closed a connection")
                self._in += received

    def _packets(self) -> Iterator[Packet]:
        at = 0
        while found := _frame_at(self._in, at):
            opcode, start, end = found
            payload = bytes(self._in[start:end])
            at = end
            if opcode == 9:
                self._frame(0x8A, payload)
            elif opcode == 8:
                raise BenchError(f"the server closed a connection: {payload[2:].decode(errors='replace')}")
            else:
                packet = _parsed(payload)
                if packet.header["method"] != "reply":
                    self.post(packets.ACKNOWLEDGEMENT)
                yield packet
        del self._in[:at]

    def enter(self, token: str) -> None:
        """Authenticate."""
        self.post(packets.init(token, packets.next_id()))
        self.receive()[0].checked()

    def ask_all(self, requests: Iterable[tuple[str, bytes]]) -> list[Any]:
        """Send requests (id, packet), `AT_ONCE` under way; their answers' bodies in the order of the requests."""
        answers: dict[str, Any] = {}
        asked: list[str] = []
        for request_id, packet in requests:
            asked.append(request_id)
            self.post(packet)
            while len(asked) - len(answers) >= AT_ONCE:
                self._take(answers)
        while len(answers) < len(asked):
            self._take(answers)
        return [answers[request_id] for request_id in asked]

    def _take(self, answers: dict[str, Any]) -> None:
        for packet in self.receive():
            if packet.header["method"] == "reply":
                answers[packet.header["id"]] = packet.checked()


def _frame_at(data: bytearray, at: int) -> tuple[int, int, int] | None:
    """Opcode, start and end of the payload of the frame at `at`, if it is all there."""
    have = len(data) - at
    if have < 2:
        return None
    size, start = data[at + 1], at + 2
    if size == 126 and have >= 4:
        size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
    elif size == 127 and have >= 10:
        size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
    elif size >= 126:
        return None
    return (data[at] & 15, start, start + size) if start + size <= len(data) else None


def _parsed(packet: bytes) -> Packet:
    end = packet.index(b"\r\n")
    start, size = end + 2, int(packet[14:end])
    payload = packet[start + size + 2 :]
    return Packet(packet, _decode(packet[start : start + size]), _decode(payload) if payload else None)
