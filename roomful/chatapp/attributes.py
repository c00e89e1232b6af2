"""What a message's attributes hold (docs/chat-api.md, "Messages"), as this application writes them after the send.

They are at most 4 KB of JSON that anybody may have written. Other software's keys are kept as they are.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

BUDGET = 3584
"""Bytes that we fill; the service takes 4096."""
MAX_MENTIONS = 50
DEMO = {"heart": "❤️", "thumbs_up": "👍", "laugh": "😂", "sad": "😢", "pouting": "😡", "thumbs_down": "👎"}
"""What Twilio's demo application calls the reactions that it has, in `reactions`."""
SHOWN = 20
"""Names that are written down of one reaction; of more people there is a number."""

_SHORTER = ((SHOWN, None), (SHOWN, SHOWN), (10, 10), (5, 5), (2, 2), (0, 0))
"""How many names at most, in our shape and in the demo's, until all fits. Without a number: all."""

Reactions = Mapping[str, Sequence[str]]
"""By emoji, who gave it, both in the order of time."""


def read_attributes(text: str | None) -> dict[str, Any]:
    """Attributes as an object; what is none counts as empty."""
    try:
        found = json.loads(text or "{}", parse_float=_finite)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def write_attributes(attributes: Mapping[str, Any]) -> str:
    """As JSON, short."""
    text = json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, which JSON can hold and UTF-8 cannot
        return json.dumps(attributes, separators=(",", ":"))
    return text


def claimed_mentions(attributes: Mapping[str, Any]) -> list[str]:
    """Whom the sender says the message mentions."""
    claimed = attributes.get("m")
    return [who for who in claimed if isinstance(who, str)][:MAX_MENTIONS] if isinstance(claimed, list) else []


def quoted_author(attributes: Mapping[str, Any]) -> str | None:
    """Whose message the message answers, as its sender says."""
    quote = attributes.get("re")
    author = quote.get("a") if isinstance(quote, dict) else None
    return author if isinstance(author, str) else None


def with_reactions(attributes: Mapping[str, Any], reactions: Reactions) -> dict[str, Any]:
    """The attributes with these reactions in place of those that they show, in our shape and, of its six, in that of
    Twilio's demo. Where they do not fit, names are left out first, then whole reactions."""
    base = {key: value for key, value in attributes.items() if key not in ("rx", "reactions")}
    for ours, demos in _SHORTER:
        full = base | _shown(reactions, ours, demos)
        if _fits(full):
            return full
    left = dict(reactions)
    while left:
        left.popitem()
        full = base | _shown(left, 0, 0)
        if _fits(full):
            return full
    return base


def shown_in_demo(attributes: Mapping[str, Any]) -> dict[str, list[str]] | None:
    """Who gave each of the demo's six, by emoji, as the attributes say; None when they say nothing of it."""
    found = attributes.get("reactions")
    if not isinstance(found, dict):
        return None
    lists = {emoji: found.get(name) for name, emoji in DEMO.items()}
    return {
        emoji: [who for who in people if isinstance(who, str)] if isinstance(people, list) else []
        for emoji, people in lists.items()
    }


def with_text(attributes: Mapping[str, Any], edited_at: int, mentions: Sequence[str]) -> dict[str, Any]:
    """The attributes of a message whose text was changed, with as many of the mentions as fit."""
    edited = {key: value for key, value in attributes.items() if key != "m"} | {"ed": edited_at}
    for count in range(min(len(mentions), MAX_MENTIONS), 0, -1):
        full = edited | {"m": list(mentions[:count])}
        if _fits(with_reactions(full, {})):
            return full
    return edited


def _shown(reactions: Reactions, ours: int, demos: int | None) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if reactions:
        shown["rx"] = {
            emoji: list(people) if len(people) <= ours else {"n": len(people), "u": list(people[:ours])}
            for emoji, people in reactions.items()
        }
    demo = {name: list(reactions[emoji][:demos]) for name, emoji in DEMO.items() if emoji in reactions}
    if demo and demos != 0:
        shown["reactions"] = demo
    return shown


def _fits(attributes: Mapping[str, Any]) -> bool:
    return len(write_attributes(attributes).encode()) <= BUDGET


def _finite(text: str) -> float:
    """Infinity has no name in JSON; what is as good as that becomes the largest number."""
    number = float(text)
    return math.copysign(1.7976931348623157e308, number) if math.isinf(number) else number
