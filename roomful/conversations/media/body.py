"""The bytes of an upload as they come: a raw body, or the first file of a form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from ..core import errors, limits
from ..core.errors import ServiceError

IDLE_SECONDS: Final = 30.0
"""How long an upload may stand still."""
_HEADER_BYTES: Final = 8 * 1024
FORM_OVERHEAD: Final = 64 * 1024
"""Bytes that a form may have besides its file."""


@dataclass(frozen=True)
class Patience:
    """How much more is taken in of a body that is of no use."""

    seconds: float
    size: int


WITH_CALLERS: Final = Patience(5.0, 2 * limits.MEDIA_BYTES)
WITH_STRANGERS: Final = Patience(2.0, 16 * 1024 * 1024)


async def incoming(request: Request) -> AsyncIterator[bytes]:
    """What the client sends. Raises 20408 (408) when it pauses for too long, and Starlette's `ClientDisconnect`."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ServiceError(408, 20408, "The upload stood still for too long") from None
        if chunk:
            yield chunk


async def bounded(chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """The same bytes. Raises 50512 (413) when they are more than `limit`."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise errors.media_too_big(limits.MEDIA_MEGABYTES)
        yield chunk


async def drain(request: Request, patience: Patience) -> bool:
    """Take in the rest of a body before it is refused, for most clients read the answer only when they have sent all.

    Whether that was all of it; else the connection must not stay open, or the client could go on for ever.
    """
    left = patience.size
    try:
        async with asyncio.timeout(patience.seconds):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return False
    except (TimeoutError, ClientDisconnect):
        return False
    except RuntimeError:  # how Starlette says that all of it was read before
        return True
    return True


@dataclass
class FormFile:
    """The first file of a `multipart/form-data` body (RFC 7578); its other parts are passed over.

    `filename` and `content_type` are known once `chunks` gave something, or ended.
    """

    boundary: bytes
    filename: str | None = None
    content_type: str | None = None
    _fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    _name: bytes = b""
    _value: bytes = b""
    _header_bytes: int = 0
    _state: str = "before"
    """"before", "in" and "after" the file."""
    _data: list[bytes] = field(default_factory=list)

    async def chunks(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The file's bytes. Raises 20001 (400)."""
        parser = MultipartParser(
            self.boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._end,
            },
        )
        try:
            async for chunk in body:
                parser.write(chunk)
                data, self._data = self._data, []
                for part in data:
                    yield part
            parser.finalize()
        except FormParserError:
            raise errors.invalid(20001, "The body is not a valid form") from None
        if self._state != "after":
            raise errors.invalid(20001, "The form has no file")

    def _begin(self) -> None:
        self._fields, self._name, self._value = [], b"", b""

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _HEADER_BYTES:
            raise errors.invalid(20001, "The form's headers are too long")

    def _on_header_end(self) -> None:
        self._fields.append((self._name.lower(), self._value))
        self._name = self._value = b""

    def _on_headers(self) -> None:
        headers = dict(self._fields)
        _, options = parse_options_header(headers.get(b"content-disposition", b""))
        if self._state == "before" and b"filename" in options:
            self._state = "in"
            self.filename = options[b"filename"].decode(errors="replace")
            self.content_type = headers.get(b"content-type", b"application/octet-stream").decode("latin-1")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._state == "in":
            self._data.append(bytes(data[start:end]))

    def _end(self) -> None:
        if self._state == "in":
            self._state = "after"


def form_boundary(content_type: str) -> bytes | None:
    """The boundary of a `multipart/form-data` body; None for any other. Raises 20001 (400) if it has none."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 70:
        raise errors.invalid(20001, "The form has no boundary")
    return boundary
