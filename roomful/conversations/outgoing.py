"""What waits to be written to connections: gathered while commits are delivered, written in slices, in order."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable

import structlog

from .sync.channels import Receiver

SLICE_SECONDS = 0.002
"""How long writing to many receivers may keep the event loop."""

_log = structlog.get_logger(__name__)


class Outgoing:
    """Frames by receiver, then writes in their order. Used on the event loop."""

    def __init__(self) -> None:
        self._frames: dict[Receiver, list[bytes]] = {}
        self._writes: deque[tuple[Receiver, bytes]] = deque()
        self._writing = False

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not self._frames and not self._writes

    def add(self, receivers: Iterable[Receiver], frame: bytes) -> None:
        """Put a frame behind those that each receiver is to get with the next `flush`."""
        waiting = self._frames
        for receiver in receivers:
            frames = waiting.get(receiver)
            if frames is None:
                waiting[receiver] = [frame]
            else:
                frames.append(frame)

    def forget(self, receiver: Receiver) -> None:
        """The connection ended."""
        self._frames.pop(receiver, None)

    def write(self, receiver: Receiver, data: bytes) -> None:
        """Write to one receiver, behind all that was flushed before."""
        if self._writes:
            self._writes.append((receiver, data))
        else:
            receiver.write(data)

    def flush(self) -> None:
        """Write what was added: one write a receiver."""
        joined: dict[tuple[int, ...], bytes] = {}  # members of one room mostly get the same frames
        for receiver, frames in self._frames.items():
            if len(frames) == 1:
                data = frames[0]
            else:
                key = tuple(map(id, frames))
                data = joined.get(key) or joined.setdefault(key, b"".join(frames))
            self._writes.append((receiver, data))
        self._frames.clear()
        if not self._writing:
            self._write_some()

    def _write_some(self) -> None:
        """Write for a while; the rest in the loop's next turn, in the same order."""
        self._writing = True
        until = time.perf_counter() + SLICE_SECONDS
        while self._writes:
            receiver, data = self._writes.popleft()
            try:
                receiver.write(data)
            except Exception:  # one connection's trouble is not the others'
                _log.exception("outgoing.write_failed")
                receiver.close(1011, "the server cannot go on")
            if time.perf_counter() > until and self._writes:
                asyncio.get_running_loop().call_soon(self._write_some)
                return
        self._writing = False
