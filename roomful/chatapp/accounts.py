"""Accounts: who may sign in. An account is a row here and a User of the same identity at the backend."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, insert, or_, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.exc import IntegrityError

from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import ApiError
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database


@dataclass(frozen=True, slots=True)
class Account:
    """One row of `accounts`.

    password_hash: None when the account was made by the name-only log-in.
    ready: the backend is known to have the user.
    rooms_since: default rooms created at or after this time (ms, backend's clock) are new to the person; None before
        the first offer, when all of them are.
    user_updated: the backend's date (ms) of the user's state that `friendly_name` is from; None when it is not known.
    avatar: the hash of the person's picture.
    deleted: nobody signs in with it again, and nobody else gets its identity. It counts as disabled, too.
    since: when it was made (ms).
    tokens_from: seconds; access tokens of before are refused.
    """

    identity: str
    friendly_name: str
    password_hash: str | None
    admin: bool
    ready: bool
    rooms_since: int | None
    disabled: bool
    user_updated: int | None = None
    avatar: str | None = None
    deleted: bool = False
    since: int = 0
    tokens_from: int | None = None

    def as_person(self) -> dict[str, object]:
        """How other people see it: `identity`, `name`, and `avatar`, the address of a picture or None."""
        return {"identity": self.identity, "name": self.friendly_name, "avatar": avatar_address(self.avatar)}


def avatar_address(avatar: str | None) -> str | None:
    """Where browsers find a picture, by its hash."""
    return None if avatar is None else f"/api/avatars/{avatar}"


@dataclass(frozen=True, slots=True)
class NoteOfName:
    """What an account said of its user's name at some moment: `friendly_name` and `user_updated` of its row."""

    friendly_name: str
    updated: int | None


def name_taken() -> ApiError:
    return ApiError(409, "username_taken", "This username is taken. Choose another one.")


class Accounts:
    """The accounts of this installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, identity: str) -> Account | None:
        """The account with this identity, disabled or not."""
        with self._database.read() as connection:
            row = connection.execute(
                select(schema.accounts).where(schema.accounts.c.identity == identity)
            ).one_or_none()
        return None if row is None else _account(row)

    def all(self) -> list[Account]:
        """Every account, by identity."""
        with self._database.read() as connection:
            rows = connection.execute(select(schema.accounts).order_by(schema.accounts.c.identity))
            return [_account(row) for row in rows]

    def among(self, identities: Sequence[str]) -> dict[str, Account]:
        """Those of these who have an account, by identity."""
        query = select(schema.accounts).where(schema.accounts.c.identity.in_(identities))
        with self._database.read() as connection:
            return {row.identity: _account(row) for row in connection.execute(query)}

    def search(self, beginning: str, limit: int) -> list[Account]:
        """People whose identity, or a word of whose name, begins so, in whatever letter case; by name. Accounts that
        are disabled, deleted or not `ready` are not found."""
        table = schema.accounts
        name, wanted = func.lower(table.c.friendly_name), unicodedata.normalize("NFC", beginning).strip().lower()
        begins = or_(
            table.c.identity.startswith(wanted, autoescape=True),
            name.startswith(wanted, autoescape=True),
            name.contains(f" {wanted}", autoescape=True),
        )
        active = table.c.disabled_at.is_(None) & table.c.ready_at.is_not(None)
        query = select(table).where(active, begins).order_by(name, table.c.identity).limit(limit)
        with self._database.read() as connection:
            return [_account(row) for row in connection.execute(query)]

    def active_identities(self) -> list[str]:
        """The identities of all accounts that are not disabled, oldest first."""
        table = schema.accounts
        query = (
            select(table.c.identity).where(table.c.disabled_at.is_(None)).order_by(table.c.created_at, table.c.identity)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def create(
        self,
        identity: str,
        friendly_name: str,
        password_hash: str | None,
        *,
        admin: bool = False,
        first_is_admin: bool = False,
    ) -> Account:
        """Make an account that is not yet `ready`. Raises ApiError `username_taken`.

        first_is_admin: make it an administrator if no account with a password exists yet (name-only accounts are
        nobody's in particular).
        """
        table, since = schema.accounts, now_ms()
        try:
            with self._database.write(alone=first_is_admin) as connection:
                if first_is_admin:
                    owned = select(func.count()).select_from(table).where(table.c.password_hash.is_not(None))
                    admin = admin or connection.execute(owned).scalar_one() == 0
                values = {"identity": identity, "friendly_name": friendly_name, "password_hash": password_hash}
                connection.execute(insert(table).values(**values, admin=admin, created_at=since))
        except IntegrityError:
            raise name_taken() from None
        return Account(
            identity, friendly_name, password_hash, admin, ready=False, rooms_since=None, disabled=False, since=since
        )

    def set_ready(self, account: Account, friendly_name: str, updated: int | None) -> None:
        """The backend, asked after `account` was read, has the user, who is called so there."""
        ready_at = func.coalesce(schema.accounts.c.ready_at, now_ms())
        self._set_name(account.identity, account.user_updated, friendly_name, updated, ready_at=ready_at)

    def names(self) -> dict[str, NoteOfName]:
        """The names of all accounts that the backend has a user for, by identity."""
        table = schema.accounts
        query = select(table.c.identity, table.c.friendly_name, table.c.user_updated).where(
            table.c.ready_at.is_not(None)
        )
        with self._database.read() as connection:
            return {row.identity: NoteOfName(row.friendly_name, row.user_updated) for row in connection.execute(query)}

    def mend_name(self, identity: str, noted: NoteOfName, friendly_name: str, updated: int | None) -> bool:
        """The backend, asked after `noted` was, calls the user so. False when a webhook has told something newer."""
        return self._set_name(identity, noted.updated, friendly_name, updated)

    def _set_name(
        self, identity: str, noted: int | None, friendly_name: str, updated: int | None, **more: object
    ) -> bool:
        """Only while no webhook has been heard since `noted`: what was read by REST is newer than all that was heard
        before it was asked for, and may be older than what was heard since. Dates do not tell, as those of REST are
        whole seconds."""
        table = schema.accounts
        known = max(noted or 0, updated or 0) or None
        unheard = (table.c.identity == identity) & table.c.user_updated.is_not_distinct_from(noted)
        with self._database.write() as connection:
            changed = connection.execute(
                update(table).where(unheard).values(friendly_name=friendly_name, user_updated=known, **more)
            )
        return changed.rowcount == 1

    def set_rooms_since(self, identity: str, since: int) -> None:
        """The default rooms that exist now have been offered (`Account.rooms_since`)."""
        self._update(identity, rooms_since=since)

    def set_password_hash(self, identity: str, password_hash: str) -> None:
        self._update(identity, password_hash=password_hash)

    def set_admin(self, identity: str, admin: bool) -> None:
        self._update(identity, admin=admin)

    def set_avatar(self, identity: str, avatar: str | None) -> None:
        self._update(identity, avatar=avatar)

    def set_tokens_from(self, identity: str, second: int) -> None:
        """All tokens of the person have been refused (`Account.tokens_from`)."""
        self._update(identity, tokens_from=second)

    def enable(self, identity: str) -> None:
        """Let a disabled person in again. A deleted account stays deleted."""
        table = schema.accounts
        with self._database.write() as connection:
            mine = (table.c.identity == identity) & table.c.deleted_at.is_(None)
            connection.execute(update(table).where(mine).values(disabled_at=None))

    def discard_unready(self, identity: str) -> None:
        """Give up an account that never came to be: the name turned out to be somebody else's at the backend."""
        table = schema.accounts
        with self._database.write() as connection:
            connection.execute(sql_delete(table).where(table.c.identity == identity, table.c.ready_at.is_(None)))

    def _update(self, identity: str, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(update(schema.accounts).where(schema.accounts.c.identity == identity).values(**values))


def follow_user(connection: Connection, identity: str, friendly_name: str, updated: int) -> None:
    """A webhook tells what a user is called since `updated` (ms, the backend's clock). What is older than the state
    that is known already changes nothing, and neither does a user without an account."""
    table = schema.accounts
    news = table.c.user_updated.is_(None) | (table.c.user_updated <= updated)
    mine = (table.c.identity == identity) & table.c.ready_at.is_not(None)
    connection.execute(update(table).where(mine, news).values(friendly_name=friendly_name, user_updated=updated))


def _account(row: Row[tuple[object, ...]]) -> Account:
    values = row._mapping
    return Account(
        identity=values["identity"],
        friendly_name=values["friendly_name"],
        password_hash=values["password_hash"],
        admin=values["admin"],
        ready=values["ready_at"] is not None,
        rooms_since=values["rooms_since"],
        disabled=values["disabled_at"] is not None,
        user_updated=values["user_updated"],
        avatar=values["avatar"],
        deleted=values["deleted_at"] is not None,
        since=values["created_at"],
        tokens_from=values["tokens_from"],
    )
