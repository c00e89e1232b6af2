"""Sessions of browsers, and the throttle in front of passwords."""

import hashlib
import math
import secrets
import time
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import delete, insert, select, update

from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import throttled
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database
from roomful.chatapp.tokens import IssuedToken

COOKIE = "roomful_session"
SESSION_SECONDS = 30 * 24 * 3600
ATTEMPTS, WINDOW_SECONDS = 10, 300  # per address and username; a success clears the count


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `key` is the SHA-256 of its cookie; times are ms."""

    key: str
    identity: str
    expires_at: int


class Sessions:
    """The sessions of this installation: rows, so that they can be ended from here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, identity: str, replacing: str | None) -> tuple[Session, str]:
        """Begin a session; answers it and the cookie to set.

        replacing: the cookie that the browser sent along. That session ends, as nobody holds its cookie any more;
        tokens of the same person move to the new session, so that a log-out still finds them.
        """
        cookie = secrets.token_urlsafe(32)  # 256 bits
        now = now_ms()
        session = Session(_sha256(cookie), identity, now + SESSION_SECONDS * 1000)
        table, tokens = schema.sessions, schema.session_tokens
        with self._database.write() as connection:
            connection.execute(delete(tokens).where(tokens.c.expires_at <= now))
            connection.execute(delete(table).where(table.c.expires_at <= now))
            values = {"cookie_sha256": session.key, "identity": identity}
            connection.execute(insert(table).values(**values, created_at=now, expires_at=session.expires_at))
            if replacing:
                old = _sha256(replacing)
                mine = select(table.c.cookie_sha256).where(table.c.cookie_sha256 == old, table.c.identity == identity)
                connection.execute(
                    update(tokens).where(tokens.c.cookie_sha256.in_(mine)).values(cookie_sha256=session.key)
                )
                connection.execute(delete(table).where(table.c.cookie_sha256 == old))
        return session, cookie

    def find(self, cookie: str | None) -> Session | None:
        """The session of a cookie, unless it has ended or run out."""
        if not cookie:
            return None
        table = schema.sessions
        query = select(table).where(table.c.cookie_sha256 == _sha256(cookie), table.c.expires_at > now_ms())
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Session(row.cookie_sha256, row.identity, row.expires_at)

    def remember_token(self, session: Session, token: IssuedToken) -> bool:
        """Keep the token's hash with its session; False when the session has ended meanwhile: then the token must not
        be given out, as no log-out would reach it."""
        table, tokens = schema.sessions, schema.session_tokens
        with self._database.write() as connection:
            connection.execute(delete(tokens).where(tokens.c.expires_at <= now_ms()))
            # FOR UPDATE is left out on SQLite, where a writing transaction is alone anyway.
            alive = select(table.c.cookie_sha256).where(table.c.cookie_sha256 == session.key).with_for_update()
            if connection.execute(alive).one_or_none() is None:
                return False
            values = {"token_sha256": token.sha256, "cookie_sha256": session.key}
            connection.execute(insert(tokens).values(**values, expires_at=token.expires_at))
        return True

    def end(self, session: Session) -> list[str]:
        """End the session; answers the SHA-256 of its tokens that are still valid."""
        table, tokens = schema.sessions, schema.session_tokens
        with self._database.write() as connection:
            connection.execute(
                select(table.c.cookie_sha256).where(table.c.cookie_sha256 == session.key).with_for_update()
            )
            live = select(tokens.c.token_sha256).where(
                tokens.c.cookie_sha256 == session.key, tokens.c.expires_at > now_ms()
            )
            hashes = list(connection.execute(live).scalars())
            connection.execute(delete(table).where(table.c.cookie_sha256 == session.key))
        return hashes


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class LoginThrottle:
    """Counts failed log-ins by (address, username): guessing one person's password is slow, and nobody can lock that
    person out from elsewhere. Kept in memory."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerSecond(ATTEMPTS, WINDOW_SECONDS, namespace="login")

    def attempt(self, address: str, username: str) -> None:
        """Count an attempt before its password is looked at. Raises ApiError `throttled`."""
        key = (address, _sha256(username))
        if not self._limiter.hit(self._limit, *key):
            reset = self._limiter.get_window_stats(self._limit, *key).reset_time
            raise throttled(max(1, math.ceil(reset - time.time())))

    def succeeded(self, address: str, username: str) -> None:
        """The person knew the password: earlier slips are forgotten."""
        self._limiter.clear(self._limit, address, _sha256(username))
