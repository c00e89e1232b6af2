"""Who did what to a room: kept for administrators, and told to those who lost the room by it."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from roomful.chatapp.clock import now_ms
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database, upsert

FAREWELL_DAYS = 30
DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why a person is no longer in a room. reason: `removed` or `deleted`; by: an identity, None for the terminal."""

    reason: str
    name: str
    by: str | None


def record(transaction: Connection, actor: str, act: str, room_sid: str, subject: str | None = None) -> None:
    """Keep that somebody did this. actor: an identity, empty for the terminal."""
    values = {"actor": actor, "act": act, "room_sid": room_sid, "subject": subject}
    transaction.execute(insert(schema.acts).values(at=now_ms(), **values))


def bid_farewell(transaction: Connection, room_sid: str, identities: list[str], farewell: Farewell) -> None:
    """Have these people told, when their page asks, why the room has gone. What is older than 30 days is dropped."""
    table, now = schema.farewells, now_ms()
    transaction.execute(delete(table).where(table.c.at < now - FAREWELL_DAYS * DAY_MS))
    told = {"reason": farewell.reason, "name": farewell.name, "by": farewell.by, "at": now}
    upsert(
        transaction, table, [{"room_sid": room_sid, "identity": identity, **told} for identity in sorted(identities)]
    )


def welcome(transaction: Connection, room_sid: str, identities: list[str]) -> None:
    """These people are in the room: they are not banned from it, and have nothing to be told."""
    for table in (schema.bans, schema.farewells):
        transaction.execute(delete(table).where(table.c.room_sid == room_sid, table.c.identity.in_(identities)))


def farewell_of(database: Database, room_sid: str, identity: str) -> Farewell | None:
    """What the person is told of a room that is no longer theirs; None when there is nothing to tell."""
    table = schema.farewells
    mine = select(table).where(table.c.room_sid == room_sid, table.c.identity == identity)
    with database.read() as connection:
        row = connection.execute(mine).one_or_none()
    return None if row is None else Farewell(row.reason, row.name, row.by)
