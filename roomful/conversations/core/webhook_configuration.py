"""Commands on webhooks (docs/rest.md, "Webhooks"): for account credentials only.

They are `exclusive`, so that within a transaction that announces something no webhook changes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from . import errors, limits, outbox
from .events import WebhooksConfigured
from .model import Account, Conversation, Service, Webhook, WebhookConfiguration
from .permissions import access, needs_access, require_account
from .ports import UNSET, Actor, Needs, Tx, Unset
from .webhooks import CONVERSATION_EVENTS, POST_EVENTS, PRE_EVENTS, event_named

TARGETS = ("webhook", "trigger", "studio")


@dataclass(frozen=True, slots=True)
class UpdateWebhookConfiguration:
    """Say where an account or a service tells of what happens, and asks beforehand. An empty URL clears it.

    `owner_sid` is the account's SID or a service's. What waits in the outbox still goes where it was meant to go.
    """

    exclusive: ClassVar = True

    owner_sid: str
    pre_webhook_url: str | Unset = UNSET
    post_webhook_url: str | Unset = UNSET
    method: str | Unset = UNSET
    filters: tuple[str, ...] | Unset = UNSET
    target: str | Unset = UNSET

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> WebhookConfiguration:
        require_account(actor, "configure webhooks")
        if tx.one(Service, sid=self.owner_sid) is None and tx.one(Account, sid=self.owner_sid) is None:
            raise errors.service_not_found()
        changes = self._changes()
        old = tx.one(WebhookConfiguration, owner_sid=self.owner_sid)
        new = replace(old or unconfigured(self.owner_sid, tx.now), date_updated=tx.now, **changes)
        if old is None:
            tx.add(new)
        else:
            tx.change(new)
        tx.emit(WebhooksConfigured(self.owner_sid, 0))
        return new

    def _changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name, url in (("pre_webhook_url", self.pre_webhook_url), ("post_webhook_url", self.post_webhook_url)):
            if not isinstance(url, Unset):
                changes[name] = limits.webhook_url(url) if url else None
        if not isinstance(self.method, Unset):
            changes["method"] = limits.webhook_method(self.method)
        if not isinstance(self.filters, Unset):
            changes["filters"] = event_filters(self.filters, PRE_EVENTS | POST_EVENTS, 50054)
        if not isinstance(self.target, Unset):
            target = changes["target"] = self.target.lower()
            if target not in ("webhook", "flex"):
                raise errors.invalid(50054, "A webhook configuration's target must be webhook or flex")
        return changes


def unconfigured(owner_sid: str, now: int) -> WebhookConfiguration:
    """The configuration of who has none: nobody is asked or told."""
    return WebhookConfiguration(owner_sid, None, None, "POST", "", "webhook", now, now)


def event_filters(names: tuple[str, ...], allowed: frozenset[str], code: int) -> str:
    """The distinct names of events, as a row keeps them. Raises `code` (400) for one that is not of `allowed`."""
    given: dict[str, str] = {}
    for name in filter(None, names):
        event = event_named(name)
        if event not in allowed:
            raise errors.invalid(code, f"A webhook's filter names no event that it can have: {name[:64]!r}")
        given.setdefault(event, name)
    return " ".join(given.values())


@dataclass(frozen=True, slots=True)
class CreateWebhook:
    """Add a webhook to a conversation: it is told after the fact, of what happens in this conversation.

    target: "webhook" hears of the events in `filters`; "trigger" of messages that hold one of the keywords `triggers`;
    "studio" names a flow and is never called. replay_after: messages from this index on are told first.
    """

    exclusive: ClassVar = True

    conversation_sid: str
    target: str
    url: str | None = None
    method: str = "POST"
    filters: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    flow_sid: str | None = None
    replay_after: int | None = None

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid)

    def decide(self, actor: Actor, tx: Tx) -> Webhook:
        conversation = _conversation(actor, tx, self.conversation_sid)
        target = self.target.lower()
        if not target:
            raise errors.invalid(50368, "A webhook needs a target")
        if target not in TARGETS:
            raise errors.invalid(50364, f"A webhook's target must be one of {', '.join(TARGETS)}")
        values = _values(target, self.url or "", self.method, self.filters, self.triggers, self.flow_sid)
        webhook = Webhook(tx.sid("WH"), conversation.sid, target, **values, date_created=tx.now, date_updated=tx.now)
        if conversation.webhooks_count >= limits.WEBHOOKS_PER_CONVERSATION:
            raise errors.invalid(50361, f"A conversation has at most {limits.WEBHOOKS_PER_CONVERSATION} webhooks")
        messages = outbox.past(tx, conversation, webhook, self.replay_after)
        tx.add(webhook)
        tx.change(replace(conversation, webhooks_count=conversation.webhooks_count + 1))
        outbox.replay(tx, conversation, webhook, messages)
        return webhook


@dataclass(frozen=True, slots=True)
class UpdateWebhook:
    """Change a conversation's webhook; what its target has no use for is passed over."""

    exclusive: ClassVar = True

    conversation_sid: str
    webhook_sid: str
    url: str | Unset = UNSET
    method: str | Unset = UNSET
    filters: tuple[str, ...] | Unset = UNSET
    triggers: tuple[str, ...] | Unset = UNSET
    flow_sid: str | Unset = UNSET

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid)

    def decide(self, actor: Actor, tx: Tx) -> Webhook:
        old = _webhook(tx, _conversation(actor, tx, self.conversation_sid), self.webhook_sid)
        values = _values(
            old.target,
            (old.url or "") if isinstance(self.url, Unset) else self.url,
            old.method if isinstance(self.method, Unset) else self.method,
            tuple(old.filters.split(" ")) if isinstance(self.filters, Unset) else self.filters,
            triggers(old) if isinstance(self.triggers, Unset) else self.triggers,
            old.flow_sid if isinstance(self.flow_sid, Unset) else self.flow_sid,
        )
        webhook = replace(old, date_updated=tx.now, **values)
        tx.change(webhook)
        return webhook


@dataclass(frozen=True, slots=True)
class DeleteWebhook:
    """Remove a conversation's webhook. Of what happened before it is still told."""

    exclusive: ClassVar = True

    conversation_sid: str
    webhook_sid: str

    def needs(self, actor: Actor) -> Needs:
        return needs_access(actor, self.conversation_sid)

    def decide(self, actor: Actor, tx: Tx) -> None:
        conversation = _conversation(actor, tx, self.conversation_sid)
        tx.remove(_webhook(tx, conversation, self.webhook_sid))
        tx.change(replace(conversation, webhooks_count=conversation.webhooks_count - 1))


def triggers(webhook: Webhook) -> tuple[str, ...]:
    """The keywords of a webhook."""
    return tuple(json.loads(webhook.triggers))


def _conversation(actor: Actor, tx: Tx, sid: str) -> Conversation:
    require_account(actor, "configure webhooks")
    return access(tx, actor, sid).conversation


def _webhook(tx: Tx, conversation: Conversation, sid: str) -> Webhook:
    if not limits.is_sid(sid, "WH"):
        raise errors.invalid(50363, "This is not the SID of a webhook")
    webhook = tx.one(Webhook, sid=sid)
    if webhook is None or webhook.conversation_sid != conversation.sid:
        raise errors.webhook_not_found()
    return webhook


def _values(
    target: str, url: str, method: str, filters: tuple[str, ...], keywords: tuple[str, ...], flow: str | None
) -> dict[str, Any]:
    """The checked columns of a webhook: those that its target has a use for, the others empty."""
    values: dict[str, Any] = {"url": None, "method": limits.webhook_method(method), "filters": "", "triggers": "[]"}
    if target == "studio":
        return values | {"flow_sid": limits.flow_sid(flow)}
    if not url:
        raise errors.invalid(50369, f"A webhook of target {target} needs a URL")
    values |= {"url": limits.webhook_url(url, too_long=50372), "flow_sid": None}
    if target == "trigger":
        return values | {"triggers": json.dumps(limits.webhook_triggers(keywords), ensure_ascii=False)}
    named = event_filters(filters, CONVERSATION_EVENTS, code=50365)
    if not named:
        raise errors.invalid(50370, "A webhook of target webhook needs filters")
    return values | {"filters": named}
