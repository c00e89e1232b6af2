"""Refusing access tokens before they expire (docs/rest.md, "Extensions")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from . import errors, limits
from .events import TokensRevoked
from .model import Revocation
from .permissions import require_account
from .ports import Actor, Needs, Tx, key

LONGEST_TOKEN = 24 * 60 * 60 * 1000
"""Milliseconds that a token may live, and so that its refusal must be kept."""

TOKENS_PER_REQUEST = 100
_SHA256 = re.compile(r"[0-9a-f]{64}")


def token_subject(token_sha256: str) -> str:
    """The `Revocation.subject` of one token, by the hex SHA-256 of its text."""
    return f"sha256:{token_sha256}"


def identity_subject(service_sid: str, identity: str) -> str:
    """The `Revocation.subject` of all tokens issued to an identity so far."""
    return f"identity:{service_sid}:{identity}"


@dataclass(frozen=True, slots=True)
class RevokeTokens:
    """Refuse single tokens (`token_sha256`, hex), or every token issued to `identity` up to this second."""

    exclusive: ClassVar = False

    token_sha256: tuple[str, ...] = ()
    identity: str | None = None

    def needs(self, actor: Actor) -> Needs:
        subjects = [token_subject(digest) for digest in self.token_sha256]
        if self.identity is not None and limits.is_storable(self.identity):  # else `decide` says what is wrong
            subjects.append(identity_subject(actor.service_sid, self.identity))
        return Needs(rows=tuple(key(Revocation, subject=subject) for subject in subjects))

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "revoke tokens")
        if bool(self.token_sha256) == (self.identity is not None):
            raise errors.invalid(20001, "Give either token_sha256 or identity")
        if len(self.token_sha256) > TOKENS_PER_REQUEST:
            raise errors.invalid(20001, f"At most {TOKENS_PER_REQUEST} tokens can be revoked at once")
        if not all(_SHA256.fullmatch(digest) for digest in self.token_sha256):
            raise errors.invalid(20001, "token_sha256 must be 64 lower-case hex digits")
        if self.identity is not None:
            revoke_identity(tx, actor.service_sid, limits.identity(self.identity))
        for digest in self.token_sha256:
            _write(tx, Revocation(token_subject(digest), 0, tx.now + LONGEST_TOKEN))
        tx.emit(TokensRevoked(actor.service_sid, 0, frozenset(self.token_sha256), self.identity))


def revoke_identity(tx: Tx, service_sid: str, identity: str) -> None:
    """Refuse every token issued to the identity up to and including this second: tokens know only whole seconds."""
    subject = identity_subject(service_sid, identity)
    _write(tx, Revocation(subject, tx.now // 1000, tx.now + LONGEST_TOKEN))


def _write(tx: Tx, revocation: Revocation) -> None:
    if tx.one(Revocation, subject=revocation.subject):
        tx.change(revocation)
    else:
        tx.add(revocation)
