"""Every answer that leaves the service: JSON, never HTML, with an id that the log knows too."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..core.errors import ServiceError, internal, invalid

NOT_FOUND = frozenset({50200, 50350, 50360, 50432, 50500})
"""Codes of the rules that mean "what the path names is not there", which REST reports as 20404."""


def json_response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; None is an empty body."""
    body = b"" if value is None else msgspec.json.encode(value)
    response = Response(body, status, headers, media_type=None if value is None else "application/json")
    response.headers["Twilio-Request-Id"] = request_id()
    return response


def request_id() -> str:
    """`RQ` and 32 hex digits."""
    return f"RQ{secrets.token_hex(16)}"


def error_response(error: ServiceError, headers: dict[str, str] | None = None) -> Response:
    """An error in Twilio's shape.

    The body never has `title` or `type` beside `status` and `code`: those four together make Twilio's libraries raise
    another class of exception.
    """
    value = {
        "code": error.code,
        "message": error.message,
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    response = json_response(error.status, value, headers)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def not_found(path: str) -> ServiceError:
    """What a path names is not there, or not the caller's."""
    return ServiceError(404, 20404, f"The requested resource {path} was not found")


def for_path(error: ServiceError, path: str) -> ServiceError:
    """The error as REST reports it."""
    return not_found(path) if error.code in NOT_FOUND else error


async def http_error(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses (outside `/v1`, whose endpoints do it themselves), in the same shape."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return error_response(not_found(request.scope["path"]))
    if status == 405:
        refused = ServiceError(405, 20004, f"Method {request.method} is not allowed for {request.scope['path']}")
        return error_response(refused, dict(getattr(error, "headers", None) or {}))
    return error_response(internal() if status >= 500 else invalid(20001, str(getattr(error, "detail", "Error"))))
