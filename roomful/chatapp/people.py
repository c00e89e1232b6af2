"""People at the backend: each account is a User there, made by this application before a token is issued."""

from typing import Any

from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.accounts import Account, Accounts, name_taken
from roomful.chatapp.backend import Connection, talking
from roomful.chatapp.identity import MAX_FRIENDLY_NAME


class People:
    """The users at the backend."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        self._connection = connection
        self._accounts = accounts

    def ensure_user(self, account: Account, *, claim: bool = False) -> str:
        """Make the account's user, with the role `participant`, unless the backend has it; answers the friendly name
        that it has there (people change it through the SDK).

        claim: the account was made just now, so a user of that identity is somebody else's: the account is given up
            again and ApiError `username_taken` raised.
        """
        friendly_name = self._name_of(account) if account.ready else None
        if friendly_name is None:
            friendly_name = self._create(account, claim)
        if not account.ready or friendly_name != account.friendly_name:
            self._accounts.set_ready(account.identity, friendly_name)
        return friendly_name

    def _create(self, account: Account, claim: bool) -> str:
        role = self._connection.participant_role_sid()
        chosen = {} if role is None else {"role_sid": role}
        try:
            user = self._connection.service.users.create(
                identity=account.identity, friendly_name=account.friendly_name, **chosen
            )
        except TwilioRestException as exc:
            if exc.status != 409:
                self._connection.forget_role()
                with talking("create a user"):
                    raise
            if claim:
                self._accounts.discard_unready(account.identity)
                raise name_taken() from exc
            return self._name_of(account) or account.friendly_name
        return _shown_name(user, account)

    def _name_of(self, account: Account) -> str | None:
        """The friendly name of the account's user; None when the backend has no such user."""
        with talking("read a user", ignore=frozenset({404})):
            return _shown_name(self._connection.service.users(account.identity).fetch(), account)
        return None


def _shown_name(user: Any, account: Account) -> str:
    return str(user.friendly_name or account.identity)[:MAX_FRIENDLY_NAME]
