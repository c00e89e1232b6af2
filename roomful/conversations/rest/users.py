"""Users of a service: create, fetch, list, update, delete."""

from __future__ import annotations

from ..core.errors import invalid
from ..core.model import User
from ..core.ports import Reads, Unset
from ..core.users import CreateUser, DeleteUser, UpdateUser
from . import find, paging, render
from .call import Answer, Call


async def create(call: Call) -> Answer:
    form = call.form
    attributes = form.text("Attributes")
    command = CreateUser(
        form.required("Identity", invalid(50204, "Identity not provided")),
        friendly_name=form.text_or_none("FriendlyName"),
        attributes="{}" if isinstance(attributes, Unset) else attributes,
        role_sid=form.text_or_none("RoleSid"),
    )
    return Answer(201, render.user(call, await call.perform(command)))


async def _found(call: Call) -> User:
    return await call.read(lambda reads: find.user(reads, call))


async def fetch(call: Call) -> Answer:
    return Answer(200, render.user(call, await _found(call)))


async def update(call: Call) -> Answer:
    found, form = await _found(call), call.form
    command = UpdateUser(
        found.identity,
        friendly_name=form.text("FriendlyName"),
        attributes=form.text("Attributes"),
        role_sid=form.text("RoleSid"),
    )
    return Answer(200, render.user(call, await call.perform(command)))


async def delete(call: Call) -> Answer:
    found = await _found(call)
    await call.perform(DeleteUser(found.identity))
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=50, position=str)
    found = await call.read(lambda reads: _slice(reads, call.service.sid, page))
    return Answer(200, paging.body(call, "users", page, found, lambda row: render.user(call, row)))


def _slice(reads: Reads, service_sid: str, page: paging.Page) -> paging.Slice[User]:
    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[User]:
        return reads.page(User, order="sid", start=start, limit=limit, descending=backward, service_sid=service_sid)

    return paging.fetch(page, rows, lambda row: row.sid)
