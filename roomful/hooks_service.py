"""How `roomful hooks` asks the service about its outbox (docs/rest.md, "Extensions")."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from roomful.service_client import ServiceClient

_PATH = "/hooks"
_PAGE = 100


class HooksService:
    """The service's own account of its outbox."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    def targets(self) -> list[dict[str, Any]]:
        """Each target with its numbers. Raises `click.ClickException`, as all of these do."""
        return list(self._service.ask("GET", _PATH)["targets"])

    def calls(self, target: str | None, state: str | None) -> Iterator[dict[str, Any]]:
        """The calls, the oldest first, read in pages."""
        query: dict[str, Any] | None = {"Target": target, "State": state, "PageSize": _PAGE}
        while query is not None:
            answer = self._service.ask(
                "GET", f"{_PATH}/calls", params={name: value for name, value in query.items() if value}
            )
            yield from answer["calls"]
            following = answer["meta"]["next_page_url"]
            query = None if following is None else {name: value[-1] for name, value in _query(following).items()}

    def change(self, action: str, selection: dict[str, Any]) -> int:
        """`retry` or `drop` the calls selected; how many that were."""
        changed, after = 0, None
        number = "retried" if action == "retry" else "dropped"
        while True:
            answer = self._service.ask(
                "POST", f"{_PATH}/{action}", data=selection | ({"after": after} if after else {})
            )
            changed += int(answer[number])
            after = answer["next"]
            if after is None:
                return changed


def _query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)
