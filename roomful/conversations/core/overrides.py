"""What a webhook that was asked before a change puts in place of what somebody asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeVar

from . import limits
from .errors import invalid


@dataclass(frozen=True, slots=True)
class Override:
    """The webhook's values; None: what was asked for stays.

    They are the application's own word, so the rights of who asked say nothing about them. Limits hold: making an
    override raises what a command with such values would raise.
    """

    friendly_name: str | None = None
    """Of a conversation; an empty text clears it."""
    body: str | None = None
    author: str | None = None
    attributes: str | None = None
    """Of a message, as JSON text."""

    def __post_init__(self) -> None:
        limits.friendly_name(self.friendly_name)
        limits.body(self.body)
        if self.author is not None:
            limits.author(self.author)
        if self.attributes is not None:
            limits.attributes(self.attributes, limits.MESSAGE_ATTRIBUTES_BYTES)


def override_from(answer: Any, names: Iterable[str]) -> Override | None:
    """The override in a webhook's decoded answer, of the fields `names`; None if it changes nothing.

    Null, and an empty author, put nothing in place. Raises 20001 (400) for a value that is no text, and what `Override`
    raises.
    """
    if not isinstance(answer, dict):
        return None
    values = {name: answer[name] for name in names if answer.get(name) is not None}
    for name, value in values.items():
        if not isinstance(value, str):
            raise invalid(20001, f"The webhook's answer is not valid: {name} must be text")
    if values.get("author") == "":
        del values["author"]
    return Override(**values) if values else None


class Overridable(Protocol):
    """A command on which a webhook may have put an override."""

    @property
    def override(self) -> Override | None: ...


C = TypeVar("C", bound=Overridable)


def overridden(command: C) -> C:
    """The command with the webhook's values in place of its own."""
    put = command.override
    if put is None:
        return command
    values = {field.name: value for field in fields(put) if (value := getattr(put, field.name)) is not None}
    return replace(command, **values)  # type: ignore[type-var]
