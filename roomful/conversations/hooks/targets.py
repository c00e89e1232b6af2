"""Where webhooks may go: addresses of the public internet, and hosts that `WEBHOOK_ALLOW` names.

A URL is somebody's word, and this server stands inside a network that the somebody does not. A name is resolved once
for a connection, and the connection is made to an address that was looked at: a name that changes in between gains
nothing. A connection that is kept stays where it is.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import httpcore2

from .destination import NoDestination, destination

Address = IPv4Address | IPv6Address
T = TypeVar("T")

MAX_LOOKUPS: Final = 64
"""Names that are looked up at once; a name server that hangs keeps one of them for each name."""
ATTEMPTS: Final = 4
"""Addresses of one name that are tried."""
PATIENCE: Final = 1.5
"""Seconds after which the next address of a name is tried."""
LOOK_SECONDS: Final = 1.0
"""How often a kept connection is looked at."""
HEARD_BYTES: Final = 384 * 1024
"""All that is read of one answer: head, body, and the interim answers before it, which can be without end."""

# Not the public internet, by IANA's registries of special-purpose addresses (RFC 6890 and what followed it). Python's
# own `is_global` differs between its versions.
_NO_PUBLIC_IPV4: Final = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        ),
    )
)
_PUBLIC_IPV6: Final = IPv6Network("2000::/3")
_NO_PUBLIC_IPV6: Final = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_NAT64: Final = IPv6Network("64:ff9b::/96")
_TEREDO: Final = IPv6Network("2001::/32")


class TargetRefused(Exception):
    """A call may not go there; the text is one clause for people."""


def is_public(address: Address) -> bool:
    """Whether this is an address of one machine on the public internet, and so is any that it leads to."""
    inner = list(_inside(address))
    if inner:
        return all(map(is_public, inner))
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NO_PUBLIC_IPV4)
    return address in _PUBLIC_IPV6 and not any(address in network for network in _NO_PUBLIC_IPV6)


def _inside(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    elif address.sixtofour is not None:
        yield address.sixtofour
    elif address.teredo is not None:
        yield from address.teredo


class TargetPolicy:
    """Says where webhooks may go.

    allow: `host` or `host:port` values, as in a URL; there a webhook may go whatever the host's addresses are.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._allowed = frozenset(map(_allowed, allow))

    def allows(self, host: str, port: int) -> bool:
        """Whether `WEBHOOK_ALLOW` names a URL's host, or host and port."""
        name = _name(host)
        return (name, None) in self._allowed or (name, port) in self._allowed

    def refusal(self, url: str) -> str | None:
        """Why nobody may configure this URL, in a sentence; None if they may, or if it is no URL at all.

        Nothing is looked up: a name that leads to a private address is found when it is called.
        """
        try:
            to = destination(url)
        except NoDestination:
            return None
        literal = _literal(to.host)
        private = _is_local_name(to.host) if literal is None else not is_public(literal)
        if not private or self.allows(to.host, to.port):
            return None
        return f"{to.host} is private; WEBHOOK_ALLOW does not name it"

    def permitted(self, host: str, port: int, addresses: Sequence[Address]) -> list[Address]:
        """Those of a host's addresses to which a connection may be made. Raises `TargetRefused` if none is left."""
        if self.allows(host, port):
            return list(addresses)
        public = [address for address in addresses if is_public(address)]
        if not public:
            raise TargetRefused(f"address {addresses[0]} is private; WEBHOOK_ALLOW does not name it")
        return public


def _allowed(item: str) -> tuple[str, int | None] | None:
    """The host of an item, and its port if it names one; None for what no URL can name."""
    try:
        return _name(destination(f"http://{item}").host), urlsplit(f"//{item}").port
    except NoDestination:
        return None


def _name(host: str) -> str:
    """The host, so that one is equal to another however it is written."""
    literal = _literal(host)
    return host.removesuffix(".") if literal is None else str(literal)


def _literal(host: str) -> Address | None:
    """The address that a host is; None if it is a name. 127.1, 0x7f000001 and the like are addresses, too."""
    host = host.removesuffix(".")
    with suppress(ValueError):
        return ip_address(host)
    with suppress(OSError):
        return IPv4Address(socket.inet_aton(host))
    return None


def _is_local_name(host: str) -> bool:
    """A name that always means this machine (RFC 6761)."""
    return host.removesuffix(".").rpartition(".")[2] == "localhost"


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Makes the connections of a pool, to addresses that the policy permits."""

    def __init__(self, policy: TargetPolicy) -> None:
        self._policy = policy
        self._network = httpcore2.AnyIOBackend()
        self._names = _Names()
        self._watch = _Watch()

    def suspect(self) -> None:
        """A kept connection was closed: look at all of them before one is used again."""
        self._watch.suspicions += 1

    async def close(self) -> None:
        """Give up what is still looked up."""
        await self._names.close()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the pool names it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to one of the host's addresses. Raises `TargetRefused`, and what the network raises."""
        async with asyncio.timeout(timeout):
            found = await self._names.addresses(host)
            *others, last = map(str, self._policy.permitted(host, port, found)[:ATTEMPTS])
            for address in others:
                with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                    return await self._connect(address, port, PATIENCE, local_address, socket_options)
            return await self._connect(last, port, None, local_address, socket_options)

    async def _connect(self, *arguments: Any) -> httpcore2.AsyncNetworkStream:
        return _Stream(await self._network.connect_tcp(*arguments), self._watch)


@dataclass(slots=True)
class _Watch:
    """When the kept connections are looked at: a look at each is a system call, and the pool asks at every call."""

    suspicions: int = 0


class KeptConnectionEnded(httpcore2.ReadError):
    """A connection that was kept ended before a byte of the next answer came: most likely it was closed just then."""


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that is asked now and then, or when one is suspect, whether the other end closed it."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream, watch: _Watch) -> None:
        self._stream = stream
        self._watch = watch
        self._suspicions = watch.suspicions
        self._next_look = 0.0
        self._kept = False
        self._heard = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as above
        """Raises `KeptConnectionEnded`, and what the network raises."""
        try:
            data = await self._stream.read(max_bytes, timeout)
        except httpcore2.ReadError as error:
            if self._kept and not self._heard:
                raise KeptConnectionEnded from error
            raise
        if not data and self._kept and not self._heard:
            raise KeptConnectionEnded
        self._heard += len(data)
        if self._heard > HEARD_BYTES:
            raise httpcore2.ReadError("the answer is too long")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as above
        if self._heard:  # the next request begins
            self._kept, self._heard = True, 0
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> httpcore2.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._watch)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and not self._look():
            return False
        try:
            return self._stream.get_extra_info(info)
        except AttributeError as error:  # anyio asks a socket that uvloop has already closed
            if info == "is_readable":
                return True
            raise httpcore2.ReadError("closed") from error

    def _look(self) -> bool:
        """Whether it is time to look."""
        now = time.monotonic()
        if now < self._next_look and self._suspicions == self._watch.suspicions:
            return False
        self._next_look, self._suspicions = now + LOOK_SECONDS, self._watch.suspicions
        return True


class _Names:
    """Looks names up: each on a thread of its own that nobody waits for at the end, once for all who ask meanwhile."""

    def __init__(self) -> None:
        self._at_work: dict[str, asyncio.Task[list[Address]]] = {}
        self._free = asyncio.Semaphore(MAX_LOOKUPS)

    async def addresses(self, host: str) -> list[Address]:
        """All addresses of a host, the best first. Raises `OSError`."""
        literal = _literal(host)
        if literal is not None:
            return [literal]
        task = self._at_work.get(host)
        if task is None:
            task = self._at_work[host] = asyncio.get_running_loop().create_task(self._look_up(host))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits any more
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give up what is looked up."""
        tasks = list(self._at_work.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, host: str) -> list[Address]:
        try:
            async with self._free:
                return await _on_thread(lambda: _resolve(host))
        finally:
            del self._at_work[host]


def _resolve(host: str) -> list[Address]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))


async def _on_thread(work: Callable[[], T]) -> T:
    """What `work` returns, on a daemon thread: an executor's threads would hold the process back when it ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def finish(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast(T, result))

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=run, name="resolver", daemon=True).start()
    return await future
