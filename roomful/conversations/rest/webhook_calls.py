"""What waits in the outbox and what failed, for the person who runs the server (docs/rest.md, "Extensions")."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..core.errors import invalid
from ..core.model import WebhookCall
from ..core.outbox import AT_ONCE, CallPage, DropCalls, RetryCalls
from ..core.ports import Actor, CallCount, Command, Reads
from . import paging
from .answers import json_response
from .call import Answer, Call
from .endpoint import Endpoint, Gate, bounded_body, decoded
from .extensions import Posted
from .params import format_date

Json = dict[str, Any]

_BATCHES = 20
"""Commands of a request, each of which looks at `AT_ONCE` calls."""

_LEVELS = {"AC": "account", "IS": "service", "WH": "conversation"}
_ORDER = ("application", *_LEVELS.values())

CallSid = Annotated[str, msgspec.Meta(pattern="^WC[0-9a-f]{32}$")]


class Selection(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `retry` and `drop`: the calls of a target, those named, or (neither) all that failed."""

    target: Annotated[str, msgspec.Meta(pattern="^(application|(AC|IS|WH)[0-9a-f]{32})$")] | None = None
    calls: Annotated[tuple[CallSid, ...], msgspec.Meta(max_length=AT_ONCE)] | None = None
    after: CallSid | None = None
    """Only calls with a greater SID: `next` of the answer before."""


# --- looking -------------------------------------------------------------------------------------------------------


async def list_targets(call: Call) -> Answer:
    return Answer(200, {"targets": await call.read(_targets)})


def _targets(reads: Reads) -> list[Json]:
    """Each target that has calls, however many there are in each state."""
    counts = reads.call_counts()
    sids = [sid for count in counts for sid in (count.newest_sid, count.newest_tried_sid) if sid is not None]
    calls = {row.sid: row for row in reads.find(WebhookCall, "sid", sids)}
    targets: dict[str, list[CallCount]] = {}
    for count in counts:
        targets.setdefault(count.target_sid, []).append(count)
    found = [_target(sid, of, calls) for sid, of in targets.items()]
    return sorted(found, key=lambda target: (_ORDER.index(target["level"]), target["target"]))


def _target(sid: str, counts: list[CallCount], calls: dict[str, WebhookCall]) -> Json:
    due = [count.next_due for count in counts if count.next_due is not None]
    tried = [count.newest_tried_sid for count in counts if count.newest_tried_sid is not None]
    return {
        "target": sid,
        "level": _LEVELS.get(sid[:2], "application"),
        "url": shown(calls[max(count.newest_sid for count in counts)].url),
        "waiting": sum(count.count for count in counts if count.state == "waiting"),
        "failed": sum(count.count for count in counts if count.state == "failed"),
        "oldest": format_date(min(count.oldest for count in counts)),
        "next_attempt": format_date(min(due)) if due else None,
        "last_error": calls[max(tried)].error if tried else None,
    }


async def list_calls(call: Call) -> Answer:
    target = call.query.text_or_none("Target")
    state = call.query.choice("State", ("waiting", "failed"))
    match = {name: value for name, value in (("target_sid", target), ("state", state)) if value}
    page = paging.requested(call.query, maximum=100, position=str)
    found = await call.read(lambda reads: _slice(reads, page, match))
    return Answer(200, paging.body(call, "calls", page, found, _call, "Target", "State"))


def _slice(reads: Reads, page: paging.Page, match: Json) -> paging.Slice[WebhookCall]:
    def rows(start: paging.Position | None, backward: bool, limit: int) -> list[WebhookCall]:
        return reads.page(WebhookCall, order="sid", start=start, limit=limit, descending=backward, **match)

    return paging.fetch(page, rows, lambda row: row.sid)


def _call(row: WebhookCall) -> Json:
    """Without the parameters: they hold what people wrote."""
    return {
        "sid": row.sid,
        "target": row.target_sid,
        "stream": row.stream_sid,
        "event": row.event,
        "url": shown(row.url),
        "state": row.state,
        "attempts": row.attempts,
        "date_created": format_date(row.date_created),
        "date_due": format_date(row.date_due),
        "error": row.error,
    }


def shown(url: str | None) -> str | None:
    """A webhook's URL without what may be secret in it: user name, password and query."""
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


# --- changing ------------------------------------------------------------------------------------------------------


class _Changed(Posted):
    """Does something to the calls that the body selects, many in one request."""

    done: str
    """What the answer's number is called."""

    async def post(self, request: Request) -> Response:
        account, _ = await self.gate.admit(request)
        asked = decoded(await bounded_body(request), Selection)
        if asked.target is not None and asked.calls is not None:
            raise invalid(20001, "Name a target or calls, not both")
        actor = Actor(account.default_service_sid)
        changed, after = 0, asked.after
        for _ in range(_BATCHES):
            page = await self.gate.api.perform(actor, self.command(asked, after or ""))
            changed, after = changed + len(page.changed), page.next
            if after is None:
                break
        return json_response(200, {self.done: changed, "next": after})

    @abstractmethod
    def command(self, asked: Selection, after: str) -> Command[CallPage]:
        """What does it to some of the calls, beyond the SID `after`."""


class Retry(_Changed):
    """Makes calls due now, those that failed and those that wait for another attempt."""

    done = "retried"

    def command(self, asked: Selection, after: str) -> Command[CallPage]:
        return RetryCalls(asked.target, asked.calls, after)


class Drop(_Changed):
    """Forgets calls that failed, and those that wait if they are named."""

    done = "dropped"

    def command(self, asked: Selection, after: str) -> Command[CallPage]:
        return DropCalls(asked.target, asked.calls, after)


def routes(gate: Gate) -> list[Route]:
    return [
        Route("/roomful/v1/hooks", Endpoint(gate, {"GET": list_targets})),
        Route("/roomful/v1/hooks/calls", Endpoint(gate, {"GET": list_calls})),
        Route("/roomful/v1/hooks/retry", Retry(gate)),
        Route("/roomful/v1/hooks/drop", Drop(gate)),
    ]
