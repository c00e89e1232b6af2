"""How commands of the terminal ask the service for what goes beyond Twilio's API (docs/rest.md, "Extensions")."""

import json
from typing import Any

import click

from roomful.chatapp.backend import Backend, BackendUnavailable, Connection
from roomful.instance import Instance
from roomful.settings import Settings
from roomful.terminal import load_settings, printable


class ServiceClient:
    """The service's extensions, as its administrator."""

    def __init__(self, backend: Backend) -> None:
        self._connection = Connection(backend)
        self._base_url = str(backend.base_url).rstrip("/")

    @classmethod
    def of_settings(cls, what: str) -> "ServiceClient":
        """Of this installation. `what` the command is about, for texts of errors. Raises `click.ClickException`."""
        from roomful.serve import command_backend  # here, so that help answers without loading the whole application

        settings = load_settings()
        _require_service(settings, what)
        return cls(command_backend(settings))

    def ask(self, method: str, path: str, **content: Any) -> Any:
        """The decoded answer to a request for `path` below /roomful/v1. Raises `click.ClickException`."""
        headers = {"Content-Type": "application/json"} if "data" in content else None
        try:
            url = f"{self._base_url}/roomful/v1{path}"
            answer = self._connection.client.request(method, url, headers=headers, **content)
        except BackendUnavailable as error:
            raise click.ClickException(str(error)) from None
        if answer.status_code == 204:
            return None
        told = _parsed(answer.text)
        if answer.status_code not in (200, 201) or told is None:
            why = told.get("message") if isinstance(told, dict) else None
            raise click.ClickException(printable(f"The service answered {answer.status_code}: {why or 'no reason'}"))
        return told


def _require_service(settings: Settings, what: str) -> None:
    """A look must not make an instance in whatever folder it is taken."""
    if settings.backend == "twilio":
        raise click.ClickException(f"ROOMFUL_BACKEND=twilio: Twilio's cloud shows its {what} in its own console.")
    if settings.backend != "embedded" or settings.database_url is not None:
        return
    if not (settings.instance / "roomful.db").exists() and not Instance(settings.instance).is_locked():
        raise click.ClickException(
            f"There is no service in {settings.instance} yet. Go to the right folder, set ROOMFUL_INSTANCE, or start "
            "a server, which makes one."
        )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
