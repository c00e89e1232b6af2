"""`flask chat`: the set-up of the backend, and making up for missed webhooks."""

import click
from flask.cli import AppGroup

from roomful.chatapp.cli.output import count, one_line_errors, printable
from roomful.chatapp.reconcile import reconcile
from roomful.chatapp.setup import Plan, make_plan
from roomful.chatapp.state import chat

chat_cli = AppGroup("chat", help="Manage the chat application.")


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
        click.echo(f"done: {printable(step.text)}")


@chat_cli.command("reconcile", help="Make up for missed webhooks, as once a day.")
@one_line_errors
def reconcile_now() -> None:
    mended = reconcile(chat())
    if not mended:
        click.echo("Nothing was out of date.")
    if mended.names:
        click.echo(f"mended: {count(mended.names, 'name')} that people changed")
    if mended.rooms:
        click.echo(f"tidied up: {count(mended.rooms, 'room')} that somebody removed")
    if mended.pins:
        click.echo(f"tidied up: {count(mended.pins, 'pin')} of messages that somebody removed")


def _show(plan: Plan) -> None:
    for line in plan.found:
        click.echo(f"ok: {printable(line)}")
    for step in plan.steps:
        click.echo(f"missing: {printable(step.text)}")
    for note in plan.notes:
        click.echo(f"note: {note}.")
