"""Roles of a service: create, fetch, list, update, delete."""

from __future__ import annotations

from ..core.errors import invalid
from ..core.model import Role
from ..core.ports import Reads
from ..core.roles import CreateRole, DeleteRole, UpdateRole
from . import find, paging, render
from .call import Answer, Call


def _permissions(call: Call) -> tuple[str, ...]:
    permissions = call.form.all("Permission")
    if not permissions:
        raise invalid(20001, "Missing required parameter Permission")
    return permissions


async def create(call: Call) -> Answer:
    name = call.form.required("FriendlyName", invalid(50000, "Role friendly name not provided"))
    type_ = call.form.required("Type")
    command = CreateRole(name, type_.lower(), _permissions(call))
    return Answer(201, render.role(call, await call.perform(command)))


async def _found(call: Call) -> Role:
    return await call.read(lambda reads: find.role(reads, call))


async def fetch(call: Call) -> Answer:
    return Answer(200, render.role(call, await _found(call)))


async def update(call: Call) -> Answer:
    """The permissions given replace the whole set."""
    found = await _found(call)
    return Answer(200, render.role(call, await call.perform(UpdateRole(found.sid, _permissions(call)))))


async def delete(call: Call) -> Answer:
    found = await _found(call)
    await call.perform(DeleteRole(found.sid))
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=50, position=str)
    found = await call.read(lambda reads: _slice(reads, call.service.sid, page))
    return Answer(200, paging.body(call, "roles", page, found, lambda row: render.role(call, row)))


def _slice(reads: Reads, service_sid: str, page: paging.Page) -> paging.Slice[Role]:
    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[Role]:
        return reads.page(Role, order="sid", start=start, limit=limit, descending=backward, service_sid=service_sid)

    return paging.fetch(page, rows, lambda row: row.sid)
