"""`flask users`: people's accounts."""

import sys
from datetime import UTC, datetime
from typing import Literal

import click
from flask.cli import AppGroup

from roomful.chatapp.accounts import Account
from roomful.chatapp.cli.output import (
    confirm,
    example,
    json_option,
    on_terminal,
    one_line_errors,
    printable,
    show_json,
    stop,
)
from roomful.chatapp.identity import to_friendly_name, to_identity
from roomful.chatapp.lifecycle import delete_account, disable, reset_password
from roomful.chatapp.passwords import check_password
from roomful.chatapp.state import chat

users_cli = AppGroup("users", help="Manage people's accounts.")


@users_cli.command(
    "create",
    help="create an account: the way in where sign-up is not open",
    epilog=example("users create ana --admin", "users create bo < file-with-the-password"),
)
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make the person an administrator.")
@json_option
@one_line_errors
def create_user(name: str, admin: bool, as_json: bool) -> None:
    _require_administrators(admin)
    identity = to_identity(name)
    friendly_name = to_friendly_name(name)
    if chat().accounts.find(identity) is not None:
        stop("Account already exists")
    password = _ask_password()
    account = chat().accounts.create(identity, friendly_name, chat().passwords.hash(password), admin=admin)
    chat().people.ensure_user(account)
    chat().rooms.of_person(account)
    if as_json:
        show_json(_described(account))


@users_cli.command("list", help="list all accounts", epilog=example("users list", "users list --json"))
@json_option
@one_line_errors
def list_users(as_json: bool) -> None:
    accounts = chat().accounts.all()
    if as_json:
        show_json([_described(account) for account in accounts])
        return
    for account in accounts:
        marks = [mark for mark in ("admin", "disabled", "deleted") if _described(account)[mark]]
        click.echo(printable(f"{account.identity} ({account.friendly_name})" + "".join(f" {mark}" for mark in marks)))


@users_cli.command(
    "passwd",
    help="give a person a new password; signs them out everywhere",
    epilog=example("users passwd bo", "users passwd bo < file-with-the-password"),
)
@click.argument("name")
@json_option
@one_line_errors
def set_password(name: str, as_json: bool) -> None:
    account = _present(name)
    reset_password(chat(), account, chat().passwords.hash(_ask_password()))
    _tell(account, as_json)


@users_cli.command(
    "disable",
    help="sign a person out and keep them out",
    epilog=example("users disable bo"),
)
@click.argument("name")
@json_option
@one_line_errors
def disable_user(name: str, as_json: bool) -> None:
    account = _present(name)
    disable(chat(), account)
    _tell(account, as_json)


@users_cli.command("enable", help="let a disabled person in again", epilog=example("users enable bo"))
@click.argument("name")
@json_option
@one_line_errors
def enable_user(name: str, as_json: bool) -> None:
    account = _present(name)
    chat().accounts.enable(account.identity)
    _tell(account, as_json)


@users_cli.command(
    "role", help="make a person an administrator, or no longer one", epilog=example("users role bo admin")
)
@click.argument("name")
@click.argument("role", type=click.Choice(["admin", "person"]))
@json_option
@one_line_errors
def set_role(name: str, role: Literal["admin", "person"], as_json: bool) -> None:
    _require_administrators(role == "admin")
    account = _present(name)
    chat().accounts.set_admin(account.identity, role == "admin")
    _tell(account, as_json)


@users_cli.command(
    "delete",
    help="delete an account for good; its messages stay",
    epilog=example("users delete bo", "users delete bo --yes"),
)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@one_line_errors
def delete_user(name: str, yes: bool, as_json: bool) -> None:
    account = _find(name)
    if not account.deleted:  # what a backend that was away has left undone is done now
        confirm(f"Delete the account {account.identity}? Nobody gets the name again.", yes=yes)
    delete_account(chat(), account)
    _tell(account, as_json)


def _find(name: str) -> Account:
    account = chat().accounts.find(to_identity(name))
    if account is None:
        stop("Account not found")
    return account


def _present(name: str) -> Account:
    account = _find(name)
    if account.deleted:
        stop("Account was deleted")
    return account


def _require_administrators(wanted: bool) -> None:
    if wanted and chat().config.auth == "open":
        raise click.UsageError("with ROOMFUL_AUTH=open there are no administrators")


def _ask_password() -> str:
    """Never an argument: other people on the machine see those. Without a terminal it is the first line of the
    standard input."""
    if on_terminal():
        return check_password(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline()
    if not line:
        raise click.ClickException("There is no terminal to ask at: give the password on the standard input.")
    return check_password(line.rstrip("\r\n"))


def _tell(account: Account, as_json: bool) -> None:
    """Commands that succeed are silent, but for programs."""
    changed = chat().accounts.find(account.identity)
    if as_json and changed is not None:
        show_json(_described(changed))


def _described(account: Account) -> dict[str, object]:
    return {
        "identity": account.identity,
        "name": account.friendly_name,
        "admin": account.admin,
        "disabled": account.disabled and not account.deleted,
        "deleted": account.deleted,
        "since": datetime.fromtimestamp(account.since / 1000, UTC).isoformat(timespec="seconds"),
    }
