"""People at the backend: each account is a User there, made by this application before a token is issued."""

from typing import Any

from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.accounts import Account, Accounts, name_taken
from roomful.chatapp.backend import Connection, talking
from roomful.chatapp.clock import to_ms
from roomful.chatapp.identity import to_shown_name


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
        user = self._find(account) if account.ready else None
        if user is None:
            user = self._create(account, claim)
        friendly_name, updated = account.friendly_name, None
        if user is not None:
            friendly_name, updated = to_shown_name(user.friendly_name, account.identity), to_ms(user.date_updated)
        if not account.ready or friendly_name != account.friendly_name:
            self._accounts.set_ready(account, friendly_name, updated)
        return friendly_name

    def _create(self, account: Account, claim: bool) -> Any | None:
        """The new user, or the one that is there; None when that one has gone again meanwhile."""
        role = self._connection.participant_role_sid()
        chosen = {} if role is None else {"role_sid": role}
        try:
            return self._connection.service.users.create(
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
            return self._find(account)

    def _find(self, account: Account) -> Any | None:
        """The account's user; None when the backend has none."""
        with talking("read a user", ignore=frozenset({404})):
            return self._connection.service.users(account.identity).fetch()
        return None
