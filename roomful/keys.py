"""`roomful keys`: API keys, by which other programs use the service without the account's auth token."""

import json
import re
from typing import TYPE_CHECKING, Any

import click

from roomful.terminal import table

if TYPE_CHECKING:
    from roomful.service_client import ServiceClient

_SID = re.compile(r"SK[0-9a-fA-F]{32}")


def _service() -> "ServiceClient":
    from roomful.service_client import ServiceClient  # here, so that help answers at once

    return ServiceClient.of_settings("API keys")


_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@click.group("keys")
def keys() -> None:
    """Make, list and revoke API keys.

    A key and its secret do for the account's SID and auth token in Basic authentication, and sign access tokens. Only
    who has the auth token can make or revoke keys.

    \b
    Examples:
      roomful keys make "billing bot"   a new key; its secret is shown this once
      roomful keys list
      roomful keys revoke SK…           neither it nor its tokens are accepted any more
    """


@keys.command("make")
@click.argument("name")
@_as_json
def make_command(name: str, as_json: bool) -> None:
    """Make a key called NAME, and print it with its secret, which is never shown again."""
    made: dict[str, Any] = _service().ask("POST", "/keys", data={"friendly_name": name})
    if as_json:
        click.echo(json.dumps(made, indent=2))
        return
    click.echo(f"SID     {made['sid']}\nSecret  {made['secret']}")
    click.echo("Keep the secret: it is not shown again.", err=True)


@keys.command("list")
@_as_json
def list_command(as_json: bool) -> None:
    """List the keys, the oldest first. The first is the installation's own."""
    found: dict[str, Any] = _service().ask("GET", "/keys")
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    rows = [[key["sid"], key["date_created"], key["friendly_name"]] for key in found["keys"]]
    click.echo("\n".join(table([["SID", "made", "name"], *rows])))


@keys.command("revoke")
@click.argument("sid")
def revoke_command(sid: str) -> None:
    """Revoke the key with this SID."""
    if not _SID.fullmatch(sid):
        raise click.BadParameter("the SID of an API key is SK and 32 hex digits", param_hint="SID")
    _service().ask("DELETE", f"/keys/{sid}")
    click.echo(f"{sid} is revoked.")
