"""From an HTTP request to a handler's `Call`, and from whatever happens to a JSON answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..core.errors import ServiceError, internal, invalid
from ..core.limits import is_sid
from ..core.model import Account, Service
from ..core.ports import Reads
from . import auth
from .answers import error_response, for_path, json_response, not_found
from .call import Api, Call, Handler, Targets
from .origin import Origins
from .params import Params

T = TypeVar("T")
MAX_BODY = 1024 * 1024
"""Bytes: many times what the longest message takes when every character is escaped."""
_FORM = "application/x-www-form-urlencoded"
_log = structlog.get_logger(__name__)


class Gate:
    """Lets requests in: what all endpoints share."""

    def __init__(self, api: Api, origins: Origins, targets: Targets) -> None:
        self.api = api
        self.origins = origins
        self.targets = targets
        self._throttle = auth.Throttle()

    async def admit(self, request: Request) -> tuple[Account, Service | None]:
        """The caller's account, and the service that the request acts on, if the account has it.

        Raises 20003 (401) or 20429 (429).
        """
        header = request.headers.get("authorization")
        address = self.origins.address(request)
        self._throttle.admit(address, header)
        try:
            name, password = auth.basic(header)
            named = request.path_params.get("service")
            admitted = await self.api.read(lambda reads: _admit(reads, name, password, named))
        except ServiceError as error:
            if error.status == 401:
                self._throttle.failed(address)
            raise
        self._throttle.succeeded(header)
        return admitted


def _admit(reads: Reads, name: str, password: str, named: str | None) -> tuple[Account, Service | None]:
    account = auth.account_of(reads, name, password)
    if named is not None and not is_sid(named, "IS"):
        return account, None
    service = reads.one(Service, sid=account.default_service_sid if named is None else named)
    return account, service if service is not None and service.account_sid == account.sid else None


class Endpoint:
    """One path and its methods, as an ASGI application: a wrong method is answered here, in JSON."""

    def __init__(self, gate: Gate, handlers: Mapping[str, Handler], *, json: bool = False) -> None:
        """`handlers` by method; none at all for a path where nothing is. `json`: forms are not what is posted."""
        self._gate = gate
        self._handlers = handlers
        self._json = json

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await guarded(Request(scope, receive), self._answer)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        account, service = await self._gate.admit(request)
        if not self._handlers or service is None or "\x00" in path:
            raise not_found(path)
        handler = self._handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            error = ServiceError(405, 20004, f"Method {request.method} is not allowed for {path}")
            return error_response(error, {"Allow": ", ".join(sorted(self._handlers))})
        call = Call(
            api=self._gate.api,
            targets=self._gate.targets,
            account=account,
            service=service,
            in_service_form="service" in request.path_params,
            root=f"{self._gate.origins.public(request)}/v1",
            path=path,
            names=request.path_params,
            query=Params(request.scope["query_string"]),
            form=Params(await form_body(request) if request.method == "POST" and not self._json else b""),
            body=await bounded_body(request) if request.method == "POST" and self._json else b"",
            webhooks=_webhooks_enabled(request),
        )
        answer = await handler(call)
        return json_response(answer.status, answer.body)


def _webhooks_enabled(request: Request) -> bool:
    """What `X-Twilio-Webhook-Enabled` says; without it, changes by REST are told nobody. Raises 20001 (400)."""
    value = request.headers.get("x-twilio-webhook-enabled", "false").lower()
    if value not in ("true", "false"):
        raise invalid(20001, "X-Twilio-Webhook-Enabled must be true or false")
    return value == "true"


async def guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """`answer(request)`, or its error as JSON. What was not foreseen is logged and answered 500, without a trace."""
    try:
        return await answer(request)
    except ServiceError as error:
        headers = {"WWW-Authenticate": 'Basic realm="Roomful"'} if error.status == 401 else None
        return error_response(for_path(error, request.scope["path"]), headers)
    except ClientDisconnect:
        return Response(status_code=400)
    except Exception:
        response = error_response(internal())
        _log.exception("request failed", path=request.scope["path"], request_id=response.headers["Twilio-Request-Id"])
        return response


async def form_body(request: Request) -> bytes:
    """The bytes of a form. Raises 20413 (413) and, for another kind of body, 20001 (400)."""
    body = await bounded_body(request)
    kind = request.headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    if body and kind != _FORM:
        raise invalid(20001, f"The body must be {_FORM}")
    return body


async def bounded_body(request: Request) -> bytes:
    """The whole body, if it is not too large. Raises 20413 (413)."""
    too_large = ServiceError(413, 20413, f"The body is larger than {MAX_BODY} bytes")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and len(declared) < 19 and int(declared) > MAX_BODY:
        raise too_large
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def decoded(body: bytes, kind: type[T]) -> T:
    """A JSON body. Raises 20001 (400), also for one that is nested too deep to be read."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(20001, f"The body is not what is expected: {error}") from None
