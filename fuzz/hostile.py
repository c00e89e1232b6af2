"""What a hostile client might send: values, tokens, requests and packets, valid ones among them.

Texts may hold names in angle brackets, such as `<room>`: they stand for what only a running service knows, so that a
found case reads the same each time. `Packet.encoded` puts the real ones in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

NAMES = (
    *("<room>", "<private>", "<gone>", "<message>", "<secret message>", "<participant>", "<victim>", "<user>"),
    *("<victim's user>", "<unique name>"),
)
"""Conversations, messages, participants, identities and users, the attacker's own and others'."""

NASTY = (
    *("", " ", ".", "..", "../..", "//", "%", "%2", "%zz", "%00", "%ff", "%2F", "%252F", "%2e%2e%2f", "?a=1", "#"),
    *("\x00", "a\x00b", "\x7f", "\u202e", "é", "\U0001f600", "{}", "[]", "null", "true", "0", "-1", "1e9", "NaN"),
    *("' OR 1=1 --", '"', "\\", "\r\n", "CH" + "0" * 32, "CH" + "g" * 32, "US" + "0" * 32, "9" * 40, "٣", "-", "--1"),
)

texts = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(NASTY),
    st.text(max_size=12),
    st.builds(lambda part, count: part * count, st.sampled_from("aé\x00%[{"), st.sampled_from((65, 257, 4097, 33_000))),
)
numbers = st.one_of(
    st.integers(-3, 300),
    st.sampled_from((2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 10**40, 1.5, -0.0, 1e308, float("nan"), float("inf"))),
)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=6
)
deep = st.sampled_from([b"[" * 200_000, b'{"a":' * 30_000, b"[" * 500 + b"]" * 500, b'"' + b"\\ud800" * 3 + b'"'])

# --- tunnelled requests ---

C = "/Client/v2"
ROUTES = (
    ("GET", f"{C}/Configuration"),
    ("GET", f"{C}/ContentTemplates"),
    ("GET", f"{C}/MyConversations"),
    ("GET", f"{C}/MyConversations/*"),
    ("POST", f"{C}/MyConversations/*"),
    ("POST", f"{C}/Conversations"),
    ("GET", f"{C}/Conversations/*"),
    ("POST", f"{C}/Conversations/*"),
    ("DELETE", f"{C}/Conversations/*"),
    ("POST", f"{C}/Conversations/*/Participants"),
    ("POST", f"{C}/Conversations/*/Participants/*"),
    ("DELETE", f"{C}/Conversations/*/Participants/*"),
    ("POST", f"{C}/Conversations/*/Messages"),
    ("POST", f"{C}/Conversations/*/Messages/*"),
    ("DELETE", f"{C}/Conversations/*/Messages/*"),
    ("GET", f"{C}/Conversations/*/Messages/*/Receipts"),
    ("GET", f"{C}/Conversations/*/Messages/*/ChannelMetadata"),
    ("GET", f"{C}/Conversations/*/MessageRecipients"),
    ("GET", f"{C}/Users/*"),
    ("POST", f"{C}/Users/*"),
    ("POST", "/v1/typing"),
    ("POST", "/v1/registrations"),
    ("DELETE", "/v1/registrations"),
    ("DELETE", "/v1/registrations/*"),
    ("GET", "/v3/Documents/*"),
    ("GET", "/v3/Lists/*"),
    ("GET", "/v3/Maps/*"),
    ("GET", "/v3/Lists/*/Items"),
    ("GET", "/v3/Maps/*/Items"),
    ("POST", "/v4/Subscriptions"),
    ("PUT", "/v3/Maps/*"),
    ("", "/*"),
)
OBJECTS = tuple(
    (f"<{kind}:{of}>", type_)
    for kind, type_, owners in (
        ("ET", "document", ("room", "private", "gone")),
        ("ES", "list", ("room", "private", "gone")),
        ("MP", "map", ("room", "private", "gone")),
        ("MC", "map", ("user", "victim's user")),
        ("MI", "map", ("user", "victim's user")),
    )
    for of in owners
)
FIELDS = (
    *("identity", "attributes", "friendly_name", "unique_name", "body", "subject", "media_sids", "messaging_binding"),
    *("last_read_message_index", "notification_level", "channel_type", "binding_type", "address", "data"),
    *("action", "correlation_id", "requests", "registration_id"),
)
PARAMS = ("PageToken", "PageSize", "Order", "From", "Key", "Index", "Include", "HideExpired", "productId")
GOOD = (
    "hello",
    "{}",
    '{"cid":"c"}',
    "default",
    "muted",
    "ann",
    "fcm",
    "asc",
    "desc",
    "items",
    "after.asc.1",
    "before..",
)

segments = st.one_of(st.sampled_from([name for name, _ in OBJECTS]), texts)
objects = st.tuples(st.sampled_from(OBJECTS), st.one_of(st.none(), numbers, values)).map(
    lambda drawn: {"object_sid": drawn[0][0], "object_type": drawn[0][1], "last_event_id": drawn[1]}
)
subscriptions = st.fixed_dictionaries(
    {
        "action": st.sampled_from(("establish", "establish", "cancel")) | scalars,
        "correlation_id": st.integers(0, 9) | values,
        "requests": st.lists(objects | values, max_size=5) | values,
    }
)
bodies = st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(GOOD) | values, max_size=4),
    subscriptions,
    values,
    st.binary(max_size=30),
    deep,
    st.builds(lambda value: f"ChannelSid={value}".encode(errors="replace"), texts),
)
params = st.dictionaries(st.sampled_from(PARAMS) | texts, st.sampled_from(GOOD) | values, max_size=3)


@st.composite
def requests(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A request line and a body."""
    method, path = draw(st.sampled_from(ROUTES))
    while "*" in path:
        path = path.replace("*", draw(segments), 1)
    line: dict[str, Any] = {"host": "h", "path": path, "method": method, "params": draw(params), "headers": {}}
    if draw(st.integers(0, 5)) == 0:
        line[draw(st.sampled_from(("path", "method", "params", "headers")))] = draw(values)
    body = draw(subscriptions) if path.startswith("/v4") and draw(st.booleans()) else draw(bodies)
    return line, body


# --- tokens ---


def _part(text: bytes) -> bytes:
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def forged(header: bytes, claims: bytes, signature: bytes) -> str:
    """Something in the form of a token."""
    return b".".join(map(_part, (header, claims, signature))).decode()


_json = st.one_of(values.map(lambda value: json.dumps(value).encode()), deep.map(lambda text: text[:5000]))
_header = st.one_of(st.just(b'{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}'), _json)
_claims = st.one_of(
    st.dictionaries(st.sampled_from(("iss", "sub", "exp", "grants")), values).map(
        lambda claims: json.dumps(claims).encode()
    ),
    _json,
)
tokens = st.one_of(
    st.sampled_from(("<token>", "<token>", "<expired token>", "<revoked token>", "<other's token>")),
    st.builds(forged, _header, _claims, st.binary(max_size=32)),
    values,
)

# --- packets ---


@dataclass(frozen=True)
class Packet:
    """A packet, perhaps with wrong sizes (added to the right ones), or damaged: bytes put at places."""

    header: Any
    body: Any = b""
    header_size: int = 0
    payload_size: int = 0
    magic: bytes = b"TWILSOCK V3.0 "
    damage: tuple[tuple[int, bytes], ...] = ()

    def encoded(self, names: Mapping[str, str]) -> bytes:
        """Its bytes, with `names` put in."""
        payload = self.body if isinstance(self.body, bytes) else _filled(json.dumps(self.body), names)
        header = self.header
        if isinstance(header, dict):
            header = {"payload_size": len(payload) + self.payload_size, **header}
        text = header if isinstance(header, bytes) else _filled(json.dumps(header), names)
        data = bytearray(b"%b%d\r\n%b\r\n%b" % (self.magic, len(text) + self.header_size, text, payload))
        for place, put in self.damage:
            at = place % (len(data) + 1)
            data[at : at + len(put)] = put
        return bytes(data)


def _filled(text: str, names: Mapping[str, str]) -> bytes:
    for name, value in names.items():
        text = text.replace(name, value)
    return text.encode(errors="surrogatepass")


_ids = st.sampled_from(("TM1", "TM2", "TM")) | texts
_sizes = st.just(0) | st.just(0) | st.integers(-40, 40) | st.sampled_from((10**9, -(10**9)))
_damage = st.just(()) | st.just(()) | st.tuples(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)))

messages = st.builds(
    lambda request_id, request: Packet({"method": "message", "id": request_id, "http_request": request[0]}, request[1]),
    _ids,
    requests(),
)
inits = st.builds(
    lambda method, token, continuation: Packet(
        {"method": method, "id": "TM1", "token": token, "continuation_token": continuation}
    ),
    st.sampled_from(("init", "update")),
    tokens,
    st.none() | texts | values,
)
controls = st.builds(
    lambda method, extra: Packet({"method": method, "id": "TM1", **extra}),
    st.sampled_from(("reply", "telemetry.v1", "close", "message", "ping", "put_notification_ctx")) | texts,
    st.dictionaries(st.sampled_from(("id", "payload_size", "token", "http_request", "status")), values, max_size=2),
)
odd = st.builds(
    Packet,
    header=values | deep | st.dictionaries(texts, values, max_size=3),
    body=bodies,
    header_size=_sizes,
    payload_size=_sizes,
    magic=st.sampled_from((b"TWILSOCK V3.0 ", b"TWILSOCK V2.0 ", b"", b"TWILSOCK V3.0 0")),
    damage=_damage,
)
twice = st.just(Packet(b'{"method":"message","method":"init","id":"1","id":"2","token":"a","token":null}'))
packets = st.one_of(messages, messages, messages, messages, inits, controls, odd, twice)
