"""What webhooks are sent to: as small and fast an HTTP listener as asyncio gives, in a process of its own.

    python -m bench.target CORE

It prints its port, then carries out commands from its standard input and prints a line of JSON for each:

    begin            calls may come from now on, and are answered at once
    begin hold       they may come, and are answered when `count` says so
    count N SECONDS  answer; when N calls have come in all, tell about them. From then on none may come

Calls about new messages must come in the order of each conversation, without a gap and none twice: anything else ends
this with an error.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from functools import partial
from typing import Any, Final, cast

import uvloop

from .client import BenchError
from .processes import pin_to

_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CONVERSATION: Final = re.compile(rb"\bConversationSid=(CH[0-9a-f]{32})")
_INDEX: Final = re.compile(rb"\bIndex=(\d+)")


class Tally:
    """The calls since `begin`."""

    def __init__(self) -> None:
        self.count = 0
        self._next: dict[bytes, int] = {}
        """By conversation, the index of the message that must come next."""

    def take(self, form: bytes) -> None:
        """A call came. Raises `BenchError` if it came twice, or one before it did not come."""
        self.count += 1
        index, conversation = _INDEX.search(form), _CONVERSATION.search(form)
        if index is None or conversation is None:
            return  # it is asked before there is a message
        at, sid = int(index[1]), conversation[1]
        if at != self._next.get(sid, at):
            raise BenchError(f"a webhook was told of message {at} instead of {self._next[sid]}")
        self._next[sid] = at + 1


class Target:
    """All connections together. `over` is done when this process is to end, with the error that is why."""

    def __init__(self, over: asyncio.Future[None]) -> None:
        self._over = over
        self._loop = asyncio.get_running_loop()
        self._tally: Tally | None = None
        self._held: list[asyncio.WriteTransport] | None = None
        self._wanted = 0
        self._began = self._cpu = 0.0
        self._limit: asyncio.TimerHandle | None = None

    def command(self) -> None:
        """Carry out a line of standard input."""
        match sys.stdin.readline().split():
            case []:
                self._end(None)
            case ["begin", *hold]:
                self._tally, self._held = Tally(), [] if hold else None
                _print({})
            case ["count", wanted, seconds]:
                self._began, self._cpu, self._wanted = time.perf_counter(), time.process_time(), int(wanted)
                self._limit = self._loop.call_later(float(seconds), self._late)
                held, self._held = self._held or [], None
                for transport in held:
                    transport.write(_OK)
                self._tell()
            case other:
                self._end(BenchError(f"not a command: {other}"))

    def called(self, transport: asyncio.WriteTransport, form: bytes) -> None:
        """A whole request is there."""
        try:
            if self._tally is None:
                raise BenchError("a webhook was called once too often")
            self._tally.take(form)
        except BenchError as error:
            return self._end(error)
        if self._held is None:
            transport.write(_OK)
            self._tell()
        else:
            self._held.append(transport)

    def _tell(self) -> None:
        """Answer `count` when enough calls have come."""
        if self._tally is None or self._limit is None or self._tally.count < self._wanted:
            return
        seconds, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        _print({"calls": self._tally.count, "seconds": seconds, "cpu": cpu})
        self._limit.cancel()
        self._tally = self._limit = None

    def _late(self) -> None:
        count = self._tally.count if self._tally else 0
        self._end(BenchError(f"{count} of {self._wanted} calls came"))

    def _end(self, error: BenchError | None) -> None:
        if not self._over.done():
            self._over.set_result(None) if error is None else self._over.set_exception(error)


class Connection(asyncio.Protocol):
    """Takes requests apart: their head, and as many bytes of a form as it says."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._data, 0, end)
            end += 4
            whole = end + int(length[1] if length else 0)
            if len(self._data) < whole:
                return
            form, self._data = self._data[end:whole], self._data[whole:]
            self._target.called(self._transport, form)


def _print(line: Any) -> None:
    print(json.dumps(line), flush=True)


async def _listen() -> None:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    target = Target(over)
    server = await loop.create_server(partial(Connection, target), "127.0.0.1", 0)
    loop.add_reader(sys.stdin.fileno(), target.command)
    print(server.sockets[0].getsockname()[1], flush=True)
    await over


def main() -> int:
    """0 when standard input ends, 1 with the reason on standard error if a call was wrong."""
    pin_to(int(sys.argv[1]))
    try:
        uvloop.run(_listen())
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
