"""What a measurement starts, on which core it runs, and how much of the processor it used."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from .client import BenchError

_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = _CORES[0], _CORES[-1]
"""Servers and clients do not share a core, if there is more than one."""

START_SECONDS = 30
FILES = 4096
"""Connections and files that a process may need at most."""

_SOURCES = Path(__file__).parent
_FLAGS = ("-O2", "-Wall", "-Wextra", "-Wno-sign-compare", "-Werror")


def pin_to(core: int) -> None:
    """Let this process run on one core only."""
    os.sched_setaffinity(0, {core})


def allow_many_files() -> None:
    """Let this process and what it starts open `FILES` files. Raises `BenchError` where that is forbidden."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        raise BenchError(f"a process may open {hard} files here, and {FILES} are needed: raise `ulimit -Hn`")
    if soft != resource.RLIM_INFINITY and soft < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))


def cpu_seconds(pid: int) -> float:
    """The processor time that all threads of a process have used, in nanoseconds' resolution.

    Linux has a clock for each process; its number is what glibc's `clock_getcpuclockid` computes.
    """
    return time.clock_gettime((~pid << 3) | 2)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that live."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def build(folder: Path) -> None:
    """Compile the C parts into `folder`, if they are not newer than their sources. Raises `BenchError`."""
    folder.mkdir(parents=True, exist_ok=True)
    header = (_SOURCES / "websocket.h").stat().st_mtime
    for name in ("floor", "load"):
        source, program = _SOURCES / f"{name}.c", folder / name
        if program.exists() and program.stat().st_mtime > max(source.stat().st_mtime, header):
            continue
        try:
            subprocess.run(["gcc", *_FLAGS, "-o", program, source], check=True)
        except FileNotFoundError:
            raise BenchError("gcc is needed, and there is none here: scripts/need gcc") from None
        except subprocess.CalledProcessError:
            raise BenchError(f"gcc could not compile {source}") from None


@dataclass(frozen=True)
class Server:
    """A Roomful that runs: the service alone, on SQLite, in a folder of its own."""

    pid: int
    port: int
    credentials: dict[str, str]


@contextmanager
def roomful(folder: Path) -> Iterator[Server]:
    """Our real server in `folder` (made new), pinned to its core; ended when the context ends.

    Its webhooks may go to this machine.
    """
    instance = folder / "instance"
    folder.mkdir(parents=True)
    log = folder / "server.log"
    ours = ("ROOMFUL_", "TWILIO_", "DATABASE_URL", "REDIS_URL", "MEDIA_URL", "PUBLIC_URL", "ALLOWED_HOSTS", "FLASK_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {
        "PORT": "0",
        "HOST": "127.0.0.1",
        "WEBHOOK_ALLOW": "127.0.0.1",
        "ROOMFUL_CONVERSATION_WRITES": "0",
        "ROOMFUL_INSTANCE": str(instance),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "roomful.cli", "serve", "--only", "service"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: pin_to(SERVER_CORE),
        )
    try:
        port = _port_of(process, instance, log)
        credentials = json.loads((instance / "credentials.json").read_text())
        yield Server(process.pid, port, credentials)
        if children_of(process.pid):
            raise BenchError("the server has children, whose processor time is not counted")
        if faults := [line for line in log.read_text().splitlines() if _is_fault(line)]:
            raise BenchError("the server had errors:\n" + "\n".join(faults)[-2000:])
    finally:
        _end(process)


def _is_fault(line: str) -> bool:
    """Whether a line of the server's log tells of an error. A webhook's target is dead as part of a measurement."""
    return ("error" in line or "xception" in line or "Traceback" in line) and "webhooks.failed" not in line


def _port_of(process: subprocess.Popen[bytes], instance: Path, log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(FileNotFoundError, json.JSONDecodeError):
            told = json.loads((instance / "server.json").read_text())
            return int(str(told["url"]).rpartition(":")[2])
        time.sleep(0.02)
    raise BenchError(f"the server did not start:\n{log.read_text()[-2000:]}")


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
    if process.poll() is None:
        process.kill()
        process.wait(timeout=10)


@contextmanager
def _program(*command: str | Path) -> Iterator[subprocess.Popen[str]]:
    """One of our C programs with pipes; ended when the context ends."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        yield process
    finally:
        _end(process)


def _line(process: subprocess.Popen[str]) -> str:
    """The next line that a program prints. Raises `BenchError` with its last words when it prints no more."""
    line = cast(IO[str], process.stdout).readline()
    if not line:
        raise BenchError(f"a program gave up: {cast(IO[str], process.stderr).read().strip()}")
    return line


@contextmanager
def floor(programs: Path, frames: Path, *misbehave: str) -> Iterator[tuple[int, int]]:
    """The C loop of `floor.c`, pinned like our server: its process and its port."""
    with _program(programs / "floor", str(SERVER_CORE), frames, *misbehave) as process:
        yield process.pid, int(_line(process))


def _told(process: subprocess.Popen[str], command: str) -> dict[str, Any]:
    """What a program answers to a command. Raises `BenchError` with its last words."""
    commands = cast(IO[str], process.stdin)
    with suppress(BrokenPipeError):
        commands.write(f"{command}\n")
        commands.flush()
    told: dict[str, Any] = json.loads(_line(process))
    return told


class Load:
    """The members of rooms, in a process of their own on the clients' core; `round` lets them talk."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def round(self, messages: int, senders: int, seconds: int = 30) -> dict[str, Any]:
        """See `load.c`. Raises `BenchError` when anything was lost, doubled, refused or out of order."""
        return _told(self._process, f"round {messages} {senders} {seconds}")


@contextmanager
def load(programs: Path, port: int, server_pid: int, plan: Path) -> Iterator[Load]:
    """All members of `plan`, connected and subscribed."""
    with _program(programs / "load", str(port), str(server_pid), str(CLIENT_CORE), plan) as process:
        _line(process)  # it says when all are there
        yield Load(process)


class Target:
    """What webhooks are sent to, on the clients' core (`target.py`)."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}/hooks"

    def begin(self, *, hold: bool = False) -> None:
        """Let calls come, and answer none of them before `count` if they are to be held."""
        _told(self._process, "begin hold" if hold else "begin")

    def count(self, calls: int, seconds: float = 60) -> dict[str, float]:
        """Answer, and wait until so many calls have come since `begin`: how long that took, and how much of its core.

        Raises `BenchError` when any was lost, doubled or out of order.
        """
        return _told(self._process, f"count {calls} {seconds}")


@contextmanager
def target() -> Iterator[Target]:
    """A target that listens."""
    with _program(sys.executable, "-m", "bench.target", str(CLIENT_CORE)) as process:
        yield Target(process, int(_line(process)))
