"""What a request brings: its JSON, and who asks."""

import json
from typing import Any

from flask import request

from roomful.chatapp.accounts import Account
from roomful.chatapp.auth import COOKIE, Session
from roomful.chatapp.errors import account_disabled, bad_request, signed_out
from roomful.chatapp.state import chat


def payload() -> dict[str, Any]:
    """The body as a JSON object, whatever the content type: the tutorial's client names none."""
    try:
        found = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError):
        raise bad_request("The request is not valid JSON.") from None
    if not isinstance(found, dict):
        raise bad_request("The request must be a JSON object.")
    return found


def text(found: dict[str, Any], key: str) -> str | None:
    """A text in the payload; None when it is not there. Raises ApiError `bad_request` for anything else."""
    value = found.get(key)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"“{key}” must be text.")
    return value


def flag(found: dict[str, Any], key: str) -> bool | None:
    """True or false in the payload; None when it is not there. Raises ApiError `bad_request` for anything else."""
    value = found.get(key)
    if value is not None and not isinstance(value, bool):
        raise bad_request(f"“{key}” must be true or false.")
    return value


def texts(found: dict[str, Any], key: str, most: int) -> list[str]:
    """A list of 1 to `most` different texts, in their order. Raises ApiError `bad_request` for anything else."""
    values = found.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise bad_request(f"“{key}” must be a list of texts.")
    different = list(dict.fromkeys(values))
    if not 1 <= len(different) <= most:
        raise bad_request(f"“{key}” must have 1 to {most} entries.")
    return different


def number(found: dict[str, Any], key: str, default: int, least: int, most: int) -> int:
    """A whole number in the payload. Raises ApiError `bad_request` for anything else."""
    value = found.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise bad_request(f"“{key}” must be a whole number from {least} to {most}.")
    return value


def signed_in() -> tuple[Account, Session]:
    """Who asks. Raises ApiError `signed_out` and `account_disabled`."""
    session = chat().sessions.find(request.cookies.get(COOKIE))
    account = chat().accounts.find(session.identity) if session else None
    if session is None or account is None:
        raise signed_out()
    if account.disabled:
        raise account_disabled()
    return account, session
