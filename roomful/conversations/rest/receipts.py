"""Delivery receipts of a message: fetch, list. They come by `/roomful/v1/receipts` (docs/rest.md, "Extensions")."""

from __future__ import annotations

from ..core.limits import is_sid
from ..core.model import Receipt
from ..core.ports import Reads
from . import find, paging, render
from .answers import not_found
from .call import Answer, Call


async def fetch(call: Call) -> Answer:
    def query(reads: Reads) -> Receipt:
        message = find.message(reads, call, find.conversation(reads, call))
        given = call.names["receipt"]
        found = reads.one(Receipt, sid=given) if is_sid(given, "DY") else None
        if found is None or found.message_sid != message.sid:
            raise not_found(call.path)
        return found

    return Answer(200, render.receipt(call, await call.read(query)))


async def list_(call: Call) -> Answer:
    page = paging.requested(call.query, maximum=50, position=str)
    found = await call.read(lambda reads: _slice(reads, call, page))
    return Answer(200, paging.body(call, "delivery_receipts", page, found, lambda row: render.receipt(call, row)))


def _slice(reads: Reads, call: Call, page: paging.Page) -> paging.Slice[Receipt]:
    message = find.message(reads, call, find.conversation(reads, call))

    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[Receipt]:
        return reads.page(Receipt, order="sid", start=start, limit=limit, descending=backward, message_sid=message.sid)

    return paging.fetch(page, rows, lambda row: row.sid)
