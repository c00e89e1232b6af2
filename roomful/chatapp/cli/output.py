"""What the commands share: how they speak to a person, and to a program."""

import functools
import json
import sys
import unicodedata
from collections.abc import Callable
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.errors import ApiError
from roomful.chatapp.store.database import StoreError

P = ParamSpec("P")
R = TypeVar("R")
Command = Callable[..., Any]


def one_line_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Show what is in the way as one line, with exit status 1."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (BackendUnavailable, StoreError) as exc:
            raise click.ClickException(str(exc)) from exc
        except ApiError as exc:
            raise click.ClickException(exc.message) from exc

    return wrapper


def json_option(command: Command) -> Command:
    """Adds `--json`, as the parameter `as_json`."""
    decorated: Command = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)
    return decorated


def example(*lines: str) -> str:
    """The epilog of a command's help that shows how it is called; one line each."""
    return "\b\nExample:\n" + "\n".join(f"  flask {line}" for line in lines)


def show_json(value: object) -> None:
    """The value on lines of its own. Letters beyond ASCII stay readable; control characters come out escaped."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def on_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is lost, if somebody is there to answer; a no ends the command with exit status 1.

    A script has said what it wants by calling the command.
    """
    if yes or not on_terminal():
        return
    if not click.confirm(question, default=False, err=True):
        click.echo("Nothing was changed.", err=True)
        raise click.exceptions.Exit(1)


def stop(message: str) -> NoReturn:
    """The tutorial prints these on standard output; here scripts learn of them too."""
    click.echo(message)
    raise click.exceptions.Exit(1)


def count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def printable(name: str) -> str:
    """Names come from other people: keep their control characters from the terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in name)
