"""Address configurations of the account: create, fetch, list, update, delete."""

from __future__ import annotations

from typing import Any

from ..core.addresses import TYPES, AutoCreation, CreateAddress, DeleteAddress, UpdateAddress
from ..core.model import AddressConfiguration
from ..core.ports import Reads
from . import find, paging, render_configuration
from .call import Answer, Call
from .webhooks import allowed_url


def _auto_creation(call: Call) -> AutoCreation:
    form = call.form
    return AutoCreation(
        enabled=form.boolean("AutoCreation.Enabled"),
        type=form.text("AutoCreation.Type"),
        conversation_service_sid=form.text("AutoCreation.ConversationServiceSid"),
        webhook_url=allowed_url(call, "AutoCreation.WebhookUrl"),
        webhook_method=form.text("AutoCreation.WebhookMethod"),
        webhook_filters=form.several("AutoCreation.WebhookFilters"),
        studio_flow_sid=form.text("AutoCreation.StudioFlowSid"),
        studio_retry_count=form.integer("AutoCreation.StudioRetryCount"),
    )


async def create(call: Call) -> Answer:
    form = call.form
    command = CreateAddress(
        form.required("Type"),
        form.required("Address"),
        friendly_name=form.text_or_none("FriendlyName"),
        address_country=form.text_or_none("AddressCountry"),
        auto_creation=_auto_creation(call),
    )
    return Answer(201, render_configuration.address(call, await call.perform(command)))


async def _found(call: Call) -> AddressConfiguration:
    return await call.read(lambda reads: find.address(reads, call))


async def fetch(call: Call) -> Answer:
    return Answer(200, render_configuration.address(call, await _found(call)))


async def update(call: Call) -> Answer:
    found = await _found(call)
    command = UpdateAddress(found.sid, call.form.text("FriendlyName"), _auto_creation(call))
    return Answer(200, render_configuration.address(call, await call.perform(command)))


async def delete(call: Call) -> Answer:
    found = await _found(call)
    await call.perform(DeleteAddress(found.sid))
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=50, position=str)
    type_ = call.query.choice("Type", TYPES)
    found = await call.read(lambda reads: _slice(reads, call.account.sid, page, type_))
    body = paging.body(
        call, "address_configurations", page, found, lambda row: render_configuration.address(call, row), "Type"
    )
    return Answer(200, body)


def _slice(reads: Reads, account_sid: str, page: paging.Page, type_: str | None) -> paging.Slice[AddressConfiguration]:
    match: dict[str, Any] = {"account_sid": account_sid} | ({"type": type_} if type_ else {})

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[AddressConfiguration]:
        return reads.page(AddressConfiguration, order="sid", start=start, limit=limit, descending=backward, **match)

    return paging.fetch(page, rows, lambda row: row.sid)
