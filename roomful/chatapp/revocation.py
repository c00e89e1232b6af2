"""Tells our own service which access tokens must not be accepted any more (`POST /roomful/v1/revocations`)."""

import logging

from roomful.chatapp.accounts import Accounts
from roomful.chatapp.backend import BackendUnavailable, Connection
from roomful.chatapp.clock import now_ms

log = logging.getLogger(__name__)

AT_ONCE = 100  # tokens in one request
AHEAD = 2
"""Seconds. Tokens know whole seconds only, so none of the second in which all were refused is good; the other one is
for clocks of two machines."""


def revoke_tokens(connection: Connection, token_sha256: list[str]) -> None:
    """Have tokens refused and their sockets closed, best effort: a failure is logged, as the tokens end by
    themselves within minutes. Twilio's cloud has nothing of the kind."""
    for start in range(0, len(token_sha256), AT_ONCE):
        _ask(connection, {"token_sha256": token_sha256[start : start + AT_ONCE]})


def revoke_person(connection: Connection, accounts: Accounts, identity: str, token_sha256: list[str]) -> None:
    """The same for every token that was issued to a person. New ones are made to count from a later second on
    (`Account.tokens_from`), which saves waiting for it.

    token_sha256: those that are known; some of them may count from a later second, too.
    """
    if _ask(connection, {"identity": identity}):
        accounts.set_tokens_from(identity, now_ms() // 1000 + AHEAD)
        revoke_tokens(connection, token_sha256)


def _ask(connection: Connection, which: dict[str, object]) -> bool:
    """True when the service has done so."""
    backend = connection.backend
    if backend.kind == "twilio" or backend.base_url is None:
        return False
    url = f"{backend.base_url.rstrip('/')}/roomful/v1/revocations"
    try:
        response = connection.client.request("POST", url, data=which, headers={"Content-Type": "application/json"})
    except BackendUnavailable as exc:
        log.warning("tokens that were to end could not be revoked: %s", exc)
        return False
    if response.status_code >= 300:
        log.warning("tokens that were to end could not be revoked: the service answered %d", response.status_code)
    return bool(response.status_code < 300)
