"""Which conversations connected users may no longer read, after roles changed (docs/protocol.md, "Subscriptions")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import islice

from ..core.events import ParticipantAdded
from ..core.model import Conversation, Participant, Role, User
from ..core.permissions import may_read, moderates
from ..core.ports import ReadPool, Reads
from .requests import Caller

USERS_AT_ONCE = 50
"""Users that are looked at in one reading, so that others' readings get their turn."""

Closed = list[tuple[Caller, str]]
"""Users, each with the SID of a conversation."""


def closed_to(reads: Reads, readers: Mapping[Caller, AbstractSet[str]], role_sid: str | None) -> Closed:
    """The conversations that users read and, in this snapshot, may not; with `role_sid` only of those who hold it.

    A conversation that is gone is none of them: its readers are told in its own stream.
    """
    users = {user.sid: user for user in reads.find(User, "sid", [caller.user_sid for caller in readers])}
    roles = {role.sid: role for role in reads.find(Role, "sid", sorted({user.role_sid for user in users.values()}))}
    closed: Closed = []
    for caller, conversations in readers.items():
        user = users.get(caller.user_sid)
        role = roles.get(user.role_sid) if user else None
        if role is not None and (moderates(role) or role_sid not in (None, role.sid)):
            continue
        closed += [(caller, sid) for sid in _strange(reads, caller, conversations)]
    return closed


def _strange(reads: Reads, caller: Caller, sids: AbstractSet[str]) -> list[str]:
    """Those of the conversations that a user without a moderator's role is not in, and did not make."""
    joined = {row.conversation_sid for row in reads.find(Participant, "user_sid", [caller.user_sid])}
    others = reads.find(Conversation, "sid", sorted(sids - joined))
    return [row.sid for row in others if not may_read(row, None, None, caller.identity)]


class Doubts:
    """Who is being looked up, and who joined meanwhile. Used on the event loop."""

    def __init__(self) -> None:
        self._open: dict[object, dict[Caller, set[str]]] = {}

    def joined(self, event: ParticipantAdded) -> None:
        """Who joins is no stranger, whatever a reading that began before finds."""
        who = (event.conversation.service_sid, event.participant.identity)
        for readers in self._open.values():
            for caller, conversations in readers.items():
                if (caller.service_sid, caller.identity) == who:
                    conversations.discard(event.stream)

    async def resolve(
        self, pool: ReadPool, readers: dict[Caller, set[str]], role_sid: str | None
    ) -> AsyncIterator[Closed]:
        """What is closed to these readers (see `closed_to`), some users at a time."""
        mark = object()
        self._open[mark] = readers
        try:
            for part in _parts(readers):
                snapshot = {caller: frozenset(conversations) for caller, conversations in part.items()}
                found = await pool.read(partial(closed_to, readers=snapshot, role_sid=role_sid))
                yield [(caller, sid) for caller, sid in found if sid in readers[caller]]
        finally:
            del self._open[mark]


def _parts(readers: Mapping[Caller, set[str]]) -> Iterator[dict[Caller, set[str]]]:
    entries = iter(readers.items())
    while part := dict(islice(entries, USERS_AT_ONCE)):
        yield part
