"""`roomful hooks`: which calls of webhooks wait, which failed and why; send them again, or forget them.

It asks the service itself (docs/rest.md, "Extensions"), whether a server runs or not.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from roomful.terminal import printable, table

if TYPE_CHECKING:
    from roomful.hooks_service import HooksService

_SIDS_A_REQUEST = 500
_PASSED_OVER = {"retry": ", or due already", "drop": ""}
_UNITS = (("day", "days", 86400), ("h", "h", 3600), ("min", "min", 60), ("s", "s", 1))


def _service() -> "HooksService":
    from roomful.hooks_service import HooksService  # here, so that help answers without loading the whole application
    from roomful.service_client import ServiceClient

    return HooksService(ServiceClient.of_settings("webhooks"))


# --- commands ------------------------------------------------------------------------------------------------------


def _show(value: dict[str, Any], as_json: bool, described: str) -> None:
    click.echo(json.dumps(value, indent=2) if as_json else described)


def _as_json(command: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


@click.group("hooks", invoke_without_command=True)
@_as_json
@click.pass_context
def hooks(context: click.Context, as_json: bool) -> None:
    """Show webhooks' targets that calls wait for, or where calls failed.

    A call that fails is tried again for 24 hours; then it is kept as failed for 7 days.

    \b
    Examples:
      roomful hooks                     how many calls, for which target, and why
      roomful hooks calls --failed      those that were given up, one by one
      roomful hooks retry --all         send everything again now
      roomful hooks drop --target WH…   forget what failed for one target
    """
    if context.invoked_subcommand is None:
        targets = _service().targets()
        _show({"targets": targets}, as_json, describe_targets(targets, datetime.now(UTC)))
    elif as_json:
        raise click.UsageError("--json belongs behind the command: `roomful hooks calls --json`")


@hooks.command("calls")
@click.option("--target", metavar="SID", help="Only those of one target, as `roomful hooks` names it.")
@click.option("--failed", is_flag=True, help="Only those that were given up.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@_as_json
def calls_command(target: str | None, failed: bool, limit: int, as_json: bool) -> None:
    """List calls that wait or failed, the oldest first.

    \b
    Example:
      roomful hooks calls --failed --limit 20
    """
    found = _service().calls(target, "failed" if failed else None)
    calls = list(islice(found, limit))
    _show({"calls": calls}, as_json, describe_calls(calls, datetime.now(UTC)))
    if next(found, None) is not None:
        click.echo(f"There are more than {limit}: see --limit.", err=True)


def _selecting(command: Callable[..., None]) -> Any:
    command = click.option("--all", "everything", is_flag=True, help="Those of all targets.")(command)
    command = click.option("--target", metavar="SID", help="Those of one target.")(command)
    return click.argument("sids", metavar="[CALL]...", nargs=-1)(command)


@hooks.command("retry")
@_selecting
def retry_command(sids: tuple[str, ...], target: str | None, everything: bool) -> None:
    """Make calls due now: those that failed, and those that wait for another attempt.

    Name calls by their SIDs, or a target, or --all. They leave while a server runs.

    \b
    Example:
      roomful hooks retry --target ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    changed = _change("retry", sids, target, everything)
    click.echo(
        f"{_count(changed)} due now; calls leave while a server runs." if changed else "There is nothing to send again."
    )


@hooks.command("drop")
@_selecting
def drop_command(sids: tuple[str, ...], target: str | None, everything: bool) -> None:
    """Forget calls that failed; one that still waits only if it is named.

    Name calls by their SIDs, or a target, or --all.

    \b
    Example:
      roomful hooks drop WCaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    changed = _change("drop", sids, target, everything)
    click.echo(f"{_count(changed)} forgotten." if changed else "There is nothing to forget.")


def _change(action: str, sids: tuple[str, ...], target: str | None, everything: bool) -> int:
    if sum((bool(sids), target is not None, everything)) != 1:
        raise click.UsageError("name calls, or --target, or --all")
    service = _service()
    if not sids:
        return service.change(action, {} if target is None else {"target": target})
    distinct = list(dict.fromkeys(sids))
    changed = sum(
        service.change(action, {"calls": distinct[start : start + _SIDS_A_REQUEST]})
        for start in range(0, len(distinct), _SIDS_A_REQUEST)
    )
    if missing := len(distinct) - changed:
        click.echo(
            f"{missing} of them {'is' if missing == 1 else 'are'} not there (any more){_PASSED_OVER[action]}.", err=True
        )
    return changed


def _count(number: int) -> str:
    return "1 call is" if number == 1 else f"{number} calls are"


# --- for people ----------------------------------------------------------------------------------------------------


def describe_targets(targets: list[dict[str, Any]], now: datetime) -> str:
    """The table of `roomful hooks`; `now` is what ages are counted from."""
    if not targets:
        return "No call waits, and none failed."
    rows = [["TARGET", "LEVEL", "WAITING", "FAILED", "OLDEST", "NEXT TRY", "URL"]]
    for target in targets:
        rows.append(
            [
                *(target["target"], target["level"], str(target["waiting"]), str(target["failed"])),
                *(_moment(target["oldest"], now), _due(target["next_attempt"], now)),
                target["url"] or "in this process",
            ]
        )
    head, *lines = table(rows, right=frozenset({2, 3}))
    told = [head]
    for target, line in zip(targets, lines, strict=True):
        told.append(line)
        if target["last_error"]:
            told.append(f"    last error: {printable(target['last_error'])}")
    return "\n".join(told)


def describe_calls(calls: list[dict[str, Any]], now: datetime) -> str:
    """The list of `roomful hooks calls`, in a block for each target."""
    if not calls:
        return "There are no such calls."
    blocks = []
    for target in dict.fromkeys(call["target"] for call in calls):
        own = [call for call in calls if call["target"] == target]
        rows = [["CALL", "EVENT", "ABOUT", "HAPPENED", "STATE"]]
        rows += [[call["sid"], call["event"], call["stream"], _at(call), _state(call, now)] for call in own]
        head, *lines = table(rows)
        told = [f"{target}  {printable(own[-1]['url'] or 'in this process')}", f"  {head}"]
        for call, line in zip(own, lines, strict=True):
            told.append(f"  {line}")
            if call["error"]:
                told.append(f"      {printable(call['error'])}")
        blocks.append("\n".join(told))
    return "\n\n".join(blocks)


def _at(call: dict[str, Any]) -> str:
    return datetime.fromisoformat(call["date_created"]).strftime("%Y-%m-%d %H:%M:%S UTC")


def _state(call: dict[str, Any], now: datetime) -> str:
    tries = "1 try" if call["attempts"] == 1 else f"{call['attempts']} tries"
    if call["state"] == "failed":
        return f"failed after {tries}"
    return f"waiting, {tries}, next {_due(call['date_due'], now)}" if call["attempts"] else "waiting"


def _due(date: str | None, now: datetime) -> str:
    """As `_moment`; what should have happened happens now."""
    return "-" if date is None else "now" if datetime.fromisoformat(date) <= now else _moment(date, now)


def _moment(date: str, now: datetime) -> str:
    """`5 min ago`, `in 40 s`, `now`."""
    seconds = round((datetime.fromisoformat(date) - now).total_seconds())
    if abs(seconds) < 1:
        return "now"
    one, many, length = next(unit for unit in _UNITS if abs(seconds) >= unit[2])
    number = abs(seconds) // length
    told = f"{number} {one if number == 1 else many}"
    return f"{told} ago" if seconds < 0 else f"in {told}"
