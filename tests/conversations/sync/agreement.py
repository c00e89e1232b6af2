"""Whether a client shows what one shows that starts anew."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from roomful.conversations.core.model import Tombstone, User
from roomful.conversations.core.ports import Reads

from .line import eventually
from .mirror import Mirror

ROUNDS = 5  # what the server cannot tell any more it says by closing the connection, to one client after the other


async def fresh(mirror: Mirror) -> Mirror:
    """A client of the same person that has just started, and opened the same conversations."""
    made = Mirror(mirror.world, mirror.identity)
    made.people = mirror.people
    await made.connect(frozenset(mirror.opened))
    await made.settle()
    return made


async def ready(mirror: Mirror) -> None:
    """Connect, open and subscribe until everything is confirmed."""
    for _ in range(4):
        await mirror.connect()
        await mirror.settle()
        await mirror.subscribe()
        await eventually(lambda: not mirror.connected or mirror.hearing.quiet, "subscriptions to be confirmed")
        await mirror.settle()
        if mirror.connected:
            return
    raise AssertionError(f"the connection does not hold: {await account(mirror)}")


async def agree(mirror: Mirror) -> Mirror:
    """Wait until the mirror shows what a client shows that starts anew; that client, still connected.

    Whoever cannot be told everything is put out by the server, perhaps only now, and comes again, as clients do.
    """
    for _ in range(ROUNDS):
        await ready(mirror)
        other = await fresh(mirror)
        with suppress(AssertionError):
            await eventually(partial(_settled, mirror, other), within=10)
        assert not mirror.world.trouble, mirror.world.trouble
        if mirror.connected and other.connected:
            if mirror.view() != other.view():
                differs = difference(mirror.view(), other.view())
                raise AssertionError(f"{mirror.identity}: {differs}\n{await account(mirror)}")
            return other
        await other.leave()
    raise AssertionError(f"{mirror.identity}: the connection does not hold: {await account(mirror)}")  # may be old


def _settled(mirror: Mirror, other: Mirror) -> bool:
    """Whether waiting is of no use any more: they agree, or something went wrong."""
    cut_off = not mirror.connected or not other.connected
    return bool(mirror.world.trouble) or cut_off or mirror.view() == other.view()


def difference(seen: Any, expected: Any, path: str = "") -> str:
    """Where two views differ, for a person to read."""
    if isinstance(seen, dict) and isinstance(expected, dict):
        keys = sorted({*seen, *expected}, key=str)
        parts = [difference(seen.get(key), expected.get(key), f"{path}/{key}") for key in keys]
        return "\n".join(part for part in parts if part)
    return "" if seen == expected else f"{path}: it shows {seen!r}, a fresh client {expected!r}"


async def account(mirror: Mirror) -> str:
    """What a person wants to know of a client that does not show what it should."""
    line, mine = mirror.line, mirror.mine
    if line is None or mine is None:
        return f"line {line}, map {mine}"
    told = [event.get("event", event) for event in line.events if mine.ref.sid in str(event)]

    def query(reads: Reads) -> str:
        user = reads.one(User, sid=mine.ref.stream)
        gone = reads.page(Tombstone, order="position", limit=1000, stream_sid=mine.ref.stream)
        removed = [(row.position, row.key) for row in gone]
        return f"at {user.position}, pruned to {user.pruned_to}, removed {removed}" if user else "without the user"

    return (
        f"connected {mirror.connected}, closed {line.closed}, confirmed {mirror.hearing.quiet}, "
        f"map at {mine.position}, the one that hears {mirror.copies.get(mine.ref.sid) is mine}, asked for "
        f"{mine.ref.sid in mirror._asked}, items {mine.items}, gone {mine.gone}, told last {told[-5:]}; "
        f"the store is {await mirror.world.store.reads.read(query)}"
    )
