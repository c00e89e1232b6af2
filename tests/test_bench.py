"""The measurements' arithmetic and what the documentation says of them; `bench.quick --self-check` covers the rest."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bench import packets
from bench.client import BenchError
from bench.processes import Target, target
from bench.quick import CITED, DOCUMENT
from bench.report import BEGIN, END, Report, Row, Spread, write_into
from bench.target import Tally
from roomful.conversations.sync import frames
from roomful.conversations.sync.requests import parse_request
from roomful.conversations.sync.subscriptions import Wanted, parse

ROW = Row.of("fan-out", "CPU s/million", [30.0, 8.0, 20.0], "floor", [10.0, 4.0, 5.0], bound=2.5)


def test_a_ratio_is_formed_within_each_round() -> None:
    assert ROW.ours == Spread(20.0, 8.0, 30.0)
    assert ROW.ratio == Spread(3.0, 2.0, 4.0)  # of 3, 2 and 4, and not 20 to 5


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        ({}, True),
        ({"bound": 3.0}, True),
        ({"bound": 2.9}, False),
        ({"bound": 20.0, "bound_on": "ours", "at_least": True}, True),
        ({"bound": 21.0, "bound_on": "ours", "at_least": True}, False),
    ],
)
def test_a_bound_is_kept_or_not(bound: dict[str, float], holds: bool) -> None:
    row = Row.of("n", "u", [20.0], "o", [20.0 / 3], **bound)
    assert row.holds is holds
    assert ("NOT KEPT" in row.verdict) is not holds


def test_a_run_is_read_back_and_written_into_a_document(tmp_path: Path) -> None:
    report = Report({"commit": "abc"}, (ROW,), {"sends": 0.25})
    report.save(tmp_path / "run.json")
    assert Report.load(tmp_path / "run.json") == report
    document = tmp_path / "doc.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_into(document, report)
    write_into(document, report)
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n| measurement")
    assert text.endswith(f"{END}\nafter\n")
    assert "| **3.00** | 2.00–4.00 | ≤ 2.50: NOT KEPT |" in text
    assert "old" not in text
    assert text.count("fan-out") == 1


def test_what_is_no_run_and_no_document_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    for content in ("", "[]", "{}", '{"rows": [{}]}'):
        other.write_text(content)
        with pytest.raises(BenchError):
            Report.load(other)
    with pytest.raises(BenchError):
        write_into(other, Report({}, (), {}))


def test_the_documentation_shows_the_run_that_it_cites() -> None:
    assert Report.load(CITED).markdown() in DOCUMENT.read_text()


def test_the_sdks_packets_mean_what_they_should() -> None:
    assert packets.ACKNOWLEDGEMENT.startswith(b"TWILSOCK V3.0 115\r\n")
    assert frames.is_acknowledgement(packets.ACKNOWLEDGEMENT)
    assert frames.decode(packets.ACKNOWLEDGEMENT).header.method == "reply"
    sid = "CH" + "0" * 32
    said = frames.decode(packets.send(sid, 7))
    assert said.header.http_request is not None
    request = parse_request(said.header.http_request, said.payload)
    assert (request.method, request.segments) == ("POST", ("Client", "v2", "Conversations", sid, "Messages"))
    assert len(request.json()["body"]) == packets.BODY_CHARS
    assert len(said.header.id) == len(packets.next_id())
    asked = frames.decode(packets.subscriptions(packets.room_objects(sid), 5, packets.next_id()))
    assert asked.header.http_request is not None
    batch = parse(parse_request(asked.header.http_request, asked.payload))
    assert (batch.action, batch.correlation_id) == ("establish", 5)
    assert batch.wanted[0] == Wanted("ET" + "0" * 32, "document", None)


def form(conversation: int, index: int) -> bytes:
    return urlencode({"ConversationSid": f"CH{conversation:032x}", "Index": str(index), "Body": "Index=9"}).encode()


def test_calls_are_counted_in_the_order_of_each_conversation() -> None:
    tally = Tally()
    for conversation, index in ((1, 7), (2, 0), (1, 8), (2, 1)):
        tally.take(form(conversation, index))
    tally.take(b"EventType=onMessageAdd&ConversationSid=CH" + b"0" * 32)
    assert tally.count == 5


@pytest.mark.parametrize("index", [6, 7, 9])
def test_a_call_that_comes_twice_or_too_early_is_found_out(index: int) -> None:
    tally = Tally()
    tally.take(form(1, 7))
    with pytest.raises(BenchError, match=f"message {index} instead of 8"):
        tally.take(form(1, index))


@pytest.fixture
def listening() -> Iterator[Target]:
    with target() as running:
        yield running


@pytest.fixture
def connection(listening: Target) -> Iterator[HTTPConnection]:
    made = HTTPConnection("127.0.0.1", listening.port, timeout=10)
    yield made
    made.close()


def test_a_target_answers_and_counts(listening: Target, connection: HTTPConnection) -> None:
    listening.begin()
    for index in range(2):
        connection.request("POST", "/hooks", form(1, index))
        assert connection.getresponse().read() == b""
    assert listening.count(2)["calls"] == 2


def test_a_target_holds_its_answers_until_it_counts(listening: Target, connection: HTTPConnection) -> None:
    listening.begin(hold=True)
    connection.request("POST", "/hooks", form(1, 0))
    assert listening.count(1)["calls"] == 1
    assert connection.getresponse().status == 200


def test_a_target_ends_when_calls_are_missing(listening: Target) -> None:
    listening.begin()
    with pytest.raises(BenchError, match="0 of 1 calls came"):
        listening.count(1, seconds=0.01)


def test_a_target_ends_when_it_is_called_too_often(listening: Target, connection: HTTPConnection) -> None:
    connection.request("POST", "/hooks", form(1, 0))
    with pytest.raises((HTTPException, OSError)):
        connection.getresponse()
    with pytest.raises(BenchError, match="once too often"):
        listening.begin()
