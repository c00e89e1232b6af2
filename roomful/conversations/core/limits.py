"""Bounds on what a caller may send, and the checks for them (docs/rest.md, "Limits"). All raise `ServiceError`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Any

from .errors import ServiceError, invalid

FRIENDLY_NAME_CHARS = 256
UNIQUE_NAME_CHARS = 256
IDENTITY_CHARS = 256
ROLE_NAME_CHARS = 64
CONVERSATION_ATTRIBUTES_BYTES = 16 * 1024
PARTICIPANT_ATTRIBUTES_BYTES = 4 * 1024
MESSAGE_ATTRIBUTES_BYTES = 4 * 1024
USER_ATTRIBUTES_BYTES = 4 * 1024
BODY_BYTES = 32 * 1024
SUBJECT_CHARS = 256
CID_CHARS = 64
PUSH_ADDRESS_CHARS = 1024
ATTRIBUTES_DEPTH = 64
PARTICIPANTS_PER_CONVERSATION = 1000
NON_CHAT_PARTICIPANTS_PER_CONVERSATION = 50
CONVERSATIONS_PER_USER = 1000
ROLES_PER_SERVICE = 100
DELETABLE_STREAMS = 1000
"""Conversations, and users, of a service that can be deleted: what one transaction may lock and remove."""
API_KEYS = 100
CREDENTIALS_PER_ACCOUNT = 1000
ADDRESSES_PER_ACCOUNT = 1000
CREDENTIAL_NAME_CHARS = 64
CREDENTIAL_BYTES = 16 * 1024
"""Of each of a push credential's secrets."""
TEMPLATE_CHARS = 1024
SOUND_CHARS = 256
ADDRESS_CHARS = 256
STUDIO_RETRIES = 3
PEOPLE_PER_REQUEST = 10
"""Whom a conversation can be made with at once."""
MEDIA_MEGABYTES = 150
MEDIA_BYTES = MEDIA_MEGABYTES * 1024 * 1024
"""Of one file, and of all files of a message."""
MEDIA_PER_MESSAGE = 10
UNATTACHED_MEDIA = 100
UNATTACHED_BYTES = 1024 * 1024 * 1024
"""What a person may have uploaded, or be uploading, that no message took yet."""
UNATTACHED_MEDIA_OF_ACCOUNT = 10_000
UNATTACHED_BYTES_OF_ACCOUNT = 100 * 1024 * 1024 * 1024
FILENAME_CHARS = 256
CONTENT_TYPE_CHARS = 256
CHANNEL_TYPE_CHARS = 64
CHANNEL_METADATA_BYTES = 16 * 1024
WEBHOOKS_PER_CONVERSATION = 5
WEBHOOK_URL_CHARS = 2048
TRIGGERS_PER_WEBHOOK = 10
TRIGGER_CHARS = 128
REPLAY_MESSAGES = 1000
"""How many messages of the past a new webhook can ask for."""

_SIDS = ("CH", "US", "MB", "IM", "RL", "IS", "WH", "FW", "ME", "DY", "HX", "SK", "CR", "IG")
_SID = {prefix: re.compile(rf"{prefix}[0-9a-fA-F]{{32}}") for prefix in _SIDS}


def is_sid(value: str, prefix: str) -> bool:
    """Whether `value` has the form of a SID: two capitals and 32 hex digits."""
    return _SID[prefix].fullmatch(value) is not None


def _storable(value: str, what: str) -> None:
    """PostgreSQL's text holds no NUL, and neither database holds half of a surrogate pair."""
    if "\x00" in value:
        raise invalid(20001, f"{what} may not contain NUL characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid(20001, f"{what} is not valid Unicode text") from None


def is_storable(value: str) -> bool:
    """Whether both databases hold this text."""
    try:
        _storable(value, "")
    except ServiceError:
        return False
    return True


def attributes(text: str, limit: int) -> Any:
    """Check JSON text of at most `limit` bytes; return the parsed value."""
    _storable(text, "Attributes")
    if len(text.encode()) > limit:
        raise invalid(50303, f"Attributes are longer than {limit} bytes")
    try:
        value = _JSON.decode(text)
    except (ValueError, RecursionError):
        raise invalid(50304, "Attributes are not valid JSON") from None
    containers = text.count("{") + text.count("[")  # at most so many: a string may hold these characters too
    if containers >= ATTRIBUTES_DEPTH and _depth(value) > ATTRIBUTES_DEPTH:
        raise invalid(50304, f"Attributes are nested deeper than {ATTRIBUTES_DEPTH} levels")
    return value


def _no_constants(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_no_constants)


def _depth(value: Any) -> int:
    """Depth of nested containers, without recursion."""
    depth, level = 0, [value]
    while level and depth <= ATTRIBUTES_DEPTH:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        depth, level = depth + 1, inner
    return depth


def friendly_name(value: str | None) -> str | None:
    """An empty name clears it."""
    if value is None or value == "":
        return None
    _storable(value, "FriendlyName")
    if len(value) > FRIENDLY_NAME_CHARS:
        raise invalid(50003, f"Friendly name is longer than {FRIENDLY_NAME_CHARS} characters")
    return value


def unique_name(value: str | None) -> str | None:
    """An empty name clears it; one that looks like a conversation's SID could shadow that conversation."""
    if value is None or value == "":
        return None
    _storable(value, "UniqueName")
    if len(value) > UNIQUE_NAME_CHARS:
        raise invalid(50004, f"Unique name is longer than {UNIQUE_NAME_CHARS} characters")
    if is_sid(value, "CH"):
        raise invalid(50390, "Unique name must not look like a conversation SID")
    return value


def identity(value: str) -> str:
    if not value:
        raise invalid(50204, "Identity not provided")
    _storable(value, "Identity")
    if len(value) > IDENTITY_CHARS:
        raise invalid(50207, f"Identity is longer than {IDENTITY_CHARS} characters")
    if is_sid(value, "US"):
        raise invalid(50206, "Identity must not look like a user SID")
    return value


def author(value: str) -> str:
    _storable(value, "Author")
    if len(value) > IDENTITY_CHARS:
        raise invalid(50310, f"Author is longer than {IDENTITY_CHARS} characters")
    return value


def body(value: str | None) -> str | None:
    if value is None:
        return None
    _storable(value, "Body")
    if len(value.encode()) > BODY_BYTES:
        raise invalid(50504, f"Message body is longer than {BODY_BYTES} bytes")
    return value


def subject(value: str | None) -> str | None:
    if not value:
        return None
    _storable(value, "Subject")
    if len(value) > SUBJECT_CHARS:
        raise invalid(20001, f"Subject is longer than {SUBJECT_CHARS} characters")
    return value


def filename(value: str | None) -> str | None:
    """A file's name without a path: what people see, never a place on a disk."""
    name = re.sub(r"[\x00-\x1f\x7f]", "", (value or "").replace("\\", "/").rpartition("/")[2]).strip()
    if name in ("", ".", ".."):
        return None
    _storable(name, "A file's name")
    if len(name) > FILENAME_CHARS:
        raise invalid(20001, f"A file's name is longer than {FILENAME_CHARS} characters")
    return name


_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(\s*;[\x20-\x7e]*)?", re.IGNORECASE)


def content_type(value: str) -> str:
    """A media type as RFC 9110 §8.3.1 has it, with its parameters if it has any."""
    if len(value) > CONTENT_TYPE_CHARS or _CONTENT_TYPE.fullmatch(value) is None:
        raise invalid(50511, "The content type is not a media type such as image/png")
    return value


def state(value: str) -> str:
    """A conversation's state, whatever its case."""
    if not value:
        raise invalid(50374, "Conversation state is empty")
    lowered = value.lower()
    if lowered not in ("active", "inactive", "closed"):
        raise invalid(50378, "Conversation state must be active, inactive or closed")
    return lowered


def notification_level(value: str) -> str:
    lowered = value.lower()
    if lowered not in ("default", "muted"):
        raise invalid(50210, "Notification level must be default or muted")
    return lowered


def push_address(value: str) -> str:
    """What a push service calls a device."""
    _storable(value, "The push address")
    if not 0 < len(value) <= PUSH_ADDRESS_CHARS:
        raise invalid(20001, f"A push address has 1 to {PUSH_ADDRESS_CHARS} characters")
    return value


def credential_name(value: str | None) -> str | None:
    """An empty name clears it."""
    if not value:
        return None
    _storable(value, "FriendlyName")
    if len(value) > CREDENTIAL_NAME_CHARS:
        raise invalid(50003, f"A push credential's friendly name is longer than {CREDENTIAL_NAME_CHARS} characters")
    return value


def credential_secret(value: str | None) -> str | None:
    """A certificate or a key; an empty one clears it."""
    if not value:
        return None
    _storable(value, "A push credential")
    if len(value.encode()) > CREDENTIAL_BYTES:
        raise invalid(20001, f"A certificate or key of a push credential is longer than {CREDENTIAL_BYTES} bytes")
    return value


def notification_template(value: str) -> str | None:
    """An empty template restores the usual one."""
    _storable(value, "A notification's template")
    if len(value) > TEMPLATE_CHARS:
        raise invalid(50058, f"A notification's template is longer than {TEMPLATE_CHARS} characters")
    return value or None


def notification_sound(value: str) -> str | None:
    """An empty name restores the usual sound."""
    _storable(value, "A notification's sound")
    if len(value) > SOUND_CHARS:
        raise invalid(50059, f"The name of a notification's sound is longer than {SOUND_CHARS} characters")
    return value or None


def role_name(value: str) -> str:
    if not value:
        raise invalid(50000, "Role friendly name not provided")
    _storable(value, "FriendlyName")
    if len(value) > ROLE_NAME_CHARS:
        raise invalid(50003, f"Role friendly name is longer than {ROLE_NAME_CHARS} characters")
    return value


_URL_CHAR = r"[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2}"
_URL = re.compile(
    rf"(?i:https?)://(?:(?:{_URL_CHAR})*@)?"
    r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)(?::(?P<port>[0-9]{1,5}))?"
    rf"(?:[/?](?:{_URL_CHAR}|[@/?])*)?"
)
"""An absolute URL as RFC 3986 has it, so that it is called as it was signed; without a fragment."""


def webhook_url(value: str, too_long: int = 50054) -> str:
    """A URL that can be called. Raises 50054 (400), or `too_long`."""
    if len(value) > WEBHOOK_URL_CHARS:
        raise invalid(too_long, f"A webhook's URL is longer than {WEBHOOK_URL_CHARS} characters")
    found = _URL.fullmatch(value)
    if found is None or not (_is_ipv6(found["address"]) and _is_port(found["port"])):
        raise invalid(
            50054,
            "A webhook's URL must begin with http:// or https:// and a host, have no fragment, and percent-encode"
            " whatever a URL cannot hold",
        )
    return value


def _is_ipv6(address: str | None) -> bool:
    """Whether what stood in brackets, if anything did, is an address."""
    try:
        return address is None or bool(IPv6Address(address))
    except ValueError:
        return False


def _is_port(port: str | None) -> bool:
    return port is None or 0 < int(port) < 65536


def webhook_method(value: str) -> str:
    """How a webhook is called: GET or POST, whatever the case."""
    method = value.upper()
    if method not in ("GET", "POST"):
        raise invalid(50055, "A webhook's method must be GET or POST")
    return method


def webhook_triggers(values: Sequence[str]) -> tuple[str, ...]:
    """The keywords of a trigger, without the space around them."""
    triggers = tuple(dict.fromkeys(value.strip() for value in values))
    if not triggers:
        raise invalid(50371, "A webhook of target trigger needs triggers")
    if len(triggers) > TRIGGERS_PER_WEBHOOK:
        raise invalid(50362, f"A webhook has at most {TRIGGERS_PER_WEBHOOK} triggers")
    for trigger in triggers:
        _storable(trigger, "A trigger")
        if not 0 < len(trigger) <= TRIGGER_CHARS:
            raise invalid(50366, f"A trigger has 1 to {TRIGGER_CHARS} characters")
    return triggers


def flow_sid(value: str | None) -> str:
    """The flow that a webhook of target studio names."""
    if not value or not is_sid(value, "FW"):
        raise invalid(50367, "A webhook of target studio needs the SID of a flow")
    return value
