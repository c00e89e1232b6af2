"""The last door before the network: checks every URL that the `twilio` library is about to ask for.

The library pastes ids into paths unescaped (`users("../Roles")` reaches /v1/Roles) and follows `next_page_url` wherever
it points, with the account's credentials. Neither leaves this file.
"""

import logging
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from roomful.chatapp.config import is_loopback

TIMEOUT = 15.0  # seconds without an answer, after which the backend counts as unavailable
PAGE_PARAMETERS = frozenset({"PageSize", "Page", "PageToken"})


class BackendUnavailable(Exception):
    """The backend cannot be used just now; the text is one clear line for the person who runs this server."""


class UnsafeUrl(ValueError):
    """A request that would have gone elsewhere than it says."""


class GuardedHttpClient(HttpClient):  # type: ignore[misc]  # the library is untyped
    """Passes requests on to another HTTP client of the library once their URL is found to be in order.

    base_url: the backend; None for Twilio's cloud.
    """

    def __init__(self, inner: HttpClient | None, base_url: str | None) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), False, TIMEOUT)
        self._base_url = base_url.rstrip("/") if base_url else None
        self._inner = inner or _network_client(self._base_url)

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """As in `twilio.http.HttpClient`. Raises UnsafeUrl, and BackendUnavailable when no answer comes."""
        url = self._at_backend(uri)
        check_url(method, url)
        try:
            return self._inner.request(method, url, params, data, headers, auth, timeout or TIMEOUT, False)
        except requests.RequestException as exc:
            place = self._base_url or "Twilio"
            raise BackendUnavailable(f"The Conversations service at {place} does not answer ({_reason(exc)})") from exc

    def _at_backend(self, uri: str) -> str:
        """A page link names the backend's public address, which need not be the one that this process uses."""
        if self._base_url is None:
            parts = urlsplit(uri)
            if parts.scheme != "https" or not (parts.hostname or "").endswith(".twilio.com"):
                raise UnsafeUrl(f"not an address of Twilio: {uri}")
            return uri
        if uri.startswith(f"{self._base_url}/"):
            return uri
        parts = urlsplit(uri)
        at = parts.path.find("/v1/")
        if at < 0:
            raise UnsafeUrl(f"not an address of the backend: {uri}")
        return self._base_url + parts.path[at:] + (f"?{parts.query}" if parts.query else "")


def check_url(method: str, url: str) -> None:
    """Raise UnsafeUrl for a path with an empty or dot segment or an escaped separator, and for a raw `?` or `#`.

    The library passes a query apart from the URL; only a link to a next page carries one.
    """
    parts = urlsplit(url)
    if "#" in url:
        raise UnsafeUrl(f"'#' in {url}")
    if "?" in url:
        names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if method != "GET" or not names & PAGE_PARAMETERS:
            raise UnsafeUrl(f"'?' in {url}")
    for segment in parts.path.split("/")[1:]:
        plain = unquote(segment)
        if plain in ("", ".", "..") or "/" in plain or "\\" in plain:
            raise UnsafeUrl(f"'{segment}' in {url}")


def _network_client(base_url: str | None) -> HttpClient:
    client = TwilioHttpClient(timeout=TIMEOUT)
    if base_url and is_loopback(urlsplit(base_url).hostname or "") and client.session is not None:
        client.session.trust_env = False  # HTTP_PROXY is not for this machine
    return client


def _reason(exc: BaseException) -> str:
    """The innermost cause in a few words; the library's own text repeats whole connection objects."""
    inner: Any = exc
    while getattr(inner, "args", None) and isinstance(inner.args[0], BaseException):
        inner = inner.args[0]
    reason = getattr(inner, "reason", None)
    text = str(reason or inner).split(": ", 1)[-1]
    return text.splitlines()[0][:120] if text else type(exc).__name__
