"""The harness examined at a small size: it counts what it should, and finds out a server that loses or doubles."""

from __future__ import annotations

from pathlib import Path

from .client import BenchError
from .durable import BareSqlite
from .fanout import fanout
from .processes import cpu_seconds, floor, load, roomful
from .start import cold_start, make_person
from .webhooks import webhooks

MEMBERS, MESSAGES, SPEAKERS, CONVERSATIONS = 12, 30, 4, 3
CALLS = 30


def self_check(programs: Path, folder: Path) -> None:
    """Raises `BenchError` when a figure is not what it must be."""
    place = folder / "self-check"
    with roomful(place) as server:
        with fanout(programs, place, server, MEMBERS) as room:
            for told in room.round(MEMBERS * MESSAGES, SPEAKERS).values():
                _same("messages", told["messages"], MESSAGES)
                _same("deliveries", told["deliveries"], MESSAGES * MEMBERS)
                if not 0 < told["server_cpu"] <= told["seconds"] + 2:
                    raise BenchError(f"self-check: impossible processor time: {told}")
        _same("faults that the clients found", _caught(programs, place), ["lose", "double"])
        person = make_person(server, CONVERSATIONS)
        told = cold_start(server, person, CONVERSATIONS)
        _same("requests of a start", told["requests"], 1 + 2 + 1 + 4 * CONVERSATIONS + 1 + 1)
        with webhooks(server) as hooks:
            if not all(figure > 0 for figure in hooks.calls(CONVERSATIONS, CALLS).values()):
                raise BenchError("self-check: webhooks' calls cost nothing")
        if cpu_seconds(server.pid) <= 0:
            raise BenchError("self-check: the server's clock stands still")
    bare = BareSqlite(place / "bare.db")
    try:
        count = bare.per_second(0.05, 8)
    finally:
        bare.close()
    if count <= 0:
        raise BenchError("self-check: nothing was written to SQLite")


def _caught(programs: Path, place: Path) -> list[str]:
    """Which ways of a floor to misbehave the clients found out."""
    found: list[str] = []
    signs = {"lose": ("arrived everywhere",), "double": ("out of order", "too often")}
    for way in signs:
        with (
            floor(programs, place / f"frames-{MEMBERS}", way) as (pid, port),
            load(programs, port, pid, place / f"floor-plan-{MEMBERS}") as clients,
        ):
            try:
                clients.round(MESSAGES, SPEAKERS, seconds=1)
            except BenchError as error:
                found += [way] if any(sign in str(error) for sign in signs[way]) else []
    return found


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise BenchError(f"self-check: {what}: {found}, not {wanted}")
