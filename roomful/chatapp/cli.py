"""The terminal's commands: `flask chatrooms …` (the tutorial's), `flask users create` and `flask chat …`."""

import functools
import unicodedata
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click
from flask import Flask
from flask.cli import AppGroup

from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.errors import ApiError
from roomful.chatapp.identity import to_friendly_name, to_identity
from roomful.chatapp.passwords import check_password
from roomful.chatapp.reconcile import reconcile
from roomful.chatapp.rooms import BadRoomName, RoomExists, RoomNotFound
from roomful.chatapp.setup import Plan, make_plan
from roomful.chatapp.state import chat
from roomful.chatapp.store.database import StoreError

P = ParamSpec("P")
R = TypeVar("R")

chatrooms_cli = AppGroup("chatrooms", help="Manage your chat rooms.")
users_cli = AppGroup("users", help="Manage people's accounts.")
chat_cli = AppGroup("chat", help="Manage the chat application.")


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(chatrooms_cli)
    app.cli.add_command(users_cli)
    app.cli.add_command(chat_cli)


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


@chatrooms_cli.command("list", help="list all chat rooms")
@one_line_errors
def list_rooms() -> None:
    for room in chat().rooms.all():
        click.echo(f"{_printable(room.name)} ({room.sid})")


@chatrooms_cli.command("create", help="create a chat room")
@click.argument("name")
@click.option("--private/--public", default=False, help="Whether only members find the room.  [default: public]")
@click.option(
    "--default/--no-default",
    default=None,
    help="Whether everybody is put into the room, now and when they sign up.  [default: yes, unless private]",
)
@one_line_errors
def create_room(name: str, private: bool, default: bool | None) -> None:
    if private and default:
        raise click.UsageError("a private room cannot be a default room: nobody is put into it without being asked")
    try:
        chat().rooms.create(name, private=private, default=not private if default is None else default)
    except BadRoomName as exc:
        raise click.ClickException(f"Bad name: {exc}") from exc
    except RoomExists:
        _stop("Chat room already exists")


@chatrooms_cli.command("delete", help="delete a chat room")
@click.argument("name")
@one_line_errors
def delete_room(name: str) -> None:
    try:
        chat().rooms.delete(name)
    except RoomNotFound:
        _stop("Chat room not found")


@users_cli.command("create", help="create an account: the way in where sign-up is not open")
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make the person an administrator.")
@one_line_errors
def create_user(name: str, admin: bool) -> None:
    if admin and chat().config.auth == "open":
        raise click.UsageError("with ROOMFUL_AUTH=open there are no administrators")
    identity = to_identity(name)
    friendly_name = to_friendly_name(name)
    if chat().accounts.find(identity) is not None:
        _stop("Account already exists")
    # Asked for, never an argument: other people on the machine see those.
    password = check_password(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    account = chat().accounts.create(identity, friendly_name, chat().passwords.hash(password), admin=admin)
    chat().people.ensure_user(account)
    chat().rooms.of_person(account)


@chat_cli.command("setup", help="Prepare the Conversations service for the chat: show what is missing, and ask.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@one_line_errors
def setup(yes: bool) -> None:
    plan = make_plan(chat().connection, chat().config.public_url)
    _show(plan)
    if not plan.steps:
        return
    if not yes and not click.confirm("Make these changes?", default=False):
        click.echo("Nothing was changed.")
        return
    for step in plan.steps:
        step.carry_out()
        click.echo(f"done: {_printable(step.text)}")


@chat_cli.command("reconcile", help="Make up for missed webhooks, as once a day.")
@one_line_errors
def reconcile_now() -> None:
    mended = reconcile(chat())
    if not mended:
        click.echo("Nothing was out of date.")
    if mended.names:
        click.echo(f"mended: {_count(mended.names, 'name')} that people changed")
    if mended.rooms:
        click.echo(f"tidied up: {_count(mended.rooms, 'room')} that somebody removed")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _show(plan: Plan) -> None:
    for line in plan.found:
        click.echo(f"ok: {_printable(line)}")
    for step in plan.steps:
        click.echo(f"missing: {_printable(step.text)}")
    for note in plan.notes:
        click.echo(f"note: {note}.")


def _stop(message: str) -> None:
    """The tutorial prints these on standard output; here scripts learn of them too."""
    click.echo(message)
    raise click.exceptions.Exit(1)


def _printable(name: str) -> str:
    """Names come from other people: keep their control characters from the terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in name)
