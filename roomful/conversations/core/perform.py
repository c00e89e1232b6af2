"""The one door to every change: REST, the SDK's requests and the first start all come through `perform`."""

from __future__ import annotations

from typing import TypeVar

from .ports import Actor, Command, Writer

T = TypeVar("T")


class Performer:
    """Carries out commands."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def perform(self, actor: Actor, command: Command[T]) -> T:
        """The command's result, once it is on disk and listeners have been told. Raises `ServiceError`."""
        return await self._writer.submit(actor, command)
