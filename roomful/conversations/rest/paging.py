"""Lists in pages (docs/rest.md, "Paging").

A page token names the row at which the caller's last page ended, not a count of rows, so that rows that come or go
between two pages neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from ..core.errors import ServiceError, invalid
from .call import Call
from .params import Params

T = TypeVar("T")
Position = str | int
"""Value of the column by which a list is ordered."""

DEFAULT_SIZE = 50
_MAX_TOKEN_CHARS = 1024
_SIFT_CHUNK = 500
_SIFT_CHUNKS = 10


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """What a page's query found: rows in the list's order, and whether there are rows beyond either end."""

    items: Sequence[T]
    first: Position | None
    """Position of the first row looked at; None when there was none."""
    last: Position | None
    more_before: bool
    more_after: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Which page the caller asks for: up to `size` rows on one side of `start`."""

    number: int
    size: int
    start: Position | None
    backward: bool


def requested(query: Params, *, maximum: int, position: type[Position]) -> Page:
    """Read PageSize (kept within 1 and `maximum`), Page and PageToken. Raises 20001 (400).

    `position` is the type of the column that orders the list, which the token must hold.
    """
    size = _integer(query, "PageSize", DEFAULT_SIZE)
    number = max(0, _integer(query, "Page", 0))
    token = query.text_or_none("PageToken")
    start, backward = None, False
    if token:
        start, backward = _decode(token, position)
    elif number > 0:
        raise invalid(20001, "Paged requests must include a PageToken")
    return Page(number, min(max(size, 1), maximum), start, backward)


def _integer(query: Params, name: str, default: int) -> int:
    value = query.integer(name)
    return value if isinstance(value, int) else default


Rows = Callable[[Position | None, bool, int], list[T]]
"""`rows(start, backward, limit)`: rows beyond `start`, nearest first, going down the list or up."""


def fetch(page: Page, rows: Rows[T], position: Callable[[T], Position]) -> Slice[T]:
    """Run a list's query for a page; one row more than the page holds tells whether others follow."""
    found = rows(page.start, page.backward, page.size + 1)
    more = len(found) > page.size
    items = found[: page.size]
    if page.backward:
        items.reverse()
    first, last = (position(items[0]), position(items[-1])) if items else (None, None)
    if page.backward:
        return Slice(items, first, last, more_before=more, more_after=True)
    return Slice(items, first, last, more_before=page.start is not None, more_after=more)


def sift(page: Page, rows: Rows[T], passes: Callable[[T], bool], position: Callable[[T], Position]) -> Slice[T]:
    """As `fetch`, of the rows that pass: where no index knows which do. A bounded number of them is read for a page.

    A page may thus hold few rows, or none, and still name a next page, which client libraries follow.
    """
    passed: list[T] = []
    start, ended = page.start, False
    for _ in range(_SIFT_CHUNKS):
        chunk = rows(start, page.backward, _SIFT_CHUNK)
        passed += [row for row in chunk if passes(row)]
        ended = len(chunk) < _SIFT_CHUNK
        start = position(chunk[-1]) if chunk else start
        if ended or len(passed) > page.size:
            break
    found = fetch(page, lambda *_: passed, position)
    if ended or len(passed) > page.size:
        return found
    if page.backward:
        return replace(found, first=start, more_before=True)
    return replace(found, last=start, more_after=True)


def body(
    call: Call, key: str, page: Page, found: Slice[T], render: Callable[[T], Any], *filters: str
) -> dict[str, Any]:
    """The JSON of a list answer; `filters` are query parameters that its other pages must repeat."""
    url = _Urls(call.page_url, call.query.echo(*filters), page.size)
    token = call.query.text_or_none("PageToken")
    before = after = None
    if page.number > 0 and found.more_before and found.first is not None:
        before = url.page(page.number - 1, _encode(found.first, backward=True))
    if found.more_after:
        after = url.page(0) if found.last is None else url.page(page.number + 1, _encode(found.last, backward=False))
    return {
        key: [render(item) for item in found.items],
        "meta": {
            "page": page.number,
            "page_size": page.size,
            "first_page_url": url.page(0),
            "previous_page_url": before,
            "url": url.page(page.number, token or None),
            "next_page_url": after,
            "key": key,
        },
    }


@dataclass(frozen=True, slots=True)
class _Urls:
    base: str
    filters: Mapping[str, list[str]]
    size: int

    def page(self, number: int, token: str | None = None) -> str:
        query: dict[str, list[str] | str | int] = {**self.filters, "PageSize": self.size, "Page": number}
        if token is not None:
            query["PageToken"] = token
        return f"{self.base}?{urlencode(query, doseq=True)}"


def _encode(position: Position, *, backward: bool) -> str:
    return ("PB" if backward else "PA") + base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def _decode(token: str, position: type[Position]) -> tuple[Position, bool]:
    try:
        if token[:2] not in ("PA", "PB") or len(token) > _MAX_TOKEN_CHARS:
            raise ValueError(token)
        packed = token[2:]
        text = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars="-_", validate=True).decode()
        if "\x00" in text or len(text) > (18 if position is int else _MAX_TOKEN_CHARS):
            raise ValueError(token)
        return position(text), token[:2] == "PB"
    except (ValueError, binascii.Error, UnicodeError):
        raise invalid_token() from None


def invalid_token() -> ServiceError:
    return invalid(20001, "PageToken is not valid for this list")
