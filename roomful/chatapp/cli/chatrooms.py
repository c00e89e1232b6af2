"""`flask chatrooms`: the tutorial's commands."""

import click
from flask.cli import AppGroup

from roomful.chatapp.cli.output import one_line_errors, printable, stop
from roomful.chatapp.rooms import BadRoomName, RoomExists, RoomNotFound
from roomful.chatapp.state import chat

chatrooms_cli = AppGroup("chatrooms", help="Manage your chat rooms.")


@chatrooms_cli.command("list", help="list all chat rooms")
@one_line_errors
def list_rooms() -> None:
    for room in chat().rooms.all():
        click.echo(f"{printable(room.name)} ({room.sid})")


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
        stop("Chat room already exists")


@chatrooms_cli.command("delete", help="delete a chat room")
@click.argument("name")
@one_line_errors
def delete_room(name: str) -> None:
    try:
        chat().rooms.delete(name)
    except RoomNotFound:
        stop("Chat room not found")
