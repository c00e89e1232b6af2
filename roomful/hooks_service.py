"""How `roomful hooks` asks the service about its outbox (docs/rest.md, "Extensions")."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click

from roomful.chatapp.backend import Backend, BackendUnavailable, Connection
from roomful.terminal import printable

_PATH = "/roomful/v1/hooks"
_PAGE = 100


class HooksService:
    """The service's own account of its outbox."""

    def __init__(self, backend: Backend) -> None:
        self._connection = Connection(backend)
        self._base_url = str(backend.base_url).rstrip("/")

    def targets(self) -> list[dict[str, Any]]:
        """Each target with its numbers. Raises `click.ClickException`, as all of these do."""
        return list(self._ask("GET", "")["targets"])

    def calls(self, target: str | None, state: str | None) -> Iterator[dict[str, Any]]:
        """The calls, the oldest first, read in pages."""
        query: dict[str, Any] | None = {"Target": target, "State": state, "PageSize": _PAGE}
        while query is not None:
            answer = self._ask("GET", "/calls", params={name: value for name, value in query.items() if value})
            yield from answer["calls"]
            following = answer["meta"]["next_page_url"]
            query = None if following is None else {name: value[-1] for name, value in _query(following).items()}

    def change(self, action: str, selection: dict[str, Any]) -> int:
        """`retry` or `drop` the calls selected; how many that were."""
        changed, after = 0, None
        number = "retried" if action == "retry" else "dropped"
        while True:
            answer = self._ask("POST", f"/{action}", data=selection | ({"after": after} if after else {}))
            changed += int(answer[number])
            after = answer["next"]
            if after is None:
                return changed

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        headers = {"Content-Type": "application/json"} if "data" in content else None
        try:
            url = f"{self._base_url}{_PATH}{path}"
            answer = self._connection.client.request(method, url, headers=headers, **content)
        except BackendUnavailable as error:
            raise click.ClickException(str(error)) from None
        told = _parsed(answer.text)
        if answer.status_code != 200 or told is None:
            why = told.get("message") if isinstance(told, dict) else None
            raise click.ClickException(printable(f"The service answered {answer.status_code}: {why or 'no reason'}"))
        return told


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)
