"""Sessions of browsers."""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from roomful.chatapp.accounts import Account
from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import signed_out
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database
from roomful.chatapp.tokens import IssuedToken

COOKIE = "roomful_session"
SESSION_SECONDS = 30 * 24 * 3600
MAX_BROWSER = 200  # characters
ID_LENGTH = 16  # of the key's hexadecimal digits: enough to tell one person's sessions apart, and worth nothing


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `key` is the SHA-256 of its cookie; times are ms.

    seen: about when it last asked for a token. browser: what it called itself.
    """

    key: str
    identity: str
    created: int
    expires_at: int
    seen: int
    browser: str

    @property
    def id(self) -> str:
        """What the session is called in front of its person."""
        return self.key[:ID_LENGTH]


class Sessions:
    """The sessions of this installation: rows, so that they can be ended from here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, account: Account, replacing: str | None, browser: str) -> tuple[Session, str]:
        """Begin a session; answers it and the cookie to set. Raises ApiError `signed_out` when the account was
        disabled, or its password changed, since `account` was read.

        replacing: the cookie that the browser sent along. That session ends, as nobody holds its cookie any more;
        tokens of the same person move to the new session, so that a log-out still finds them.
        """
        cookie = secrets.token_urlsafe(32)  # 256 bits
        now = now_ms()
        expires = now + SESSION_SECONDS * 1000
        session = Session(_sha256(cookie), account.identity, now, expires, now, to_browser(browser))
        table, tokens = schema.sessions, schema.session_tokens
        with self._database.write() as connection:
            _require_unchanged(connection, account)
            connection.execute(delete(tokens).where(tokens.c.expires_at <= now))
            connection.execute(delete(table).where(table.c.expires_at <= now))
            values = {"cookie_sha256": session.key, "identity": account.identity, "browser": session.browser}
            times = {"created_at": now, "expires_at": expires, "seen_at": now}
            connection.execute(insert(table).values(**values, **times))
            if replacing:
                _take_over(connection, session, _sha256(replacing))
        return session, cookie

    def find(self, cookie: str | None) -> Session | None:
        """The session of a cookie, unless it has ended or run out."""
        if not cookie:
            return None
        table = schema.sessions
        query = select(table).where(table.c.cookie_sha256 == _sha256(cookie), table.c.expires_at > now_ms())
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _session(row)

    def of(self, identity: str) -> list[Session]:
        """The person's sessions, the one seen last first."""
        table = schema.sessions
        query = select(table).where(table.c.identity == identity, table.c.expires_at > now_ms())
        with self._database.read() as connection:
            found = [_session(row) for row in connection.execute(query)]
        return sorted(found, key=lambda session: (-session.seen, session.id))

    def remember_token(self, session: Session, token: IssuedToken) -> bool:
        """Keep the token's hash with its session, which has thereby been seen; False when the session has ended
        meanwhile: then the token must not be given out, as no log-out would reach it."""
        table, tokens = schema.sessions, schema.session_tokens
        now = now_ms()
        with self._database.write() as connection:
            connection.execute(delete(tokens).where(tokens.c.expires_at <= now))
            # FOR UPDATE is left out on SQLite, where a writing transaction is alone anyway.
            alive = select(table.c.cookie_sha256).where(table.c.cookie_sha256 == session.key).with_for_update()
            if connection.execute(alive).one_or_none() is None:
                return False
            values = {"token_sha256": token.sha256, "cookie_sha256": session.key}
            connection.execute(insert(tokens).values(**values, expires_at=token.expires_at))
            connection.execute(update(table).where(table.c.cookie_sha256 == session.key).values(seen_at=now))
        return True

    def end(self, session: Session) -> list[str]:
        """End the session; answers the SHA-256 of its tokens that are still valid."""
        with self._database.write() as connection:
            return _end(connection, schema.sessions.c.cookie_sha256 == session.key)

    def end_others(self, session: Session) -> list[str]:
        """End all other sessions of the same person; answers as `end` does."""
        table = schema.sessions
        with self._database.write() as connection:
            return _end(connection, table.c.identity == session.identity, table.c.cookie_sha256 != session.key)


def end_sessions(connection: Connection, identity: str) -> list[str]:
    """End all sessions of a person, as part of what else `connection` writes; answers as `Sessions.end` does."""
    return _end(connection, schema.sessions.c.identity == identity)


def to_browser(user_agent: str) -> str:
    """What is kept of a User-Agent header, which may hold anything."""
    return "".join(character for character in user_agent if character.isprintable())[:MAX_BROWSER]


def _require_unchanged(connection: Connection, account: Account) -> None:
    table = schema.accounts
    same = table.c.password_hash.is_not_distinct_from(account.password_hash)
    alive = (table.c.identity == account.identity) & table.c.disabled_at.is_(None)
    if connection.execute(select(table.c.identity).where(alive, same).with_for_update()).one_or_none() is None:
        raise signed_out()


def _take_over(connection: Connection, session: Session, old: str) -> None:
    table, tokens = schema.sessions, schema.session_tokens
    mine = select(table.c.cookie_sha256).where(table.c.cookie_sha256 == old, table.c.identity == session.identity)
    connection.execute(update(tokens).where(tokens.c.cookie_sha256.in_(mine)).values(cookie_sha256=session.key))
    connection.execute(delete(table).where(table.c.cookie_sha256 == old))


def _end(connection: Connection, *which: ColumnElement[bool]) -> list[str]:
    table, tokens = schema.sessions, schema.session_tokens
    # Locked, so that `remember_token` adds none meanwhile; in order, so that two who do so at once get through.
    found = select(table.c.cookie_sha256).where(*which).order_by(table.c.cookie_sha256).with_for_update()
    keys = list(connection.execute(found).scalars())
    live = select(tokens.c.token_sha256).where(tokens.c.cookie_sha256.in_(keys), tokens.c.expires_at > now_ms())
    hashes = list(connection.execute(live).scalars())
    connection.execute(delete(table).where(table.c.cookie_sha256.in_(keys)))
    return hashes


def _session(row: Row[tuple[object, ...]]) -> Session:
    values = row._mapping
    seen = values["seen_at"] or values["created_at"]
    return Session(
        values["cookie_sha256"],
        values["identity"],
        values["created_at"],
        values["expires_at"],
        seen,
        values["browser"] or "",
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
