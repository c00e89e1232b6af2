"""The parts that need no server: dates, throttling, the table of errors in the documentation."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

from roomful.conversations.core.errors import TABLE, ServiceError
from roomful.conversations.rest.auth import FAILURES_ALLOWED, WINDOW, Throttle
from roomful.conversations.rest.params import Params, format_date, parse_date

from . import errors_document

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("2026-11-22T10:20:30Z", "2026-11-22T10:20:30Z"),
        ("2026-11-22T10:20:30.999Z", "2026-11-22T10:20:30Z"),
        ("2026-11-22T10:20:30+02:00", "2026-11-22T08:20:30Z"),
        ("2026-11-22T10:20:30", "2026-11-22T10:20:30Z"),
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_dates(text: str, formatted: str) -> None:
    assert format_date(parse_date(text, "Date")) == formatted


@pytest.mark.parametrize("text", ["", "now", "1969-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_bad_dates(text: str) -> None:
    with pytest.raises(ServiceError) as refused:
        parse_date(text, "Date", 50308)
    assert (refused.value.status, refused.value.code) == (400, 50308)


def test_a_value_given_twice_is_the_last_one() -> None:
    params = Params(b"A=1&A=2&B=%2B+%C3%A9")
    assert params.text("A") == "2"
    assert params.all("A") == ("1", "2")
    assert params.text("B") == "+ é"


def test_throttle_forgets() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    for _ in range(FAILURES_ALLOWED):
        throttle.admit("192.0.2.1", "guess")
        throttle.failed("192.0.2.1")
    with pytest.raises(ServiceError) as refused:
        throttle.admit("192.0.2.1", "guess")
    assert refused.value.status == 429
    throttle.admit("192.0.2.2", "guess")
    throttle.succeeded("right")
    throttle.admit("192.0.2.1", "right")
    now = WINDOW
    throttle.admit("192.0.2.1", "guess")
    throttle.failed("192.0.2.1")
    throttle.admit("192.0.2.1", "guess")


def test_throttle_is_bounded() -> None:
    throttle = Throttle(lambda: 0.0)
    for number in range(10_100):
        throttle.failed(f"address {number}")
        throttle.succeeded(f"header {number}")
    assert len(throttle._failures) == 10_000
    assert len(throttle._known) == 10_000


def test_the_document_of_errors_is_the_table() -> None:
    assert errors_document.DOCUMENT.read_text() == errors_document.document(), errors_document.REFRESH


def test_a_code_that_is_not_in_the_table_cannot_be_raised() -> None:
    with pytest.raises(LookupError, match="99999"):
        ServiceError(400, 99999, "no such code")
    with pytest.raises(LookupError, match="20003 with status 404"):
        ServiceError(404, 20003, "another status")


def test_the_table_of_errors_has_what_the_code_raises_and_no_more() -> None:
    named: set[int] = set()
    for path in (ROOT / "roomful/conversations").rglob("*.py"):
        source = path.read_text()
        if path.name == "errors.py":
            source = source.partition("class ServiceError")[2]
        named |= {int(code) for code in re.findall(r"(?<![\d_])(20[0-9]{3}|5[04][0-9]{3})(?![\d_])", _code_of(source))}
    named -= {20000}  # of which codes are made: 20000 + status
    assert named == set(TABLE)


def _code_of(source: str) -> str:
    """Without comments and docstrings, which speak of codes, too."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return " ".join(token.string for token in tokens if token.type == tokenize.NUMBER)
