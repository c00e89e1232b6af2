"""The table of operations in docs/rest.md, as a run shows it.

.venv/bin/python -m tests.conformance.library.document    write it anew
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from .run import Run, scenarios
from .specification import Operation

DOCUMENT = Path(__file__).parents[3] / "docs/rest.md"
REFRESH = ".venv/bin/python -m tests.conformance.library.document"
BEGIN, END = "<!-- operations: made by the command above, do not edit -->", "<!-- end of operations -->"


def table(run: Run) -> str:
    """A row for each operation of the specification; its twin in the form with the service is in the same row."""
    operations = {(each.method, each.path): each for each in run.specification.operations}
    twins = {operations.get((each.method, each.service_form)) for each in operations.values()}
    lines = ["| request | short form | with `/Services/{IS}` | answer |", "|---|---|---|---|"]
    for first in sorted(operations.values(), key=lambda each: each.path):
        if first not in twins:
            lines.append(_row(run, first, operations.get((first.method, first.service_form))))
    return "\n".join(lines)


def _row(run: Run, first: Operation, twin: Operation | None) -> str:
    short, service = (None, first) if first.path.startswith("/v1/Services/{") else (first, twin)
    answers = sorted({status for each in (first, twin) if each for status in run.recorder.reached().get(each, ())})
    cells = (_cell(run, short), _cell(run, service), ", ".join(map(str, answers)))
    return f"| `{first.method} {first.path}` | {' | '.join(cells)} |"


def _cell(run: Run, operation: Operation | None) -> str:
    """The operation's name in the specification, if the library reached it."""
    if operation is None:
        return ""
    return operation.id if operation in run.recorder.reached() else f"{operation.id}: not served"


def committed(text: str) -> str:
    """The table in the document. Raises ValueError when its marks are not there."""
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip("\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Run.of(Path(folder)) as run:
        for _, form, scenario in scenarios():
            run.play(form, scenario)
        text = DOCUMENT.read_text()
        before, after = text[: text.index(BEGIN)], text[text.index(END) :]
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table(run)}\n{after}")


if __name__ == "__main__":
    main()
