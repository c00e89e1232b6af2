"""Lists in pages, as the library walks them and as a caller with `curl` does."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from twilio.rest import Client

from .conftest import Wire


def test_lists_of_several_pages(api: Any) -> None:
    made = {api.conversations.create(friendly_name=str(number)).sid for number in range(120)}
    listed = [room.sid for room in api.conversations.list()]
    assert len(listed) == 120
    assert set(listed) == made
    assert [room.sid for room in api.conversations.list(limit=60)] == listed[:60]
    assert [room.sid for room in api.conversations.list(limit=60, page_size=25)] == listed[:60]
    assert [room.sid for room in api.conversations.list(limit=5000)] == listed
    assert [room.sid for room in api.conversations.stream(page_size=7)] == listed


def test_page_by_page_and_back(api: Any) -> None:
    room = api.conversations(api.conversations.create().sid)
    people = [f"user{number:02}" for number in range(25)]
    for name in people:
        room.participants.create(identity=name)
    pages = [room.participants.page(page_size=10)]
    while pages[-1].next_page_url:
        pages.append(pages[-1].next_page())
    seen = [[member.identity for member in page] for page in pages]
    assert [len(page) for page in seen] == [10, 10, 5]


def test_forward_and_back(wire: Wire) -> None:
    room = wire.post("/v1/Conversations").json["sid"]
    for number in range(25):
        wire.post(f"/v1/Conversations/{room}/Messages", {"Body": number})

    def walk(url: str, direction: str) -> list[list[int]]:
        pages = []
        while url:
            parts = urlsplit(url)
            page = wire.get(f"{parts.path}?{parts.query}").json
            pages.append([message["index"] for message in page["messages"]])
            last.clear()
            last.update(page["meta"])
            url = page["meta"][direction]
        return pages

    last: dict[str, Any] = {}
    there = walk(f"/v1/Conversations/{room}/Messages?PageSize=10&Order=desc", "next_page_url")
    assert [index for page in there for index in page] == list(range(24, -1, -1))
    assert [len(page) for page in there] == [10, 10, 5]
    assert last["page"] == 2
    back = walk(last["url"], "previous_page_url")
    assert back == there[::-1]
    assert (last["page"], last["previous_page_url"]) == (0, None)
    assert last["first_page_url"].endswith("/Messages?Order=desc&PageSize=10&Page=0")


def test_meta(wire: Wire) -> None:
    for _ in range(3):
        wire.post("/v1/Conversations")
    answer = wire.get("/v1/Conversations?PageSize=2").json
    assert list(answer["meta"]) == [
        *("page", "page_size", "first_page_url", "previous_page_url", "url", "next_page_url", "key")
    ]
    meta = answer["meta"]
    assert (meta["page"], meta["page_size"], meta["key"], meta["previous_page_url"]) == (0, 2, "conversations", None)
    for name in ("first_page_url", "url", "next_page_url"):
        assert meta[name].startswith(f"http://localhost:{wire.server.port}/v1/Conversations?PageSize=2&Page=")
    assert "PageToken=" in meta["next_page_url"]


def test_page_sizes_are_kept_within_bounds(wire: Wire) -> None:
    for asked, given in (("5000", 100), ("0", 1), ("-3", 1), ("999999999999999", 100), ("", 50)):
        assert wire.get(f"/v1/Conversations?PageSize={asked}").json["meta"]["page_size"] == given
    assert wire.get("/v1/Users?PageSize=100").json["meta"]["page_size"] == 50
    assert wire.get("/v1/Conversations?PageSize=ten").code == 20001


def test_what_comes_and_goes_between_pages_neither_repeats_nor_hides(client: Client) -> None:
    room = client.conversations.v1.conversations(client.conversations.v1.conversations.create().sid)
    people = [room.participants.create(identity=f"user{number}") for number in range(20)]
    first = room.participants.page(page_size=10)
    seen = [member.identity for member in first]
    for gone in people[5:12]:
        gone.delete()
    room.participants.create(identity="late")
    second = first.next_page()
    assert seen == [f"user{number}" for number in range(10)]
    assert [member.identity for member in second] == [*(f"user{number}" for number in range(12, 20)), "late"]
    assert second.next_page_url is None


def test_page_tokens_are_checked(wire: Wire) -> None:
    assert wire.get("/v1/Conversations?Page=1").code == 20001
    for token in ("x", "PAx", "PA====", "PA%00", "QA" + "YQ", "PA" + "Y" * 5000):
        assert wire.get(f"/v1/Conversations?Page=1&PageToken={token}").code == 20001
    room = wire.post("/v1/Conversations").json["sid"]
    assert wire.get(f"/v1/Conversations/{room}/Messages?PageToken=PAYWJj").code == 20001


def test_filters_of_conversations(client: Client) -> None:
    v1 = client.conversations.v1
    start = datetime(2021, 3, 1)
    rooms = [
        v1.conversations.create(date_created=start + timedelta(days=day), friendly_name=str(day)) for day in range(10)
    ]
    v1.conversations(rooms[4].sid).update(state="closed")

    def names(**filters: Any) -> set[str]:
        return {room.friendly_name for room in v1.conversations.list(page_size=2, **filters)}

    assert names(start_date="2021-03-04") == {str(day) for day in range(3, 10)}
    assert names(end_date="2021-03-04") == {str(day) for day in range(4)}
    assert names(end_date="2021-03-04T00:00:00Z") == {str(day) for day in range(4)}
    assert names(end_date="2021-03-03T23:59:59Z") == {str(day) for day in range(3)}
    assert names(start_date="2021-03-04T00:00:00Z", end_date="2021-03-05T23:59:59Z", state="closed") == {"4"}
    assert names(state="ACTIVE") == {str(day) for day in range(10)} - {"4"}
    assert names(state="inactive") == set()


@pytest.mark.parametrize("resource", ["conversations", "participants", "messages", "messages backwards"])
def test_what_is_there_throughout_is_listed_once_while_others_write(client: Client, wire: Wire, resource: str) -> None:
    """Whatever is made and deleted meanwhile, on either side of the page that is being read."""
    v1 = client.conversations.v1
    room = v1.conversations.create()
    kind, _, backwards = resource.partition(" ")
    rows = v1.conversations if kind == "conversations" else getattr(room, kind)
    numbers = itertools.count()

    def make() -> Any:
        return rows.create(**({"identity": f"p{next(numbers)}"} if kind == "participants" else {}))

    lasting = [make().sid for _ in range(20)]
    passing = [make() for _ in range(10)]
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            passing.append(make())
            passing.pop(0).delete()

    path = "/v1/Conversations" if kind == "conversations" else f"/v1/Conversations/{room.sid}/{kind.title()}"
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            for _ in range(3):
                found = list(walk(wire, f"{path}?PageSize=3{'&Order=desc' if backwards else ''}", kind))
                assert len(found) == len(set(found))
                there = [sid for sid in found if sid in set(lasting)]
                assert there == (lasting[::-1] if backwards else lasting)
        finally:
            done.set()
        writing.result()


def walk(wire: Wire, path: str, key: str) -> Iterator[str]:
    """The SIDs of a list, page after page, which ends although others add to it."""
    for _ in range(200):
        page = wire.get(path).json
        yield from (row["sid"] for row in page[key])
        following = page["meta"]["next_page_url"]
        if following is None:
            return
        path = "/v1/" + following.partition("/v1/")[2]
    raise AssertionError("the list does not end")
