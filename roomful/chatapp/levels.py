"""Of which messages of a room a person wants to hear: `all`, or `mentions` of them only."""

from collections.abc import Iterable

from sqlalchemy import delete, select

from roomful.chatapp.accounts import Account
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database, upsert

ALL, MENTIONS = "all", "mentions"

_table = schema.levels


def set_level(database: Database, person: Account, room_sid: str, level: str) -> None:
    """`ALL` is what holds where nothing was said."""
    mine = {"identity": person.identity, "room_sid": room_sid}
    with database.write() as transaction:
        if level == ALL:
            transaction.execute(delete(_table).filter_by(**mine))
        else:
            upsert(transaction, _table, [mine | {"level": level}])


def levels_of(database: Database, person: Account, rooms: Iterable[str]) -> dict[str, str]:
    """The person's levels in these rooms, where they chose one."""
    mine = select(_table.c.room_sid, _table.c.level).where(
        _table.c.identity == person.identity, _table.c.room_sid.in_(sorted(rooms))
    )
    with database.read() as transaction:
        return {row.room_sid: row.level for row in transaction.execute(mine)}
