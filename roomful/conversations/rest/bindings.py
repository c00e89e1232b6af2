"""Push bindings of a service's users: fetch, list, delete. Clients of the SDK make them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from ..core.errors import invalid
from ..core.model import PushBinding
from ..core.ports import Reads
from ..core.push import DeletePushBinding
from . import find, paging, render
from .call import Answer, Call
from .params import Params

TYPES = ("apn", "gcm", "fcm", "twilsock")
IDENTITIES = 100
"""How many a list can be narrowed to at once."""


async def _found(call: Call) -> PushBinding:
    return await call.read(lambda reads: find.binding(reads, call))


async def fetch(call: Call) -> Answer:
    return Answer(200, render.binding(call, await _found(call)))


async def delete(call: Call) -> Answer:
    found = await _found(call)
    await call.perform(DeletePushBinding(found.identity, found.sid))
    return Answer(204)


def _matches(query: Params) -> list[dict[str, Any]]:
    """What a listed binding may match; no two of them match the same one. Raises 20001 (400)."""
    types = tuple(dict.fromkeys(type_.lower() for type_ in query.all("BindingType") if type_))
    identities = tuple(dict.fromkeys(filter(None, query.all("Identity"))))
    if any(type_ not in TYPES for type_ in types):
        raise invalid(20001, f"BindingType must be one of {', '.join(TYPES)}")
    if len(identities) > IDENTITIES:
        raise invalid(20001, f"A list can be narrowed to {IDENTITIES} identities at most")
    return [
        ({"channel_type": type_} if type_ else {}) | ({"identity": identity} if identity else {})
        for type_, identity in product(types or (None,), identities or (None,))
    ]


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=100, position=str)
    matches = _matches(call.query)
    found = await call.read(lambda reads: _slice(reads, call.service.sid, page, matches))
    body = paging.body(call, "bindings", page, found, lambda row: render.binding(call, row), "BindingType", "Identity")
    return Answer(200, body)


def _slice(
    reads: Reads, service_sid: str, page: paging.Page, matches: Sequence[dict[str, Any]]
) -> paging.Slice[PushBinding]:
    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[PushBinding]:
        found = [
            row
            for match in matches
            for row in reads.page(
                PushBinding,
                order="sid",
                start=start,
                limit=limit,
                descending=backward,
                service_sid=service_sid,
                **match,
            )
        ]
        return sorted(found, key=lambda row: row.sid, reverse=backward)[:limit]

    return paging.fetch(page, rows, lambda row: row.sid)
