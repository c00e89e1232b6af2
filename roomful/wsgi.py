"""Flask under ASGI: the one place where a request leaves the event loop for a thread.

Two worker threads, because more of them measurably slow the socket down (design §4). A request's body is read in full
before it takes one, so that slow senders cannot occupy them.
"""

from collections.abc import Callable, Iterable
from typing import Any

from a2wsgi import WSGIMiddleware
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

WORKERS = 2
MAX_BODY_BYTES = 1 << 20  # the chat app takes short JSON only; media go to the service

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class FlaskSeam:
    """An ASGI application that runs a WSGI application on its own small thread pool."""

    def __init__(self, app: WSGIApp) -> None:
        self._bridge = WSGIMiddleware(app, workers=WORKERS)  # type: ignore[arg-type]  # a2wsgi's own WSGI types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(scope, receive)
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


async def _read_body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body; None when it is larger than `MAX_BODY_BYTES` or its sender went away."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if int(declared) > MAX_BODY_BYTES:  # the HTTP parser let only digits through
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)
