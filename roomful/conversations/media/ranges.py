"""One range of bytes that a client asks for (RFC 9110 §14.1.2)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE)


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes to send, as `(start, end)` without the end, of `size`; None if the range is beyond them.

    Without a header, and for what we do not serve (several ranges, other units), all of them.
    """
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or found[0].endswith("=-"):
        return 0, size
    first, last = found[1], found[2]
    if not first:  # the last so many
        return (max(0, size - int(last)), size) if int(last) and size else None
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return 0, size
    return (start, end) if start < size else None
