"""Select statements, built once for each shape that is asked for; the values are bound by `values`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from ..core.model import Conversation, Participant
from .schema import RowTable, table_of

Match = tuple[tuple[str, bool], ...]
"""The columns to match and whether each is matched with NULL."""


def shape(match: Mapping[str, Any]) -> Match:
    """The part of `match` that the statement depends on."""
    return tuple((name, value is None) for name, value in match.items())


def _matching(of: RowTable[Any], match: Match) -> list[sa.ColumnElement[bool]]:
    columns = of.table.columns
    return [columns[name].is_(None) if null else columns[name] == sa.bindparam(name) for name, null in match]


@cache
def rows(
    of: RowTable[Any],
    match: Match,
    order: str | None = None,
    descending: bool = False,
    start: str | None = None,
    limited: bool = False,
) -> sa.Select[Any]:
    """Matching rows ordered by column `order`.

    start: the operator that compares `order` with the value `start_`, or None. limited: up to `limit_` rows.
    """
    table = of.table
    statement = sa.select(table).where(*_matching(of, match))
    if order is not None:
        column = table.columns[order]
        statement = statement.order_by(column.desc() if descending else column)
        if start is not None:
            statement = statement.where(column.op(start, is_comparison=True)(sa.bindparam("start_", type_=column.type)))
    return statement.limit(sa.bindparam("limit_", type_=sa.BigInteger)) if limited else statement


@cache
def below(of: RowTable[Any], column: str) -> sa.Select[Any]:
    """Up to `limit_` rows whose `column` is less than `end_`, the lowest first."""
    table = of.table
    age = table.columns[column]
    statement = sa.select(table).where(age < sa.bindparam("end_", type_=age.type)).order_by(age)
    return statement.limit(sa.bindparam("limit_", type_=sa.BigInteger))


@cache
def count(of: RowTable[Any], match: Match, above: str | None = None) -> sa.Select[Any]:
    """How many rows match, of those whose column `above` is greater than the value `start_`, if one is named."""
    table = of.table
    statement = sa.select(sa.func.count()).select_from(table).where(*_matching(of, match))
    if above is None:
        return statement
    column = table.columns[above]
    return statement.where(column > sa.bindparam("start_", type_=column.type))


@cache
def open_memberships() -> sa.Select[Any]:
    """How many conversations of `user_sid`'s participants are in another state than `state`."""
    participants, conversations = table_of(Participant).table, table_of(Conversation).table
    return (
        sa.select(sa.func.count())
        .select_from(participants)
        .join(conversations, conversations.c.sid == participants.c.conversation_sid)
        .where(participants.c.user_sid == sa.bindparam("user_sid"))
        .where(conversations.c.state != sa.bindparam("state"))
    )


@cache
def memberships() -> sa.Select[Any]:
    """Up to `limit_` pairs of `user_sid`'s participants and their conversations, those after conversation `start_`."""
    participants, conversations = table_of(Participant).table, table_of(Conversation).table
    return (
        sa.select(participants, conversations)
        .join_from(participants, conversations, conversations.c.sid == participants.c.conversation_sid)
        .where(participants.c.user_sid == sa.bindparam("user_sid"))
        .where(participants.c.conversation_sid > sa.bindparam("start_"))
        .order_by(participants.c.conversation_sid)
        .limit(sa.bindparam("limit_", type_=sa.BigInteger))
    )
