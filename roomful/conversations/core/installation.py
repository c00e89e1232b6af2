"""The first start: what the tutorial's reader makes by hand in Twilio's Console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .model import Account, ApiKey, Service
from .ports import Actor, Needs, Tx
from .roles import new_role
from .services import new_service

PARTICIPANT = ("joinConversation", "editOwnUserInfo")
"""The permissions of the tutorial's role `participant`: people of the chat application make no conversations."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation consists of before anyone uses it."""

    account: Account
    api_key: ApiKey
    service: Service


@dataclass(frozen=True, slots=True)
class Install:
    """Make the account, its API key, the default service, its four roles and the role `participant`; once.

    If they exist they are returned, and the secrets offered here are not used. Two nodes that install at once meet
    on the account's unique number: one of them gets a conflict (409), and finds the installation when it asks again.
    """

    exclusive: ClassVar = True

    auth_token: str
    api_key_secret: str
    presence: bool = False
    """Whether the service shows who is online."""

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> Installation:
        account = tx.last(Account, order="sid")
        if account is not None:
            service = tx.one(Service, sid=account.default_service_sid)
            api_keys = tx.all(ApiKey, order="date_created", account_sid=account.sid)
            if service is None or not api_keys:
                raise LookupError("the installation's service or API key is missing from the database")
            return Installation(account, api_keys[0], service)
        return self._install(tx)

    def _install(self, tx: Tx) -> Installation:
        account_sid = tx.sid("AC")
        service = new_service(tx, account_sid, "chat", presence=self.presence)
        new_role(tx, service.sid, "participant", "service", PARTICIPANT)
        api_key = ApiKey(tx.sid("SK"), account_sid, self.api_key_secret, "chat", tx.now)
        account = Account(account_sid, 1, self.auth_token, service.sid, tx.now, tx.now)
        tx.add(api_key)
        tx.add(account)
        return Installation(account, api_key, service)
