"""The `roomful` command, and `flask run`, which serves the same application."""

import gc
import logging
from typing import Any, cast

import click

from roomful.hooks import hooks
from roomful.keys import keys
from roomful.settings import Settings
from roomful.terminal import load_settings


def _serve(settings: Settings, only: str | None) -> None:
    gc.disable()  # loading leaves next to no garbage; the server lets the collector begin
    from roomful import serve  # here, so that help and a broken setting answer without loading the whole application
    from roomful.instance import InstanceError

    try:
        serve.serve(settings, cast("serve.Only | None", only))
    except (serve.StartError, InstanceError) as error:
        raise click.ClickException(str(error)) from None


def _listening(command: Any) -> Any:
    host = click.option("--host", "-h", help="The address to listen on, instead of HOST.")
    port = click.option("--port", "-p", type=click.IntRange(0, 65535), help="The port, instead of PORT.")
    return host(port(command))


@click.group()
@click.version_option(package_name="roomful")
def main() -> None:
    """Run and examine this installation of Roomful. `flask chatrooms --help` is for what happens in it."""


@main.command("serve")
@_listening
@click.option("--only", type=click.Choice(["service", "chat"]), help="Serve one part; the other is elsewhere.")
def serve_command(host: str | None, port: int | None, only: str | None) -> None:
    """Serve Roomful until Ctrl+C."""
    _serve(load_settings(HOST=host, PORT=port), only)


@main.command("doctor")
def doctor_command() -> None:
    """Say what this installation talks to, and what is wrong with it."""
    from roomful.doctor import examine
    from roomful.logs import configure_logging

    configure_logging(logging.ERROR)  # what is wrong is in the findings
    healthy = True
    for finding in examine(load_settings()):
        healthy = healthy and finding.fix is None
        click.echo(finding.line())
    if not healthy:
        raise SystemExit(1)


main.add_command(hooks)
main.add_command(keys)


@click.command("run")
@_listening
def flask_run(host: str | None, port: int | None) -> None:
    """Serve Roomful, socket included, as `roomful serve` does.

    Replaces Flask's development server, which cannot serve the socket.
    """
    _serve(load_settings(HOST=host, PORT=port), None)


if __name__ == "__main__":
    main(prog_name="roomful")
