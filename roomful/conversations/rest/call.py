"""One authenticated request, and the answer to it, as the resources see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from ..core.messages import SendMessage
from ..core.model import Account, Message, Service
from ..core.ports import Actor, Command, Reads
from .params import Params

T = TypeVar("T")


class Api(Protocol):
    """The two doors of the service: one for changes, one for reading."""

    async def perform(self, actor: Actor, command: Command[T]) -> T:
        """Carry a command out; its result once it is on disk. Raises `ServiceError`."""

    async def read(self, query: Callable[[Reads], T]) -> T:
        """Run `query` on a reader thread, over one snapshot."""

    async def send_content(self, actor: Actor, command: SendMessage, variables: str | None) -> Message:
        """Send a message from the content template that `command` names."""


class Targets(Protocol):
    """Says where webhooks may go."""

    def refusal(self, url: str) -> str | None:
        """Why no webhook can be configured for `url`, in a sentence; None if one can, and for what is no URL at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON value; None is an empty body."""

    status: int
    body: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request of somebody who proved to hold the account's credentials."""

    api: Api
    targets: Targets
    account: Account
    service: Service
    """The service acted on: the one in the path, else the account's default."""
    in_service_form: bool
    """Whether the path named the service: then URLs and some bodies name it too."""
    root: str
    """The public origin with `/v1`, such as `https://chat.example.org/v1`."""
    path: str
    """The path asked for, for the text of errors and for the URLs of pages."""
    names: Mapping[str, str]
    """The variable parts of the path."""
    query: Params
    form: Params
    webhooks: bool
    """Whether webhooks are asked and told of what the request changes."""
    body: bytes = b""
    """What was posted to a path that takes JSON."""

    @property
    def prefix(self) -> str:
        """What the URLs of the service's resources begin with, in the form in which the caller asked."""
        return f"{self.root}/Services/{self.service.sid}" if self.in_service_form else self.root

    @property
    def page_url(self) -> str:
        """The public URL of the list asked for, without a query."""
        return self.root.removesuffix("/v1") + quote(self.path)

    async def perform(self, command: Command[T]) -> T:
        """Carry `command` out as the holder of the account's credentials."""
        return await self.api.perform(self.actor, command)

    @property
    def actor(self) -> Actor:
        return Actor(self.service.sid, webhooks=self.webhooks)

    async def read(self, query: Callable[[Reads], T]) -> T:
        return await self.api.read(query)


Handler = Callable[[Call], Awaitable[Answer]]
