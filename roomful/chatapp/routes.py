"""The HTTP routes: sign up, in and out, and tokens. JSON in and out; every refusal is an ApiError."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, request

from roomful.chatapp.accounts import Account, avatar_address
from roomful.chatapp.auth import COOKIE
from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.errors import ApiError, account_disabled, signed_out
from roomful.chatapp.identity import BadName, to_friendly_name, to_identity, to_open_identity
from roomful.chatapp.incoming import payload, signed_in, text
from roomful.chatapp.invite_routes import open_counted
from roomful.chatapp.inviting import Opened, enter, no_invite
from roomful.chatapp.passwords import check_password
from roomful.chatapp.revocation import revoke_tokens
from roomful.chatapp.signin import client_address, forget_cookie, sign_in, welcome
from roomful.chatapp.state import chat

blueprint = Blueprint("chat", __name__)


@blueprint.post("/login")
def login() -> Response:
    """Sign in: the tutorial's route, with a password unless ROOMFUL_AUTH=open."""
    found = payload()
    typed = _username(found)
    account = _open_account(typed) if chat().config.auth == "open" else _password_account(typed, found)
    return sign_in(account)


@blueprint.post("/api/signup")
def signup() -> Response:
    """Make an account and sign in with it; an invitation also leads into its room."""
    found = payload()
    opened = _invitation(found)
    typed = _username(found)
    identity = to_identity(typed)
    friendly_name = to_friendly_name(text(found, "friendly_name") or typed)
    password = check_password(text(found, "password") or "")
    with _one_use(opened):
        account, fresh = _claim(identity, friendly_name, password)
        try:
            chat().people.ensure_user(account, claim=fresh)
        except BackendUnavailable:
            if fresh and opened:  # the use is given back, so nothing may be left to log in with
                chat().accounts.discard_unready(identity)
            raise
    return sign_in(account, 201, **_enter(opened, account))


@blueprint.post("/api/token")
def token() -> Response:
    """A new token for a signed-in browser: after a page load, and before the old one runs out.

    A page may name its `identity`: when another tab has signed somebody else in since, the cookie is that person's,
    and the page is told that it is signed out rather than handed a stranger's token.
    """
    expected = text(payload(), "identity") if request.content_length else None
    account, session = signed_in()
    if expected and expected != account.identity:
        raise signed_out()
    return jsonify(welcome(account, session))


@blueprint.post("/api/logout")
def logout() -> Response:
    """End this browser's session and have its live tokens refused; signing out twice is no error."""
    session = chat().sessions.find(request.cookies.get(COOKIE))
    if session is not None:
        revoke_tokens(chat().connection, chat().sessions.end(session))
    return forget_cookie(Response(status=204))


@blueprint.get("/api/session")
def session_info() -> Response:
    """How people sign in here, and who this browser is."""
    config, user = chat().config, None
    session = chat().sessions.find(request.cookies.get(COOKIE))
    account = chat().accounts.find(session.identity) if session else None
    if account and not account.disabled:
        user = {
            "identity": account.identity,
            "friendly_name": account.friendly_name,
            "avatar": avatar_address(account.avatar),
            "admin": account.admin,
        }
    return jsonify(auth=config.auth, signup=_signup_mode(), user=user)


def _username(found: dict[str, Any]) -> str:
    if not found.get("username"):
        raise ApiError(401, "username_missing", "Enter a username.")
    typed = (text(found, "username") or "").strip()
    if not typed:
        raise ApiError(401, "username_missing", "Enter a username.")
    return typed


def _password_account(typed: str, found: dict[str, Any]) -> Account:
    refused = ApiError(401, "bad_credentials", "The username or the password is wrong.")
    try:
        identity = to_identity(typed)
    except BadName:
        raise refused from None
    address = client_address()
    chat().throttles.passwords.attempt(address, identity)
    account = chat().accounts.find(identity)
    try:
        password = check_password(text(found, "password") or "")
    except ApiError as exc:
        raise exc if exc.code == "bad_request" else refused from None
    if not chat().passwords.verify(account.password_hash if account else None, password) or account is None:
        raise refused
    chat().throttles.passwords.forget(address, identity)
    if account.disabled:
        raise account_disabled()
    if account.password_hash and chat().passwords.outdated(account.password_hash):
        renewed = chat().passwords.hash(password)
        chat().accounts.set_password_hash(identity, renewed)
        account = replace(account, password_hash=renewed)
    return account


def _open_account(typed: str) -> Account:
    """The tutorial's name-only log-in: the name makes the account, unless somebody protected it with a password."""
    if not chat().exposure.local:
        raise ApiError(403, "signup_closed", "Signing in by name alone works on the server's own machine only.")
    identity = to_open_identity(typed)
    account = chat().accounts.find(identity)
    if account is None:
        try:
            friendly_name = to_friendly_name(typed)
        except ApiError:
            friendly_name = identity
        try:
            account = chat().accounts.create(identity, friendly_name, None)
        except ApiError:  # two tabs at once
            account = chat().accounts.find(identity)
    if account is None or account.password_hash is not None:
        raise ApiError(401, "bad_credentials", "This name belongs to an account with a password. Choose another one.")
    if account.disabled:
        raise account_disabled()
    return account


def _claim(identity: str, friendly_name: str, password: str) -> tuple[Account, bool]:
    """The account for a sign-up, and whether it was made just now.

    An account that never became ready, because the backend did not answer, can be claimed again with its password.
    """
    account = chat().accounts.find(identity)
    if account is None:
        password_hash = chat().passwords.hash(password)
        local = chat().exposure.local
        return chat().accounts.create(identity, friendly_name, password_hash, first_is_admin=local), True
    if account.ready or account.disabled or account.password_hash is None:
        raise ApiError(409, "username_taken", "This username is taken. Choose another one.")
    chat().throttles.passwords.attempt(client_address(), identity)
    if not chat().passwords.verify(account.password_hash, password):
        raise ApiError(409, "username_taken", "This username is taken. Choose another one.")
    return account, False


def _signup_mode() -> str:
    config = chat().config
    if config.signup == "open" and config.loopback and not chat().exposure.local:
        return "closed"
    return config.signup


def _invitation(found: dict[str, Any]) -> Opened | None:
    """The invitation that a sign-up comes with; without one it must be open to everybody."""
    if chat().config.auth == "open":
        raise ApiError(
            403, "signup_closed", "This server signs people in by name alone; there is nothing to sign up for."
        )
    code = text(found, "invite")
    if code:
        return open_counted(code)
    mode = _signup_mode()
    if mode == "invite":
        raise ApiError(403, "signup_closed", "Signing up here needs an invitation.")
    if mode != "open":
        raise ApiError(403, "signup_closed", "Signing up is closed.")
    return None


@contextmanager
def _one_use(opened: Opened | None) -> Iterator[None]:
    """Take one use of the invitation, if there is one, for what the block does; it is given back when that fails."""
    if opened is not None and not chat().invites.take(opened.invite):
        raise no_invite()
    try:
        yield
    except BaseException:
        if opened is not None:
            chat().invites.give_back(opened.invite)
        raise


def _enter(opened: Opened | None, account: Account) -> dict[str, object]:
    """Put the new person into the room of the invitation. A room that cannot be entered spoils no sign-up."""
    if opened is None or opened.room is None:
        return {"room": None}
    try:
        enter(chat(), opened, account)
    except ApiError as exc:
        return {"room": None, "room_refused": exc.code}
    return {"room": opened.room.sid}
