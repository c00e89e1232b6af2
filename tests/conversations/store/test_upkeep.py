"""Pruning: tombstones, revocations and failed calls that have had their time."""

from __future__ import annotations

import pytest

from roomful.conversations.core.model import Conversation, Revocation, Tombstone, User, WebhookCall
from roomful.conversations.core.ports import Reads
from roomful.conversations.store import upkeep
from roomful.conversations.store.store import Store

from .commands import ACTOR, Add, conversation, user
from .conftest import OpenStore, RecordingBus

pytestmark = pytest.mark.anyio

DAY = 24 * 60 * 60 * 1000


async def test_old_tombstones_go_and_their_streams_remember_up_to_where(store: Store, bus: RecordingBus) -> None:
    old = [Tombstone("CHa", position, "messages", str(position), DAY - 1) for position in (2, 3, 5)]
    young = [Tombstone("CHa", position, "messages", str(position), DAY) for position in (4, 6)]
    of_user = Tombstone("USanna", 7, "my_channels", "CHb", 0)
    of_nobody = Tombstone("CHgone", 9, "messages", "0", 0)
    rows = (conversation("CHa", position=6), user("anna", position=7), conversation("CHc"))
    await store.writer.submit(ACTOR, Add((*rows, *old, *young, of_user, of_nobody)))
    bus.batches.clear()
    await upkeep.prune(store.writer, 31 * DAY, tombstone_days=30)
    left = await store.reads.read(lambda reads: reads.page(Tombstone, order="position", limit=10))
    assert left == young

    def pruned_to(reads: Reads) -> dict[str, int]:
        conversations, users = reads.find(Conversation, "sid", ["CHa", "CHc"]), reads.find(User, "sid", ["USanna"])
        return {row.sid: row.pruned_to for row in conversations} | {row.sid: row.pruned_to for row in users}

    assert await store.reads.read(pruned_to) == {"CHa": 5, "CHc": 0, "USanna": 7}
    assert bus.batches == [], "no stream moved"


async def test_many_are_pruned_in_several_transactions(store: Store) -> None:
    many = tuple(Tombstone("CHa", position, "messages", "0", 0) for position in range(2, 1_300))
    await store.writer.submit(ACTOR, Add((conversation("CHa"), *many)))
    await upkeep.prune(store.writer, 31 * DAY, tombstone_days=30)
    assert await store.reads.read(lambda reads: reads.count(Tombstone)) == 0


async def test_revocations_that_expired_go(store: Store) -> None:
    await store.writer.submit(ACTOR, Add((Revocation("sha256:0", 0, 1_999), Revocation("sha256:1", 0, 2_000))))
    await upkeep.prune(store.writer, 2_000, tombstone_days=30)
    left = await store.reads.read(lambda reads: reads.page(Revocation, order="subject", limit=10))
    assert [row.subject for row in left] == ["sha256:1"]


def call(sid: str, state: str, date_due: int) -> WebhookCall:
    return WebhookCall(sid, "WH", "CH", int(sid), "onMessageAdded", None, "POST", "{}", state, 1, 0, date_due, "no")


async def test_calls_that_were_given_up_a_week_ago_go(store: Store) -> None:
    """What still waits stays, however old it is."""
    calls = (call("1", "failed", DAY - 1), call("2", "failed", DAY), call("3", "waiting", 0))
    await store.writer.submit(ACTOR, Add(calls))
    await upkeep.prune(store.writer, 8 * DAY, tombstone_days=30)
    left = await store.reads.read(lambda reads: reads.page(WebhookCall, order="sid", limit=10))
    assert [row.sid for row in left] == ["2", "3"]


async def test_a_store_prunes_when_it_is_opened(open_store: OpenStore) -> None:
    before = open_store()
    await before.writer.submit(ACTOR, Add((Tombstone("CHa", 2, "messages", "0", 0),)))
    await before.close()
    after = open_store(clock=lambda: 31 * DAY)
    await after.writer.submit(ACTOR, Add((user("anna"),)))  # the pruning was asked for first
    await after.writer.submit(ACTOR, Add((user("ben"),)))
    assert await after.reads.read(lambda reads: reads.count(Tombstone)) == 0
