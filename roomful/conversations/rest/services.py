"""Services of the account, and the configuration of the account and of a service."""

from __future__ import annotations

from ..core.errors import invalid
from ..core.model import Service
from ..core.ports import Actor, Reads
from ..core.services import CreateService, DeleteService, UpdateAccountConfiguration, UpdateServiceConfiguration
from . import paging, render_configuration
from .call import Answer, Call


async def create(call: Call) -> Answer:
    command = CreateService(call.form.required("FriendlyName", invalid(50000, "Friendly name not provided")))
    return Answer(201, render_configuration.service(call, await call.perform(command)))


async def fetch(call: Call) -> Answer:
    return Answer(200, render_configuration.service(call, call.service))


async def delete(call: Call) -> Answer:
    """No webhook hears of it: it would be told of a service that is gone."""
    await call.api.perform(Actor(call.service.sid, webhooks=False), DeleteService())
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=100, position=str)
    found = await call.read(lambda reads: _slice(reads, call.account.sid, page))
    return Answer(200, paging.body(call, "services", page, found, lambda row: render_configuration.service(call, row)))


def _slice(reads: Reads, account_sid: str, page: paging.Page) -> paging.Slice[Service]:
    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[Service]:
        return reads.page(Service, order="sid", start=start, limit=limit, descending=backward, account_sid=account_sid)

    return paging.fetch(page, rows, lambda row: row.sid)


async def fetch_account_configuration(call: Call) -> Answer:
    return Answer(200, render_configuration.account_configuration(call, call.account.default_service_sid))


async def update_account_configuration(call: Call) -> Answer:
    call.form.refuse("DefaultMessagingServiceSid", "DefaultInactiveTimer", "DefaultClosedTimer")
    default = call.form.text_or_none("DefaultChatServiceSid")
    if default:
        await call.perform(UpdateAccountConfiguration(default))
    return Answer(200, render_configuration.account_configuration(call, default or call.account.default_service_sid))


async def fetch_service_configuration(call: Call) -> Answer:
    return Answer(200, render_configuration.service_configuration(call, call.service))


async def update_service_configuration(call: Call) -> Answer:
    form = call.form
    command = UpdateServiceConfiguration(
        default_conversation_creator_role_sid=form.text("DefaultConversationCreatorRoleSid"),
        default_conversation_role_sid=form.text("DefaultConversationRoleSid"),
        default_chat_service_role_sid=form.text("DefaultChatServiceRoleSid"),
        reachability_enabled=form.boolean("ReachabilityEnabled"),
    )
    return Answer(200, render_configuration.service_configuration(call, await call.perform(command)))
