"""The parts that need no server: dates, throttling, the table of errors in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from roomful.conversations.core.errors import ServiceError
from roomful.conversations.rest.auth import FAILURES_ALLOWED, WINDOW, Throttle
from roomful.conversations.rest.params import Params, format_date, parse_date

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


def test_table_of_errors_is_true() -> None:
    """Each code that the service can answer is in docs/rest.md, and no other."""
    raised: set[tuple[int, int]] = set()
    for path in [
        *(ROOT / "roomful/conversations/core").glob("*.py"),
        *(ROOT / "roomful/conversations/rest").glob("*.py"),
    ]:
        source = path.read_text()
        raised |= {(int(s), int(c)) for s, c in re.findall(r"ServiceError\(\s*(\d{3}), (\d{5})", source)}
        raised |= {(400, int(code)) for code in re.findall(r"invalid\(\s*(\d{5})", source)}
        raised |= {
            (400, int(code))
            for code in re.findall(r"(?:code=|too_short=|too_long=|malformed=|\"\w+\", )(50\d{3})\b", source)
        }
    hidden = {(404, 50200), (404, 50350), (404, 50360), (400, 50363), (404, 50432), (404, 50500)}  # REST says 20404
    table = re.findall(r"^\| (\d{5}) \| (\d{3}) \|", (ROOT / "docs/rest.md").read_text(), re.MULTILINE)
    assert {(int(status), int(code)) for code, status in table} == raised - hidden
