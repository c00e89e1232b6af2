"""`flask chatrooms`: the tutorial's commands, and what else is done to rooms."""

import difflib
import sys
import unicodedata
from collections.abc import Sequence

import click
from flask.cli import AppGroup

from roomful.chatapp.accounts import Account
from roomful.chatapp.announcing import AUTHOR, MAX_BODY, say_in
from roomful.chatapp.cli.output import (
    confirm,
    count,
    example,
    json_option,
    on_terminal,
    one_line_errors,
    printable,
    show_json,
    stop,
)
from roomful.chatapp.directory import show_room
from roomful.chatapp.moderating import add_members, delete_room, edit_room, moderators, remove_member
from roomful.chatapp.rooms import BadRoomName, Room, RoomExists
from roomful.chatapp.state import chat

chatrooms_cli = AppGroup("chatrooms", help="Manage your chat rooms.")


@chatrooms_cli.command(
    "list", help="list all chat rooms", epilog=example("chatrooms list", "chatrooms list -l", "chatrooms list --json")
)
@click.option("-l", "long", is_flag=True, help="Tell how many people and messages are in each, and what it is about.")
@json_option
@one_line_errors
def list_rooms(long: bool, as_json: bool) -> None:
    rooms = chat().rooms.all()
    if as_json:
        show_json([_described(room) for room in rooms])
        return
    for room in rooms:
        click.echo(f"{printable(room.name)} ({room.sid})" + (f"  {_summary(room)}" if long else ""))


@chatrooms_cli.command(
    "create",
    help="create a chat room",
    epilog=example('chatrooms create "#sales"', 'chatrooms create "#board" --private --member ana --member bo'),
)
@click.argument("name")
@click.option("--private/--public", default=False, help="Whether only members find the room.  [default: public]")
@click.option(
    "--default/--no-default",
    default=None,
    help="Whether everybody is put into the room, now and when they sign up.  [default: yes, unless private]",
)
@click.option("--topic", default="", help="What the room is about.")
@click.option("--member", "members", multiple=True, help="Somebody to put into it; may be given again.")
@json_option
@one_line_errors
def create_room(
    name: str, private: bool, default: bool | None, topic: str, members: Sequence[str], as_json: bool
) -> None:
    if private and default:
        raise click.UsageError("a private room cannot be a default room: nobody is put into it without being asked")
    people = _people(members)
    try:
        room = chat().rooms.create(
            name, private=private, default=not private if default is None else default, topic=topic
        )
    except BadRoomName as exc:
        raise click.ClickException(f"Bad name: {exc}") from exc
    except RoomExists:
        stop("Chat room already exists")
    if people:
        _refuse_some(add_members(chat(), None, room, people)[1])
    if as_json:
        show_json(_described(room))


@chatrooms_cli.command(
    "delete", help="delete a chat room", epilog=example('chatrooms delete "#sales"', 'chatrooms delete "#sales" --yes')
)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@one_line_errors
def delete(name: str, yes: bool, as_json: bool) -> None:
    room = _room(name)
    if not yes and on_terminal():
        confirm(f"Delete {printable(room.name)} and up to {count(_messages(room), 'message')}?", yes=False)
    delete_room(chat(), None, room)
    if as_json:
        show_json({"deleted": room.sid})


@chatrooms_cli.command("rename", help="rename a chat room", epilog=example('chatrooms rename "#sales" "#deals"'))
@click.argument("name")
@click.argument("new_name")
@json_option
@one_line_errors
def rename(name: str, new_name: str, as_json: bool) -> None:
    _edit(name, as_json, new_name=new_name)


@chatrooms_cli.command(
    "topic", help="say what a chat room is about", epilog=example('chatrooms topic "#sales" "Q3 pipeline and deals"')
)
@click.argument("name")
@click.argument("topic")
@json_option
@one_line_errors
def set_topic(name: str, topic: str, as_json: bool) -> None:
    _edit(name, as_json, topic=topic)


@chatrooms_cli.command(
    "archive", help="archive a chat room: it can be read, and nothing more", epilog=example('chatrooms archive "#old"')
)
@click.argument("name")
@json_option
@one_line_errors
def archive(name: str, as_json: bool) -> None:
    _edit(name, as_json, archived=True)


@chatrooms_cli.command(
    "unarchive", help="take a chat room out of the archive", epilog=example('chatrooms unarchive "#old"')
)
@click.argument("name")
@json_option
@one_line_errors
def unarchive(name: str, as_json: bool) -> None:
    _edit(name, as_json, archived=False)


@chatrooms_cli.command(
    "members", help="list who is in a chat room", epilog=example('chatrooms members "#sales" --json')
)
@click.argument("name")
@json_option
@one_line_errors
def list_members(name: str, as_json: bool) -> None:
    room = _room(name)
    identities = sorted(person.identity for person in chat().rooms.participants(room.sid) if person.identity)
    leading = moderators(chat(), room.sid)
    if as_json:
        show_json([{"identity": identity, "moderator": identity in leading} for identity in identities])
        return
    for identity in identities:
        click.echo(printable(identity) + (" moderator" if identity in leading else ""))


@chatrooms_cli.command("add", help="put people into a chat room", epilog=example('chatrooms add "#sales" ana bo'))
@click.argument("name")
@click.argument("people", nargs=-1, required=True)
@json_option
@one_line_errors
def add(name: str, people: Sequence[str], as_json: bool) -> None:
    room = _room(name)
    added, refused = add_members(chat(), None, room, _people(people))
    if as_json:
        show_json({"added": added, "refused": refused})
    _refuse_some(refused)


@chatrooms_cli.command("remove", help="put somebody out of a chat room", epilog=example('chatrooms remove "#sales" bo'))
@click.argument("name")
@click.argument("person")
@json_option
@one_line_errors
def remove(name: str, person: str, as_json: bool) -> None:
    room = _room(name)
    remove_member(chat(), None, room, person)
    if as_json:
        show_json({"removed": person})


@chatrooms_cli.command(
    "say",
    help="write a message in a chat room",
    epilog=example('chatrooms say "#ops" "The backup is done." --as backup', 'chatrooms say "#ops" - < report.txt'),
)
@click.argument("name")
@click.argument("text")
@click.option("--as", "author", default=AUTHOR, show_default=True, help="Who says it: a name that is nobody's account.")
@json_option
@one_line_errors
def say(name: str, text: str, author: str, as_json: bool) -> None:
    room = _room(name)
    body = sys.stdin.read(MAX_BODY + 1).rstrip("\n") if text == "-" else text
    if not body.strip() or len(body.encode(errors="replace")) > MAX_BODY:
        raise click.ClickException(f"A message has 1 to {MAX_BODY} bytes; nothing was written.")
    if room.archived:
        raise click.ClickException(f"{printable(room.name)} is archived. See: flask chatrooms unarchive")
    if author in chat().accounts.among([author]):
        raise click.ClickException(f"{printable(author)} is somebody's account: what they say is theirs to write.")
    message = say_in(chat().connection, room.sid, author, body)
    if as_json:
        show_json(message)


def _room(wanted: str) -> Room:
    """The room of this SID, or the first of this name; the command ends when there is none."""
    name = unicodedata.normalize("NFC", wanted)
    rooms = chat().rooms.all()
    for room in rooms:
        if name in (room.sid, room.name):
            return room
    click.echo("Chat room not found")
    alike = difflib.get_close_matches(name, [room.name for room in rooms], n=1)
    if alike:
        click.echo(f'Did you mean "{printable(alike[0])}"?  See: flask chatrooms list', err=True)
    raise click.exceptions.Exit(1)


def _edit(
    name: str,
    as_json: bool,
    new_name: str | None = None,
    topic: str | None = None,
    archived: bool | None = None,
) -> None:
    try:
        room = edit_room(chat(), None, _room(name).sid, new_name, topic, archived)
    except BadRoomName as exc:
        raise click.ClickException(f"Bad name: {exc}") from exc
    except RoomExists:
        stop("Chat room already exists")
    if as_json:
        show_json(_described(room))


def _people(identities: Sequence[str]) -> list[Account]:
    known = chat().accounts.among(identities)
    for identity in identities:
        if identity not in known or known[identity].disabled:
            raise click.ClickException(f"There is nobody called {printable(identity)}. See: flask users list")
    return list(known.values())


def _refuse_some(refused: dict[str, str]) -> None:
    if refused:
        told = ", ".join(f"{printable(identity)} ({code})" for identity, code in refused.items())
        raise click.ClickException(f"Not added: {told}")


def _described(room: Room) -> dict[str, object]:
    shown = show_room(room, len(chat().rooms.participants(room.sid)), joined=False)
    del shown["joined"]
    return shown | {"messages": _messages(room)}


def _summary(room: Room) -> str:
    marks = [mark for mark in ("private", "default", "archived") if getattr(room, mark)]
    people = "person" if (members := len(chat().rooms.participants(room.sid))) == 1 else "people"
    parts = [f"{members} {people}", count(_messages(room), "message"), *marks, printable(room.topic)]
    return ", ".join(part for part in parts if part)


def _messages(room: Room) -> int:
    """How many messages were ever sent there; some may be deleted."""
    last = chat().rooms.last_index(room.sid)
    return 0 if last is None else last + 1
