"""Calls of webhooks: signed, bounded in time and size, and only to where the policy lets them go."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final
from urllib.parse import urlencode

import httpcore2

from .destination import Destination, NoDestination, destination
from .signature import sign
from .targets import CheckedNetwork, KeptConnectionEnded, TargetPolicy, TargetRefused

CALL_SECONDS: Final = 5.0
"""For all of a call: look-up, connection, request and answer."""
ANSWER_BYTES: Final = 128 * 1024
"""What is read of an answer."""
IDLE_CONNECTIONS: Final = 16
IDLE_SECONDS: Final = 15.0
"""How many connections are kept for the next call, and for how long. The pool walks through all at each call."""
_USER_AGENT: Final = f"Roomful/{version('roomful')}"
_ERRNO: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "the connection was cut",
    errno.EPIPE: "the connection was cut",
    errno.EHOSTUNREACH: "host not reachable",
    errno.ENETUNREACH: "network not reachable",
    errno.ETIMEDOUT: "no connection in time",
}


class CallFailed(Exception):
    """No answer that counts; the text is one clause for people and holds no secret."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook said; `body` is at most the first `ANSWER_BYTES`. The status is no redirect."""

    status: int
    body: bytes = field(repr=False)


class WebhookClient:
    """Calls webhooks. Use it on one event loop; it may make any number of calls at once.

    ssl_context: whom to trust; by default whom this machine trusts, or `SSL_CERT_FILE`.
    """

    def __init__(
        self,
        auth_token: str,
        policy: TargetPolicy,
        *,
        ssl_context: ssl.SSLContext | None = None,
        seconds: float = CALL_SECONDS,
    ) -> None:
        self._auth_token = auth_token
        self._seconds = seconds
        self._network = CheckedNetwork(policy)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl_context or httpcore2.default_ssl_context(),
            max_connections=None,  # callers have limits; one here would make one target wait for another
            max_keepalive_connections=IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._network,
        )

    async def call(self, url: str, method: str, parameters: Mapping[str, str], *, token: str | None = None) -> Answer:
        """Call `url` by "GET" (parameters in the query) or "POST" (in a form). Raises `CallFailed`.

        token: the same on every attempt of what is one call (header `I-Twilio-Idempotency-Token`).
        """
        try:
            request = _request(self._auth_token, destination(url), method, parameters, token)
            async with asyncio.timeout(self._seconds):
                answer = await self._send(request)
        except TimeoutError:
            raise CallFailed(f"no answer within {self._seconds:g} s") from None
        except (NoDestination, TargetRefused) as error:
            raise CallFailed(str(error)) from None
        except (OSError, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
            raise CallFailed(_words(error)) from None
        if 300 <= answer.status < 400:
            raise CallFailed(f"answered with a redirect ({answer.status}), which is not followed")
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._network.close()
        await self._pool.aclose()

    async def _send(self, request: httpcore2.Request) -> Answer:
        try:
            response = await self._pool.handle_async_request(request)
        except KeptConnectionEnded:
            self._network.suspect()
            response = await self._pool.handle_async_request(request)
        try:
            return Answer(response.status, await _beginning(response))
        finally:
            await response.aclose()


def _request(
    auth_token: str, to: Destination, method: str, parameters: Mapping[str, str], token: str | None
) -> httpcore2.Request:
    content, form = b"", parameters
    headers = {"Host": to.authority, "User-Agent": _USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    if method == "GET":
        to, form = to.with_query(parameters), {}
    else:
        content = urlencode(parameters).encode()
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(content))}
    headers["X-Twilio-Signature"] = sign(auth_token, to.url, form)
    if token is not None:
        headers["I-Twilio-Idempotency-Token"] = token
    if to.authorization is not None:
        headers["Authorization"] = to.authorization
    return httpcore2.Request(
        method,
        httpcore2.URL(scheme=to.scheme, host=to.host, port=to.port, target=to.target),
        headers=list(headers.items()),
        content=content,
        extensions={"sni_hostname": to.host.removesuffix(".")},
    )


async def _beginning(response: httpcore2.Response) -> bytes:
    """Up to `ANSWER_BYTES` of an answer's body."""
    body = b""
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > ANSWER_BYTES:
            break  # what is left on the connection ends with it
    return body[:ANSWER_BYTES]


def _words(error: BaseException) -> str:
    """What went wrong between us and the webhook, without anything of the URL but its host."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate refused: {cause.verify_message.rstrip('.')}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS: {(cause.reason or 'protocol error').replace('_', ' ').lower()}"
        if isinstance(cause, socket.gaierror):
            return "host name not found"
        if isinstance(cause, OSError) and cause.errno in _ERRNO:
            return _ERRNO[cause.errno]
    if isinstance(error, httpcore2.RemoteProtocolError | KeptConnectionEnded):
        return "the connection ended, or the answer was no HTTP"
    return "the connection failed"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
