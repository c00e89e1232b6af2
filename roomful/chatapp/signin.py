"""A browser that signs in: its cookie, its first token, and what counts as its address."""

from flask import Response, after_this_request, jsonify, request

from roomful.chatapp.accounts import Account
from roomful.chatapp.auth import COOKIE, SESSION_SECONDS, Session
from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import signed_out
from roomful.chatapp.state import chat
from roomful.chatapp.tokens import issue_token


def sign_in(account: Account, status: int = 200, **more: object) -> Response:
    """Start a session for the account and answer what /login answers, and `more`."""
    session, cookie = _start(account)
    response = jsonify(welcome(account, session) | more)
    response.status_code = status
    return _set_cookie(response, cookie)


def sign_in_again(account: Account) -> Response:
    """The same for somebody whose sessions have all been ended: the browser gets its cookie also with a refusal, as
    its old one is worth nothing."""
    session, cookie = _start(account)
    after_this_request(lambda response: _set_cookie(response, cookie))
    return jsonify(welcome(account, session))


def welcome(account: Account, session: Session) -> dict[str, object]:
    """The tutorial's answer (`chatrooms`, `token`) and what our front end needs beside it."""
    friendly_name = chat().people.ensure_user(account)
    rooms = chat().rooms.of_person(account)
    connection = chat().connection
    now = now_ms()
    ttl = min(chat().config.token_ttl, (session.expires_at - now) // 1000)
    if ttl <= 0:
        raise signed_out()
    keys, service_sid = connection.credentials, connection.service_sid
    issued = issue_token(keys, service_sid, account.identity, now, ttl, account.tokens_from)
    if not chat().sessions.remember_token(session, issued):
        raise signed_out()
    return {
        "chatrooms": [[room.name, room.sid] for room in rooms],
        "token": issued.jwt,
        "identity": account.identity,
        "friendly_name": friendly_name,
        "sdk": dict(chat().backend.sdk),
    }


def forget_cookie(response: Response) -> Response:
    """Have the browser drop its cookie."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=_secure())
    return response


def client_address() -> str:
    """The address that attempts are counted by."""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
    return chat().proxies.client_address(request.remote_addr or "", forwarded)


def _start(account: Account) -> tuple[Session, str]:
    return chat().sessions.start(account, request.cookies.get(COOKIE), request.headers.get("User-Agent", ""))


def _set_cookie(response: Response, cookie: str) -> Response:
    response.set_cookie(
        COOKIE, cookie, max_age=SESSION_SECONDS, path="/", httponly=True, samesite="Lax", secure=_secure()
    )
    return response


def _secure() -> bool:
    """Whether the browser speaks https, by PUBLIC_URL or by a trusted proxy's word."""
    proxied = request.headers.get("X-Forwarded-Proto", "") if chat().proxies.trusts(request.remote_addr or "") else ""
    return chat().config.secure or request.is_secure or proxied.rsplit(",", 1)[-1].strip().lower() == "https"
