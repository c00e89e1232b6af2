"""Content templates at `/v1/Content`, as Twilio's Content API has them: create, fetch, list, delete. JSON comes in."""

from __future__ import annotations

from typing import Any

import msgspec

from ..core.content import CreateContentTemplate, DeleteContentTemplate
from ..core.limits import is_sid
from ..core.model import ContentTemplate
from ..core.ports import Reads
from . import paging, render
from .answers import not_found
from .call import Answer, Call
from .endpoint import decoded


class _Template(msgspec.Struct):
    types: dict[str, Any]
    friendly_name: str | None = None
    language: str | None = None
    variables: dict[str, str] | None = None


async def create(call: Call) -> Answer:
    asked = decoded(call.body, _Template)
    command = CreateContentTemplate(
        asked.friendly_name,
        asked.language or "en",
        msgspec.json.encode(asked.variables or {}).decode(),
        msgspec.json.encode(asked.types).decode(),
    )
    return Answer(201, render.content_template(call, await call.perform(command)))


def _find(reads: Reads, call: Call) -> ContentTemplate:
    given = call.names["content"]
    found = reads.one(ContentTemplate, sid=given) if is_sid(given, "HX") else None
    if found is None or found.account_sid != call.account.sid:
        raise not_found(call.path)
    return found


async def fetch(call: Call) -> Answer:
    return Answer(200, render.content_template(call, await call.read(lambda reads: _find(reads, call))))


async def delete(call: Call) -> Answer:
    found = await call.read(lambda reads: _find(reads, call))
    await call.perform(DeleteContentTemplate(found.sid))
    return Answer(204)


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=100, position=str)

    def query(reads: Reads) -> paging.Slice[ContentTemplate]:
        def rows(start: paging.Position | None, backward: bool, limit: int) -> list[ContentTemplate]:
            return reads.page(
                ContentTemplate,
                order="sid",
                start=start,
                limit=limit,
                descending=backward,
                account_sid=call.account.sid,
            )

        return paging.fetch(page, rows, lambda row: row.sid)

    found = await call.read(query)
    return Answer(200, paging.body(call, "contents", page, found, lambda row: render.content_template(call, row)))
