"""The time, in the one unit that this package keeps it in."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def to_ms(moment: object) -> int | None:
    """The same for a date of the backend: a datetime, as the library reads it from REST, or the text in a webhook
    (ISO 8601, UTC unless it says otherwise). None when it is neither, or before 1970."""
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return None
    if not isinstance(moment, datetime):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = round(moment.timestamp() * 1000)
    return since if since >= 0 else None
