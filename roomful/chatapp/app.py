"""Puts the Flask application together: the routes, who may call them, and how errors and answers look."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from roomful.chatapp import (
    account_routes,
    cli,
    hooks,
    invite_routes,
    member_routes,
    message_routes,
    people_routes,
    room_routes,
    routes,
    unread_routes,
)
from roomful.chatapp.avatars import MAX_BYTES
from roomful.chatapp.backend import Backend, BackendUnavailable, Credentials
from roomful.chatapp.config import ChatConfig, ConfigError
from roomful.chatapp.errors import ApiError, backend_unavailable
from roomful.chatapp.origin import cross_site, host_allowed
from roomful.chatapp.reconcile import Reconciler
from roomful.chatapp.state import EXTENSION, ChatState, chat
from roomful.chatapp.store.database import StoreError

__all__ = [
    "EVENTS",
    "LARGE_BODIES",
    "Backend",
    "BackendUnavailable",
    "ChatConfig",
    "ConfigError",
    "Credentials",
    "Reconciler",
    "StoreError",
    "create_app",
    "create_reconciler",
    "hook_receiver",
    "open_database",
]

log = logging.getLogger(__name__)

EVENTS = hooks.EVENTS
MAX_BODY = 16 * 1024  # bytes
LARGE_BODIES = {("PUT", "/api/avatar"): MAX_BYTES}
"""Bytes that a body may have where that is much more, by method and path: for what reads it before this does."""
HEADERS = {
    # These are data for scripts of our own pages; nothing may be run from them, framed or kept.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(config: ChatConfig, backend: Backend) -> Flask:
    """The chat application for one backend. It touches neither disk nor network before the first request or command.

    Raises ConfigError for settings that would be unsafe together.
    """
    app = Flask("roomful.chatapp", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.extensions[EXTENSION] = ChatState(config, backend)
    app.before_request(_guard)
    app.after_request(_add_headers)
    people = (routes, account_routes, people_routes, invite_routes)
    for part in (*people, room_routes, member_routes, message_routes, unread_routes, hooks):
        app.register_blueprint(part.blueprint)
    app.register_error_handler(ApiError, _refuse)
    app.register_error_handler(BackendUnavailable, _without_backend)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    cli.register(app)
    return app


def open_database(app: Flask) -> None:
    """Open the application's database now and bring its tables up to date, so that a server that cannot says so at
    its start. Raises StoreError: one clear line."""
    app.extensions[EXTENSION].database.open()


def hook_receiver(app: Flask) -> Callable[[Sequence[Mapping[str, str]]], None]:
    """What a service in the same process calls, from a thread of its own, with webhook calls of `EVENTS`
    (`roomful.chatapp.hooks.receive`)."""
    return partial(hooks.receive, app.extensions[EXTENSION])


def create_reconciler(app: Flask) -> Reconciler:
    """What a server runs beside the application, so that missed webhooks are made up for."""
    return Reconciler(app.extensions[EXTENSION])


def _guard() -> None:
    """Refuse a foreign Host, and state-changing requests of other sites' pages (design, section 7)."""
    config, netloc = chat().config, request.headers.get("Host", "")
    if not host_allowed(config, netloc):
        raise ApiError(403, "forbidden_origin", "This server does not answer to this host name (see ALLOWED_HOSTS).")
    chat().exposure.look(request.remote_addr or "", request.headers)
    if cross_site(config, request.method, netloc, request.headers):
        raise ApiError(403, "forbidden_origin", "This request came from a page of another site.")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refuse(error: ApiError) -> Response:
    response = jsonify(error.body())
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _without_backend(error: BackendUnavailable) -> Response:
    log.warning("%s", error)
    return _refuse(backend_unavailable())


def _http_error(error: HTTPException) -> Response:
    """Flask's own refusals (no such route, wrong method, body too long), in our shape."""
    status = error.code or 500
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "bad_request")
    limit = (request.max_content_length or MAX_BODY) // 1024
    message = f"A request has at most {limit} KB." if status == 413 else f"{error.name}."
    response = _refuse(ApiError(status, code, message))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.exception("%s %s failed", request.method, request.path)
    return _refuse(ApiError(500, "internal_error", "Something went wrong on the server."))
