"""`flask invites`: links by which people come in."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from roomful.chatapp.cli.output import count, example, json_option, one_line_errors, printable, show_json, stop
from roomful.chatapp.invites import DAYS, MAX_DAYS, MAX_USES, USES, Invite
from roomful.chatapp.inviting import invite_url
from roomful.chatapp.rooms import Room
from roomful.chatapp.state import chat

invites_cli = AppGroup("invites", help="Manage invitations.")


@invites_cli.command(
    "create",
    help="make an invitation and print its link",
    epilog=example("invites create", 'invites create --room "#sales" --days 1 --uses 5'),
)
@click.option("--room", help="The name or SID of a room that it leads into.  [default: none]")
@click.option("--days", type=click.IntRange(1, MAX_DAYS), default=DAYS, show_default=True, help="How long it works.")
@click.option(
    "--uses", type=click.IntRange(1, MAX_USES), default=USES, show_default=True, help="How many people it serves."
)
@json_option
@one_line_errors
def create_invite(room: str | None, days: int, uses: int, as_json: bool) -> None:
    found = None if room is None else _find(room)
    invite, code = chat().invites.create(None if found is None else found.sid, None, days, uses)
    url = invite_url(chat(), code)
    if as_json:
        show_json(_described(invite) | {"code": code, "url": url})
    else:
        click.echo(url)


@invites_cli.command(
    "list",
    help="list the invitations that still work; their links are not kept",
    epilog=example("invites list", "invites list --json"),
)
@json_option
@one_line_errors
def list_invites(as_json: bool) -> None:
    invites = chat().invites.all()
    if as_json:
        show_json([_described(invite) for invite in invites])
        return
    names = {room.sid: room.name for room in chat().rooms.all()} if any(invite.room_sid for invite in invites) else {}
    for invite in invites:
        to = "the server" if invite.room_sid is None else names.get(invite.room_sid, invite.room_sid)
        by = invite.created_by or "the terminal"
        left = f"{count(invite.uses_left, 'use')} left until {_time(invite.expires)}"
        click.echo(printable(f"{invite.id} to {to} by {by}, {left}"))


@invites_cli.command(
    "revoke", help="have an invitation work no longer", epilog=example("invites revoke 0123456789abcdef")
)
@click.argument("id")
@json_option
@one_line_errors
def revoke_invite(id: str, as_json: bool) -> None:
    if not chat().invites.revoke(id):
        stop("Invitation not found")
    if as_json:
        show_json({"id": id, "revoked": True})


def _find(name: str) -> Room:
    rooms = chat().rooms.all()
    room = next((room for room in rooms if name in (room.sid, room.name)), None)
    if room is None:
        stop("Chat room not found")
    if room.archived:
        stop("Chat room is archived")
    return room


def _described(invite: Invite) -> dict[str, object]:
    return {
        "id": invite.id,
        "room": invite.room_sid,
        "created_by": invite.created_by,
        "expires_at": _time(invite.expires),
        "uses_left": invite.uses_left,
    }


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
