"""How often somebody may try: counted in memory, so each node of several counts for itself."""

import hashlib
import math
import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from roomful.chatapp.errors import throttled


class Throttle:
    """Permits `attempts` within `seconds` for each key."""

    def __init__(self, attempts: int, seconds: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerSecond(attempts, seconds)

    def attempt(self, *key: str, cost: int = 1) -> None:
        """Count an attempt, before it is made. Raises ApiError `throttled`."""
        hashed = _hashed(key)
        if not self._limiter.hit(self._limit, hashed, cost=cost):
            reset = self._limiter.get_window_stats(self._limit, hashed).reset_time
            raise throttled(max(1, math.ceil(reset - time.time())))

    def forget(self, *key: str) -> None:
        """Attempts so far count no longer."""
        self._limiter.clear(self._limit, _hashed(key))


class Throttles:
    """What is throttled."""

    def __init__(self) -> None:
        # By address and username: guessing one person's password is slow, and nobody can lock that person out from
        # elsewhere. A success clears the count.
        self.passwords = Throttle(10, 300)
        # By address. Codes cannot be guessed; a wrong one costs ten, so that nobody tries many, and a whole office may
        # come in through one address.
        self.invites = Throttle(300, 300)
        self.new_invites = Throttle(60, 3600)  # by identity
        self.new_rooms = Throttle(60, 3600)  # by identity, direct messages among them
        self.room_changes = Throttle(300, 300)  # by identity: joining, leaving, and what moderators do
        self.on_messages = Throttle(300, 60)  # by identity: reactions, edits, pins, deletions
        self.avatars = Throttle(30, 3600)  # by identity: decoding pictures is work


def _hashed(key: tuple[str, ...]) -> str:
    """Keys come from outside, and may be long."""
    return hashlib.sha256("\n".join(key).encode("utf-8", "surrogateescape")).hexdigest()
