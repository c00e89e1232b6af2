"""New SIDs: two capitals and 32 hex digits, in the order in which they were made.

The first 12 digits are the time in milliseconds, as in a UUID of version 7 (RFC 9562 §5.7), the rest is random. So an
index on the SID is an index on the order of creation, which is what lists are paged by
(docs/design/0006-pages-and-sids.md). An SID is a name, not a secret.
"""

from __future__ import annotations

import secrets
import time

from .core.ports import Clock

_RANDOM_BITS = 80


def now() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


class Sids:
    """Makes SIDs for one writer thread; each is greater than all before it, whatever the clock does meanwhile."""

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock
        self._last = 0

    def __call__(self, prefix: str) -> str:
        """A new SID with this two-letter prefix."""
        instant = self._clock()
        if instant > self._last >> _RANDOM_BITS:
            self._last = instant << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        else:  # the same millisecond, or a clock that went back: go on from the last one, by a step nobody can guess
            self._last += 1 + secrets.randbits(_RANDOM_BITS // 2)
        return f"{prefix}{self._last:032x}"
