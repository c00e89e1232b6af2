"""HTTP as uvicorn speaks it, but for requests whose head never ends: uvicorn would keep all of it in memory."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 64 * 1024
"""Of a request's line and headers; what comes with one read is not counted apart."""
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 33\r\nConnection: close\r\n\r\nThe request's head is too large.\n"
)


class BoundedHeads(HttpToolsProtocol):
    """Ends a connection on which more than `HEAD_BYTES` came and the head of the request is not over."""

    _pending: int | None = 0
    """Bytes that came of a head that is not over; None while there is none."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._pending is None or self.transport.is_closing():
            return
        self._pending += len(data)
        if self._pending > HEAD_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._pending = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._pending = None
        super().on_headers_complete()
