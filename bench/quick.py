"""`make bench-quick`: our server beside the floor, round by round, in some three minutes (docs/performance.md)."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from . import machine, processes
from .client import BenchError
from .durable import CLIENTS, GROUP, BareSqlite, senders
from .fanout import SPEAKERS, Fanout, fanout
from .processes import Load, Server
from .report import Report, Row, write_into
from .selfcheck import self_check
from .start import cold_start, make_person
from .webhooks import MANY, Webhooks, webhooks

ROOT = Path(__file__).parent.parent
PROGRAMS = ROOT / "build" / "bench"
RESULTS = ROOT / "bench" / "results"
CITED = RESULTS / "quick.json"
DOCUMENT = ROOT / "docs" / "performance.md"

ROUNDS = 7
LEAST_ROUNDS = 3
ENOUGH_SECONDS = 180
"""After so long no further round is begun."""

ROOMS = (100, 1000)
DELIVERIES = 40_000
"""In a round, for each room and way of speaking."""

SENDS = 3000
SENDS_OF_ONE = 300
SQLITE_SECONDS = 0.5

MOST_FANOUT, LEAST_SENDS = 3.0, 2000.0
"""What this project asks of itself: times the floor's processor time, and durable sends a second from 64 clients."""
_ENOUGH: dict[str, Any] = {"bound": LEAST_SENDS, "bound_on": "ours", "at_least": True}


class Samples:
    """Figures by name, one for each round."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = defaultdict(list)

    def add(self, name: str, value: float) -> None:
        self.of[name].append(value)


def _speaking(speakers: int) -> str:
    return "one speaks" if speakers == 1 else f"{speakers} speak at once"


def _fan(samples: Samples, room: Fanout) -> None:
    for speakers in (1, SPEAKERS):
        for side, told in room.round(DELIVERIES, speakers).items():
            samples.add(f"fanout {room.size} {speakers} {side}", told["cpu_s_per_million"])


def _durable(samples: Samples, clients: Load, bare: BareSqlite) -> None:
    for count, messages in ((CLIENTS, SENDS), (1, SENDS_OF_ONE)):
        told = clients.round(messages, count)
        samples.add(f"sends {count}", told["messages"] / told["seconds"])
        samples.add(f"answer {count}", told["answer_ms"])
        samples.add(f"send cpu {count}", told["server_cpu"] / told["messages"] * 1e6)
        samples.add(f"busy durable sends from {count}", told["client_cpu"] / told["seconds"])
    for group in (1, GROUP):
        samples.add(f"bare {group}", bare.per_second(SQLITE_SECONDS, group))


def _webhooks(samples: Samples, clients: Load, hooks: Webhooks) -> None:
    """Right after `_durable`, whose sends are what these are beside."""
    for name, value in hooks.round(clients).items():
        samples.add(name, value)


def _start(samples: Samples, server: Server, people: dict[int, str]) -> None:
    for conversations, person in people.items():
        told = cold_start(server, person, conversations)
        samples.add(f"start cpu {conversations}", told["server_cpu_us_per_conversation"])
        samples.add(f"start time {conversations}", told["us_per_conversation"])
        samples.add(f"busy cold start in {conversations:,}", told["client_cpu"] / told["seconds"])


def _rows(samples: Samples) -> Iterator[Row]:
    of = samples.of
    for size in ROOMS:
        for speakers in (1, SPEAKERS):
            ours, theirs = (of[f"fanout {size} {speakers} {side}"] for side in ("ours", "floor"))
            name = f"fan-out, room of {size:,}, {_speaking(speakers)}"
            yield Row.of(name, "CPU s/million", ours, "floor", theirs, bound=MOST_FANOUT)
    each, grouped = "SQLite, one a commit", f"SQLite, {GROUP} a commit"
    yield Row.of(f"durable sends, {CLIENTS} clients", "1/s", of[f"sends {CLIENTS}"], each, of["bare 1"], **_ENOUGH)
    yield Row.of(f"durable sends, {CLIENTS} clients", "1/s", of[f"sends {CLIENTS}"], grouped, of[f"bare {GROUP}"])
    yield Row.of("durable sends, one client", "1/s", of["sends 1"], each, of["bare 1"])
    yield from _webhook_rows(of)
    few, many = ROOMS
    for what, unit in (("cpu", "CPU µs/conversation"), ("time", "µs/conversation")):
        name = f"cold start in {many:,}"
        yield Row.of(name, unit, of[f"start {what} {many}"], f"in {few}", of[f"start {what} {few}"])


def _webhook_rows(of: Mapping[str, list[float]]) -> Iterator[Row]:
    sends, dead = f"durable sends, {CLIENTS} clients", "webhook's target dead"
    yield Row.of(f"{sends}, webhook told", "1/s", of["sends told"], "no webhook", of[f"sends {CLIENTS}"])
    yield Row.of(f"{sends}, {dead}", "1/s", of["sends dead"], "no webhook", of[f"sends {CLIENTS}"], **_ENOUGH)
    yield Row.of(f"{sends}, {dead}", "CPU µs/send", of["send cpu dead"], "no webhook", of[f"send cpu {CLIENTS}"])
    yield Row.of(f"{sends}, webhook asked", "1/s", of["sends asked"], "no webhook", of[f"sends {CLIENTS}"])
    yield Row.of("one send's answer, webhook asked", "ms", of["answer asked"], "no webhook", of["answer 1"])
    each = "Python's http.client"
    yield Row.of("webhook calls, one conversation", "1/s", of["calls one"], each, of["calls bare"])
    many = f"webhook calls, {MANY} conversations"
    yield Row.of(many, "1/s", of["calls many"], each, of["calls bare"])
    yield Row.of(many, "CPU µs/call", of["call cpu many"], each, of["call cpu bare"])


def measure(folder: Path, rounds: int, say: Callable[[str], None]) -> Report:
    """Prepare everything on one server, then measure all of it in every round."""
    samples = Samples()
    with ExitStack() as stack:
        bare = BareSqlite(folder / "bare.db")
        stack.callback(bare.close)
        server = stack.enter_context(processes.roomful(folder / "server"))
        say("preparing: rooms of " + " and ".join(f"{size:,}" for size in ROOMS))
        rooms = [stack.enter_context(fanout(PROGRAMS, folder, server, size)) for size in ROOMS]
        clients = stack.enter_context(senders(PROGRAMS, folder, server))
        hooks = stack.enter_context(webhooks(server))
        people = {size: make_person(server, size) for size in ROOMS}
        began = time.monotonic()
        for number in range(rounds):
            if number >= LEAST_ROUNDS and time.monotonic() - began > ENOUGH_SECONDS:
                break
            say(f"round {number + 1} of {rounds}")
            for room in rooms:
                _fan(samples, room)
            _durable(samples, clients, bare)
            _webhooks(samples, clients, hooks)
            _start(samples, server, people)
        done = len(samples.of["bare 1"])
    facts = {
        **machine.facts(folder),
        "rounds": f"{done}, all measurements in turn; medians, and the range over the rounds",
    }
    busy = {name[5:]: max(shares) for name, shares in samples.of.items() if name.startswith("busy ")}
    return Report(facts, tuple(_rows(samples)), busy)


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder of its own on the disk of this checkout, removed at the end."""
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    machine.filesystem(PROGRAMS)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=PROGRAMS))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _run(rounds: int) -> int:
    with work_folder() as folder:
        self_check(PROGRAMS, folder)
        _say("self-check: passed")
        report = measure(folder, rounds, _say)
    path = RESULTS / f"quick-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.json"
    report.save(path)
    print(report.table())
    print("\n".join(f"{name}: {value}" for name, value in report.facts.items()))
    print(f"written: {path.relative_to(ROOT)}; to cite this run: python -m bench.quick --docs {path.relative_to(ROOT)}")
    broken = [row.name for row in report.rows if not row.holds]
    if broken:
        _say(f"not kept: {', '.join(broken)}")
    return 1 if broken else 0


def _cite(path: Path) -> None:
    """Keep a run as the one that the documentation cites."""
    report = Report.load(path)
    report.save(CITED)
    write_into(DOCUMENT, report)


def main() -> int:
    """0, or 1 when a bound is not kept or nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.quick", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, choices=range(1, 51), metavar="1-50")
    parser.add_argument("--self-check", action="store_true", help="only see that the harness counts rightly")
    parser.add_argument("--docs", type=Path, metavar="RESULT", help="write a run's table into docs/performance.md")
    options = parser.parse_args()
    try:
        if options.docs:
            _cite(options.docs)
            return 0
        processes.allow_many_files()
        processes.build(PROGRAMS)
        processes.pin_to(processes.CLIENT_CORE)
        if not options.self_check:
            return _run(options.rounds)
        with work_folder() as folder:
            self_check(PROGRAMS, folder)
        print("self-check: passed")
        return 0
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # what was started is ended by now
        return 130


if __name__ == "__main__":
    sys.exit(main())
