"""Requests tunnelled through the socket, and what their handlers share (docs/protocol.md, "Upstream")."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import msgspec

from ..core import errors
from ..core.errors import ServiceError
from ..core.limits import is_sid
from ..core.lookup import conversation_named
from ..core.messages import SendMessage
from ..core.model import Conversation, Message, Participant, Role, User
from ..core.permissions import may_read
from ..core.ports import UNSET, Actor, Command, ReadPool, Reads, Unset
from .frames import HttpRequest, decode_json

T = TypeVar("T")

MAX_PATH = 4096
MAX_PARAMS = 32


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose path and parameters are decoded. `args` are the parts of the path that the route left open."""

    method: str
    segments: tuple[str, ...]
    params: dict[str, str]
    payload: bytes
    args: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body counts as `{}`. Raises 20001 (400)."""
        if not self.payload:
            return {}
        try:
            body = decode_json(self.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise errors.invalid(20001, "The body is not valid JSON") from None
        if not isinstance(body, dict):
            raise errors.invalid(20001, "The body must be a JSON object")
        _refuse_nul(body.values(), "The body's fields")
        return body

    def form(self) -> dict[str, str]:
        """The body as a form. Raises 20001 (400)."""
        try:
            fields = dict(parse_qsl(self.payload.decode(), keep_blank_values=True, errors="strict", max_num_fields=64))
        except ValueError:
            raise errors.invalid(20001, "The body is not a valid form") from None
        _refuse_nul(fields.values(), "The body's fields")
        return fields


def parse_request(line: HttpRequest, payload: bytes) -> Request:
    """Decode path and parameters once, after splitting the path at its slashes. Raises 20001 (400)."""
    if len(line.path) > MAX_PATH or len(line.params) > MAX_PARAMS:
        raise errors.invalid(20001, "The request is too long")
    try:
        parts = line.path.strip("/").split("/")
        segments = tuple(map(_decode, parts) if "%" in line.path else parts)
        params = {_decode(key): _decode(_last(value)) for key, value in line.params.items()}
    except UnicodeDecodeError:
        raise errors.invalid(20001, "The path or a parameter is not valid UTF-8") from None
    _refuse_nul((*segments, *params.values()), "The path and its parameters")
    return Request(line.method.upper(), segments, params, payload)


def _refuse_nul(values: Iterable[object], what: str) -> None:
    """PostgreSQL fails when it is asked for text with a NUL, so none may reach the store, not even to be looked for."""
    if any(isinstance(value, str) and "\x00" in value for value in values):
        raise errors.invalid(20001, f"{what} may not contain NUL characters")


def _decode(text: str) -> str:
    return unquote_to_bytes(text).decode() if "%" in text else text


def _last(value: Any) -> str:
    """A parameter's value; of a repeated one the last."""
    if isinstance(value, list) and value:
        value = value[-1]
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status and JSON body (None: empty). `behind` are frames that go out with it, behind it."""

    status: int
    body: Any
    behind: bytes = b""


def error_reply(error: ServiceError) -> Reply:
    return Reply(error.status, {"status": error.status, "code": error.code, "message": error.message})


class Links:
    """Absolute URLs. The SDK takes those of tunnelled requests apart and sends their path only; media are real URLs."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.client = f"{self.origin}/Client/v2"
        self.sync = f"{self.origin}/v3"
        self.public = public_url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Caller:
    """The user on whose behalf a connection speaks."""

    service_sid: str
    identity: str
    user_sid: str
    links: Links = field(compare=False)

    @property
    def actor(self) -> Actor:
        return Actor(self.service_sid, self.identity)


class Perform(Protocol):
    """`core.perform.Performer.perform`."""

    def __call__(self, actor: Actor, command: Command[T], /) -> Awaitable[T]: ...


class SendContent(Protocol):
    """`rest.call.Api.send_content`."""

    def __call__(self, actor: Actor, command: SendMessage, variables: str | None, /) -> Awaitable[Message]: ...


class Attendance(Protocol):
    """Is told who is connected to this node (docs/design/0010-presence.md)."""

    def arrived(self, caller: Caller) -> None:
        """A user of a service that shows presence has a connection; may be said again."""

    def left(self, service_sid: str, identity: str) -> None:
        """A user's last connection ended; may be said of anybody."""


class Unattended:
    """Keeps no record."""

    def arrived(self, caller: Caller) -> None:
        pass

    def left(self, service_sid: str, identity: str) -> None:
        pass


UNATTENDED = Unattended()


@dataclass(frozen=True, slots=True)
class Backend:
    """What requests are answered from. `typing(conversation SID, identity)` tells the other members' connections."""

    reads: ReadPool
    perform: Perform
    links: Links
    typing: Callable[[str, str], None]
    send_content: SendContent
    attendance: Attendance = UNATTENDED


Query = Callable[[Reads, Caller, Request], Reply]
"""Answers a reading request, on a reader thread."""

Action = Callable[[Backend, Caller, Request], Awaitable[Reply]]
"""Answers a writing request, on the event loop."""


def text(body: dict[str, Any], name: str) -> str | None:
    """A text field of a body, or None if it is absent or null. Raises 20001 (400)."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise errors.invalid(20001, f"{name} must be text")


def given_text(body: dict[str, Any], name: str) -> str | Unset:
    """Like `text`, for updates: absent or null leaves the value as it is."""
    value = text(body, name)
    return UNSET if value is None else value


def given_or_null(body: dict[str, Any], name: str) -> str | Unset | None:
    """Like `text`, for updates of what may be cleared by null: absent leaves the value as it is."""
    return text(body, name) if name in body else UNSET


def given_index(body: dict[str, Any], name: str) -> int | Unset | None:
    """A message index, null, or `UNSET` if the field is absent. Raises 20001 (400)."""
    if name not in body:
        return UNSET
    value = body[name]
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise errors.invalid(20001, f"{name} must be a whole number or null")


def find_conversation(reads: Reads, caller: Caller, name: str) -> Conversation:
    """The conversation of the caller's service with this SID or unique name. Raises 50350 (404)."""
    found = conversation_named(reads, caller.service_sid, name)
    if found is None:
        raise errors.conversation_not_found()
    return found


def may_read_unjoined(reads: Reads, caller: Caller, conversation: Conversation) -> bool:
    """Whether the caller may open this conversation without being in it."""
    user = reads.one(User, sid=caller.user_sid)
    role = reads.one(Role, sid=user.role_sid) if user else None
    return may_read(conversation, None, role, caller.identity)


def readable(reads: Reads, caller: Caller, name: str) -> tuple[Conversation, Participant | None]:
    """A conversation that the caller may open, and the caller's membership. Raises 50350 (404) to all others."""
    conversation = find_conversation(reads, caller, name)
    member = reads.one(Participant, conversation_sid=conversation.sid, identity=caller.identity)
    if member is None and not may_read_unjoined(reads, caller, conversation):
        raise errors.conversation_not_found()
    return conversation, member


async def conversation_sid(backend: Backend, caller: Caller, name: str) -> str:
    """The SID of a conversation named in a path; whether the caller may touch it is the command's to decide."""
    if is_sid(name, "CH"):
        return name
    found = await backend.reads.read(lambda reads: find_conversation(reads, caller, name))
    return found.sid
