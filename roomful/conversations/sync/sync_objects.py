"""Tunnelled requests that read Sync objects and their items (docs/protocol.md, "Objects")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from ..core.dates import iso
from ..core.errors import ServiceError, invalid
from ..core.model import Conversation, Message, Participant, User
from ..core.ports import Reads
from .frames import encode_json
from .objects import (
    Item,
    Kind,
    Ref,
    conversation_data,
    membership_item,
    message_item,
    profile,
    ref_of,
    roster_item,
)
from .requests import Caller, Query, Reply, Request, readable

R = TypeVar("R", Message, Participant)

DEFAULT_PAGE = 50
LARGEST_PAGE = 100
PAGE_BYTES = 512 * 1024
"""A page ends early when its items grow beyond this; the SDK then asks for the rest."""

NOT_FOUND = {"document": 54100, "list": 54150, "map": 54200}
_NAMES = {"document": "Document", "list": "List", "map": "Map"}


def not_found(type_: str) -> ServiceError:
    """The refusal for an object that does not exist, or may not be read."""
    return ServiceError(404, NOT_FOUND[type_], f"{_NAMES[type_]} not found")


def owner_of(reads: Reads, caller: Caller, ref: Ref) -> Conversation | User:
    """The row of the object's stream, if the caller may read the object. Raises 404 otherwise.

    A profile is open to the whole service, the map of memberships to its owner, the rest to a conversation's readers.
    """
    if ref.of_user:
        user = reads.one(User, sid=ref.stream)
        own = ref.kind is Kind.PROFILE or ref.stream == caller.user_sid
        if user is None or user.service_sid != caller.service_sid or not own:
            raise not_found(ref.kind.type)
        return user
    try:
        return readable(reads, caller, ref.stream)[0]
    except ServiceError:
        raise not_found(ref.kind.type) from None


def _object(reads: Reads, caller: Caller, request: Request, type_: str) -> tuple[Ref, Conversation | User]:
    ref = ref_of(request.args[0])
    if ref is None or ref.kind.type != type_:
        raise not_found(type_)
    return ref, owner_of(reads, caller, ref)


def _descriptor(caller: Caller, ref: Ref, row: Conversation | User) -> dict[str, Any]:
    url = f"{caller.links.sync}/{_NAMES[ref.kind.type]}s/{ref.sid}"
    return {
        "sid": ref.sid,
        "unique_name": ref.kind.unique_name(ref.stream),
        "url": url,
        "links": {"items": f"{url}/Items"},
        "revision": f"{row.position:x}",
        "last_event_id": row.position,
        "date_created": iso(row.date_created),
        "date_updated": iso(row.date_updated),
        "date_expires": None,
    }


def document(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A conversation's document with its data."""
    ref, row = _object(reads, caller, request, "document")
    if not isinstance(row, Conversation):
        raise not_found("document")
    own = {"last_event_id": row.document_position, "revision": f"{row.document_position:x}"}
    return Reply(200, _descriptor(caller, ref, row) | own | {"links": {}, "data": conversation_data(row)})


def list_(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A list's descriptor."""
    return Reply(200, _descriptor(caller, *_object(reads, caller, request, "list")))


def map_(reads: Reads, caller: Caller, request: Request) -> Reply:
    """A map's descriptor; a profile's comes with its items if asked for."""
    ref, row = _object(reads, caller, request, "map")
    descriptor = _descriptor(caller, ref, row)
    if isinstance(row, User) and ref.kind is Kind.PROFILE and request.params.get("Include") == "items":
        descriptor["items"] = [_shown(caller, ref, item) for item in profile(reads, row)]
    return Reply(200, descriptor)


def _shown(caller: Caller, ref: Ref, item: Item) -> dict[str, Any]:
    url = f"{caller.links.sync}/{_NAMES[ref.kind.type]}s/{ref.sid}/Items/{item.key}"
    return {
        "index" if ref.kind.type == "list" else "key": item.key,
        "url": url,
        "revision": f"{item.changed:x}",
        "last_event_id": item.changed,
        "data": item.data,
        "date_created": iso(item.date_created),
        "date_updated": iso(item.date_updated),
        "date_expires": None,
    }


@dataclass(frozen=True, slots=True)
class _Range:
    """Which items are asked for: `start` inclusive or beyond, in `order`, at most `size`.

    `backwards`: the page that ends before `start`.
    """

    order: Literal["asc", "desc"]
    start: str | None
    inclusive: bool
    size: int
    backwards: bool = False

    @property
    def descending(self) -> bool:
        return (self.order == "desc") != self.backwards


def _range(request: Request) -> _Range:
    """What is asked for. A token holds the size of its page: older SDKs (1.x, 2.x) send nothing but the token."""
    params = request.params
    if token := params.get("PageToken"):
        way, order, size, key = [*token.split(".", 3), "", "", ""][:4]
        limit = _limit(params.get("PageSize", size))
        return _Range("desc" if order == "desc" else "asc", key, False, limit, backwards=way == "before")
    limit = _limit(params.get("PageSize", str(DEFAULT_PAGE)))
    order = params.get("Order", "asc").lower()
    return _Range("desc" if order == "desc" else "asc", params.get("From"), True, limit)


def _limit(size: str) -> int:
    if not (size.isascii() and size.isdigit() and int(size[:9]) > 0):
        raise invalid(20001, "PageSize must be a whole number above 0")
    return min(int(size[:9]), LARGEST_PAGE)


Fetch = Callable[[str | None, bool, bool, int], list[Item]]
"""`fetch(start, inclusive, descending, limit)`."""


def _fetcher(reads: Reads, ref: Ref, row: Conversation | User) -> Fetch:
    """How items of this object are read, ordered by key."""
    if isinstance(row, User) and ref.kind is Kind.PROFILE:
        return _profile_fetcher(profile(reads, row))
    if ref.kind is Kind.MESSAGES:
        return lambda start, inclusive, descending, limit: [
            message_item(message)
            for message in reads.page(
                Message,
                order="index",
                start=None if start is None else _index(start),
                inclusive=inclusive,
                limit=limit,
                descending=descending,
                conversation_sid=ref.stream,
            )
        ]
    order, match, item = {
        Kind.ROSTER: ("sid", {"conversation_sid": ref.stream}, roster_item),
        Kind.MEMBERSHIPS: ("conversation_sid", {"user_sid": ref.stream}, membership_item),
    }[ref.kind]
    return lambda start, inclusive, descending, limit: [
        item(participant)
        for participant in reads.page(
            Participant, order=order, start=start, inclusive=inclusive, limit=limit, descending=descending, **match
        )
    ]


def _index(text: str) -> int:
    """A list index; what cannot be one lies beyond all items."""
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit()):
        raise invalid(20001, "A list's items are named by whole numbers")
    return max(-1, min(int(text[:12]), 2**53))


def _profile_fetcher(ascending: list[Item]) -> Fetch:
    def fetch(start: str | None, inclusive: bool, descending: bool, limit: int) -> list[Item]:
        items = ascending[::-1] if descending else ascending
        if start is not None:
            beyond = [item for item in items if (str(item.key) < start) == descending and item.key != start]
            items = [item for item in items if inclusive and item.key == start] + beyond
        return items[:limit]

    return fetch


def items(reads: Reads, caller: Caller, request: Request) -> Reply:
    """One item by its key, or a page of items with tokens that are null at the ends."""
    type_ = "list" if request.segments[1] == "Lists" else "map"
    ref, row = _object(reads, caller, request, type_)
    fetch = _fetcher(reads, ref, row)
    key = request.params.get("Index" if type_ == "list" else "Key")
    if key is not None:
        found = [item for item in fetch(key, True, False, 1) if str(item.key) == key]
        return Reply(200, _page(caller, ref, found, 1, None, None))
    wanted = _range(request)
    return Reply(200, _items_page(caller, ref, fetch, wanted))


def _items_page(caller: Caller, ref: Ref, fetch: Fetch, wanted: _Range) -> dict[str, Any]:
    found = fetch(wanted.start, wanted.inclusive, wanted.descending, wanted.size + 1)
    fits = _fitting(found[: wanted.size])
    more, page = len(found) > len(fits), fits
    behind = False  # are there items on the other side of where the page starts?
    if wanted.start is not None:
        edge = str(page[0].key) if page else wanted.start
        behind = bool(fetch(edge, not page and not wanted.inclusive, not wanted.descending, 1))
    if wanted.backwards:
        page, more, behind = page[::-1], behind, more
    ends = (str(page[0].key), str(page[-1].key)) if page else (wanted.start, wanted.start)
    following = f"after.{wanted.order}.{wanted.size}.{ends[1]}" if more else None
    previous = f"before.{wanted.order}.{wanted.size}.{ends[0]}" if behind else None
    return _page(caller, ref, page, wanted.size, following, previous)


def _fitting(items: list[Item]) -> list[Item]:
    """The first items that together stay below the bound of a page, and at least one."""
    size = 0
    for count, item in enumerate(items):
        size += len(encode_json(item.data))
        if size > PAGE_BYTES and count:
            return items[:count]
    return items


def _page(
    caller: Caller, ref: Ref, page: list[Item], size: int, following: str | None, previous: str | None
) -> dict[str, Any]:
    return {
        "items": [_shown(caller, ref, item) for item in page],
        "meta": {"key": "items", "page_size": size, "next_token": following, "previous_token": previous},
    }


QUERIES: dict[str, Query] = {
    "GET /v3/Documents/*": document,
    "GET /v3/Lists/*": list_,
    "GET /v3/Maps/*": map_,
    "GET /v3/Lists/*/Items": items,
    "GET /v3/Maps/*/Items": items,
}
