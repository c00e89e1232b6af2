"""One's own account over HTTP: the password, the sessions, and its end."""

from flask import Blueprint, Response, jsonify

from roomful.chatapp.accounts import Account
from roomful.chatapp.errors import ApiError, signed_out
from roomful.chatapp.incoming import payload, signed_in, text
from roomful.chatapp.lifecycle import change_password, delete_account
from roomful.chatapp.passwords import check_password
from roomful.chatapp.revocation import revoke_tokens
from roomful.chatapp.signin import client_address, forget_cookie, sign_in_again
from roomful.chatapp.state import chat

blueprint = Blueprint("account", __name__)


@blueprint.post("/api/password")
def password() -> Response:
    """A new password: this browser is signed in anew, all others are signed out."""
    account, _ = signed_in()
    found = payload()
    _verify(account, text(found, "current"))
    new = check_password(text(found, "new") or "")
    chat().people.ensure_user(account)  # nothing is changed while the backend is away
    if not change_password(chat(), account, chat().passwords.hash(new)):
        raise signed_out()  # by another browser's change, at the same moment
    changed = chat().accounts.find(account.identity)
    if changed is None:
        raise signed_out()
    return sign_in_again(changed)


@blueprint.get("/api/sessions")
def sessions() -> Response:
    """Where the person is signed in."""
    account, mine = signed_in()
    return jsonify(
        sessions=[
            {
                "id": session.id,
                "current": session.key == mine.key,
                "created_at": session.created,
                "seen_at": session.seen,
                "browser": session.browser,
            }
            for session in chat().sessions.of(account.identity)
        ]
    )


@blueprint.delete("/api/sessions/<session_id>")
def end_session(session_id: str) -> Response:
    """Sign one browser out."""
    account, mine = signed_in()
    session = next((session for session in chat().sessions.of(account.identity) if session.id == session_id), None)
    if session is None:
        raise ApiError(404, "no_session", "That browser is signed out already.")
    revoke_tokens(chat().connection, chat().sessions.end(session))
    response = Response(status=204)
    return forget_cookie(response) if session.key == mine.key else response


@blueprint.delete("/api/sessions")
def end_other_sessions() -> Response:
    """Sign all browsers out but this one."""
    _, mine = signed_in()
    revoke_tokens(chat().connection, chat().sessions.end_others(mine))
    return Response(status=204)


@blueprint.delete("/api/account")
def end_account() -> Response:
    """Delete the account for good."""
    account, _ = signed_in()
    _verify(account, text(payload(), "password"))
    delete_account(chat(), account)
    return forget_cookie(Response(status=204))


def _verify(account: Account, typed: str | None) -> None:
    """Make sure that it is the person who asks, not somebody who found the browser open. Slips count as those of the
    log-in do."""
    if account.password_hash is None:
        raise ApiError(403, "no_password", "This account has no password: its name alone signs in.")
    throttle, key = chat().throttles.passwords, (client_address(), account.identity)
    throttle.attempt(*key)
    wrong = ApiError(403, "wrong_password", "This is not your current password.")
    try:
        known = check_password(typed or "")
    except ApiError as exc:
        raise exc if exc.code == "bad_request" else wrong from None
    if not chat().passwords.verify(account.password_hash, known):
        raise wrong
    throttle.forget(*key)
