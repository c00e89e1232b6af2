"""Select statements, built once for each shape that is asked for; the values are bound by `values`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from ..core.model import Conversation, Participant, WebhookCall
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


def page(
    of: RowTable[Any],
    match: Mapping[str, Any],
    order: str,
    *,
    start: Any,
    inclusive: bool,
    limit: int,
    descending: bool,
) -> tuple[sa.Select[Any], dict[str, Any]]:
    """The statement and the values of `Reads.page`."""
    beyond = None if start is None else ("<" if descending else ">") + ("=" if inclusive else "")
    values = {**match, "limit_": limit} if start is None else {**match, "limit_": limit, "start_": start}
    return rows(of, shape(match), order, descending, beyond, limited=True), values


@cache
def below(of: RowTable[Any], column: str, match: Match = ()) -> sa.Select[Any]:
    """Up to `limit_` matching rows whose `column` is less than `end_`, the lowest first."""
    table = of.table
    age = table.columns[column]
    matching = (*_matching(of, match), age < sa.bindparam("end_", type_=age.type))
    statement = sa.select(table).where(*matching).order_by(age)
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


@cache
def lanes() -> sa.Select[Any]:
    """The distinct lanes, target and stream, of calls in `state`."""
    calls = table_of(WebhookCall).table.c
    return sa.select(calls.target_sid, calls.stream_sid).distinct().where(calls.state == sa.bindparam("state"))


@cache
def call_counts() -> sa.Select[Any]:
    """By target and state: how many calls, the oldest date, the newest SID, and the newest of those with an error."""
    calls = table_of(WebhookCall).table.c
    tried = sa.case((calls.error.is_not(None), calls.sid))
    return (
        sa.select(
            *(calls.target_sid, calls.state, sa.func.count()),
            *(sa.func.min(calls.date_created), sa.func.max(calls.sid), sa.func.max(tried)),
        )
        .group_by(calls.target_sid, calls.state)
        .order_by(calls.target_sid, calls.state)
    )


@cache
def next_due() -> sa.Select[Any]:
    """By target: the earliest `date_due` of the first calls in `state` of its lanes."""
    calls = table_of(WebhookCall).table
    lane = (calls.c.target_sid, calls.c.stream_sid)
    waiting = sa.select(*lane, sa.func.min(calls.c.place).label("place")).where(calls.c.state == sa.bindparam("state"))
    heads = waiting.group_by(*lane).subquery()
    same = [calls.c[name] == heads.c[name] for name in ("target_sid", "stream_sid", "place")]
    due = sa.select(calls.c.target_sid, sa.func.min(calls.c.date_due)).join_from(calls, heads, sa.and_(*same))
    return due.group_by(calls.c.target_sid)
