"""How instants are written for others: in what the SDK reads and in what webhooks are told."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def iso(milliseconds: int) -> str:
    """ISO 8601 in UTC with milliseconds, as `2026-11-22T09:59:35.677Z`."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_iso_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=4096)
def _iso_second(seconds: int) -> str:
    """What is live is of the same few seconds, and each message shows four times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
