"""The `twilio` library speaking to a service in this process: an HTTP client without a network.

The library takes any `HttpClient`. This one hands each request to the service's ASGI application on the service's event
loop and waits for the answer, so the chat app's calls stay plain REST with everything that belongs to it: forms, Basic
auth, status codes, paging by absolute URLs.
"""

import asyncio
import base64
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from twilio.http import HttpClient
from twilio.http.response import Response

from roomful.chatapp.backend import BackendUnavailable

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

TIMEOUT_SECONDS = 30.0
"""How long one request may take unless the caller says otherwise."""

_JSON_TYPES = ("application/json", "application/scim+json")  # the ones for which the library hands over an object


@dataclass(frozen=True)
class WireRequest:
    """A request of the `twilio` library as it goes over a wire."""

    method: str
    target: str
    """Path and query, percent-encoded, with the leading slash."""
    headers: tuple[tuple[str, str], ...]
    """Without `Host` and `Content-Length`, which belong to the connection."""
    body: bytes


def encode_request(
    method: str,
    url: str,
    params: Mapping[str, object] | None,
    data: Mapping[str, object] | None,
    headers: Mapping[str, str] | None,
    auth: tuple[str, str] | None,
) -> WireRequest:
    """Encode the arguments of `HttpClient.request` as the library's own client (requests) does.

    A value of None is left out, a list becomes a repeated field; `data` is a form unless the content type is JSON.
    """
    sent = dict(headers or {})
    content_type = next((value for name, value in sent.items() if name.lower() == "content-type"), None)
    body = b""
    if data is not None and content_type in _JSON_TYPES:
        body = json.dumps(data).encode()
    elif data:
        body = urlencode(_fields(data)).encode()
        if content_type is None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
    if auth is not None:
        sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(_fields(params or {}))) if part)
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~") or "/"
    return WireRequest(method.upper(), f"{path}?{query}" if query else path, tuple(sent.items()), body)


def _fields(values: Mapping[str, object]) -> list[tuple[str, object]]:
    fields: list[tuple[str, object]] = []
    for name, value in values.items():
        items = value if isinstance(value, list | tuple) else (value,)
        fields += [(name, item) for item in items if item is not None]
    return fields


class ServiceClient(HttpClient, ABC):  # type: ignore[misc]  # the library is untyped
    """The library's way to one service: it encodes each request; how that gets there is for a subclass to say.

    `base_url` is the service's public URL: every address it gives out begins with it, and none other is accepted.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), is_async=False, timeout=TIMEOUT_SECONDS)
        self._base_url = base_url

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Answer as the service does. Raises `BackendUnavailable`."""
        require_base(uri, self._base_url)
        return self.send(encode_request(method, uri, params, data, headers, auth), timeout)

    @abstractmethod
    def send(self, request: WireRequest, timeout: float | None = None) -> Response:
        """Like `request`, for a request that is already encoded; `timeout` is in seconds."""


class InProcessClient(ServiceClient):
    """Runs each request against `app` on `loop`, which must run in another thread than the caller's."""

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop, base_url: str) -> None:
        super().__init__(base_url)
        self._app = app
        self._loop = loop

    def send(self, request: WireRequest, timeout: float | None = None) -> Response:
        """Raises `BackendUnavailable` when the service is closed or takes longer than `timeout`."""
        answer = run_request(self._app, request, self._base_url)
        try:
            future = asyncio.run_coroutine_threadsafe(answer, self._loop)
        except RuntimeError as error:
            answer.close()
            raise BackendUnavailable("The Conversations service is shutting down.") from error
        try:
            return future.result(timeout or self.timeout)
        except FutureTimeoutError as error:
            future.cancel()
            raise BackendUnavailable("The Conversations service did not answer in time.") from error


def require_base(url: str, base_url: str) -> None:
    """Refuse an address that is not the service's: the administrator's keys go nowhere else. Raises `ValueError`."""
    if not url.startswith(base_url + "/"):
        raise ValueError(f"{url} is not an address of the service at {base_url}")


async def run_request(app: ASGIApp, request: WireRequest, base_url: str) -> Response:
    """Put one request to an ASGI application and collect its answer."""
    received: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]
    started: Message = {"status": 500, "headers": []}
    chunks: list[bytes] = []
    complete = asyncio.Event()

    async def receive() -> Message:
        if received:
            return received.pop()
        await complete.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))
            if not message.get("more_body", False):
                complete.set()

    try:
        await app(_scope(request, base_url), receive, send)
    except Exception:
        if not complete.is_set():  # an error page that was sent in full is the answer; the service has logged the rest
            raise
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in started["headers"]}
    return Response(started["status"], b"".join(chunks).decode(), headers)


def _scope(request: WireRequest, base_url: str) -> Scope:
    path, _, query = request.target.partition("?")
    public = urlsplit(base_url)
    headers = [(b"host", public.netloc.encode("latin-1"))]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
    headers.append((b"content-length", str(len(request.body)).encode()))
    port = public.port or (443 if public.scheme == "https" else 80)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": public.scheme,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "server": (public.hostname, port),
        "client": ("127.0.0.1", 0),
        "state": {},
    }
