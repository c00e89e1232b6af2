"""Commands on push credentials: for account credentials only. They are kept, and nothing is sent with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from . import errors, limits
from .lookup import the_account
from .model import PushCredential
from .permissions import require_account
from .ports import UNSET, Actor, Needs, Tx, Unset, given

TYPES: Final = ("apn", "gcm", "fcm")


@dataclass(frozen=True, slots=True)
class CreateCredential:
    """Keep what a push service of `type` wants to be shown. What another type would want is kept as well."""

    exclusive: ClassVar = True

    type: str
    friendly_name: str | None = None
    sandbox: bool = False
    certificate: str | None = None
    private_key: str | None = None
    api_key: str | None = None
    secret: str | None = None

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> PushCredential:
        require_account(actor, "keep push credentials")
        account = the_account(tx)
        kept = tx.page(PushCredential, order="sid", limit=limits.CREDENTIALS_PER_ACCOUNT, account_sid=account.sid)
        if len(kept) >= limits.CREDENTIALS_PER_ACCOUNT:
            raise errors.invalid(20001, f"An account has at most {limits.CREDENTIALS_PER_ACCOUNT} push credentials")
        credential = PushCredential(
            sid=tx.sid("CR"),
            account_sid=account.sid,
            friendly_name=limits.credential_name(self.friendly_name),
            type=_type(self.type),
            sandbox=self.sandbox,
            certificate=limits.credential_secret(self.certificate),
            private_key=limits.credential_secret(self.private_key),
            api_key=limits.credential_secret(self.api_key),
            secret=limits.credential_secret(self.secret),
            date_created=tx.now,
            date_updated=tx.now,
        )
        tx.add(credential)
        return credential


@dataclass(frozen=True, slots=True)
class UpdateCredential:
    """Change a push credential; an empty text clears a value."""

    exclusive: ClassVar = True

    sid: str
    type: str | Unset = UNSET
    friendly_name: str | Unset = UNSET
    sandbox: bool | Unset = UNSET
    certificate: str | Unset = UNSET
    private_key: str | Unset = UNSET
    api_key: str | Unset = UNSET
    secret: str | Unset = UNSET

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> PushCredential:
        require_account(actor, "change push credentials")
        old = _credential(tx, self.sid)
        changes: dict[str, Any] = given(sandbox=self.sandbox)
        if not isinstance(self.type, Unset):
            changes["type"] = _type(self.type)
        if not isinstance(self.friendly_name, Unset):
            changes["friendly_name"] = limits.credential_name(self.friendly_name)
        for name in ("certificate", "private_key", "api_key", "secret"):
            value = getattr(self, name)
            if not isinstance(value, Unset):
                changes[name] = limits.credential_secret(value)
        if all(getattr(old, name) == value for name, value in changes.items()):
            return old
        credential = replace(old, date_updated=tx.now, **changes)
        tx.change(credential)
        return credential


@dataclass(frozen=True, slots=True)
class DeleteCredential:
    """Forget a push credential."""

    exclusive: ClassVar = True

    sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "delete push credentials")
        tx.remove(_credential(tx, self.sid))


def _credential(tx: Tx, sid: str) -> PushCredential:
    found = tx.one(PushCredential, sid=sid)
    if found is None:
        raise errors.gone("The push credential")
    return found


def _type(value: str) -> str:
    lowered = value.lower()
    if lowered not in TYPES:
        raise errors.invalid(20001, f"The type of a push credential must be one of {', '.join(TYPES)}")
    return lowered
