"""Whether a client shows what one shows that starts anew."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

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
    raise AssertionError("the connection does not hold")


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
            assert mirror.view() == other.view(), f"{mirror.identity}: {difference(mirror.view(), other.view())}"
            return other
        await other.leave()
    raise AssertionError(f"{mirror.identity}: the connection does not hold")  # what it shows may be old


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
