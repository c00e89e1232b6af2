"""What the rules need from outside, and what they offer: the protocols between the core and its adapters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol, TypeVar

from .events import Event, StreamCommit
from .model import Conversation, Participant, Row


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""A parameter of an update that was not given: the value stays as it is."""


def given(**parameters: Any) -> dict[str, Any]:
    """Those of an update's parameters that were given."""
    return {name: value for name, value in parameters.items() if value is not UNSET}


R = TypeVar("R", bound=Row)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Clock = Callable[[], int]
"""Milliseconds since 1970-01-01 UTC."""

SidFactory = Callable[[str], str]
"""Makes a new SID from its two-letter prefix: prefix + 32 lower-case hex digits."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who gives a command: a user of a service, or (identity None) the holder of the account's credentials.

    Roles bind users only (docs/rest.md, "Roles"). `webhooks`: whether webhooks are asked and told of what it does; a
    user's doings always are, those of REST if the request wants it, those of the service's own clock always.
    """

    service_sid: str
    identity: str | None = None
    webhooks: bool = True


@dataclass(frozen=True, slots=True)
class RowKey:
    """Names a row by one of its unique keys."""

    row: type[Row]
    fields: tuple[str, ...]
    values: tuple[Any, ...]


def key(row: type[Row], **fields: Any) -> RowKey:
    """`key(Participant, conversation_sid=…, identity=…)`; the fields must be one of `row.KEYS`, in its order."""
    return RowKey(row, tuple(fields), tuple(fields.values()))


@dataclass(frozen=True, slots=True)
class Needs:
    """The rows that a command will read. Streams are also locked, in one global order: conversations, then users.

    conversations: SIDs. users: (service SID, identity) pairs. rows: whatever else is worth reading ahead.
    """

    conversations: tuple[str, ...] = ()
    users: tuple[tuple[str, str], ...] = ()
    rows: tuple[RowKey, ...] = ()


class Tx(Protocol):
    """The unit of work of a batch of commands. Reads see what earlier commands of the batch wrote."""

    now: int
    """Time of the batch in milliseconds."""

    def sid(self, prefix: str) -> str:
        """A new SID."""

    def one(self, row: type[R], **key: Any) -> R | None:
        """The row with this unique key (its fields in the order of `row.KEYS`), or None."""

    def all(self, row: type[R], order: str, **match: Any) -> list[R]:
        """All rows whose columns equal `match`, ordered by column `order`."""

    def last(self, row: type[R], order: str, **match: Any) -> R | None:
        """The matching row with the highest `order`."""

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

    def find(self, row: type[R], field: str, values: Sequence[Any]) -> list[R]:
        """See `Reads.find`."""

    def open_memberships(self, user_sid: str) -> int:
        """In how many conversations that are not closed the user is."""

    def lock(self, needs: Needs) -> None:
        """Lock streams that `needs()` could not name. Only an `exclusive` command may call it.

        What the command read before may have changed while it waited, so it is forgotten and must be read again.
        """

    def add(self, row: Row) -> None: ...

    def change(self, row: Row) -> None: ...

    def remove(self, row: Row) -> None: ...

    def remove_all(self, row: type[Row], **match: Any) -> None:
        """Remove all rows whose columns equal `match` in one statement; only in an `exclusive` command."""

    def emit(self, event: Event) -> None:
        """Tell listeners after the commit."""


class Command(Protocol[T_co]):
    """A change that somebody asks for. `decide` raises `ServiceError` before it writes anything, or does it all."""

    @property
    def exclusive(self) -> bool:
        """True: it runs in a transaction of its own. Its streams are not known beforehand, or it changes what no
        stream guards."""

    def needs(self, actor: Actor) -> Needs: ...

    def decide(self, actor: Actor, tx: Tx) -> T_co: ...


class Outbox(Protocol):
    """Turns what a command announced into calls of webhooks, in the command's own transaction."""

    def record(self, actor: Actor, tx: Tx, events: Sequence[Event]) -> None:
        """Add the calls that the events are worth. Called after `decide`, with that command's events."""


class PreHooks(Protocol):
    """Asks webhooks before something happens, outside any transaction."""

    async def ask(self, actor: Actor, command: Command[T]) -> Command[T]:
        """The command as the webhook leaves it. Raises `ServiceError` (50056, 403) when the webhook refuses it, and
        what the command itself would raise."""


class Writer(Protocol):
    """Carries commands out, many in one commit, in the order in which they were submitted."""

    async def submit(self, actor: Actor, command: Command[T]) -> T:
        """The command's result once it is on disk and the bus has been told.

        Raises `ServiceError`; also when the commit failed (then nothing was changed).
        """


class Bus(Protocol):
    """Tells every node what was committed."""

    def publish(self, commits: Sequence[StreamCommit]) -> None:
        """Called on the event loop, once a batch, in the order of the commits; users' streams come first."""


@dataclass(frozen=True, slots=True)
class CallCount:
    """What of the outbox is one target's and in one state."""

    target_sid: str
    state: str
    count: int
    oldest: int
    """`date_created` of the oldest."""
    newest_sid: str
    newest_tried_sid: str | None
    """The newest that was tried in vain, so that it says what went wrong; None: none was."""
    next_due: int | None
    """When the next of the waiting ones is tried: the earliest `date_due` of those at the heads of their lanes."""


class Reads(Protocol):
    """Queries over one snapshot of the store; called on a reader thread."""

    def one(self, row: type[R], **key: Any) -> R | None:
        """The row with these column values (at most one is returned)."""

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
        """Up to `limit` rows whose columns equal `match`, ordered by column `order` (unique within the match).

        With `start`, only rows beyond it in the direction of the order, and `start` itself if `inclusive`.
        """

    def below(self, row: type[R], column: str, end: int, limit: int) -> list[R]:
        """Up to `limit` rows whose `column` is less than `end`, the lowest first."""

    def count(self, row: type[Row], **match: Any) -> int:
        """How many rows match."""

    def count_above(self, row: type[Row], column: str, value: int, **match: Any) -> int:
        """How many matching rows have `column` greater than `value`."""

    def memberships(self, user_sid: str, *, after: str = "", limit: int) -> list[tuple[Participant, Conversation]]:
        """The user's conversations, ordered by conversation SID, those after SID `after`."""

    def find(self, row: type[R], field: str, values: Sequence[Any]) -> list[R]:
        """The rows whose column `field` is one of `values`."""

    def lanes(self, state: str) -> list[tuple[str, str]]:
        """The lanes, (target SID, stream SID), that hold a `WebhookCall` in this state."""

    def call_counts(self) -> list[CallCount]:
        """How many calls the outbox holds, by target and state, in this order."""


class ReadPool(Protocol):
    """Runs queries off the event loop."""

    async def read(self, query: Callable[[Reads], T]) -> T:
        """`query` runs on a reader thread, in one read transaction."""


class Previews(ReadPool, Protocol):
    """A read pool that also knows what a command would do."""

    async def preview(self, actor: Actor, command: Command[T]) -> tuple[Event, ...]:
        """What `command` would announce now, by its own rules over a snapshot, in the order in which it would.

        Nothing is written and nobody waits for a lock. Raises the `ServiceError` with which the command would be
        refused. SIDs of what does not exist yet mean nothing.
        """
