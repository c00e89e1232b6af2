"""Flask under ASGI: the one place where a request leaves the event loop for a thread.

Two worker threads, because more of them measurably slow the socket down (design §4). A request's body is read in full
before it takes one, so that slow senders cannot occupy them.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from a2wsgi import WSGIMiddleware
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

WORKERS = 2
MAX_BODY_BYTES = 1 << 20  # the chat app takes short JSON mostly; media go to the service
LARGE_AT_ONCE = 4  # larger bodies in memory; who comes then waits to be read
LARGE_SECONDS = 60.0  # for a larger body to arrive

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class FlaskSeam:
    """An ASGI application that runs a WSGI application on its own small thread pool.

    large: how many bytes a body may have at paths where that is more than `MAX_BODY_BYTES`, by method and path.
    """

    def __init__(self, app: WSGIApp, large: Mapping[tuple[str, str], int] | None = None) -> None:
        self._bridge = WSGIMiddleware(app, workers=WORKERS)  # type: ignore[arg-type]  # a2wsgi's own WSGI types
        self._large = large or {}
        self._large_turns = asyncio.Semaphore(LARGE_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._large.get((scope["method"], scope["path"]))
        if most is None:
            await self._answer(scope, receive, send, await _read_body(scope, receive, MAX_BODY_BYTES))
            return
        async with self._large_turns:
            try:
                async with asyncio.timeout(LARGE_SECONDS):
                    body = await _read_body(scope, receive, most)
            except TimeoutError:
                slow = JSONResponse({"error": "The upload took too long.", "code": "bad_request"}, 408)
                await slow(scope, receive, send)
                return
            await self._answer(scope, receive, send, body)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, body: bytes | None) -> None:
        """body: None when there was too much of it."""
        if body is None:
            refusal = JSONResponse({"error": "The request is too large.", "code": "bad_request"}, 413)
            await refusal(scope, receive, send)
            return
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else {"type": "http.disconnect"}

        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))  # a chunked body has none, and WSGI needs it
        await self._bridge({**scope, "headers": headers}, replay, send)  # type: ignore[arg-type]  # its own ASGI types

    def close(self) -> None:
        """Wait for requests that are at work."""
        self._bridge.executor.shutdown(wait=True)


async def _read_body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The whole body; None when it has more than `most` bytes or its sender went away."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if int(declared) > most:  # the HTTP parser let only digits through
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return bytes(body)
