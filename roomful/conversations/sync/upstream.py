"""Which handler answers which tunnelled request: by method and path only, since host names are labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Generic, TypeVar

from ..core.errors import ServiceError
from . import configuration, conversations, legacy, messages, outside, participants, sync_objects, users
from .requests import Action, Query, Request

H = TypeVar("H")


class Routes(Generic[H]):
    """Handlers by `METHOD /path` with `*` for one open part; a literal part is preferred to an open one."""

    def __init__(self, *tables: Mapping[str, H]) -> None:
        self._by_shape: dict[tuple[str, int], list[tuple[tuple[str, ...], H]]] = {}
        for table in tables:
            for route, handler in table.items():
                method, path = route.split(" ", 1)
                parts = tuple(path.strip("/").split("/"))
                self._by_shape.setdefault((method, len(parts)), []).append((parts, handler))
        for routes in self._by_shape.values():
            routes.sort(key=lambda entry: entry[0].count("*"))

    def find(self, request: Request) -> tuple[H, Request] | None:
        """The handler, and the request with its `args`."""
        segments = request.segments
        for parts, handler in self._by_shape.get((request.method, len(segments)), ()):
            args: list[str] = []
            for part, segment in zip(parts, segments, strict=True):
                if part == "*":
                    args.append(segment)
                elif part != segment:
                    break
            else:
                return handler, Request(request.method, segments, request.params, request.payload, tuple(args))
        return None


QUERIES: Routes[Query] = Routes(
    configuration.QUERIES,
    conversations.QUERIES,
    messages.QUERIES,
    outside.QUERIES,
    users.QUERIES,
    sync_objects.QUERIES,
    legacy.QUERIES,
)
ACTIONS: Routes[Action] = Routes(
    configuration.ACTIONS, conversations.ACTIONS, participants.ACTIONS, messages.ACTIONS, users.ACTIONS
)

SUBSCRIPTIONS = ("v4", "Subscriptions")
"""The path of the one request that the connection itself answers."""


def no_route(request: Request) -> ServiceError:
    """Nothing is at this path (404), or not for this method (405)."""
    others = ("GET", "POST", "DELETE")
    if any(table.find(replace(request, method=method)) for method in others for table in (QUERIES, ACTIONS)):
        return ServiceError(405, 20004, "Method not allowed")
    return ServiceError(404, 20404, "The requested resource was not found")
