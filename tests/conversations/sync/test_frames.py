"""Packets: what we write can be read, what clients write is taken apart, and nothing else gets through."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomful.conversations.sync import frames

from .world import packet, read_packet, websocket_payloads

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.text(max_size=100), st.binary(max_size=300), st.text(max_size=50))
def test_a_clients_packet_is_read_back(request_id: str, payload: bytes, path: str) -> None:
    line = {"host": "h", "path": path, "method": "GET", "params": {"a": ["1", "2"]}, "headers": {"X": "y"}}
    data = packet({"id": request_id, "method": "message", "http_request": line, "unknown": [1]}, payload)
    for tail in (b"", b"\r\n"):  # the SDK's replies have a line end behind the payload
        read = frames.decode(data + tail)
        assert (read.header.method, read.header.id, read.payload) == ("message", request_id, payload)
        assert read.header.http_request == frames.HttpRequest(path, "GET", {"a": ["1", "2"]})


@given(st.sampled_from([0, 1, 50, 125, 126, 127, 65_535, 65_536, 70_000]), st.binary(min_size=1, max_size=1))
def test_websocket_frames_have_the_right_length(size: int, byte: bytes) -> None:
    assert websocket_payloads(frames.websocket_frame(byte * size) * 2) == [byte * size] * 2


@given(st.text(), json_values)
def test_replies_and_notifications_are_well_formed(request_id: str, body: object) -> None:
    for status in (200, 201, 404, 999):
        header, read = read_packet(websocket_payloads(frames.http_reply(request_id, status, {"x": body}))[0])
        assert (header["id"], header["status"]["code"], header["http_status"]["code"]) == (request_id, 200, status)
        assert read == {"x": body}
    header, read = read_packet(websocket_payloads(frames.notification("t", body))[0])
    assert header["method"] == "notification"
    assert read == body
    header, _ = read_packet(websocket_payloads(frames.refusal(request_id, 401, 20104, "why"))[0])
    assert header["status"] == {"code": 401, "status": "UNAUTHORIZED", "description": "why", "errorCode": 20104}


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"TWILSOCK V3.0 " + rest))
def test_any_bytes_are_a_packet_or_an_error(data: bytes) -> None:
    with contextlib.suppress(frames.FrameError):
        frames.decode(data)


@given(st.data())
def test_a_damaged_packet_is_a_packet_or_an_error(data: st.DataObject) -> None:
    whole = bytearray(packet({"id": "TM1", "method": "init", "token": "abc"}, b"payload"))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(frames.FrameError):
        frames.decode(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"TWILSOCK V3.0 ",
        b"TWILSOCK V2.0 2\r\n{}\r\n",
        b"TWILSOCK V3.0 -2\r\n{}\r\n",
        b"TWILSOCK V3.0 99999999\r\n{}\r\n",
        packet({"method": "message", "id": "x" * 129}),
        packet({"method": 7}),
        packet({"id": "no method"}),
        packet({"method": "init", "token": "\ud800"}).replace(b"\\ud800", b"\xff"),
        b'TWILSOCK V3.0 33\r\n{"method":"m","payload_size":100}\r\n123',
        b'TWILSOCK V3.0 32\r\n{"method":"m","payload_size":-1}\r\n123',
        b"TWILSOCK V3.0 40000\r\n" + json.dumps({"method": "m" * 39_987}).encode() + b"\r\n",
        packet({"method": "m", "http_request": {"path": 1, "method": "GET"}}),
        b"TWILSOCK V3.0 20000\r\n" + b"[" * 20_000 + b"\r\n",
    ],
)
def test_what_is_no_packet(data: bytes) -> None:
    with pytest.raises(frames.FrameError):
        frames.decode(data)


def test_acknowledgements_of_our_notifications_are_recognised() -> None:
    for frame in (frames.notification(frames.SYNC_EVENT, {}), frames.client_update("token_about_to_expire")):
        notified, _ = read_packet(websocket_payloads(frame)[0])
        header = {
            "id": notified["id"],
            "method": "reply",
            "payload_type": "application/json",
            "status": {"code": 200, "status": "OK"},
        }
        assert frames.is_acknowledgement(packet(header) + b"\r\n")
    assert not frames.is_acknowledgement(packet({"id": "TM", "method": "message"}))
