"""Commands on API keys, which sign access tokens and stand for the account: for the account's own token only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from . import errors, limits
from .lookup import the_account
from .model import ApiKey
from .permissions import require_account
from .ports import Actor, Needs, Tx


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    """Make a key with a secret that the caller drew by chance."""

    exclusive: ClassVar = True

    friendly_name: str
    secret: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> ApiKey:
        require_account(actor, "make API keys")
        account = the_account(tx)
        name = limits.friendly_name(self.friendly_name)
        if name is None:
            raise errors.invalid(50000, "Friendly name not provided")
        if len(tx.all(ApiKey, order="sid", account_sid=account.sid)) >= limits.API_KEYS:
            raise errors.invalid(20001, f"An account has at most {limits.API_KEYS} API keys: revoke some first")
        key = ApiKey(tx.sid("SK"), account.sid, self.secret, name, tx.now)
        tx.add(key)
        return key


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    """Forget a key: neither it nor a token that it signed is accepted any more.

    Raises 20404 (404), and 20409 (409) for the key that the installation itself signs with.
    """

    exclusive: ClassVar = True

    sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "revoke API keys")
        keys = tx.all(ApiKey, order="date_created", account_sid=the_account(tx).sid)
        found = next((key for key in keys if key.sid == self.sid), None)
        if found is None:
            raise errors.gone("The API key")
        if found is keys[0]:
            raise errors.key_in_use()
        tx.remove(found)
