"""Asking webhooks before something happens, outside any transaction (docs/design/0012-webhooks.md).

A command of a service that has such a webhook is previewed. What it would announce is what the webhook is asked about;
one that would change nothing, or be refused, asks nobody. Whoever does not answer in time has nothing against it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar, cast
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import structlog

from ..core import errors
from ..core.conversation_with_participants import CreateConversationWithParticipants
from ..core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from ..core.events import StreamCommit, WebhooksConfigured
from ..core.messages import DeleteMessage, SendMessage, UpdateMessage
from ..core.model import Service
from ..core.overrides import override_from
from ..core.participants import AddParticipant, RemoveParticipant, UpdateParticipant
from ..core.ports import Actor, Command, Previews, Reads
from ..core.users import UpdateUser
from ..core.webhook_parameters import Parameters, asked, common
from ..core.webhooks import PRE_EVENTS, governing, named
from .client import ANSWER_BYTES, Answer, CallFailed

T = TypeVar("T")

SECONDS: Final = 5.0
"""How long a command waits for its webhook, the wait for its turn included."""
AT_ONCE: Final = 100
"""Calls to the webhook of one account or service."""
MAX_SERVICES: Final = 10_000
"""Services whose webhook is remembered."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Question:
    """The event that a kind of command asks about, and what of the command the answer may replace."""

    event: str
    replaceable: tuple[str, ...] = ()


_NAME = ("friendly_name",)
_TEXT = ("body", "author", "attributes")
_QUESTIONS: Final[Mapping[type, _Question]] = MappingProxyType(
    {
        CreateConversation: _Question("onConversationAdd", _NAME),
        CreateConversationWithParticipants: _Question("onConversationAdd", _NAME),
        UpdateConversation: _Question("onConversationUpdate", _NAME),
        DeleteConversation: _Question("onConversationRemove"),
        SendMessage: _Question("onMessageAdd", _TEXT),
        UpdateMessage: _Question("onMessageUpdate", _TEXT),
        DeleteMessage: _Question("onMessageRemove"),
        AddParticipant: _Question("onParticipantAdd"),
        UpdateParticipant: _Question("onParticipantUpdate"),
        RemoveParticipant: _Question("onParticipantRemove"),
        UpdateUser: _Question("onUserUpdate"),
    }
)
"""All other commands ask nobody."""


@dataclass(frozen=True, slots=True)
class _Hook:
    """A webhook that is asked, and whose: an account's or a service's."""

    owner_sid: str
    account_sid: str
    url: str
    method: str
    events: frozenset[str]


class _Client(Protocol):
    """`WebhookClient`."""

    async def call(self, url: str, method: str, parameters: Mapping[str, str]) -> Answer: ...


class PreHooks:
    """Implements `core.ports.PreHooks`. Make and use it on the event loop; `heard` belongs on the bus."""

    def __init__(self, reads: Previews, client: _Client, *, seconds: float = SECONDS, at_once: int = AT_ONCE) -> None:
        self._reads = reads
        self._client = client
        self._seconds = seconds
        self._at_once = at_once
        self._hooks: dict[str, _Hook | None] = {}
        """By service: a command of a service without a webhook costs this one look."""
        self._changes = 0
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._waiting: set[asyncio.Timeout] = set()
        self._closing = False

    async def ask(self, actor: Actor, command: Command[T]) -> Command[T]:
        """See `core.ports.PreHooks.ask`."""
        question = _QUESTIONS.get(type(command))
        if question is None:
            return command
        try:
            hook = self._hooks[actor.service_sid]
        except KeyError:
            hook = await self._look_up(actor.service_sid)
        if hook is None or question.event not in hook.events:
            return command
        return await self._ask(hook, question, actor, command)

    def heard(self, commits: Sequence[StreamCommit]) -> None:
        """Forget what was configured when something else is."""
        if any(isinstance(event, WebhooksConfigured) for commit in commits for event in commit.events):
            self._changes += 1
            self._hooks.clear()

    async def close(self) -> None:
        """Refuse the commands that wait for a webhook, and those that would ask one from now on."""
        self._closing = True
        for waiting in list(self._waiting):
            if not waiting.expired():
                waiting.reschedule(0)

    async def _look_up(self, service_sid: str) -> _Hook | None:
        self._refuse_when_closing()
        changes = self._changes
        hook = await self._reads.read(lambda reads: _configured(reads, service_sid))
        if changes == self._changes:  # else what was read may be old already
            if len(self._hooks) >= MAX_SERVICES:
                self._hooks.clear()
            self._hooks[service_sid] = hook
        return hook

    async def _ask(self, hook: _Hook, question: _Question, actor: Actor, command: Command[T]) -> Command[T]:
        self._refuse_when_closing()
        events = await self._reads.preview(actor, command)
        about = (asked(question.event, event) for event in events)
        parameters = next((found for found in about if found is not None), None)
        if parameters is None:
            return command
        own = common(hook.account_sid, actor.service_sid, question.event, actor)
        answer = await self._answer(hook, parameters | own)
        if answer is None:
            return command
        if answer.status >= 400:
            raise errors.webhook_refused()
        put = override_from(_decoded(answer.body), question.replaceable)
        return command if put is None else cast(Command[T], replace(cast(Any, command), override=put))

    async def _answer(self, hook: _Hook, parameters: Parameters) -> Answer | None:
        """What the webhook says; None if it says neither yes nor no in time. Raises `errors.closing()`."""
        self._refuse_when_closing()
        turn = self._turns.get(hook.owner_sid)
        if turn is None:
            turn = self._turns[hook.owner_sid] = asyncio.Semaphore(self._at_once)
        timeout = asyncio.timeout(self._seconds)
        try:
            async with timeout:
                self._waiting.add(timeout)
                async with turn:
                    answer = await self._client.call(hook.url, hook.method, parameters)
        except TimeoutError:
            self._refuse_when_closing()
            reason = f"no answer within {self._seconds:g} s"
        except CallFailed as error:
            reason = str(error)
        else:
            if answer.status >= 400 or len(answer.body) < ANSWER_BYTES:
                return answer
            reason = f"answered with more than {ANSWER_BYTES // 1024} KiB"
        finally:
            self._waiting.discard(timeout)
        log.warning("webhooks.unasked", owner=hook.owner_sid, host=urlsplit(hook.url).hostname, reason=reason)
        return None

    def _refuse_when_closing(self) -> None:
        if self._closing:
            raise errors.closing()


def _configured(reads: Reads, service_sid: str) -> _Hook | None:
    service = reads.one(Service, sid=service_sid)
    found = governing(reads, service_sid, service.account_sid) if service is not None else None
    if service is None or found is None or found.pre_webhook_url is None or found.target != "webhook":
        return None
    events = named(found.filters) & PRE_EVENTS
    return _Hook(found.owner_sid, service.account_sid, found.pre_webhook_url, found.method, events)


def _decoded(body: bytes) -> Any:
    """The JSON value in an answer; None for anything else, which changes nothing."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
