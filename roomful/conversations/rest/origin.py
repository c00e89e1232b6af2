"""Where a request comes from, and the origin under which its sender knows this server."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from starlette.requests import Request

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Origins:
    """Answers both from the settings; forwarding headers count only when the peer is a trusted proxy."""

    def __init__(self, public_url: Callable[[], str], trusted_proxies: tuple[str, ...]) -> None:
        """`public_url` answers the origin without a trailing slash; proxies are addresses or networks."""
        self._public_url = public_url
        self._trusted: tuple[Network, ...] = tuple(ipaddress.ip_network(item) for item in trusted_proxies)

    def public(self, request: Request) -> str:
        """The origin for every URL in an answer: the public URL, or what a trusted proxy says was asked for."""
        if not self._is_trusted(_peer(request)):
            return self._public_url()
        host = request.headers.get("x-forwarded-host", "")
        scheme = request.headers.get("x-forwarded-proto", "")
        if scheme not in ("http", "https") or not _HOST.fullmatch(host):
            return self._public_url()
        return f"{scheme}://{host}"

    def address(self, request: Request) -> str:
        """The client's address: the nearest hop that is no trusted proxy."""
        hops = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        address = _peer(request)
        while hops and self._is_trusted(address):
            address = hops.pop()
        return address

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""
