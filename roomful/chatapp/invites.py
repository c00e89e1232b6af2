"""Invitations: links that put people into a room, or let them make an account where sign-up is not open. These are
their rows; what one is worth is decided in `inviting`."""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update

from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import ApiError
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database

DAY_MS = 24 * 3600 * 1000
DAYS, MAX_DAYS = 7, 30
USES, MAX_USES = 10, 100
MAX_LIVE = 100  # that one person has made and that still work


@dataclass(frozen=True, slots=True)
class Invite:
    """One row of `invites`. Times are ms.

    room_sid: None for an invitation to the server alone. created_by: None when it was made at the terminal.
    """

    id: str
    room_sid: str | None
    created_by: str | None
    created: int
    expires: int
    uses_left: int


class Invites:
    """The invitations of this installation. Of a code only its hash is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, room_sid: str | None, created_by: str | None, days: int, uses: int) -> tuple[Invite, str]:
        """Make an invitation; answers it and its code. Raises ApiError `too_many_invites`."""
        code = secrets.token_urlsafe(16)  # 22 characters, 128 bits
        now, table = now_ms(), schema.invites
        # Hexadecimal: what begins with a hyphen would be an option to `flask invites revoke`.
        invite = Invite(secrets.token_hex(8), room_sid, created_by, now, now + days * DAY_MS, uses)
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.expires_at <= now))
            made = select(func.count()).select_from(table).where(table.c.created_by == created_by, _works(now))
            if created_by is not None and connection.execute(made).scalar_one() >= MAX_LIVE:
                raise ApiError(
                    409, "too_many_invites", f"You have {MAX_LIVE} invitations that still work. Revoke one first."
                )
            values = {"id": invite.id, "code_sha256": _sha256(code), "room_sid": room_sid, "created_by": created_by}
            times = {"created_at": now, "expires_at": invite.expires}
            connection.execute(insert(table).values(**values, **times, uses_left=uses))
        return invite, code

    def all(self) -> list[Invite]:
        """Those that still work, the newest first."""
        return self._find()

    def of(self, identity: str) -> list[Invite]:
        """Those of `all` that the person has made."""
        return self._find(schema.invites.c.created_by == identity)

    def find(self, code: str) -> Invite | None:
        """The invitation with this code, if it still works."""
        return next(iter(self._find(schema.invites.c.code_sha256 == _sha256(code))), None)

    def take(self, invite: Invite) -> bool:
        """Take one of its uses; False when there is none left, or it was revoked or has run out, meanwhile."""
        table = schema.invites
        mine = (table.c.id == invite.id) & _works(now_ms())
        with self._database.write() as connection:
            taken = connection.execute(update(table).where(mine).values(uses_left=table.c.uses_left - 1))
        return taken.rowcount == 1

    def give_back(self, invite: Invite) -> None:
        """What the use was taken for did not happen."""
        table = schema.invites
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.id == invite.id).values(uses_left=table.c.uses_left + 1))

    def revoke(self, invite_id: str, created_by: str | None = None) -> bool:
        """Have it work no longer; False when there is none, or it is not `created_by`'s (None: whosoever)."""
        table = schema.invites
        mine = table.c.id == invite_id
        if created_by is not None:
            mine &= table.c.created_by == created_by
        with self._database.write() as connection:
            return connection.execute(delete(table).where(mine)).rowcount == 1

    def _find(self, *which: ColumnElement[bool]) -> list[Invite]:
        table = schema.invites
        query = select(table).where(_works(now_ms()), *which).order_by(table.c.created_at.desc(), table.c.id)
        with self._database.read() as connection:
            return [_invite(row) for row in connection.execute(query)]


def _works(now: int) -> ColumnElement[bool]:
    return (schema.invites.c.expires_at > now) & (schema.invites.c.uses_left > 0)


def _invite(row: Row[tuple[object, ...]]) -> Invite:
    values = row._mapping
    return Invite(
        values["id"],
        values["room_sid"],
        values["created_by"],
        values["created_at"],
        values["expires_at"],
        values["uses_left"],
    )


def _sha256(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
