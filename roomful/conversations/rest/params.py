"""Form and query parameters: parsed from the wire, typed here, judged by the commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from ..core.errors import ServiceError, invalid
from ..core.ports import UNSET, Unset

MAX_FIELDS = 1000
"""More parameters than any request of the API can mean."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGER = re.compile(r"-?[0-9]{1,15}")


class Params:
    """Decoded parameters. Names are case-sensitive, a name may repeat, and names nobody asks for are ignored.

    The optional getters answer `UNSET` for a parameter that was not sent, which an update takes for "leave as it is".
    """

    def __init__(self, encoded: bytes) -> None:
        """Parse `application/x-www-form-urlencoded` bytes. Raises 20001 (400) for what cannot be text or is
        too much."""
        try:
            pairs = parse_qsl(
                encoded.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
            )
        except UnicodeDecodeError:
            raise invalid(20001, "Parameters are not valid UTF-8") from None
        except ValueError:
            raise invalid(20001, f"More than {MAX_FIELDS} parameters") from None
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if "\x00" in value:  # no text of the store can hold it, wherever it would be looked up or written
                raise invalid(20001, "Parameters may not contain NUL characters")
            self._values.setdefault(name, []).append(value)

    def text(self, name: str) -> str | Unset:
        """The last value of `name`."""
        values = self._values.get(name)
        return values[-1] if values else UNSET

    def text_or_none(self, name: str) -> str | None:
        """As `text`; None when it was not sent."""
        values = self._values.get(name)
        return values[-1] if values else None

    def required(self, name: str, missing: ServiceError | None = None) -> str:
        """The value of `name`; without one raises `missing`, or else 20001 (400)."""
        value = self.text_or_none(name)
        if not value:
            raise missing or invalid(20001, f"Missing required parameter {name}")
        return value

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter that may repeat."""
        return tuple(self._values.get(name, ()))

    def several(self, name: str) -> tuple[str, ...] | Unset:
        """As `all`, for an update: `UNSET` if it was not sent. Empty values count for nothing, so one alone clears."""
        values = self._values.get(name)
        return UNSET if values is None else tuple(value for value in values if value)

    def integer(self, name: str, code: int = 20001) -> int | Unset | None:
        """A whole number; an empty value is None. Raises `code` (400)."""
        text = self.text(name)
        if isinstance(text, Unset):
            return UNSET
        if text == "":
            return None
        if not _INTEGER.fullmatch(text):
            raise invalid(code, f"{name} must be a whole number")
        return int(text)

    def boolean(self, name: str) -> bool | Unset:
        """`true` or `false`, whatever the case. Raises 20001 (400)."""
        text = self.text(name)
        if isinstance(text, Unset):
            return UNSET
        lowered = text.lower()
        if lowered not in ("true", "false"):
            raise invalid(20001, f"{name} must be true or false")
        return lowered == "true"

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """One of `choices`, whatever the case; None when it is missing or empty. Raises 20001 (400)."""
        text = self.text_or_none(name)
        if not text:
            return None
        lowered = text.lower()
        if lowered not in choices:
            raise invalid(20001, f"{name} must be one of {', '.join(choices)}")
        return lowered

    def date(self, name: str, code: int = 20001) -> int | Unset:
        """An ISO 8601 date or time as milliseconds since 1970; without an offset it is UTC. Raises `code` (400)."""
        text = self.text(name)
        if isinstance(text, Unset):
            return UNSET
        return parse_date(text, name, code)

    def date_or_none(self, name: str, code: int = 20001) -> int | None:
        """As `date`; None when it was not sent."""
        value = self.date(name, code)
        return None if isinstance(value, Unset) else value

    def refuse(self, *names: str, code: int = 20001, message: str = "") -> None:
        """Raise 400 if one of `names` was sent with a value: better than to drop what the caller relies on."""
        for name in names:
            if self.text_or_none(name):
                raise invalid(code, message or f"{name} is not supported by this server")

    def echo(self, *names: str) -> Mapping[str, list[str]]:
        """Those of `names` that were sent, with all their values, for the URLs of further pages."""
        return {name: self._values[name] for name in names if name in self._values}


def parse_date(text: str, name: str, code: int = 20001) -> int:
    """Milliseconds since 1970 of an ISO 8601 date or time. Raises `code` (400), also before 1970."""
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
        _ = _EPOCH + timedelta(milliseconds=milliseconds)  # an offset may push year 9999 out of the calendar
    except (ValueError, OverflowError):
        raise invalid(code, f"{name} is not a valid ISO 8601 date") from None
    if milliseconds < 0:
        raise invalid(code, f"{name} lies before 1970")
    return milliseconds


def format_date(milliseconds: int) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`: the only form that every client library parses."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
