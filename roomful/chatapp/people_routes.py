"""People over HTTP: who there is, and one's own name and picture."""

import re
import unicodedata

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from roomful.chatapp.accounts import Account
from roomful.chatapp.avatars import MAX_BYTES
from roomful.chatapp.errors import ApiError, bad_request, signed_out
from roomful.chatapp.identity import MAX_FRIENDLY_NAME, is_identity, to_friendly_name
from roomful.chatapp.incoming import payload, signed_in, text
from roomful.chatapp.state import chat

blueprint = Blueprint("people", __name__)

FOUND_AT_ONCE = 20
_HASH = re.compile(r"[0-9a-f]{64}")
FOR_EVER = "private, max-age=31536000, immutable"  # the address names the bytes


@blueprint.get("/api/people")
def people() -> Response:
    """People whose names begin as was typed."""
    signed_in()
    typed = request.args.get("q", "")
    # Not what no database can hold, or no name.
    sane = len(typed) <= MAX_FRIENDLY_NAME and not any(unicodedata.category(c) in ("Cc", "Cs") for c in typed)
    found = chat().accounts.search(typed, FOUND_AT_ONCE) if sane else []
    return jsonify(people=[account.as_person() for account in found])


@blueprint.get("/api/people/<identity>")
def person(identity: str) -> Response:
    """One person, also one who is gone: their messages are there."""
    signed_in()
    account = chat().accounts.find(identity) if is_identity(identity) else None
    if account is None:
        raise ApiError(404, "no_person", "There is nobody of this name.")
    standing = {
        "since": account.since,
        "admin": account.admin,
        "disabled": account.disabled,
        "deleted": account.deleted,
    }
    return jsonify(account.as_person() | standing)


@blueprint.patch("/api/profile")
def profile() -> Response:
    """Be called otherwise."""
    account, _ = signed_in()
    name = text(payload(), "name")
    if name is None:
        raise bad_request("“name” is missing.")
    chat().people.rename(account, to_friendly_name(name))
    return _oneself(account)


@blueprint.put("/api/avatar")
def set_avatar() -> Response:
    """Be seen with another picture."""
    account, _ = signed_in()
    request.max_content_length = MAX_BYTES
    try:
        upload = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise ApiError(413, "bad_picture", f"A picture has at most {MAX_BYTES // 1024**2} MB.") from None
    chat().throttles.avatars.attempt(account.identity)
    avatar = chat().avatars.keep(chat().avatars.make(upload))
    return _show(account, avatar)


@blueprint.delete("/api/avatar")
def remove_avatar() -> Response:
    """Be seen without a picture."""
    account, _ = signed_in()
    return _show(account, None)


@blueprint.get("/api/avatars/<name>")
def avatar(name: str) -> Response:
    """The picture with this hash."""
    signed_in()
    picture = chat().avatars.find(name) if _HASH.fullmatch(name) else None
    if picture is None:
        raise ApiError(404, "no_picture", "There is no such picture any more.")
    response = Response(picture, mimetype="image/webp")
    response.headers["Cache-Control"] = FOR_EVER
    response.set_etag(name)
    response.make_conditional(request)
    return response


def _show(account: Account, avatar: str | None) -> Response:
    """The backend hears of it first: what fails there has changed nothing."""
    chat().people.show_avatar(account, avatar)
    chat().accounts.set_avatar(account.identity, avatar)
    chat().avatars.tidy()
    return _oneself(account)


def _oneself(account: Account) -> Response:
    changed = chat().accounts.find(account.identity)
    if changed is None:
        raise signed_out()
    return jsonify(changed.as_person())
