"""How much may be written in a second (docs/rest.md, "Write rates"): so that nobody's loop starves all others.

As at Twilio, what makes or ends conversations, users and roles counts for their service, and what happens in a
conversation for the conversation. Each server counts for itself, by the whole second.
"""

from __future__ import annotations

from typing import Any, Final

from .core import errors
from .core.content import CreateContentTemplate, DeleteContentTemplate
from .core.conversations import DeleteConversation
from .core.leases import HoldLease, ReleaseLease
from .core.media import AbandonMedia, ExpireMedia, FinishMedia, ForgetMedia, PostponeMedia, ReserveMedia
from .core.outbox import DropCalls, FinishCalls, RetryCalls
from .core.participants import UpdateMembership
from .core.ports import Actor, Clock, Command
from .core.presence import Arrive, Depart, ForgetNode, RenewLease, TakeLease
from .core.timers import ApplyTimers
from .core.users import EnsureUser

_OWN: Final = (TakeLease, RenewLease, ForgetNode, Arrive, Depart, HoldLease, ReleaseLease, FinishCalls, ApplyTimers)
_OF_MEDIA: Final = (ReserveMedia, FinishMedia, AbandonMedia, ExpireMedia, ForgetMedia, PostponeMedia)
_OTHERS: Final = (EnsureUser, UpdateMembership, RetryCalls, DropCalls, CreateContentTemplate, DeleteContentTemplate)
FREE: Final[frozenset[type]] = frozenset((*_OWN, *_OF_MEDIA, *_OTHERS))
"""What is not counted: a node's own doings, uploads (which have limits of their own), and how far people have read:
after one message all who are in a room write that at once."""


class Rates:
    """Counts the commands of this second. Use it on the event loop. A limit of 0 is none."""

    def __init__(self, clock: Clock, conversation_writes: int, service_writes: int) -> None:
        self._clock = clock
        self._limits = {"conversation": conversation_writes, "service": service_writes}
        self._second = 0
        self._counts: dict[str, int] = {}
        """By SID; of the current second only, so there are no more of them than commands in it."""

    def count(self, actor: Actor, command: Command[Any]) -> None:
        """Raises 50063 (429) for one more than the limit; what is refused is not counted."""
        if type(command) in FREE:
            return
        what, sid = counted_for(actor, command)
        limit = self._limits[what]
        if not limit:
            return
        second = self._clock() // 1000
        if second != self._second:
            self._second = second
            self._counts.clear()
        count = self._counts.get(sid, 0)
        if count >= limit:
            raise errors.too_many_writes(what)
        self._counts[sid] = count + 1


def counted_for(actor: Actor, command: Command[Any]) -> tuple[str, str]:
    """Whether a command counts for a "conversation" or for the "service", and for which."""
    sid = None if type(command) is DeleteConversation else getattr(command, "conversation_sid", None)
    return ("service", actor.service_sid) if sid is None else ("conversation", sid)
