"""A conversation's state, and the timers that change it (docs/rest.md, "States and timers").

Both timers count from the last activity: creation, a message, a new participant, a state or a timer set by request.
When the clock makes a conversation inactive, that is no activity: the other timer runs on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Final

from .errors import invalid
from .events import ConversationUpdated, StateChange
from .leaving import free_pairs
from .model import Conversation
from .permissions import require_account
from .ports import Actor, Needs, Tx

_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_UNITS: Final = (7 * _DAY, _DAY, _HOUR, _MINUTE, _SECOND)
_DURATION: Final = re.compile(
    r"P(?:([0-9]{1,9})W|(?:([0-9]{1,9})D)?(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?)",
    re.ASCII | re.IGNORECASE,
)

MAXIMUM_DAYS: Final = 3650
"""The longest timer, so that its instant stays within the calendar."""


@dataclass(frozen=True, slots=True)
class Timer:
    """What may be set: the parameter's name, the shortest length in milliseconds, and the codes of its refusals."""

    name: str
    minimum: int
    too_short: int
    malformed: int

    def length(self, text: str | None) -> int | None:
        """Milliseconds of an ISO 8601 duration of weeks, or of days, hours, minutes and seconds.

        An empty text is None: no timer. Raises 50375 or 50376 (400) if it is too short, 50379 or 50380 (400) if it is
        no such duration or too long.
        """
        if not text:
            return None
        found = _DURATION.fullmatch(text)
        if found is None or not any(found.groups()):
            raise invalid(self.malformed, f"{self.name} must be an ISO 8601 duration such as PT90M or P30D")
        length = sum(unit * int(count) for unit, count in zip(_UNITS, found.groups(), strict=True) if count)
        if length < self.minimum:
            raise invalid(self.too_short, f"{self.name} must be at least {self.minimum // _MINUTE} min long")
        if length > MAXIMUM_DAYS * _DAY:
            raise invalid(self.malformed, f"{self.name} must be at most {MAXIMUM_DAYS} days long")
        return length


INACTIVE: Final = Timer("Timers.Inactive", _MINUTE, too_short=50375, malformed=50379)
CLOSED: Final = Timer("Timers.Closed", 10 * _MINUTE, too_short=50376, malformed=50380)

_NO_CHANGE: Final[Mapping[str, Any]] = MappingProxyType({})


def schedule(state: str, timer_inactive: int | None, timer_closed: int | None, activity: int) -> dict[str, Any]:
    """The columns that say when the clock changes the state, counted from the instant `activity`."""
    inactive = closed = None
    if state == "active" and timer_inactive is not None:
        inactive = activity + timer_inactive
    if state != "closed" and timer_closed is not None:
        closed = activity + timer_closed
    return _dates(inactive, closed)


def _dates(inactive: int | None, closed: int | None) -> dict[str, Any]:
    due = min((date for date in (inactive, closed) if date is not None), default=None)
    return {"date_inactive": inactive, "date_closed": closed, "date_due": due}


def after_activity(conversation: Conversation, now: int) -> Mapping[str, Any]:
    """The columns that a message or a new participant changes: the conversation is active, and its timers start anew.

    Nothing for an active conversation without timers, which most are.
    """
    inactive, closed = conversation.timer_inactive, conversation.timer_closed
    if conversation.state == "active":
        return _NO_CHANGE if inactive is None and closed is None else schedule("active", inactive, closed, now)
    return schedule("active", inactive, closed, now) | {"state": "active", "state_date": now, "date_updated": now}


def tell_of_waking(tx: Tx, old: Conversation, new: Conversation) -> None:
    """Announce the conversation's document if a message or a new participant changed its state."""
    if old.state != new.state:
        tx.emit(ConversationUpdated(new.sid, new.position, new, StateChange(old.state, new.state, "EVENT")))


def due_state(conversation: Conversation, now: int) -> str | None:
    """The state that the clock demands, or None if it demands no change."""
    if conversation.date_closed is not None and conversation.date_closed <= now:
        return "closed"
    if conversation.date_inactive is not None and conversation.date_inactive <= now:
        return "inactive"
    return None


@dataclass(frozen=True, slots=True)
class ApplyTimers:
    """Give a conversation the state that is due, if one is: asked for twice, or too early, it changes nothing.

    The result says whether something was changed. Account credentials only.
    """

    exclusive: ClassVar = False

    conversation_sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs(conversations=(self.conversation_sid,))

    def decide(self, actor: Actor, tx: Tx) -> bool:
        require_account(actor, "apply timers")
        old = tx.one(Conversation, sid=self.conversation_sid)
        state = None if old is None else due_state(old, tx.now)
        if old is None or state is None:
            return False
        dates = _dates(None, None if state == "closed" else old.date_closed)
        position = old.position + 1
        new = replace(
            old,
            position=position,
            document_position=position,
            state=state,
            state_date=tx.now,
            date_updated=tx.now,
            **dates,
        )
        tx.change(new)
        if state == "closed":
            free_pairs(tx, new.sid)
        tx.emit(ConversationUpdated(new.sid, position, new, StateChange(old.state, state, "TIMER")))
        return True
