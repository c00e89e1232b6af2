"""HTTP Basic authentication: the account's SID and token, or an API key's SID and secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable

from ..core.errors import ServiceError
from ..core.model import Account, ApiKey
from ..core.ports import Reads

FAILURES_ALLOWED = 20
"""Failed attempts an address may make in a window before unknown credentials are no longer looked at."""
WINDOW = 60.0
"""Seconds."""
_REMEMBERED = 10_000
_NOBODY = hashlib.sha256(b"").digest()


def unauthenticated() -> ServiceError:
    return ServiceError(401, 20003, "Authenticate")


def too_many() -> ServiceError:
    return ServiceError(429, 20429, "Too many failed authentications from this address; try again in a minute")


def basic(header: str | None) -> tuple[str, str]:
    """User name and password of an `Authorization: Basic` header. Raises 20003 (401)."""
    scheme, _, encoded = (header or "").partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    name, separator, password = decoded.partition(":")
    if not separator or "\x00" in name:
        raise unauthenticated()
    return name, password


def account_of(reads: Reads, name: str, password: str) -> Account:
    """The account whose credentials these are. Raises 20003 (401).

    Secrets are compared by their digests in constant time, and for an unknown name too.
    """
    account: Account | None
    if name.startswith("SK"):
        key = reads.one(ApiKey, sid=name)
        account = reads.one(Account, sid=key.account_sid) if key else None
        secret = key.secret if key else None
    else:
        account = reads.one(Account, sid=name)
        secret = account.auth_token if account else None
    expected = _NOBODY if secret is None else hashlib.sha256(secret.encode()).digest()
    matches = hmac.compare_digest(expected, hashlib.sha256(password.encode()).digest())
    if account is None or secret is None or not matches:
        raise unauthenticated()
    return account


class Throttle:
    """Slows down who guesses, without locking out who knows.

    An address with too many failures in a window is answered 429 for credentials that have not succeeded before;
    credentials that have (kept as digests) pass on to the check, so a chat application behind the same address as a
    guesser keeps working. Both memories are bounded and forget the oldest entry first.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def admit(self, address: str, header: str | None) -> None:
        """Raises 20429 (429) if the credentials shall not even be looked at."""
        started, count = self._failures.get(address, (0.0, 0))
        if count < FAILURES_ALLOWED or self._clock() - started >= WINDOW:
            return
        if _digest(header) not in self._known:
            raise too_many()

    def succeeded(self, header: str | None) -> None:
        digest = _digest(header)
        self._known[digest] = None
        self._known.move_to_end(digest)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def failed(self, address: str) -> None:
        now = self._clock()
        started, count = self._failures.pop(address, (now, 0))
        if now - started >= WINDOW:
            started, count = now, 0
        self._failures[address] = (started, count + 1)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)


def _digest(header: str | None) -> bytes:
    return hashlib.sha256((header or "").encode()).digest()
