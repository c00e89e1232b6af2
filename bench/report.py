"""What a run found: rows with their noise, as JSON, as a table in the terminal and in docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .client import BenchError

BEGIN, END = "<!-- bench-quick: begin -->", "<!-- bench-quick: end -->"


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds of a run."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.least)}–{_short(self.most)})"


def _short(value: float) -> str:
    """Three figures, or all of a large whole number."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


@dataclass(frozen=True)
class Row:
    """A measurement beside another one of the same rounds; `ratio` is taken round by round.

    bound: what the ratio (`bound_on` "ratio") or our own figure ("ours") may be at most (or, if `at_least`, at least).
    """

    name: str
    unit: str
    ours: Spread
    beside: str
    other: Spread
    ratio: Spread
    bound: float | None = None
    bound_on: str = "ratio"
    at_least: bool = False

    @classmethod
    def of(cls, name: str, unit: str, ours: Sequence[float], beside: str, other: Sequence[float], **bound: Any) -> Row:
        ratios = [mine / theirs for mine, theirs in zip(ours, other, strict=True)]
        return cls(name, unit, Spread.of(ours), beside, Spread.of(other), Spread.of(ratios), **bound)

    @property
    def holds(self) -> bool:
        """Whether the median keeps the bound, if there is one."""
        if self.bound is None:
            return True
        figure = self.ours.median if self.bound_on == "ours" else self.ratio.median
        return figure >= self.bound if self.at_least else figure <= self.bound

    @property
    def verdict(self) -> str:
        if self.bound is None:
            return ""
        asked = f"{'≥' if self.at_least else '≤'} {_short(self.bound).removesuffix('.00')}"
        return f"{asked}{' ' + self.unit if self.bound_on == 'ours' else ''}: {'kept' if self.holds else 'NOT KEPT'}"

    def cells(self) -> tuple[str, ...]:
        other = f"{self.beside}: {self.other}"
        return (
            self.name,
            self.unit,
            str(self.ours),
            other,
            f"**{_short(self.ratio.median)}**",
            self._noise,
            self.verdict,
        )

    @property
    def _noise(self) -> str:
        return f"{_short(self.ratio.least)}–{_short(self.ratio.most)}"


def _row(saved: dict[str, Any]) -> Row:
    return Row(**{**saved, **{name: Spread(**saved[name]) for name in ("ours", "other", "ratio")}})


HEADINGS = ("measurement", "unit", "Roomful", "beside", "ratio", "its range", "bound")


@dataclass(frozen=True)
class Report:
    """A run. `facts` tell when, on what and of what; `clients_busy` which share of its core each client needed."""

    facts: dict[str, Any]
    rows: tuple[Row, ...]
    clients_busy: dict[str, float]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> Report:
        """Raises `BenchError` if the file is not a run's."""
        try:
            found = json.loads(path.read_text())
            rows = [
                {**row, **{name: Spread(**row[name]) for name in ("ours", "other", "ratio")}} for row in found["rows"]
            ]
            return cls(found["facts"], tuple(Row(**row) for row in rows), found["clients_busy"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BenchError(f"{path} is not the result of a run: {error}") from None

    def table(self) -> str:
        """For the terminal."""
        lines = [HEADINGS, *(row.cells() for row in self.rows)]
        plain = [[cell.replace("**", "") for cell in line] for line in lines]
        widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in plain)

    def markdown(self) -> str:
        """For docs/performance.md."""
        lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in self.rows)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        busy = ", ".join(f"{name} {share:.0%}" for name, share in self.clients_busy.items())
        facts = "\n".join(f"- {name}: {value}" for name, value in self.facts.items())
        return f"{table}\n\n{facts}\n- the clients' core was busy: {busy}"


def write_into(document: Path, report: Report) -> None:
    """Put the run's table between the marks of a document. Raises `BenchError` if it has none."""
    text = document.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"{document} has no {BEGIN} … {END}")
    document.write_text(f"{before}{BEGIN}\n{report.markdown()}\n{END}{after}")
