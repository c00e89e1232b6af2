"""A webhook's URL taken apart, once, so that what is checked, called, sent and signed is the same."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

import idna

_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[a-z0-9._-]+")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH: Final = "/:@!$&'()*+,;=~%"
_QUERY: Final = _PATH + "?"


class NoDestination(ValueError):
    """The text is no URL that can be called."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a URL leads. What may not stand in a URL is percent-encoded in `target`, the rest is as it was given."""

    scheme: str
    """"http" or "https"."""
    host: str
    """In lower case and ASCII (IDNA); an IPv6 address without brackets."""
    port: int
    target: str = field(repr=False)
    """Path and query, as they are sent."""
    authorization: str | None = field(repr=False)
    """The header that the URL's user name and password become (RFC 7617)."""

    @property
    def authority(self) -> str:
        """The `Host` header: the port is named unless it goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """What the receiver puts together from what it is sent: this is signed."""
        return f"{self.scheme}://{self.authority}{self.target}"

    def with_query(self, parameters: Mapping[str, str]) -> Destination:
        """The same, with these parameters behind those that the URL has."""
        separator = "&" if "?" in self.target else "?"
        return replace(self, target=f"{self.target}{separator}{urlencode(parameters)}")


def destination(url: str) -> Destination:
    """Take a URL apart; its fragment is left out. Raises `NoDestination`."""
    try:
        if not url.isprintable():
            raise NoDestination("a URL has no control characters")
        parts = urlsplit(url)
        if parts.scheme not in _PORTS:
            raise NoDestination("a webhook's URL begins with http:// or https://")
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
        host = _host(parts.hostname or "")
        if not host or not port:
            raise NoDestination("a webhook's URL names a host")
    except NoDestination:
        raise
    except ValueError as error:
        raise NoDestination("that is no URL") from error
    return Destination(parts.scheme, host, port, _target(parts), _authorization(parts))


def _host(name: str) -> str:
    """In the form of `Destination.host`; "" if it is none. Raises `ValueError`."""
    if ":" in name:
        address = IPv6Address(name)
        return "" if address.scope_id else str(address)
    name = name.lower() if name.isascii() else idna.encode(name.lower()).decode()
    return name if _NAME.fullmatch(name) else ""


def _target(parts: SplitResult) -> str:
    path = quote(_STRAY_PERCENT.sub("%25", parts.path or "/"), safe=_PATH)
    query = quote(_STRAY_PERCENT.sub("%25", parts.query), safe=_QUERY)
    return f"{path}?{query}" if query else path


def _authorization(parts: SplitResult) -> str | None:
    if parts.username is None and parts.password is None:
        return None
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return "Basic " + b64encode(pair.encode()).decode()
