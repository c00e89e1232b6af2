"""The tables, derived from the rows of `core/model.py` by one rule.

A row class is a table and a field is a column of the same name and order: str is text, int is a 64-bit integer, bool is
a boolean, `| None` is nullable. The first of `KEYS` is the primary key, the others are unique indexes. Only the indexes
that reads need beyond those keys are named here.

There are no foreign keys: the rows of a batch are written table by table and not in the order in which the rules made
them, and every removal goes through a rule, which takes along (or keeps on purpose) what belongs to the removed row.

Text compares and sorts by code point on both databases (SQLite's BINARY, PostgreSQL's "C").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from types import NoneType
from typing import Any, Final, Generic, TypeVar, get_args, get_type_hints

import sqlalchemy as sa

from ..core import model
from ..core.model import (
    Account,
    AddressConfiguration,
    ApiKey,
    ContentTemplate,
    Conversation,
    Key,
    Lease,
    Media,
    Message,
    Node,
    NotificationConfiguration,
    Participant,
    Presence,
    PushBinding,
    PushCredential,
    Receipt,
    Revocation,
    Role,
    Row,
    Service,
    Tombstone,
    User,
    Webhook,
    WebhookCall,
    WebhookConfiguration,
)

R = TypeVar("R", bound=Row)
R_co = TypeVar("R_co", bound=Row, covariant=True)
Values = tuple[Any, ...]

TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TYPES: Final[Mapping[Any, sa.types.TypeEngine[Any]]] = {str: TEXT, int: sa.BigInteger(), bool: sa.Boolean()}

STREAMS: Final[tuple[type[Row], ...]] = (User, Conversation)
"""Rows that are streams: they are changed only under their lock."""

UNGUARDED: Final[frozenset[type[Row]]] = frozenset(
    {
        *(Account, ApiKey, Service, Role, Revocation, Node, WebhookConfiguration, WebhookCall, Lease, Media),
        *(ContentTemplate, PushCredential, NotificationConfiguration, AddressConfiguration),
    }
)
"""Rows that belong to no stream, so that no stream's lock guards them."""

_INDEXES: Final[Mapping[type[Row], tuple[Key, ...]]] = {
    ApiKey: (("account_sid", "sid"),),
    Role: (("service_sid", "sid"),),
    User: (("service_sid", "sid"),),
    Conversation: (("service_sid", "sid"), ("date_due",)),
    Participant: (
        ("conversation_sid", "sid"),
        ("user_sid", "conversation_sid"),
        ("conversation_sid", "conv_changed"),
        ("user_sid", "user_changed"),
        ("address", "sid"),
    ),
    Message: (("conversation_sid", "changed_position"),),
    Tombstone: (("date_created",),),
    Revocation: (("date_expires",),),
    Node: (("date_expires",),),
    Presence: (("node_sid", "user_sid"),),
    PushBinding: (("address",), ("service_sid", "sid")),
    PushCredential: (("account_sid", "sid"),),
    AddressConfiguration: (("account_sid", "sid"),),
    Webhook: (("conversation_sid", "sid"),),
    Media: (("owner",), ("conversation_sid",), ("message_sid",), ("date_expires",)),
    Receipt: (("conversation_sid",),),
    ContentTemplate: (("account_sid", "sid"),),
    WebhookCall: (("state", "target_sid", "stream_sid", "place"), ("state", "date_created")),
}


@dataclass(frozen=True, slots=True, eq=False)
class RowTable(Generic[R_co]):
    """A row class as a table."""

    row: type[R_co]
    table: sa.Table
    names: tuple[str, ...]
    """The columns, in the order of the fields."""
    types: tuple[str, ...]
    """Their types in PostgreSQL: "text", "bigint" or "boolean"."""
    primary: Key
    values: Callable[[Row], Values]
    """The row as a tuple, in the order of `names`."""
    make: Callable[[Values], R_co]
    """The row from such a tuple; SQLite has integers for booleans."""
    keys: Mapping[Key, Callable[[Row], Values]]
    """For each unique key, the primary key first: what reads it from a row."""


def key_reader(names: Key) -> Callable[[Any], Values]:
    """What reads the columns `names` from a row, always as a tuple."""
    if len(names) == 1:
        read = attrgetter(names[0])
        return lambda row: (read(row),)
    return attrgetter(*names)


def _column(name: str, hint: Any, primary: Key) -> sa.Column[Any]:
    plain = [part for part in get_args(hint) or (hint,) if part is not NoneType]
    return sa.Column(name, _TYPES[plain[0]], primary_key=name in primary, nullable=NoneType in get_args(hint))


def _table(row: type[Row], metadata: sa.MetaData) -> sa.Table:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", row.__name__).lower() + "s"
    hints = get_type_hints(row)
    columns = [_column(field.name, hints[field.name], row.KEYS[0]) for field in fields(row)]
    unique = [sa.Index("_".join(("ux", name, *key)), *key, unique=True) for key in row.KEYS[1:]]
    others = [sa.Index("_".join(("ix", name, *key)), *key) for key in _INDEXES.get(row, ())]
    return sa.Table(name, metadata, *columns, *unique, *others)


def _maker(row: type[R], table: sa.Table) -> Callable[[Values], R]:
    booleans = [i for i, column in enumerate(table.columns) if isinstance(column.type, sa.Boolean)]
    if not booleans:
        return lambda values: row(*values)

    def make(values: Values) -> R:
        return row(*(bool(value) if i in booleans else value for i, value in enumerate(values)))

    return make


def _row_table(row: type[R], metadata: sa.MetaData) -> RowTable[R]:
    table = _table(row, metadata)
    names = tuple(column.name for column in table.columns)
    postgresql = {sa.Text: "text", sa.BigInteger: "bigint", sa.Boolean: "boolean"}
    return RowTable(
        row=row,
        table=table,
        names=names,
        types=tuple(postgresql[type(column.type)] for column in table.columns),
        primary=row.KEYS[0],
        values=attrgetter(*names),
        make=_maker(row, table),
        keys={key: key_reader(key) for key in row.KEYS},
    )


metadata: Final = sa.MetaData()

TABLES: Final[Mapping[type[Row], RowTable[Any]]] = {
    row: _row_table(row, metadata)
    for row in vars(model).values()
    if isinstance(row, type) and issubclass(row, Row) and row is not Row
}
"""Every row class of `core/model.py` and its table."""


def table_of(row: type[R]) -> RowTable[R]:
    """The table of a row class."""
    return TABLES[row]
