"""The outbox of webhooks: what happened becomes calls, in the same transaction (docs/design/0012-webhooks.md).

`CallOutbox` runs for every command, on the writer's thread. Where nothing is configured it costs one statement a batch.
"""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, ClassVar, Final, NamedTuple

from . import errors, limits
from . import webhook_parameters as parameters
from .events import ConversationRemoved, Event, MessageAdded, UserUpdated, WebhookCallsDue
from .model import (
    APPLICATION,
    PLACES,
    Conversation,
    Message,
    Service,
    Webhook,
    WebhookCall,
    WebhookConfiguration,
)
from .permissions import require_account
from .ports import Actor, Needs, Tx, key
from .webhooks import governing, named

Lane = tuple[str, str]
"""The target's SID and the stream's."""

AT_ONCE: Final = 500
"""Calls that an administrator's command looks at in one transaction, so that others wait only briefly."""

_MESSAGE_ADDED: Final = "onMessageAdded"
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Target:
    """Who is told: `keywords` narrows new messages to those that hold one."""

    sid: str
    url: str | None
    method: str
    hears: frozenset[str]
    keywords: re.Pattern[str] | None = None

    def wants(self, name: str, event: Event) -> bool:
        """Whether it is told of `event` under this name."""
        if name not in self.hears:
            return False
        return self.keywords is None or (isinstance(event, MessageAdded) and self.wants_message(event.message))

    def wants_message(self, message: Message) -> bool:
        """Whether it is told of a message that is new."""
        if _MESSAGE_ADDED not in self.hears:
            return False
        return self.keywords is None or self.keywords.search(message.body or "") is not None


def _configured(configuration: WebhookConfiguration | None) -> tuple[_Target, ...]:
    """The account or the service as a target; "flex" is never called."""
    if configuration is None or configuration.post_webhook_url is None or configuration.target != "webhook":
        return ()
    hears = named(configuration.filters)
    return (_Target(configuration.owner_sid, configuration.post_webhook_url, configuration.method, hears),)


def _own(webhooks: Iterable[Webhook]) -> tuple[_Target, ...]:
    """A conversation's webhooks as targets; those of target "studio" are never called."""
    return tuple(_target(webhook) for webhook in webhooks if webhook.target != "studio")


def _target(webhook: Webhook) -> _Target:
    if webhook.target == "trigger":
        hears, keywords = frozenset({_MESSAGE_ADDED}), _keywords(webhook.triggers)
        return _Target(webhook.sid, webhook.url, webhook.method, hears, keywords)
    return _Target(webhook.sid, webhook.url, webhook.method, named(webhook.filters))


@lru_cache(maxsize=256)
def _keywords(triggers: str) -> re.Pattern[str]:
    """What finds one of the keywords (a row's JSON array) as a whole word, whatever its case."""
    alternatives = "|".join(map(re.escape, json.loads(triggers)))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one unit of work has read: nobody changes it meanwhile, since commands on webhooks are `exclusive`."""

    unit: Callable[[], Tx | None]
    everywhere: dict[str, tuple[_Target, ...]] = field(default_factory=dict)
    """By service: who is told of all its events."""
    own: dict[str, tuple[_Target, ...]] = field(default_factory=dict)
    """By conversation, of those that have webhooks of their own."""


class CallOutbox:
    """Implements `core.ports.Outbox`.

    application_events: the names of events that an application in this process hears of, whatever is configured.
    """

    def __init__(self, application_events: frozenset[str] = frozenset()) -> None:
        self._application = (_Target(APPLICATION, None, "POST", application_events),) if application_events else ()
        self._accounts: dict[str, str] = {}
        """The account of each service that was met: it never changes."""
        self._batch = _Batch(lambda: None)

    def record(self, actor: Actor, tx: Tx, events: Sequence[Event]) -> None:
        """See `Outbox.record`."""
        if not actor.webhooks:
            return
        lanes: dict[Lane, int] = {}
        for event in events:
            names = parameters.names(event)
            if names and (targets := self._targets(actor.service_sid, tx, event)):
                self._tell(actor, tx, event, names, targets, lanes)
        if lanes:
            tx.emit(WebhookCallsDue(actor.service_sid, 0, tuple(lanes)))

    def _targets(self, service_sid: str, tx: Tx, event: Event) -> tuple[_Target, ...]:
        """Who may have to be told of an event."""
        if self._batch.unit() is not tx:
            self._batch = _Batch(weakref.ref(tx))
        everywhere = self._batch.everywhere.get(service_sid)
        if everywhere is None:
            everywhere = self._batch.everywhere[service_sid] = self._everywhere(service_sid, tx)
        conversation: Conversation | None = getattr(event, "conversation", None)
        if conversation is None or not conversation.webhooks_count:
            return everywhere
        if isinstance(event, ConversationRemoved):
            return everywhere + _own(event.webhooks)
        own = self._batch.own.get(conversation.sid)
        if own is None:
            own = _own(tx.all(Webhook, order="sid", conversation_sid=conversation.sid))
            self._batch.own[conversation.sid] = own
        return everywhere + own

    def _everywhere(self, service_sid: str, tx: Tx) -> tuple[_Target, ...]:
        if service_sid not in self._accounts:
            (service,) = tx.find(Service, "sid", [service_sid])
            self._accounts[service_sid] = service.account_sid
        return self._application + _configured(governing(tx, service_sid, self._accounts[service_sid]))

    def _tell(
        self,
        actor: Actor,
        tx: Tx,
        event: Event,
        names: tuple[str, ...],
        targets: tuple[_Target, ...],
        lanes: dict[Lane, int],
    ) -> None:
        """Add an event's calls. `lanes` counts the command's calls by lane, so that each has a place of its own."""
        for name in names:
            wanting = [target for target in targets if target.wants(name, event)]
            if not wanting:
                continue
            text = self._parameters(actor, tx, event, name)
            for target in wanting:
                lane = (target.sid, event.stream)
                number = lanes.get(lane, 0)
                lanes[lane] = number + 1
                tx.add(_call(tx, target, event.stream, event.position * PLACES + number, name, text))

    def _parameters(self, actor: Actor, tx: Tx, event: Event, name: str) -> str:
        reachability = False
        if isinstance(event, UserUpdated):
            reachability = any(row.reachability_enabled for row in tx.find(Service, "sid", [actor.service_sid]))
        told = parameters.told(name, event, tx.now, reachability=reachability)
        return _JSON.encode(parameters.common(self._accounts[actor.service_sid], actor.service_sid, name, actor) | told)


def _call(tx: Tx, target: _Target, stream_sid: str, place: int, name: str, told: str) -> WebhookCall:
    return WebhookCall(
        sid=tx.sid("WC"),
        target_sid=target.sid,
        stream_sid=stream_sid,
        place=place,
        event=name,
        url=target.url,
        method=target.method,
        parameters=told,
        state="waiting",
        attempts=0,
        date_created=tx.now,
        date_due=tx.now,
        error=None,
    )


def past(tx: Tx, conversation: Conversation, webhook: Webhook, replay_after: int | None) -> list[Message]:
    """The messages from index `replay_after` on, if the new webhook is to be told of messages at all.

    Raises 20001 (400) if there are more than `limits.REPLAY_MESSAGES`.
    """
    if replay_after is None:
        return []
    if replay_after < 0:
        raise errors.invalid(20001, "Configuration.ReplayAfter must be an index of a message, 0 or higher")
    if webhook.target == "studio" or _MESSAGE_ADDED not in _target(webhook).hears:
        return []
    if replay_after >= conversation.next_index:
        return []
    limit, page = limits.REPLAY_MESSAGES, partial(tx.page, Message, order="index", conversation_sid=conversation.sid)
    found = page(start=replay_after, inclusive=True, limit=limit + 1)
    if len(found) > limit:
        lowest = page(limit=limit, descending=True)[-1].index
        raise errors.invalid(
            20001, f"At most {limit} messages are replayed: Configuration.ReplayAfter must be {lowest} or higher"
        )
    return found


def replay(tx: Tx, conversation: Conversation, webhook: Webhook, messages: Sequence[Message]) -> None:
    """Tell a new webhook of messages of the past, before anything newer. Their source is not known any more."""
    target = _target(webhook)
    service = tx.one(Service, sid=conversation.service_sid)
    if service is None:
        raise errors.service_not_found()
    sender = Actor(conversation.service_sid)
    common = parameters.common(service.account_sid, service.sid, _MESSAGE_ADDED, sender)
    wanted = [message for message in messages if target.wants_message(message)]
    for message in wanted:
        event = MessageAdded(conversation.sid, message.created_position, conversation, message)
        told = _JSON.encode(common | parameters.told(_MESSAGE_ADDED, event, tx.now))
        tx.add(_call(tx, target, conversation.sid, message.created_position * PLACES, _MESSAGE_ADDED, told))
    if wanted:
        tx.emit(WebhookCallsDue(service.sid, 0, ((target.sid, conversation.sid),)))


@dataclass(frozen=True, slots=True)
class CallFailure:
    """An attempt in vain. `error` is for people; `date_due` says when the next attempt is made, None: none is."""

    sid: str
    error: str
    date_due: int | None


@dataclass(frozen=True, slots=True)
class FinishCalls:
    """What came of attempts: `done` leave the outbox. A call that is gone by now is passed over.

    Not `exclusive`, so that deliveries share commits with what else is written: an administrator's command on another
    node that meets the same call at the same instant may be overwritten.
    """

    exclusive: ClassVar = False

    done: tuple[str, ...]
    failures: tuple[CallFailure, ...] = ()

    def needs(self, actor: Actor) -> Needs:
        sids = (*self.done, *(failure.sid for failure in self.failures))
        return Needs(rows=tuple(key(WebhookCall, sid=sid) for sid in sids))

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "deliver webhooks")
        for sid in self.done:
            if (call := tx.one(WebhookCall, sid=sid)) is not None:
                tx.remove(call)
        for failure in self.failures:
            if (call := tx.one(WebhookCall, sid=failure.sid)) is not None:
                tx.change(_after(failure, call, tx.now))


def _after(failure: CallFailure, call: WebhookCall, now: int) -> WebhookCall:
    tried = replace(call, attempts=call.attempts + 1, error=failure.error)
    if failure.date_due is None:
        return replace(tried, state="failed", date_due=now)
    return replace(tried, date_due=failure.date_due)


class CallPage(NamedTuple):
    """What an administrator's command did to some of the calls that it was given."""

    changed: tuple[str, ...]
    """The SIDs of the calls that it changed."""
    next: str | None
    """To go on, give this as `after`. None: there are no more."""


@dataclass(frozen=True, slots=True)
class RetryCalls:
    """Make calls that failed, or wait after an attempt in vain, due at once, as if they had never been tried.

    They go where their webhook is now, if it still exists; so do those that were not tried yet. Either `sids` names the
    calls, or they are a target's, or all. Up to `limit` are looked at, by SID, those after `after`.
    """

    exclusive: ClassVar = True

    target_sid: str | None = None
    sids: tuple[str, ...] | None = None
    after: str = ""
    limit: int = AT_ONCE

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> CallPage:
        require_account(actor, "retry webhooks")
        found, following = _chosen(tx, self.target_sid, self.sids, self.after, self.limit)
        changed = [renewed for call in found if (renewed := _renewed(tx, call)) != call]
        for call in changed:
            tx.change(call)
        _tell_due(actor, tx, changed)
        return CallPage(tuple(call.sid for call in changed), following)


def _renewed(tx: Tx, call: WebhookCall) -> WebhookCall:
    url, method = _address(tx, call)
    call = replace(call, url=url, method=method)
    if call.state == "failed":
        return replace(call, state="waiting", attempts=0, date_created=tx.now, date_due=tx.now)
    return replace(call, attempts=0, date_due=tx.now) if call.attempts else call


def _address(tx: Tx, call: WebhookCall) -> tuple[str | None, str]:
    """The URL and the method of a call's webhook as it now is, or else the call's own."""
    if call.target_sid == APPLICATION:
        return call.url, call.method
    if (webhook := tx.one(Webhook, sid=call.target_sid)) is not None:
        return webhook.url, webhook.method
    configuration = tx.one(WebhookConfiguration, owner_sid=call.target_sid)
    if configuration is not None and configuration.post_webhook_url is not None:
        return configuration.post_webhook_url, configuration.method
    return call.url, call.method


@dataclass(frozen=True, slots=True)
class DropCalls:
    """Remove calls that failed, or those that `sids` name, also if they still wait. See `RetryCalls`."""

    exclusive: ClassVar = True

    target_sid: str | None = None
    sids: tuple[str, ...] | None = None
    after: str = ""
    limit: int = AT_ONCE

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> CallPage:
        require_account(actor, "drop webhooks")
        found, following = _chosen(tx, self.target_sid, self.sids, self.after, self.limit, state="failed")
        for call in found:
            tx.remove(call)
        _tell_due(actor, tx, [call for call in found if call.state == "waiting"])  # those behind them are the next
        return CallPage(tuple(call.sid for call in found), following)


def _chosen(
    tx: Tx, target_sid: str | None, sids: tuple[str, ...] | None, after: str, limit: int, **match: Any
) -> tuple[list[WebhookCall], str | None]:
    """Up to `limit` calls that a command is about, and after which SID it goes on."""
    if target_sid is not None:
        match["target_sid"] = target_sid
    if sids is None:
        calls = tx.page(WebhookCall, order="sid", start=after, limit=limit, **match)
        return calls, calls[-1].sid if len(calls) == limit else None
    named_ = sorted({sid for sid in sids if sid > after})
    calls = sorted(tx.find(WebhookCall, "sid", named_[:limit]), key=lambda call: call.sid)
    calls = [call for call in calls if target_sid in (None, call.target_sid)]
    return calls, named_[limit - 1] if len(named_) > limit else None


def _tell_due(actor: Actor, tx: Tx, calls: Iterable[WebhookCall]) -> None:
    lanes = tuple(dict.fromkeys((call.target_sid, call.stream_sid) for call in calls))
    if lanes:
        tx.emit(WebhookCallsDue(actor.service_sid, 0, lanes, again=True))
