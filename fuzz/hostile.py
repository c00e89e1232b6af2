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
OLD = "/Client/v1"
CONVERSATION = f"{C}/Conversations/{{conversation}}"
ROUTES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", f"{C}/Configuration", {}),
    ("GET", f"{C}/ContentTemplates", {}),
    ("GET", f"{C}/MyConversations", {}),
    ("GET", f"{C}/MyConversations/{{conversation}}", {}),
    ("POST", f"{C}/MyConversations/{{conversation}}", {"last_read_message_index": 0, "notification_level": "muted"}),
    ("POST", f"{C}/Conversations", {"friendly_name": "f", "unique_name": "u", "attributes": "{}"}),
    ("GET", CONVERSATION, {}),
    ("POST", CONVERSATION, {"friendly_name": "f", "unique_name": "u", "attributes": "{}"}),
    ("DELETE", CONVERSATION, {}),
    ("POST", f"{CONVERSATION}/Participants", {"identity": "mallory", "attributes": "{}"}),
    ("POST", f"{CONVERSATION}/Participants/{{participant}}", {"attributes": "{}"}),
    ("DELETE", f"{CONVERSATION}/Participants/{{participant}}", {}),
    ("POST", f"{CONVERSATION}/Messages", {"body": "hello", "subject": None, "attributes": '{"cid":"c"}'}),
    ("POST", f"{CONVERSATION}/Messages", {"media_sids": ["ME1"]}),
    ("POST", f"{CONVERSATION}/Messages/{{message}}", {"body": "edited", "attributes": "[1]"}),
    ("DELETE", f"{CONVERSATION}/Messages/{{message}}", {}),
    ("GET", f"{CONVERSATION}/Messages/{{message}}/Receipts", {}),
    ("GET", f"{CONVERSATION}/Messages/{{message}}/ChannelMetadata", {}),
    ("GET", f"{CONVERSATION}/MessageRecipients", {}),
    ("GET", f"{C}/Users/{{person}}", {}),
    ("POST", f"{C}/Users/{{person}}", {"friendly_name": "f", "attributes": "{}"}),
    ("POST", "/v1/registrations", {"channel_type": "fcm", "data": {"registration_id": "r"}}),
    ("DELETE", "/v1/registrations", {"binding_type": "fcm", "address": "r"}),
    ("DELETE", "/v1/registrations/{person}", {}),
    ("GET", "/v3/Documents/{document}", {}),
    ("GET", "/v3/Lists/{list}", {}),
    ("GET", "/v3/Maps/{map}", {}),
    ("GET", "/v3/Lists/{list}/Items", {}),
    ("GET", "/v3/Maps/{map}/Items", {}),
    ("PUT", "/v3/Maps/{map}", {}),
    ("GET", f"{OLD}/SyncList", {}),
    ("GET", f"{OLD}/MyChannels", {}),
    ("GET", f"{OLD}/MyChannels/{{conversation}}", {}),
    ("GET", f"{OLD}/Channels/{{conversation}}", {}),
    ("GET", f"{OLD}/Users/{{person}}", {}),
    ("POST", "/v3/Lists", {"purpose": "com.twilio.rtd.ipmsg", "context": {}}),
    ("GET", "/v3/Lists/<session>/Context", {}),
)
"""What there is, each with a body as the SDK sends it."""

COMMANDS: tuple[dict[str, Any], ...] = (
    {"action": "createConversation", "friendlyName": "f", "uniqueName": "u", "attributes": "{}"},
    {"action": "editFriendlyName", "channelSid": "<room>", "friendlyName": "f"},
    {"action": "editUniqueName", "channelSid": "<room>", "uniqueName": ""},
    {"action": "editAttributes", "channelSid": "<private>", "attributes": "{}"},
    {"action": "editNotificationLevel", "channelSid": "<room>", "notificationLevel": "muted"},
    {"action": "consumptionReportV2", "report": [{"channelSid": "<room>", "messageIdx": 0}, {"channelSid": "<gone>"}]},
    {"action": "joinChannelV2", "channelSid": "<private>"},
    {"action": "leaveChannel", "channelSid": "<room>"},
    {"action": "destroyChannel", "channelSid": "<room>"},
    {"action": "addMemberV2", "channelSid": "<room>", "username": "mallory", "attributes": "{}"},
    {"action": "addNonChatParticipant", "conversationSid": "<room>", "proxyAddress": "+1", "address": "+2"},
    {"action": "removeMember", "channelSid": "<room>", "memberSid": "<participant>"},
    {"action": "editMemberAttributes", "channelSid": "<room>", "memberSid": "<participant>", "attributes": "{}"},
    {"action": "sendMessage", "channelSid": "<room>", "text": "hello", "attributes": '{"cid":"c"}'},
    {"action": "sendMediaMessage", "channelSid": "<room>", "mediaSid": "ME1"},
    {"action": "editMessage", "channelSid": "<private>", "messageIdx": "0", "text": "edited"},
    {"action": "editMessageAttributes", "channelSid": "<room>", "messageIdx": 0, "attributes": "[1]"},
    {"action": "deleteMessage", "channelSid": "<room>", "messageIdx": "0"},
    {"action": "editUserFriendlyName", "username": "<victim>", "friendlyName": "f"},
    {"action": "editUserAttributes", "username": "mallory", "attributes": "{}"},
)
"""What SDK 1.x asks through its session's list."""

OBJECTS = (
    ("<session>", "list"),
    *(
        (f"<{kind}:{of}>", type_)
        for kind, type_, owners in (
            ("ET", "document", ("room", "private", "gone")),
            ("ES", "list", ("room", "private", "gone")),
            ("MP", "map", ("room", "private", "gone")),
            ("MC", "map", ("user", "victim's user")),
            ("MI", "map", ("user", "victim's user")),
        )
        for of in owners
    ),
)
PARAMS = ("PageToken", "PageSize", "Order", "From", "Key", "Index", "Include", "HideExpired", "productId")
GOOD = ("1", "0", "-1", "100", "asc", "desc", "items", "true", "after.asc.1", "before.desc.", "<participant>", "<room>")

_SOME = {
    "conversation": ("<room>",) * 8 + ("<private>", "<gone>", "<unique name>", "u"),
    "message": ("<message>",) * 4 + ("<secret message>",),
    "participant": ("<participant>", "<victim>", "mallory"),
    "person": ("mallory", "<victim>", "nobody"),
    **{kind: tuple(name for name, type_ in OBJECTS if type_ == kind) for kind in ("document", "list", "map")},
}


def _mostly(likely: st.SearchStrategy[Any], otherwise: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nine times of ten the first."""
    return st.integers(0, 9).flatmap(lambda drawn: likely if drawn else otherwise)


def _rarely(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 9)) == 9


objects = st.tuples(st.sampled_from(OBJECTS), st.none() | st.integers(0, 9) | numbers | values).map(
    lambda drawn: {"object_sid": drawn[0][0], "object_type": drawn[0][1], "last_event_id": drawn[1]}
)
subscriptions = st.fixed_dictionaries(
    {
        "event_protocol_version": st.sampled_from((3, 4)) | values,
        "action": _mostly(st.sampled_from(("establish", "establish", "cancel")), scalars),
        "correlation_id": _mostly(st.integers(0, 9), values),
        "requests": _mostly(st.lists(_mostly(objects, values), max_size=5), values),
    }
)
senseless = st.one_of(values, st.binary(max_size=30), deep)
params = st.dictionaries(_mostly(st.sampled_from(PARAMS), texts), _mostly(st.sampled_from(GOOD), values), max_size=3)


@st.composite
def _paths(draw: st.DrawFn, template: str) -> str:
    for name, some in _SOME.items():
        while f"{{{name}}}" in template:
            template = template.replace(f"{{{name}}}", draw(_mostly(st.sampled_from(some), texts)), 1)
    return template


@st.composite
def _bodies(draw: st.DrawFn, valid: dict[str, Any]) -> Any:
    """A body as the SDK sends it, or with some fields gone, or with others in their place."""
    if _rarely(draw):
        return draw(senseless)
    kept = {name: value for name, value in valid.items() if not _rarely(draw)}
    changed = draw(st.dictionaries(st.sampled_from([*valid, "identity", "body"]), values, max_size=1))
    return kept | changed if draw(st.booleans()) else kept


@st.composite
def _commands(draw: st.DrawFn) -> Any:
    """An item for a session's list."""
    given = draw(_bodies(draw(st.sampled_from(COMMANDS))))
    data = {"request": given, "commandId": draw(_mostly(st.just("c"), values))} if isinstance(given, dict) else given
    return data if isinstance(data, bytes) or _rarely(draw) else {"data": data}


@st.composite
def requests(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A request line and a body."""
    form = draw(st.integers(0, 13))
    if form == 0:
        name = draw(_mostly(st.sampled_from(_SOME["conversation"]), texts))
        method, path = "POST", "/v1/typing"
        body: Any = f"ChannelSid={name}".encode(errors="replace")
    elif form <= 3:
        method, path, body = "POST", "/v4/Subscriptions", draw(subscriptions)
    elif form <= 5:
        method, path, body = "POST", "/v3/Lists/<session>/Items", draw(_commands())
    else:
        method, template, valid = draw(st.sampled_from(ROUTES))
        path, body = draw(_paths(template)), draw(_bodies(valid))
    line: dict[str, Any] = {"host": "h", "path": path, "method": method, "params": draw(params), "headers": {}}
    if _rarely(draw):
        line[draw(st.sampled_from(("path", "method", "params", "headers")))] = draw(values)
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


_ids = _mostly(st.sampled_from(("TM1", "TM2", "TM")), texts)
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
    body=senseless,
    header_size=_sizes,
    payload_size=_sizes,
    magic=st.sampled_from((b"TWILSOCK V3.0 ", b"TWILSOCK V2.0 ", b"", b"TWILSOCK V3.0 0")),
    damage=_damage,
)
twice = st.just(Packet(b'{"method":"message","method":"init","id":"1","id":"2","token":"a","token":null}'))
packets = _mostly(messages, _mostly(messages, st.one_of(inits, controls, odd, twice)))
