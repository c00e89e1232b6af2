"""Push credentials of the account: create, fetch, list, update, delete. What is secret in them is never shown."""

from __future__ import annotations

from ..core.credentials import CreateCredential, DeleteCredential, UpdateCredential
from ..core.model import PushCredential
from ..core.ports import Reads, Unset
from . import find, paging, render_configuration
from .call import Answer, Call


async def create(call: Call) -> Answer:
    form = call.form
    sandbox = form.boolean("Sandbox")
    command = CreateCredential(
        form.required("Type"),
        friendly_name=form.text_or_none("FriendlyName"),
        sandbox=not isinstance(sandbox, Unset) and sandbox,
        certificate=form.text_or_none("Certificate"),
        private_key=form.text_or_none("PrivateKey"),
        api_key=form.text_or_none("ApiKey"),
        secret=form.text_or_none("Secret"),
    )
    return Answer(201, render_configuration.credential(call, await call.perform(command)))


async def _found(call: Call) -> PushCredential:
    return await call.read(lambda reads: find.credential(reads, call))


async def fetch(call: Call) -> Answer:
    return Answer(200, render_configuration.credential(call, await _found(call)))


async def update(call: Call) -> Answer:
    found, form = await _found(call), call.form
    command = UpdateCredential(
        found.sid,
        type=form.text("Type"),
        friendly_name=form.text("FriendlyName"),
        sandbox=form.boolean("Sandbox"),
        certificate=form.text("Certificate"),
        private_key=form.text("PrivateKey"),
        api_key=form.text("ApiKey"),
        secret=form.text("Secret"),
    )
    return Answer(200, render_configuration.credential(call, await call.perform(command)))


async def delete(call: Call) -> Answer:
    found = await _found(call)
    await call.perform(DeleteCredential(found.sid))
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=100, position=str)
    found = await call.read(lambda reads: _slice(reads, call.account.sid, page))
    return Answer(
        200, paging.body(call, "credentials", page, found, lambda row: render_configuration.credential(call, row))
    )


def _slice(reads: Reads, account_sid: str, page: paging.Page) -> paging.Slice[PushCredential]:
    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[PushCredential]:
        return reads.page(
            PushCredential, order="sid", start=start, limit=limit, descending=backward, account_sid=account_sid
        )

    return paging.fetch(page, rows, lambda row: row.sid)
