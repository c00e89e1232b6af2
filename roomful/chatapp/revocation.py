"""Tells our own service which access tokens must not be accepted any more (`POST /roomful/v1/revocations`)."""

import logging

from roomful.chatapp.backend import BackendUnavailable, Connection

log = logging.getLogger(__name__)


def revoke_tokens(connection: Connection, token_sha256: list[str]) -> None:
    """Have tokens refused and their sockets closed, best effort: a failure is logged, as the tokens end by
    themselves within minutes. Twilio's cloud has nothing of the kind."""
    backend = connection.backend
    if backend.kind == "twilio" or backend.base_url is None or not token_sha256:
        return
    url = f"{backend.base_url.rstrip('/')}/roomful/v1/revocations"
    try:
        response = connection.client.request(
            "POST", url, data={"token_sha256": token_sha256}, headers={"Content-Type": "application/json"}
        )
    except BackendUnavailable as exc:
        log.warning("tokens of an ended session could not be revoked: %s", exc)
        return
    if response.status_code >= 300:
        log.warning("tokens of an ended session could not be revoked: the service answered %d", response.status_code)
