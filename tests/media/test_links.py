"""The bytes behind signed links: who may follow them, for how long, what a browser is told of them, and ranges."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests
from PIL import Image

from tests.clock_server import ClockServer
from tests.servers import Server

from .uploader import account, person

WORDS = b"0123456789" * 100


def get(link: str, method: str = "GET", **headers: str) -> requests.Response:
    return requests.request(method, link, headers=headers, timeout=10)


def changed(link: str, **query: str | None) -> str:
    """The link with other values in its query, or without what is None."""
    parts = urlsplit(link)
    values: dict[str, str | None] = {name: value for name, (value,) in parse_qs(parts.query).items()}
    return urlunsplit(parts._replace(query=urlencode({k: v for k, v in (values | query).items() if v is not None})))


def test_a_link_is_for_its_medium_and_its_time_only(server: Server) -> None:
    ann = person(server, "ann")
    one, other = (ann.upload(text)["sid"] for text in (b"one", b"other"))
    link = ann.link(one)
    assert get(link).content == b"one"
    expires = parse_qs(urlsplit(link).query)["Expires"][0]
    for wrong in (
        link.replace(one, other),
        changed(link, Expires=str(int(expires) + 60)),
        changed(link, Signature="x" * 43),
        changed(link, Signature="ü"),
        changed(link, Signature=None),
        changed(link, Expires=None),
        changed(link, Expires="soon"),
        link.replace("/media/ME", "/media/MÉ"),
    ):
        answer = get(wrong)
        assert answer.status_code in (403, 404), wrong
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert get(link.replace(one, other)).status_code == 403
    assert get(changed(link, Signature="x" * 43)).json()["code"] == 20403


def test_a_link_needs_no_credentials_and_tells_no_caller(server: Server) -> None:
    ann = person(server, "ann")
    record = ann.upload(b"one")
    content = ann.call("GET", record["links"]["content"].replace("localhost", "127.0.0.1"))
    assert content.status_code == 302
    assert get(content.headers["Location"]).content == b"one"
    assert person(server, "ben").call("GET", f"{ann.base()}/{record['sid']}/Content").status_code == 404
    signature = parse_qs(urlsplit(content.headers["Location"]).query)["Signature"][0]
    assert signature not in server.log


def picture(form: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(data, form)
    return data.getvalue()


PNG = picture("PNG")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content_type", "data", "shown"),
    [
        ("image/png", PNG, True),
        ("image/jpeg", picture("JPEG"), True),
        ("image/gif", picture("GIF"), True),
        ("image/webp", picture("WEBP"), True),
        ("image/jpeg", PNG, False),
        ("image/png", PNG[:40], False),
        ("image/png", b"<script>alert(1)</script>", False),
        ("image/svg+xml", SVG, False),
        ("image/bmp", picture("BMP"), False),
        ("text/html", b"<script>alert(1)</script>", False),
        ("application/pdf", b"%PDF-1.7", False),
        ("audio/mpeg", b"ID3", True),
        ("video/mp4", b"\x00\x00\x00\x18ftyp", True),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_only_what_can_do_no_harm_is_shown_in_a_page_of_its_own(
    server: Server, content_type: str, data: bytes, shown: bool
) -> None:
    ann = person(server, "ann")
    answer = get(ann.link(ann.upload(data, content_type)["sid"]))
    assert answer.headers["Content-Disposition"] == ("inline" if shown else "attachment")
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.content == data


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, 1000),
        ("bytes=-10", 990, 1000),
        ("bytes=-5000", 0, 1000),
        ("bytes=990-5000", 990, 1000),
        ("bytes=0-0", 0, 1),
        ("bytes=0-1,5-6", 0, 1000),
        ("bytes=5-2", 0, 1000),
        ("pages=1-2", 0, 1000),
    ],
)
def test_ranges(server: Server, asked: str, start: int, end: int) -> None:
    ann = person(server, "ann")
    link = ann.link(ann.upload(WORDS)["sid"])
    answer = get(link, Range=asked)
    assert answer.content == WORDS[start:end]
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(end - start)
    if end - start < len(WORDS):
        assert (answer.status_code, answer.headers["Content-Range"]) == (206, f"bytes {start}-{end - 1}/1000")
    else:
        assert (answer.status_code, "Content-Range" in answer.headers) == (200, False)


def test_what_lies_beyond_the_end_and_only_the_headers(server: Server) -> None:
    ann = person(server, "ann")
    link = ann.link(ann.upload(WORDS)["sid"])
    for beyond in ("bytes=1000-", "bytes=-0"):
        answer = get(link, Range=beyond)
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */1000")
    head = get(link, "HEAD")
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "1000", b"")
    assert get(link, "POST").status_code == 405


def test_pages_of_any_origin_may_upload_and_fetch(server: Server) -> None:
    ann = person(server, "ann")
    record = ann.upload(b"x")
    link = ann.link(record["sid"])
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-twilio-token,content-type",
    }
    for url in (ann.base(), f"{ann.base()}Set", f"{ann.base()}/{record['sid']}", link):
        answer = get(url, "OPTIONS", **asked)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
        allowed = answer.headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
        assert {"x-twilio-token", "content-type"} <= set(allowed)
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    for answer in (
        ann.post(b"x"),
        ann.record(record["sid"]),
        ann.record("ME" + "0" * 32),
        get(f"{ann.base()}/{record['sid']}"),
        get(link),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == "*", answer.status_code


def test_a_link_ends(server: ClockServer) -> None:
    caller = account(server)  # whose credentials do not expire
    sid = caller.upload(b"one")["sid"]
    link = caller.link(sid)
    server.advance(seconds=270)
    assert get(link).status_code == 200
    server.advance(seconds=31)
    assert (get(link).status_code, get(link).json()["code"]) == (403, 20403)
    assert get(caller.link(sid)).content == b"one"
