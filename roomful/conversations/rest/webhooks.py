"""Webhooks: those of a conversation, and the configurations of the account and of a service (docs/rest.md)."""

from __future__ import annotations

from typing import TypeVar

from ..core.errors import invalid
from ..core.model import Conversation, Webhook, WebhookConfiguration
from ..core.ports import Reads, Unset
from ..core.webhook_configuration import CreateWebhook, DeleteWebhook, UpdateWebhook, UpdateWebhookConfiguration
from . import find, paging, render, render_configuration
from .call import Answer, Call

T = TypeVar("T")

PER_PAGE = 5
"""A conversation has no more."""


def allowed_url(call: Call, name: str) -> str | Unset:
    """The parameter, if it was sent. Raises 50054 (400) for an address that nobody allowed webhooks to call."""
    url = call.form.text(name)
    refusal = call.targets.refusal(url) if isinstance(url, str) else None
    if refusal is not None:
        raise invalid(50054, refusal)
    return url


def _or(default: T, value: T | Unset) -> T:
    return default if isinstance(value, Unset) else value


# --- of a conversation ---------------------------------------------------------------------------------------------


async def create(call: Call) -> Answer:
    form = call.form
    parent = await call.read(lambda reads: find.conversation(reads, call))
    replay_after = form.integer("Configuration.ReplayAfter")
    command = CreateWebhook(
        parent.sid,
        target=form.text_or_none("Target") or "",
        url=_or("", allowed_url(call, "Configuration.Url")) or None,
        method=_or("POST", form.text("Configuration.Method")),
        filters=_or((), form.several("Configuration.Filters")),
        triggers=_or((), form.several("Configuration.Triggers")),
        flow_sid=form.text_or_none("Configuration.FlowSid"),
        replay_after=None if isinstance(replay_after, Unset) else replay_after,
    )
    return Answer(201, render.webhook(call, await call.perform(command)))


def _find(reads: Reads, call: Call) -> tuple[Conversation, Webhook]:
    parent = find.conversation(reads, call)
    return parent, find.webhook(reads, call, parent)


async def fetch(call: Call) -> Answer:
    _, found = await call.read(lambda reads: _find(reads, call))
    return Answer(200, render.webhook(call, found))


async def update(call: Call) -> Answer:
    form = call.form
    parent, found = await call.read(lambda reads: _find(reads, call))
    command = UpdateWebhook(
        parent.sid,
        found.sid,
        url=allowed_url(call, "Configuration.Url"),
        method=form.text("Configuration.Method"),
        filters=form.several("Configuration.Filters"),
        triggers=form.several("Configuration.Triggers"),
        flow_sid=form.text("Configuration.FlowSid"),
    )
    return Answer(200, render.webhook(call, await call.perform(command)))


async def delete(call: Call) -> Answer:
    parent, found = await call.read(lambda reads: _find(reads, call))
    await call.perform(DeleteWebhook(parent.sid, found.sid))
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=PER_PAGE, position=str)
    found = await call.read(lambda reads: _slice(reads, call, page))
    return Answer(200, paging.body(call, "webhooks", page, found, lambda row: render.webhook(call, row)))


def _slice(reads: Reads, call: Call, page: paging.Page) -> paging.Slice[Webhook]:
    parent = find.conversation(reads, call)

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[Webhook]:
        return reads.page(
            Webhook, order="sid", start=start, limit=limit, descending=backward, conversation_sid=parent.sid
        )

    return paging.fetch(page, rows, lambda row: row.sid)


# --- of the account, and of a service ------------------------------------------------------------------------------


async def fetch_of_account(call: Call) -> Answer:
    return Answer(200, render_configuration.account_webhooks(call, await _configuration(call, call.account.sid)))


async def update_of_account(call: Call) -> Answer:
    return Answer(
        200,
        render_configuration.account_webhooks(call, await _configure(call, call.account.sid, call.form.text("Target"))),
    )


async def fetch_of_service(call: Call) -> Answer:
    return Answer(200, render_configuration.service_webhooks(call, await _configuration(call, call.service.sid)))


async def update_of_service(call: Call) -> Answer:
    return Answer(200, render_configuration.service_webhooks(call, await _configure(call, call.service.sid)))


async def _configuration(call: Call, owner_sid: str) -> WebhookConfiguration | None:
    return await call.read(lambda reads: reads.one(WebhookConfiguration, owner_sid=owner_sid))


async def _configure(call: Call, owner_sid: str, target: str | Unset = Unset.UNSET) -> WebhookConfiguration:
    form = call.form
    command = UpdateWebhookConfiguration(
        owner_sid,
        pre_webhook_url=allowed_url(call, "PreWebhookUrl"),
        post_webhook_url=allowed_url(call, "PostWebhookUrl"),
        method=form.text("Method"),
        filters=form.several("Filters"),
        target=target,
    )
    return await call.perform(command)
