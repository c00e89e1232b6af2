"""Links to media that anybody may follow who has them, for a while (docs/protocol.md, "Media")."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from ..core import errors
from ..core.errors import ServiceError
from ..core.ports import Clock

LINK_SECONDS: Final = 300


class SignedLinks:
    """Makes and checks links. Their key is derived from the account's auth token, which `secret` answers."""

    def __init__(self, secret: Callable[[], str], clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def make(self, origin: str, sid: str) -> str:
        """A link to a medium's bytes that is good for `LINK_SECONDS`."""
        expires = self._clock() // 1000 + LINK_SECONDS
        return f"{origin}/media/{sid}?Expires={expires}&Signature={self._signature(sid, expires)}"

    def check(self, sid: str, expires: str, signature: str) -> int:
        """For how many seconds more the link is good. Raises 20403 (403), or 50507 (404) for what names no medium."""
        if not sid.isascii() or not expires.isdecimal() or len(expires) > 15:
            raise errors.media_not_found()
        right = self._signature(sid, int(expires))
        left = int(expires) - self._clock() // 1000
        if not hmac.compare_digest(right.encode(), signature.encode(errors="replace")) or left <= 0:
            raise ServiceError(403, 20403, "The link has expired or was changed; ask for a new one")
        return left

    def _signature(self, sid: str, expires: int) -> str:
        key = hmac.new(self._secret().encode(), b"roomful media links", sha256).digest()
        mac = hmac.new(key, f"{sid} {expires}".encode(), sha256).digest()
        return urlsafe_b64encode(mac).decode().rstrip("=")
