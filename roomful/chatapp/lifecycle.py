"""What happens to an account as a whole: it gets a new password, is disabled or deleted. Each signs the person out
everywhere: the sessions end in the transaction that makes the change, and all access tokens are refused after it."""

from sqlalchemy import ColumnElement, delete, update

from roomful.chatapp.accounts import Account
from roomful.chatapp.auth import end_sessions
from roomful.chatapp.clock import now_ms
from roomful.chatapp.revocation import revoke_person
from roomful.chatapp.state import ChatState
from roomful.chatapp.store import schema


def change_password(state: ChatState, account: Account, password_hash: str) -> bool:
    """Give the account a new password. False when it has got one already, or was disabled, since `account` was
    read: then nothing is changed."""
    same = schema.accounts.c.password_hash.is_not_distinct_from(account.password_hash)
    unchanged = same & schema.accounts.c.disabled_at.is_(None)
    return _sign_out(state, account, unchanged, password_hash=password_hash)


def reset_password(state: ChatState, account: Account, password_hash: str) -> None:
    """The same by the terminal's word."""
    _sign_out(state, account, schema.accounts.c.deleted_at.is_(None), password_hash=password_hash)


def disable(state: ChatState, account: Account) -> None:
    """Keep the person out until `Accounts.enable`. They stay a member of their rooms."""
    _sign_out(state, account, schema.accounts.c.disabled_at.is_(None), disabled_at=now_ms())


def delete_account(state: ChatState, account: Account) -> None:
    """Delete the account for good. Its messages stay; name, picture, memberships and invitations do not.

    The backend has its turn first: when that fails halfway, the person can try again. May be repeated.
    Raises BackendUnavailable.
    """
    for room_sid in state.people.remove(account):
        state.access.forget(room_sid)
    now = now_ms()
    nothing: dict[str, object] = {
        "password_hash": None,
        "avatar": None,
        "admin": False,
        "friendly_name": account.identity,
    }
    if _sign_out(state, account, schema.accounts.c.deleted_at.is_(None), disabled_at=now, deleted_at=now, **nothing):
        with state.database.write() as transaction:
            transaction.execute(delete(schema.invites).where(schema.invites.c.created_by == account.identity))
            for table in (schema.mentions, schema.levels):
                transaction.execute(delete(table).where(table.c.identity == account.identity))
        state.avatars.tidy()


def _sign_out(state: ChatState, account: Account, condition: ColumnElement[bool], **values: object) -> bool:
    """Change the account's row, if the condition holds, and end all that it is signed in with."""
    table = schema.accounts
    with state.database.write() as transaction:
        changed = transaction.execute(
            update(table).where(table.c.identity == account.identity, condition).values(**values)
        )
        if not changed.rowcount:
            return False
        tokens = end_sessions(transaction, account.identity)
    revoke_person(state.connection, state.accounts, account.identity, tokens)
    return True
