"""What a command would do: its own rules, carried out over one snapshot by a unit of work that never writes.

What the command wrote so far is laid over what the database holds, so that it reads the same as it would in the writer.
Nothing is locked: a snapshot stays as it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from ..core.events import Event
from ..core.model import Conversation, Participant, Row
from ..core.ports import Actor, Command, Needs
from .connection import Connection
from .schema import R
from .unit_of_work import UnitOfWork

T = TypeVar("T")


def preview(connection: Connection, now: int, actor: Actor, command: Command[T]) -> tuple[Event, ...]:
    """What `command` would announce, by the snapshot on which the connection is. Raises what it would be refused with.

    New rows have SIDs that mean nothing.
    """
    unit = Preview(connection, now, exclusive=command.exclusive)
    unit.prefetch([command.needs(actor)])
    unit.run(actor, command)
    return unit.announced


class Preview(UnitOfWork):
    """A unit of work over a read transaction: it keeps what is written, and sends none of it."""

    def __init__(self, connection: Connection, now: int, *, exclusive: bool = False) -> None:
        super().__init__(connection, now, _any_sid, exclusive=exclusive)
        self._emptied: list[tuple[type[Row], Mapping[str, Any]]] = []

    @property
    def announced(self) -> tuple[Event, ...]:
        return tuple(self._events)

    # Reading

    def all(self, row: type[R], order: str, **match: Any) -> list[R]:
        """See `Tx.all`."""
        found = self._as_written(row, super().all(row, order, **match), lambda other: _matches(other, match))
        return sorted(found, key=attrgetter(order))

    def last(self, row: type[R], order: str, **match: Any) -> R | None:
        """See `Tx.last`."""
        found = self.page(row, order=order, limit=1, descending=True, **match)
        return found[0] if found else None

    def page(
        self,
        row: type[R],
        *,
        order: str,
        start: Any = None,
        inclusive: bool = False,
        limit: int,
        descending: bool = False,
        **match: Any,
    ) -> list[R]:
        """See `Reads.page`. As many more are read as may have been removed or changed."""
        more = limit + len(self._known[row].stored)
        stored = super().page(
            row, order=order, start=start, inclusive=inclusive, limit=more, descending=descending, **match
        )

        def wanted(other: R) -> bool:
            place = getattr(other, order)
            beyond = start is None or (inclusive and place == start) or (place < start if descending else place > start)
            return beyond and _matches(other, match)

        return sorted(self._as_written(row, stored, wanted), key=attrgetter(order), reverse=descending)[:limit]

    def find(self, row: type[R], field: str, values: Sequence[Any]) -> list[R]:
        """See `Reads.find`."""
        return self._as_written(row, super().find(row, field, values), lambda other: getattr(other, field) in values)

    def open_memberships(self, user_sid: str) -> int:
        """See `Tx.open_memberships`."""
        sids = [member.conversation_sid for member in self.all(Participant, "conversation_sid", user_sid=user_sid)]
        conversations = self.find(Conversation, "sid", sids)
        return sum(1 for conversation in conversations if conversation.state != "closed")

    def lock(self, needs: Needs) -> None:
        """See `Tx.lock`."""
        if not self._exclusive:
            raise RuntimeError("only an exclusive command may lock streams as it goes")
        self.prefetch([needs])

    def _locks(self, row: type[Row], lock: bool) -> bool:
        return False

    def _learn(self, row: type[R], found: list[R]) -> list[R]:
        gone = [match for emptied, match in self._emptied if emptied is row]
        return super()._learn(row, [loaded for loaded in found if not any(_matches(loaded, match) for match in gone)])

    def _as_written(self, row: type[R], stored: Iterable[R], wanted: Callable[[R], bool]) -> list[R]:
        """Stored rows as they now are, and those that were added; of all these the wanted ones."""
        known = self._known[row]
        primary = known.table.keys[known.table.primary]
        keys = dict.fromkeys((*map(primary, stored), *known.stored))
        current = (known.rows[known.table.primary].get(key) for key in keys)
        return [other for other in current if other is not None and wanted(other)]

    # Writing

    def remove_all(self, row: type[Row], **match: Any) -> None:
        """See `Tx.remove_all`."""
        if not self._exclusive:
            raise RuntimeError("only an exclusive command may remove rows that it has not read")
        known = self._known[row]
        for other in list(known.rows[known.table.primary].values()):
            if other is not None and _matches(other, match):
                known.write(other, None, self._journal)
        self._emptied.append((row, match))

    def flush(self) -> None:
        """Nothing is sent."""

    def _flush(self, known: Any) -> None:
        """Nothing is sent."""


def _matches(row: Row, match: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in match.items())


def _any_sid(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(16)}"
