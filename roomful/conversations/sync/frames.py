"""Packets of the twilsock protocol, version 3.0 (docs/protocol.md, "Frames").

A packet is one binary WebSocket message: a line with the size of a JSON header, the header, and a payload. What we
send is made here as a complete WebSocket frame, since server frames are unmasked and so the same bytes serve every
receiver.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

MAX_PACKET = 256 * 1024
"""Bytes of a packet that we accept: a message of 32 KiB may grow sixfold by JSON's escapes."""

MAX_HEADER = 32 * 1024
MAX_ID = 128

_MAGIC = b"TWILSOCK V3.0 "
_NOTIFICATION_ID = "TM"
_ACK = b'{"id":"TM","method":"reply"'
_ACK_AT = len(_MAGIC) + len(b"115\r\n")

SYNC_EVENT = "twilio.sync.event"
TYPING = "twilio.ipmsg.typing_indicator"

encode_json = msgspec.json.Encoder().encode
decode_json = msgspec.json.Decoder().decode


class FrameError(Exception):
    """The bytes are no packet of this protocol."""


class HttpRequest(msgspec.Struct, frozen=True):
    """The request line of a tunnelled request; path and parameters are percent-encoded."""

    path: str
    method: str
    params: dict[str, Any] = {}


class Header(msgspec.Struct, frozen=True):
    """What we read of a client's packet header; unknown fields are ignored."""

    method: str
    id: str = ""
    token: str | None = None
    continuation_token: str | None = None
    http_request: HttpRequest | None = None
    payload_type: str = "application/json"
    payload_size: int = 0


class Packet(msgspec.Struct, frozen=True):
    """A client's packet."""

    header: Header
    payload: bytes


_decode_header = msgspec.json.Decoder(Header).decode


def is_acknowledgement(packet: bytes) -> bool:
    """Whether this is the SDK's answer to a notification: one comes for every packet that we push, and is dropped."""
    return packet.startswith(_ACK, _ACK_AT)


def decode(packet: bytes) -> Packet:
    """Take a packet apart. Raises `FrameError`."""
    end = packet.find(b"\r\n", len(_MAGIC), len(_MAGIC) + 8)
    if not packet.startswith(_MAGIC) or end < 0 or not packet[len(_MAGIC) : end].isdigit():
        raise FrameError("no packet of twilsock 3.0")
    size, start = int(packet[len(_MAGIC) : end]), end + 2
    payload_at = start + size + 2
    if size > MAX_HEADER or packet[start + size : payload_at] != b"\r\n":
        raise FrameError("the header's size is wrong")
    try:
        header = _decode_header(packet[start : start + size])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FrameError("the header is not what was expected") from None
    if header.payload_size < 0 or payload_at + header.payload_size > len(packet) or len(header.id) > MAX_ID:
        raise FrameError("the header's fields are out of bounds")
    return Packet(header, packet[payload_at : payload_at + header.payload_size])


def websocket_frame(packet: bytes) -> bytes:
    """The unmasked, final, binary WebSocket frame (RFC 6455, 5.2) that holds `packet`."""
    size = len(packet)
    if size < 126:
        return b"\x82" + bytes((size,)) + packet
    if size < 65536:
        return b"\x82\x7e" + size.to_bytes(2, "big") + packet
    return b"\x82\x7f" + size.to_bytes(8, "big") + packet


def _frame(header: bytes, payload: bytes = b"") -> bytes:
    return websocket_frame(b"%b%d\r\n%b\r\n%b" % (_MAGIC, len(header), header, payload))


def _status_text(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "Unknown"


def reply(request_id: str, **fields: Any) -> bytes:
    """A successful answer to a control packet, with further header fields."""
    status = {"code": 200, "status": "OK"}
    return _frame(encode_json({"method": "reply", "id": request_id, "status": status, **fields, "payload_size": 0}))


def refusal(request_id: str, code: int, error_code: int, description: str) -> bytes:
    """A refused `init` or `update`: `code` is the HTTP-like status, `error_code` Twilio's."""
    status = {
        "code": code,
        "status": _status_text(code).upper(),
        "description": description,
        "errorCode": error_code,
    }
    return _frame(encode_json({"method": "reply", "id": request_id, "status": status, "payload_size": 0}))


def http_reply(request_id: str, status: int, body: Any) -> bytes:
    """The answer to a tunnelled request; `body` None means none."""
    payload = b"" if body is None else encode_json(body)
    return _frame(
        b'{"method":"reply","id":%b,"status":{"code":200,"status":"OK"},'
        b'"http_status":{"code":%d,"status":%b},"http_headers":{},'
        b'"payload_type":"application/json","payload_size":%d}'
        % (encode_json(request_id), status, encode_json(_status_text(status)), len(payload)),
        payload,
    )


def notification(message_type: str, body: Any) -> bytes:
    """A push. It names no receiver, so that the same frame serves all."""
    payload = encode_json(body)
    return _frame(
        b'{"method":"notification","id":"%b","message_type":"%b",'
        b'"payload_type":"application/json","payload_size":%d}'
        % (_NOTIFICATION_ID.encode(), message_type.encode(), len(payload)),
        payload,
    )


def client_update(update_type: str) -> bytes:
    """A word to the client about itself, such as `token_about_to_expire`."""
    return _frame(
        encode_json(
            {
                "method": "client_update",
                "id": _NOTIFICATION_ID,
                "client_update_type": update_type,
                "payload_size": 0,
            }
        )
    )
