"""Access tokens: what lets a browser speak to the Conversations service as one person for a few minutes."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import ChatGrant

from roomful.chatapp.backend import Credentials


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token's text, and what is kept of it: its hash and the time (ms) from which it is worth nothing."""

    jwt: str
    sha256: str
    expires_at: int


class _UniqueToken(AccessToken):  # type: ignore[misc]  # the library is untyped
    """The library's `jti` is the key and the second, so one person's two tokens of one second would be the same text,
    and revoking one session's token would end the other session."""

    def _generate_payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = super()._generate_payload()
        payload["jti"] = f"{payload['jti']}-{secrets.token_hex(8)}"
        return payload


def issue_token(
    credentials: Credentials, service_sid: str, identity: str, now: int, ttl: int, not_before: int | None = None
) -> IssuedToken:
    """Make a token for `identity` with a chat grant for the service.

    now: milliseconds; ttl: seconds. not_before: the second from which on it counts at the earliest. Our service takes
    tokens that are a little early, as clocks differ.
    """
    second = now // 1000
    expires = second + ttl
    token = _UniqueToken(
        credentials.account_sid,
        credentials.api_key_sid,
        credentials.api_key_secret,
        identity=identity,
        nbf=max(second, not_before or 0),
        valid_until=expires,
    )
    token.add_grant(ChatGrant(service_sid=service_sid))
    text: str = token.to_jwt()
    return IssuedToken(text, hashlib.sha256(text.encode()).hexdigest(), expires * 1000)
