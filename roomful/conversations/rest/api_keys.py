"""API keys (docs/rest.md, "Extensions"): make, list, revoke. Whoever has only a key can make no others."""

from __future__ import annotations

import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..core.api_keys import CreateApiKey, RevokeApiKey
from ..core.errors import ServiceError, auth_token_needed
from ..core.model import Account, ApiKey
from ..core.ports import Actor
from . import auth
from .answers import error_response, json_response
from .endpoint import Gate, bounded_body, decoded, guarded
from .params import format_date

SECRET_BYTES = 24


class _New(msgspec.Struct):
    """Body of `POST /roomful/v1/keys`."""

    friendly_name: str


def _shown(key: ApiKey) -> dict[str, str]:
    """Without its secret."""
    return {"sid": key.sid, "friendly_name": key.friendly_name, "date_created": format_date(key.date_created)}


class _Keys:
    """`/roomful/v1/keys`, and one key below it."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await guarded(Request(scope, receive), self._answer)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        account, _ = await self._gate.admit(request)
        name, _ = auth.basic(request.headers.get("authorization"))
        if name != account.sid:
            raise auth_token_needed()
        answers = {"DELETE": self._revoke} if "key" in request.path_params else {"GET": self._list, "POST": self._make}
        if request.method not in answers:
            error = ServiceError(405, 20004, f"Method {request.method} is not allowed for {request.scope['path']}")
            return error_response(error, {"Allow": ", ".join(sorted(answers))})
        return await answers[request.method](request, account)

    async def _list(self, request: Request, account: Account) -> Response:
        keys = await self._gate.api.read(
            lambda reads: reads.page(ApiKey, order="sid", limit=1000, account_sid=account.sid)
        )
        return json_response(200, {"keys": [_shown(key) for key in keys]})

    async def _make(self, request: Request, account: Account) -> Response:
        asked = decoded(await bounded_body(request), _New)
        command = CreateApiKey(asked.friendly_name, secrets.token_urlsafe(SECRET_BYTES))
        key = await self._gate.api.perform(Actor(account.default_service_sid), command)
        return json_response(201, _shown(key) | {"secret": key.secret})

    async def _revoke(self, request: Request, account: Account) -> Response:
        command = RevokeApiKey(request.path_params["key"])
        await self._gate.api.perform(Actor(account.default_service_sid), command)
        return json_response(204, None)


def routes(gate: Gate) -> list[Route]:
    keys = _Keys(gate)
    return [Route("/roomful/v1/keys", keys), Route("/roomful/v1/keys/{key}", keys)]
