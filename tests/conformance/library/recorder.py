"""The library's HTTP client, of which a subclass is the library's own way of looking at what goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from .specification import Operation, Specification


@dataclass(frozen=True)
class Asked:
    """A request that was answered as the specification says."""

    operation: Operation
    status: int
    parameters: frozenset[str]


class Recorder(TwilioHttpClient):  # type: ignore[misc]  # the library ships no types
    """Writes down every request that succeeds, after a look at its answer."""

    def __init__(self, specification: Specification) -> None:
        super().__init__()
        self.specification = specification
        self.asked: list[Asked] = []

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """As the library's own. Raises AssertionError when a successful answer is not one of the specification's."""
        response = super().request(method, url, *args, **kwargs)
        if response.status_code < 400:
            parts = urlsplit(url)
            operation = self.specification.find(method, parts.path)
            self.specification.check(operation, response.status_code, response.text)
            names = {*(kwargs.get("params") or {}), *(kwargs.get("data") or {}), *dict(parse_qsl(parts.query))}
            self.asked.append(Asked(operation, response.status_code, frozenset(names)))
        return response

    def reached(self) -> dict[Operation, set[int]]:
        """Each operation that succeeded, and the statuses that it had."""
        found: dict[Operation, set[int]] = {}
        for each in self.asked:
            found.setdefault(each.operation, set()).add(each.status)
        return found

    def parameters(self, operation: Operation) -> set[str]:
        """All that was sent with it and taken."""
        return {name for each in self.asked if each.operation is operation for name in each.parameters}
