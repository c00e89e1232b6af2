"""The one door to every change: REST, the SDK's requests and the first start all come through `perform`."""

from __future__ import annotations

from typing import TypeVar

from .ports import Actor, Command, PreHooks, Writer

T = TypeVar("T")


class Performer:
    """Carries out commands."""

    def __init__(self, writer: Writer, prehooks: PreHooks | None = None) -> None:
        self._writer = writer
        self._prehooks = prehooks

    async def perform(self, actor: Actor, command: Command[T]) -> T:
        """The command's result, once it is on disk and listeners have been told. Raises `ServiceError`."""
        if self._prehooks is not None and actor.webhooks:
            command = await self._prehooks.ask(actor, command)
        return await self._writer.submit(actor, command)
