"""Access tokens: JSON Web Tokens in Twilio's form (docs/protocol.md, "Tokens")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt

from ..core.model import ApiKey, Revocation, Service
from ..core.ports import Reads
from ..core.tokens import LONGEST_TOKEN, identity_subject, token_subject

MAX_TOKEN = 8 * 1024
CLOCK_SKEW = 60
"""Seconds by which the issuer's clock may be ahead of ours."""


class TokenError(Exception):
    """The token is refused: `code` is Twilio's."""

    def __init__(self, code: int, message: str, status: int = 401) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a valid token says. Times are seconds since 1970; `issued` is 0 if it does not tell.

    `digest` is the hex SHA-256 of its text.
    """

    identity: str
    service_sid: str
    issued: int
    expires: int
    digest: str
    reachability: bool
    """Whether the service shows who is online."""


def digest(token: str) -> str:
    """The hex SHA-256 by which a token is revoked."""
    return sha256(token.encode(errors="replace")).hexdigest()


def verify(reads: Reads, token: str, now: float) -> AccessToken:
    """Check form, signature, times and grants, but not revocations. Raises `TokenError`."""
    if not token or len(token) > MAX_TOKEN:
        raise TokenError(20101, "Invalid Access Token")
    claims = _signed_claims(reads, token)
    issued, expires = _times(claims, now)
    grants = claims.get("grants")
    if not isinstance(grants, dict):
        raise TokenError(20106, "Invalid Access Token grants")
    identity = _text(grants.get("identity"))
    chat = grants.get("chat") or grants.get("ip_messaging")  # the grant's older name
    service_sid = _text(chat.get("service_sid")) if isinstance(chat, dict) else None
    if not identity or service_sid is None:
        raise TokenError(20106, "Invalid Access Token grants: an identity and a chat service are needed")
    service = reads.one(Service, sid=service_sid)
    if service is None or service.account_sid != claims.get("sub"):
        raise TokenError(20106, "Invalid Access Token grants: the chat service is unknown")
    return AccessToken(identity, service_sid, issued, expires, digest(token), service.reachability_enabled)


def _signed_claims(reads: Reads, token: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        issuer = _text(jwt.decode(token, options={"verify_signature": False}).get("iss"))
    except jwt.PyJWTError:
        raise TokenError(20101, "Invalid Access Token") from None
    if header.get("alg") != "HS256" or not str(header.get("cty", "")).startswith("twilio-fpa"):
        raise TokenError(20102, "Invalid Access Token header")
    key = reads.one(ApiKey, sid=issuer) if issuer else None
    if key is None:
        raise TokenError(20103, "Invalid Access Token issuer/subject")
    try:
        # Times are checked below: this library's own checks know neither our codes nor a life's upper bound.
        checks = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        claims: dict[str, Any] = jwt.decode(token, key.secret, algorithms=["HS256"], options=checks)  # type: ignore[arg-type]
    except jwt.PyJWTError:
        raise TokenError(20107, "Invalid Access Token signature") from None
    if claims.get("sub") != key.account_sid:
        raise TokenError(20103, "Invalid Access Token issuer/subject")
    return claims


def _times(claims: dict[str, Any], now: float) -> tuple[int, int]:
    """The second of issue (`nbf`, or the number in `jti`, or 0 if neither is there) and `exp`."""
    expires, not_before = _seconds(claims.get("exp")), _seconds(claims.get("nbf", 0))
    if expires is None or expires <= now:
        raise TokenError(20104, "Access Token expired or expiration date invalid")
    if not_before is None or not_before > now + CLOCK_SKEW:
        raise TokenError(20105, "Access Token not yet valid")
    number = re.search(r"-(\d{1,15})\Z", str(claims.get("jti", "")))
    issued = not_before or (int(number[1]) if number else 0)
    if expires > (issued or int(now)) + LONGEST_TOKEN // 1000 + 1:  # its refusal would be forgotten before it expires
        raise TokenError(20157, "Expiration time exceeds the maximum time allowed")
    return issued, expires


def _text(value: Any) -> str | None:
    """A claim that the store can be asked about, or None: PostgreSQL fails at a NUL, both at half a surrogate pair."""
    if not isinstance(value, str) or "\x00" in value:
        return None
    return None if any("\ud800" <= character <= "\udfff" for character in value) else value


def _seconds(value: Any) -> int | None:
    """A time claim in whole seconds, or None if it is not one."""
    valid = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53
    return int(value) if valid else None


def refuse_revoked(reads: Reads, token: AccessToken) -> None:
    """Raises `TokenError` if this token, or all of its identity up to its second of issue, were revoked."""
    subjects = [token_subject(token.digest), identity_subject(token.service_sid, token.identity)]
    for row in reads.find(Revocation, "subject", subjects):
        if row.subject == subjects[0] or token.issued <= row.not_after:
            raise TokenError(20101, "Access Token has been revoked")


def refuse_stale(reads: Reads, continuation_token: str) -> None:
    """Refuse a client whose positions are older than the tombstones that are kept (status 403, final for the SDK)."""
    if reads.find(Revocation, "subject", [token_subject(digest(continuation_token))]):
        raise TokenError(20101, "The client was away for too long and must start anew", status=403)
