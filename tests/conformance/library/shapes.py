"""What is inside of answers, learnt from the specification's examples: of nested objects its schemas say nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

_TIMERS = [(), ("date_inactive",), ("date_closed",)]
MORE_KEYS: dict[str, list[tuple[str, ...]]] = {
    "timers": _TIMERS,  # one timer may be set without the other, or none
    "conversation_timers": _TIMERS,
    "auto_creation": [("conversation_service_sid", "enabled", "type")],  # also the default way is that of a service
    "media[]": [("category", "content_type", "filename", "sid", "size")],  # the SDK has media of several categories
}
"""Sets of keys that no example shows, by the name of the object, and why there are such."""

NULLS = (
    "media[].filename",  # of what was sent without a name, such as a template's content
    "auto_creation.conversation_service_sid",  # no service was named
)
"""Places that are null in no example, and may be."""

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_URL = re.compile(r"https?://(?:conversations\.twilio\.com|localhost:\d+)(/v1/.*)")
"""Of a resource, at Twilio and here."""


class Shapes:
    """Places are written like `user.links.user_conversations`, and the forms of values like `/v1/Users/US`."""

    def __init__(self) -> None:
        self._keys: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        self._forms: dict[str, set[str]] = defaultdict(set)

    def learn(self, name: str, example: Any) -> None:
        """Take an example of the resource `name` for what there may be."""
        for place, value in _parts(name, example):
            if isinstance(value, dict):
                self._keys[place].add(tuple(sorted(value)))
            else:
                self._forms[place].add(_form(value))

    def check(self, name: str, resource: Any, where: str) -> None:
        """Every nested object has the keys, and every value the form, of one in an example.

        A place that no example shows may hold anything that the schema allows. Raises AssertionError.
        """
        for place, value in _parts(name, resource):
            if isinstance(value, dict):
                keys = {*self._keys.get(place, ()), *MORE_KEYS.get(place.rpartition(".")[2], ())}
                assert tuple(sorted(value)) in keys, f"{where}: {place} has the keys {sorted(value)}"
                continue
            known, form = self._forms.get(place, set()) - {"null"}, _form(value)
            free = not known or ("text" in known and isinstance(value, str))
            of_schema = "." not in place.removeprefix(f"{name}.")  # which says whether it may be null
            null = value is None and (of_schema or self.may_be_null(place) or place.endswith(NULLS))
            assert free or null or form in known, f"{where}: {place} is {value!r}, not {known}"

    def may_be_null(self, place: str) -> bool:
        """An example shows that."""
        return "null" in self._forms.get(place, ())


def _parts(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """All that is in a value, itself included, with its place; of lists what is in them."""
    if isinstance(value, list):
        for item in value:
            yield from _parts(f"{place}[]", item)
        return
    yield place, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _parts(f"{place}.{key}", inner)


def _form(value: Any) -> str:
    """What two values must have in common to mean the same kind of thing."""
    if value is None:
        return "null"
    if not isinstance(value, str):
        return type(value).__name__
    if _TIME.fullmatch(value):
        return "time"
    if _SID.fullmatch(value):
        return value[:2]
    url = _URL.fullmatch(value)
    return _SID.sub(lambda sid: sid[0][:2], url[1]) if url else "text"
