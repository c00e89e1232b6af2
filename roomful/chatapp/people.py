"""People at the backend: each account is a User there, made by this application before a token is issued."""

import json
from typing import Any

from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.accounts import Account, Accounts, NoteOfName, avatar_address, name_taken
from roomful.chatapp.backend import Connection, talking
from roomful.chatapp.clock import to_ms
from roomful.chatapp.identity import to_shown_name

PAGE_SIZE = 100  # the most that Twilio sends at once
WANTED = "true"
"""We want to hear of our own changes by webhook: those of others may be told late, and then have to be outdone."""


class People:
    """The users at the backend. Their attributes are JSON, `{"v": 1, "avatar": address}`, and other software's keys."""

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

    def rename(self, account: Account, friendly_name: str) -> None:
        """Have the person called so, there and here."""
        user = self._update(account, friendly_name=friendly_name)
        noted = NoteOfName(account.friendly_name, account.user_updated)
        self._accounts.mend_name(account.identity, noted, friendly_name, to_ms(user.date_updated))

    def show_avatar(self, account: Account, avatar: str | None) -> None:
        """Tell everybody, by the user's attributes, where the person's picture is. Other keys are kept."""
        user = self._find(account)
        attributes = _object(user.attributes) if user is not None else {}
        attributes = {"v": 1} | attributes | {"avatar": avatar_address(avatar)}
        if avatar is None:
            del attributes["avatar"]
        self._update(account, attributes=json.dumps(attributes, ensure_ascii=False))

    def remove(self, account: Account) -> list[str]:
        """Take the person out of every conversation, and what the user tells of the person away. The user stays, so
        that the messages keep an author. Answers the SIDs of the conversations; may be repeated."""
        if self._find(account) is None:
            return []
        service = self._connection.service
        with talking("list the person's rooms"):
            found = service.users(account.identity).user_conversations.list(page_size=PAGE_SIZE)
        left = [str(membership.conversation_sid) for membership in found]
        for sid in left:
            with talking("take the person out of a room", ignore=frozenset({404})):
                service.conversations(sid).participants(account.identity).delete()
        self._update(account, friendly_name=account.identity, attributes="{}")
        return left

    def _update(self, account: Account, **changes: str) -> Any:
        """Change the user, who is made first if the backend has none any more."""
        user = self._connection.service.users(account.identity)
        try:
            return user.update(x_twilio_webhook_enabled=WANTED, **changes)
        except TwilioRestException as exc:
            if exc.status != 404:
                with talking("change a user"):
                    raise
        self._create(account, claim=False)
        with talking("change a user"):
            return user.update(x_twilio_webhook_enabled=WANTED, **changes)

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


def _object(attributes: str | None) -> dict[str, Any]:
    """Attributes as an object. People set theirs by the SDK, to any JSON."""
    try:
        found = json.loads(attributes or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
