"""Fan-out: what a delivery costs our server through the real protocol, beside a C loop that only sends the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .processes import Load, Server, floor, load
from .rooms import make_rooms, record_frames, write_plan

SPEAKERS = 16
"""Members who speak at once in a busy room."""

WARMUP = 4
"""A round is preceded by one of so many times fewer messages."""


@dataclass(frozen=True)
class Fanout:
    """A room of `size` members on our server and on the floor, all of them connected."""

    size: int
    ours: Load
    floor: Load

    def round(self, deliveries: int, speakers: int) -> dict[str, dict[str, Any]]:
        """Ours, then the floor: what `load.c` tells, with `cpu_s_per_million` deliveries.

        Each is warmed up first, unmeasured: what was measured before has emptied the processor's caches, and how much
        that costs depends on what it was.
        """
        messages = max(speakers, deliveries // self.size)
        told: dict[str, dict[str, Any]] = {}
        for side, members in (("ours", self.ours), ("floor", self.floor)):
            members.round(max(speakers, messages // WARMUP), speakers)
            told[side] = members.round(messages, speakers)
        for entry in told.values():
            entry["cpu_s_per_million"] = entry["server_cpu"] / entry["deliveries"] * 1e6
        return told


@contextmanager
def fanout(programs: Path, folder: Path, server: Server, size: int) -> Iterator[Fanout]:
    """Make the room, record what the floor is to send, and bring all members in."""
    owner, *others = (f"member-{size}-{n}" for n in range(size))
    (room,) = make_rooms(server, owner, [others])
    frames, plan, floor_plan = (folder / f"{name}-{size}" for name in ("frames", "plan", "floor-plan"))
    record_frames(frames, server, room)
    write_plan(plan, server, [room], documents=True, speakers=SPEAKERS)
    write_plan(floor_plan, server, [room], documents=False, speakers=SPEAKERS)
    with ExitStack() as stack:
        pid, port = stack.enter_context(floor(programs, frames))
        ours = stack.enter_context(load(programs, server.port, server.pid, plan))
        theirs = stack.enter_context(load(programs, port, pid, floor_plan))
        yield Fanout(size, ours, theirs)
