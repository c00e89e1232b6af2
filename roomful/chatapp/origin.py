"""Where a request comes from, and whether it may: Host, Origin and forwarding headers.

A page of another site must not be able to act for a signed-in person (CSRF), a foreign name must not resolve to this
server (DNS rebinding), and a tunnel must not publish what is meant for this machine only.
"""

import logging
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Lock
from typing import Protocol
from urllib.parse import urlsplit

from roomful.chatapp.config import ChatConfig, is_loopback

log = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_PORTS = {"http": 80, "https": 443}


class Headers(Protocol):
    """A request's headers, looked up without regard to case."""

    def get(self, key: str, /) -> str | None: ...


def split_host(netloc: str) -> tuple[str, int | None] | None:
    """`name:port` as (lower-case name without brackets, port or None); None when it is no host at all."""
    try:
        parts = urlsplit(f"//{netloc}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or parts.netloc != netloc or "@" in netloc:
        return None
    return name, port


def host_allowed(config: ChatConfig, netloc: str) -> bool:
    """True when the Host header names this installation.

    Names of this machine count, with any port, while it listens on loopback; so do the host of PUBLIC_URL and the
    entries of ALLOWED_HOSTS (an entry without a port allows all ports).
    """
    host = split_host(netloc)
    if host is None:
        return False
    if host[0] in LOOPBACK_NAMES and is_loopback(config.host):
        return True
    if host[0] == config.public_host:
        return True
    for entry in config.allowed_hosts:
        allowed = split_host(entry)
        if allowed and allowed[0] == host[0] and allowed[1] in (None, host[1]):
            return True
    return False


def cross_site(config: ChatConfig, method: str, netloc: str, headers: Headers) -> bool:
    """True when a state-changing request was sent by a page of another origin.

    Browsers that send Sec-Fetch-Site say so themselves; for others Origin must be the Host asked for, or PUBLIC_URL.
    Without either header the request comes from no page.
    """
    if method in SAFE_METHODS:
        return False
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("Origin")
    if origin is None:
        return False
    return not (_same_host(origin, netloc) or _same_origin(origin, config.public_url))


def _same_host(origin: str, netloc: str) -> bool:
    """Compare without the scheme: behind a proxy that ends TLS the server does not know the one the browser used."""
    parts = urlsplit(origin)
    ours, theirs = split_host(netloc), split_host(parts.netloc)
    if ours is None or theirs is None or parts.scheme not in DEFAULT_PORTS:
        return False
    default = DEFAULT_PORTS[parts.scheme]
    return (ours[0], ours[1] or default) == (theirs[0], theirs[1] or default)


def _same_origin(one: str, other: str) -> bool:
    return _origin(one) is not None and _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str, int] | None:
    parts = urlsplit(url)
    host = split_host(parts.netloc)
    if host is None or parts.scheme not in DEFAULT_PORTS:
        return None
    return parts.scheme, host[0], host[1] or DEFAULT_PORTS[parts.scheme]


class Proxies:
    """The peers whose forwarding headers are believed (TRUSTED_PROXIES: addresses or networks)."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks = [ip_network(entry, strict=False) for entry in trusted]

    def trusts(self, address: str) -> bool:
        ip = _ip(address)
        return ip is not None and any(ip in network for network in self._networks)

    def client_address(self, peer: str, forwarded_for: str | None) -> str:
        """The address of the person behind the proxies: the last hop of X-Forwarded-For that no trusted peer vouches
        for. Headers of other peers are ignored. IPv6 is cut to its /64, which one person owns whole."""
        hops = [hop.strip() for hop in (forwarded_for or "").split(",") if hop.strip()]
        address = peer
        while hops and self.trusts(address):
            if _ip(hops[-1]) is None:
                break
            address = hops.pop()
        ip = _ip(address)
        if isinstance(ip, IPv6Address) and not ip.is_loopback:
            return str(ip_network((ip, 64), strict=False))
        return str(ip) if ip else address


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return mapped or ip


def forwarded_from_elsewhere(headers: Headers) -> bool:
    """True when forwarding headers show that a request did not begin on this machine.

    A development proxy on the same machine (the tutorial's `npm start` had one) names loopback addresses only; that
    is no exposure. Anything else, readable or not, is.
    """
    hosts = _listed(headers, "X-Forwarded-Host")
    addresses = _listed(headers, "X-Forwarded-For") + _listed(headers, "X-Real-IP")
    protocols = _listed(headers, "X-Forwarded-Proto")
    if headers.get("Forwarded") is not None:
        return True
    if any(not is_loopback(address) for address in addresses):
        return True
    if any(protocol.lower() not in ("http", "ws") for protocol in protocols):
        return True
    return any((host := split_host(entry)) is None or not is_loopback(host[0]) for entry in hosts)


def _listed(headers: Headers, name: str) -> list[str]:
    value = headers.get(name)
    return [] if value is None else [entry.strip() for entry in value.split(",")]


class Exposure:
    """Remembers that a loopback installation was reached from outside, for the life of the process.

    From then on the conveniences of loopback (open sign-up, name-only log-in, first account is admin) are off.
    """

    def __init__(self, config: ChatConfig, proxies: Proxies) -> None:
        self._config = config
        self._proxies = proxies
        self._lock = Lock()
        self._exposed = False

    def look(self, peer: str, headers: Headers) -> None:
        """Take note of one request. Only a loopback installation has conveniences to lose: elsewhere everybody could
        switch sign-up off with a made-up header."""
        if self._exposed or not self._config.loopback or self._proxies.trusts(peer):
            return
        if not forwarded_from_elsewhere(headers):
            return
        with self._lock:
            if self._exposed:
                return
            self._exposed = True
        log.warning(
            "sign-up is switched off: %s passed a request on from elsewhere, but is not in TRUSTED_PROXIES. Set"
            " PUBLIC_URL and TRUSTED_PROXIES if this server is meant to be reached through a proxy; then restart it.",
            peer,
        )

    @property
    def local(self) -> bool:
        """True while the conveniences of loopback hold."""
        return self._config.loopback and not self._exposed
