"""The terminal's commands: `flask chatrooms …` (the tutorial's), `flask users …`, `flask invites …`, `flask chat …`."""

from flask import Flask

from roomful.chatapp.cli.chat import chat_cli
from roomful.chatapp.cli.chatrooms import chatrooms_cli
from roomful.chatapp.cli.invites import invites_cli
from roomful.chatapp.cli.users import users_cli


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    for group in (chatrooms_cli, users_cli, invites_cli, chat_cli):
        app.cli.add_command(group)
