"""`flask users`: people's accounts."""

import click
from flask.cli import AppGroup

from roomful.chatapp.cli.output import one_line_errors, stop
from roomful.chatapp.identity import to_friendly_name, to_identity
from roomful.chatapp.passwords import check_password
from roomful.chatapp.state import chat

users_cli = AppGroup("users", help="Manage people's accounts.")


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
        stop("Account already exists")
    # Asked for, never an argument: other people on the machine see those.
    password = check_password(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    account = chat().accounts.create(identity, friendly_name, chat().passwords.hash(password), admin=admin)
    chat().people.ensure_user(account)
    chat().rooms.of_person(account)
