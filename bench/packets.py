"""What the official SDK puts on the wire (docs/protocol.md, "Frames"), byte for byte as version 3.0.1 writes it.

Recorded from that SDK; only its random ids are counted here, so that a run can be repeated.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence

import msgspec
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import ChatGrant

TAG = "########"
"""Where `bench/load.c` puts a message's number."""

_SYNC_INFO = json.dumps(
    {"sdk": "js", "sdkVer": "4.0.1", "os": "Linux", "osVer": None, "pl": "Node.js", "plVer": "20.20.2"},
    separators=(",", ":"),
)
_METADATA = {
    **{"ver": "1.0.2", "env": "Node.js", "envv": "20.20.2", "os": "Linux", "osv": "unknown", "osa": 64},
    **{"type": "conversations", "sdk": "JS", "sdkv": "3.0.1"},
}
_REGISTRATION = {
    "product": "ip_messaging",
    "type": "ers",
    "notification_protocol_version": 0,
    "message_types": [
        *("twilio.ipmsg.typing_indicator", "twilio.sync.event"),
        *("com.twilio.rtd.cds.document", "com.twilio.rtd.cds.list", "com.twilio.rtd.cds.map"),
    ],
}
_JSON_UTF8 = "application/json; charset=utf-8"
_encode = msgspec.json.encode
_counter = itertools.count()

ACKNOWLEDGEMENT = (
    b'TWILSOCK V3.0 115\r\n{"id":"TM","method":"reply","payload_type":"application/json",'
    b'"status":{"code":200,"status":"OK"},"payload_size":0}\r\n'
)


def next_id() -> str:
    """An id for a request, as long as the SDK's: TM and a UUID."""
    return f"TM00000000-0000-4000-8000-{next(_counter):012d}"


def packet(header: Mapping[str, object], payload: bytes = b"") -> bytes:
    """A packet; `payload_size` comes last in its header."""
    encoded = _encode({**header, "payload_size": len(payload)})
    return b"TWILSOCK V3.0 %d\r\n%b\r\n%b" % (len(encoded), encoded, payload)


def token(credentials: Mapping[str, str], identity: str) -> str:
    """An access token for an hour, signed by the `twilio` library with the installation's own key."""
    made = AccessToken(
        *(credentials["account_sid"], credentials["api_key_sid"], credentials["api_key_secret"]),
        identity=identity,
        ttl=3600,
    )
    made.add_grant(ChatGrant(service_sid=credentials["service_sid"]))
    return str(made.to_jwt())


def init(access_token: str, request_id: str) -> bytes:
    """The first packet of a connection."""
    return packet(
        {
            **{"id": request_id, "method": "init", "token": access_token, "continuation_token": None},
            **{"metadata": _METADATA, "registrations": [_REGISTRATION], "tweaks": None},
            "capabilities": ["client_update", "offline_storage", "telemetry.v1"],
        }
    )


def _message(request_id: str, kind: str, line: Mapping[str, object], payload: bytes) -> bytes:
    header = {"id": request_id, "method": "message", "active_grant": "ip_messaging"}
    return packet({**header, "payload_type": kind, "http_request": line}, payload)


def get(path: str, params: Mapping[str, str], request_id: str) -> bytes:
    """A request of the SDK's Conversations layer that reads."""
    line = {"host": "localhost:5000", "path": path, "method": "GET", "params": params, "headers": {}}
    return _message(request_id, "application/json", line, b"")


def post(path: str, body: Mapping[str, object], request_id: str) -> bytes:
    """A request of the SDK's Conversations layer that writes."""
    headers = {"Content-Type": _JSON_UTF8, "X-Twilio-Mutation-Id": request_id[2:]}
    line = {"host": "localhost:5000", "path": path, "method": "POST", "params": {}, "headers": headers}
    return _message(request_id, _JSON_UTF8, line, _encode(body))


def _sync(method: str, path: str, params: Mapping[str, str], request_id: str, payload: bytes = b"") -> bytes:
    headers = {
        "Content-Type": "application/json",
        "Twilio-Sync-Client-Info": _SYNC_INFO,
        "Twilio-Request-Id": f"RQ{request_id[2:].replace('-', '')}",
    }
    line = {"host": "cds.us1.twilio.com", "path": path, "method": method, "params": params, "headers": headers}
    return _message(request_id, "application/json", line, payload)


def sync_get(path: str, params: Mapping[str, str], request_id: str) -> bytes:
    """A request of the SDK's Sync layer, for an object or its items."""
    return _sync("GET", path, params, request_id)


Position = tuple[str, str, int | None]
"""SID and type of a Sync object, and the position that the client has of it."""


def subscriptions(positions: Sequence[Position], correlation: int, request_id: str) -> bytes:
    """A request to be told of changes."""
    names = ("object_sid", "object_type", "last_event_id")
    body = {
        **{"event_protocol_version": 4, "action": "establish", "correlation_id": correlation},
        **{"retried_requests": 0, "ttl_in_s": -1},
        "requests": [dict(zip(names, position, strict=True)) for position in positions],
    }
    return _sync("POST", "/v4/Subscriptions", {}, request_id, _encode(body))


_WORDS = "the quick brown fox jumps over the lazy dog and "
BODY_CHARS = 300
"""Characters of a message, so that its event has some 700 bytes on the wire."""


def send(conversation: str, sender: int) -> bytes:
    """A message of `sender`, with `TAG` for its number in its id, its body and its `cid` (which our front end sets)."""
    body = f"m{TAG} {_WORDS * 10}"[:BODY_CHARS]
    content = {"body": body, "attributes": json.dumps({"cid": f"{sender:06d}-{TAG}"}, separators=(",", ":"))}
    path = f"/Client/v2/Conversations/{conversation}/Messages"
    return post(path, content, f"TM{TAG}-0000-4000-8000-{sender:012d}")


def room_objects(conversation: str) -> list[Position]:
    """A conversation's document, list and roster, for a client that knows nothing of them yet."""
    hex_ = conversation[2:]
    return [("ET" + hex_, "document", None), ("ES" + hex_, "list", None), ("MP" + hex_, "map", None)]
