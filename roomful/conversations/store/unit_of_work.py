"""The unit of work of one batch: the rows that its commands read and wrote, and what they announced.

Rows are kept under each of their unique keys, also those known to be absent, so that a command reads what earlier
commands of the batch wrote without asking the database. What was written is sent to the database once, before the
commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

from ..core import errors
from ..core.events import Event, StreamCommit
from ..core.model import Conversation, Key, Participant, Row, User
from ..core.ports import Actor, Command, Needs, Outbox, SidFactory
from . import queries
from .connection import Connection
from .schema import STREAMS, UNGUARDED, R, Values, table_of

T = TypeVar("T")

_MISSING: Final[Any] = object()
Undo = Callable[[], None]


class _Known(Generic[R]):
    """What the batch knows of one table."""

    def __init__(self, row: type[R]) -> None:
        self.table = table_of(row)
        self.rows: dict[Key, dict[Values, R | None]] = {key: {} for key in row.KEYS}
        """By each unique key: the row as it now is, or None when there is none."""
        self.stored: dict[Values, R | None] = {}
        """What the database holds of the rows that were written, by primary key."""
        self._primary_of = self.table.keys[self.table.primary]
        self._by_primary = self.rows[self.table.primary]

    def remember(self, row: R) -> None:
        """Take in a row that was loaded, unless the batch knows it already (and may have changed it)."""
        if self._by_primary.get(self._primary_of(row)) is None:
            for fields, read in self.table.keys.items():
                key = read(row)
                if None not in key:  # NULL is never equal to NULL: such a key is no key
                    self.rows[fields].setdefault(key, row)

    def current(self, row: Row) -> R | None:
        """The row with the same primary key, as the batch knows it."""
        return self._by_primary.get(self._primary_of(row))

    def taken(self, row: Row, old: Row | None) -> bool:
        """Whether the batch knows that a unique key of `row`, which is to replace `old`, is another row's."""
        return any(
            self.rows[fields].get(read(row)) is not None and (old is None or read(old) != read(row))
            for fields, read in self.table.keys.items()
        )

    def write(self, old: R | None, new: R | None, journal: list[tuple[dict[Any, Any], Values, Any]]) -> None:
        """Replace `old` by `new` (None: no such row) under all keys and note in the journal what was there."""
        for written in (new, old):
            if written is not None:
                self.stored.setdefault(self._primary_of(written), old)
        for fields, read in self.table.keys.items():
            entries = self.rows[fields]
            after = read(new) if new is not None else None
            before = read(old) if old is not None else None
            if before is not None and before != after:
                journal.append((entries, before, entries.get(before, _MISSING)))
                entries[before] = None
            if after is not None and None not in after:
                journal.append((entries, after, entries.get(after, _MISSING)))
                entries[after] = new

    def pending(self) -> tuple[list[R], list[R], list[R]]:
        """The rows to delete, to update and to insert, which count as stored from now on."""
        deletes: list[R] = []
        updates: list[R] = []
        inserts: list[R] = []
        for primary, old in self.stored.items():
            new = self._by_primary.get(primary)
            if new is None and old is not None:
                deletes.append(old)
            elif new is not None and old is None:
                inserts.append(new)
            elif new is not None and new is not old:
                updates.append(new)
            self.stored[primary] = new
        return deletes, updates, inserts


class _Tables(dict[type[Row], _Known[Any]]):
    """What the batch knows, by row class; most batches touch few."""

    def __missing__(self, row: type[Row]) -> _Known[Any]:
        known = self[row] = _Known(row)
        return known


class UnitOfWork:
    """Implements `core.ports.Tx` over a connection on which a transaction has begun.

    exclusive: the unit is one command's own, which may lock streams as it goes. outbox: turns what commands announce
    into calls of webhooks.
    """

    def __init__(
        self,
        connection: Connection,
        now: int,
        sids: SidFactory,
        *,
        exclusive: bool = False,
        outbox: Outbox | None = None,
    ) -> None:
        self.now = now
        self.sid = sids
        self.failure: Exception | None = None
        """The first exception of the database: the transaction cannot go on, whatever a command made of it."""
        self._connection = connection
        self._exclusive = exclusive
        self._outbox = outbox
        self._known = _Tables()
        self._journal: list[tuple[dict[Any, Any], Values, Any]] = []
        self._events: list[Event] = []
        self._streams: dict[str, tuple[type[Row], int]] = {}
        """The streams that are locked or new: their kind and their position when the batch met them."""

    # Reading

    def one(self, row: type[R], **key: Any) -> R | None:
        """See `Tx.one`."""
        fields = tuple(key)
        values = tuple(key.values())
        entries = self._known[row].rows.get(fields)
        if entries is None:
            raise TypeError(f"{fields} is not a unique key of {row.__name__}")
        if values not in entries:
            self._load(row, fields, [values])
        found: R | None = entries[values]
        return found

    def all(self, row: type[R], order: str, **match: Any) -> list[R]:
        """See `Tx.all`."""
        return self._select(row, queries.rows(table_of(row), queries.shape(match), order), match)

    def last(self, row: type[R], order: str, **match: Any) -> R | None:
        """See `Tx.last`."""
        statement = queries.rows(table_of(row), queries.shape(match), order, descending=True, limited=True)
        found = self._select(row, statement, {**match, "limit_": 1})
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
        """See `Reads.page`."""
        statement, values = queries.page(
            table_of(row), match, order, start=start, inclusive=inclusive, limit=limit, descending=descending
        )
        return self._select(row, statement, values)

    def find(self, row: type[R], field: str, values: Sequence[Any]) -> list[R]:
        """See `Reads.find`. The rows are not locked, whoever asks."""
        known = self._known[row]
        self._flush(known)
        keys = [(value,) for value in dict.fromkeys(values)]
        found = self._database(lambda: self._connection.load(known.table, (field,), keys)) if keys else []
        return self._learn(row, found)

    def open_memberships(self, user_sid: str) -> int:
        """See `Tx.open_memberships`."""
        for row in (Conversation, Participant):
            self._flush(self._known[row])
        values = {"user_sid": user_sid, "state": "closed"}
        found = self._database(lambda: self._connection.select(queries.open_memberships(), values))
        return int(found[0][0])

    def below(self, row: type[R], column: str, end: int, limit: int, **match: Any) -> list[R]:
        """Up to `limit` matching rows whose `column` is less than `end`, the lowest first (not for the rules)."""
        statement = queries.below(table_of(row), column, queries.shape(match))
        return self._select(row, statement, {**match, "end_": end, "limit_": limit})

    def prefetch(self, needs: Iterable[Needs]) -> None:
        """Lock the streams that `needs` name, then read the other rows: one request a kind."""
        keys: dict[tuple[type[Row], Key], dict[Values, None]] = defaultdict(dict)
        conversations: dict[Values, None] = {}
        users: dict[Values, None] = {}
        for need in needs:
            conversations.update(((sid,), None) for sid in need.conversations)
            users.update((user, None) for user in need.users)
            for key in need.rows:
                keys[key.row, key.fields][key.values] = None
        self._lock_streams(list(conversations), list(users))
        for (row, fields), values in keys.items():
            known = self._known[row].rows[fields]
            self._load(row, fields, [key for key in values if key not in known])

    def lock(self, needs: Needs) -> None:
        """See `Tx.lock`. What was read before may have changed meanwhile, so it is read again."""
        if not self._exclusive:
            raise RuntimeError("only an exclusive command may lock streams as it goes")
        self.flush()
        self._known = _Tables()
        self.prefetch([needs])

    def _lock_streams(self, conversations: list[Values], users: list[Values]) -> None:
        """The one global order of locks: conversations by SID, then users by service and identity."""
        self._load(Conversation, ("sid",), conversations, lock=True)
        self._load(User, ("service_sid", "identity"), users, lock=True)

    def _load(self, row: type[R], fields: Key, keys: list[Values], *, lock: bool = False) -> None:
        """Read rows by a unique key; those not found are known to be absent from now on."""
        if not keys:
            return
        known = self._known[row]
        load = self._connection.lock if self._locks(row, lock) else self._connection.load
        for loaded in self._learn(row, self._database(lambda: load(known.table, fields, keys))):
            if lock and isinstance(loaded, User | Conversation):
                self._streams.setdefault(loaded.sid, (row, loaded.position))
        entries = known.rows[fields]
        for values in keys:
            entries.setdefault(values, None)

    def _locks(self, row: type[Row], lock: bool) -> bool:
        """Whether rows that are loaded by key stay locked: streams, and what no stream guards."""
        return lock or (self._exclusive and row in UNGUARDED)

    def _learn(self, row: type[R], found: list[R]) -> list[R]:
        """Take in rows that the database holds; those of them that are there for the batch."""
        known = self._known[row]
        for loaded in found:
            known.remember(loaded)
        return found

    def _select(self, row: type[R], statement: Any, values: dict[str, Any]) -> list[R]:
        known = self._known[row]
        self._flush(known)
        found = self._database(lambda: self._connection.select(statement, values))
        return self._learn(row, [known.table.make(values) for values in found])

    # Writing

    def add(self, row: Row) -> None:
        """See `Tx.add`. Raises `errors.conflict()` when the batch knows that one of its unique keys is taken."""
        if isinstance(row, User | Conversation):
            self._streams.setdefault(row.sid, (type(row), 0))
        self._write(None, row)

    def change(self, row: Row) -> None:
        """See `Tx.change`. Raises `errors.conflict()` as `add` does."""
        self._write(self._writable(row), row)

    def remove(self, row: Row) -> None:
        """See `Tx.remove`."""
        self._known[type(row)].write(self._writable(row), None, self._journal)

    def remove_all(self, row: type[Row], **match: Any) -> None:
        """See `Tx.remove_all`."""
        if not self._exclusive:
            raise RuntimeError("only an exclusive command may remove rows that it has not read")
        self._flush(self._known[row])
        del self._known[row]
        self._database(lambda: self._connection.delete_all(table_of(row), match))

    def _write(self, old: Row | None, new: Row) -> None:
        known = self._known[type(new)]
        if known.taken(new, old):
            raise errors.conflict()
        known.write(old, new, self._journal)

    def _writable(self, row: Row) -> Row:
        old: Row | None = self._known[type(row)].current(row)
        if old is None:
            raise RuntimeError(f"{row!r} was not read in this transaction")
        if isinstance(row, User | Conversation) and row.sid not in self._streams:
            raise RuntimeError(f"{type(row).__name__} {row.sid} is changed without its lock: name it in needs()")
        return old

    def emit(self, event: Event) -> None:
        """See `Tx.emit`."""
        self._events.append(event)

    # The batch

    def run(self, actor: Actor, command: Command[T]) -> T:
        """Carry out one command; when it raises, nothing of it is left in the unit."""
        self._journal.clear()
        events = len(self._events)
        try:
            result = command.decide(actor, self)
            if self._outbox is not None and len(self._events) > events:
                self._outbox.record(actor, self, self._events[events:])
            return result
        except BaseException:
            del self._events[events:]
            self._undo()
            raise

    def _undo(self) -> None:
        for entries, key, before in reversed(self._journal):
            if before is _MISSING:
                del entries[key]
            else:
                entries[key] = before
        self._journal.clear()

    def flush(self) -> None:
        """Send everything that was written to the database."""
        for known in self._known.values():
            self._flush(known)

    def _flush(self, known: _Known[Any]) -> None:
        """Removals first, then changes, then new rows, so that a key that becomes free can be used again."""
        if not known.stored:
            return
        deletes, updates, inserts = known.pending()
        connection, table = self._connection, known.table
        if deletes:
            self._database(lambda: connection.delete(table, deletes))
        if updates:
            self._database(lambda: connection.update(table, updates))
        if inserts:
            self._database(lambda: connection.insert(table, inserts))

    def commits(self) -> tuple[StreamCommit, ...]:
        """What to tell the bus: users' streams, conversations' streams, then what belongs to no stream."""
        events: dict[str, list[Event]] = {sid: [] for sid in self._streams}
        for event in self._events:
            events.setdefault(event.stream, []).append(event)
        commits: dict[type[Row] | None, list[StreamCommit]] = {**{kind: [] for kind in STREAMS}, None: []}
        for stream, of_stream in events.items():
            kind, before = self._streams.get(stream, (None, 0))
            after = self._position(stream, kind, before, of_stream)
            if of_stream or after != before:
                commits[kind].append(StreamCommit(stream, before, after, tuple(of_stream)))
        return tuple(commit for kind in commits.values() for commit in kind)

    def _position(self, stream: str, kind: type[Row] | None, before: int, events: Sequence[Event]) -> int:
        """The stream's last position; of a removed stream only its events tell."""
        if kind is None:
            return 0
        row = self._known[kind].rows["sid",].get((stream,))
        if isinstance(row, User | Conversation):
            return row.position
        return max((event.position for event in events), default=before)

    def _database(self, request: Callable[[], T]) -> T:
        try:
            return request()
        except Exception as error:
            self.failure = self.failure or error
            raise
