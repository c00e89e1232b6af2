"""On what a run was made."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

from .client import BenchError

_ROOT = Path(__file__).parent.parent
_LIBRARIES = ("picows", "uvloop", "uvicorn", "msgspec")
_IN_MEMORY = ("tmpfs", "ramfs")


def facts(folder: Path) -> dict[str, str]:
    """The machine, the versions and the commit; `folder` is where databases were written."""
    return {
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": _commit(),
        "machine": f"{os.cpu_count()} cores of {_cpu()}, {_memory()} GB, Linux {platform.release()}",
        "disk": f"{filesystem(folder)}, fdatasync of 4 KB in {_sync_ms(folder):.2f} ms (median of 100)",
        "versions": ", ".join(
            [
                f"Python {platform.python_version()}",
                *(f"{name} {version(name)}" for name in _LIBRARIES),
                f"SQLite {sqlite3.sqlite_version}",
                _run("gcc", "--version").partition("\n")[0],
            ]
        ),
    }


def filesystem(folder: Path) -> str:
    """The type of the file system of `folder`. Raises `BenchError` if it is memory, where nothing is durable."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    _, kind = max((len(point), kind) for point, kind in mounts if folder.resolve().is_relative_to(point))
    if kind in _IN_MEMORY:
        raise BenchError(f"{folder} is in memory ({kind}), where writing to disk costs nothing")
    return kind


def _run(*command: str) -> str:
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _commit() -> str:
    changed = _run("git", "status", "--porcelain", "--untracked-files=no", "--", "roomful", "bench/*.py", "bench/*.c")
    return f"{_run('git', 'rev-parse', '--short', 'HEAD') or 'unknown'}{' with changes' if changed else ''}"


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _sync_ms(folder: Path) -> float:
    times: list[float] = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return median(times)
