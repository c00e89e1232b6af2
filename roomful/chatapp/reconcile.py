"""Makes up for webhooks that never came: once a day the backend is asked, by REST, what they would have told.

A leave cannot be asked for afterwards; names, removed rooms and removed messages that are pinned can. All of it only
reads at the backend, but for pins.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import SystemRandom
from threading import Event, Thread
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from roomful.chatapp.backend import BackendUnavailable, talking
from roomful.chatapp.clock import now_ms, to_ms
from roomful.chatapp.identity import to_shown_name
from roomful.chatapp.rooms import forget_room
from roomful.chatapp.settling import settle_removed
from roomful.chatapp.state import ChatState
from roomful.chatapp.store import schema

log = logging.getLogger(__name__)

CHORE = "reconcile"
DAY_MS, HOUR_MS = 24 * 3600 * 1000, 3600 * 1000
FIRST_LOOK = 60.0  # seconds: a start has more urgent things to ask for
PAGE_SIZE = 100  # the most that Twilio sends at once
MAX_LISTED = 100_000  # people, and conversations: a thousand requests each
MAX_FETCHED = 1_000  # rooms that were not in the list, and pins; what is left has its turn on another day
KEPT_OF_ROOMS = (schema.offered_rooms, schema.reactions, schema.pins, schema.mentions, schema.levels)


@dataclass(frozen=True, slots=True)
class Mended:
    """What was out of date: names of accounts, rooms that are gone, and pins of messages that are."""

    names: int
    rooms: int
    pins: int = 0

    def __bool__(self) -> bool:
        return bool(self.names or self.rooms or self.pins)


def reconcile(state: ChatState, stopped: Callable[[], bool] = lambda: False) -> Mended:
    """Ask the backend for what the chat keeps of it, and mend that. Soon after `stopped` says so it ends early.

    Raises BackendUnavailable.
    """
    state.avatars.tidy()
    return Mended(_mend_names(state, stopped), _forget_rooms(state, stopped), _forget_pins(state, stopped))


def _mend_names(state: ChatState, stopped: Callable[[], bool]) -> int:
    noted = state.accounts.names()  # before the backend is asked, so that a webhook that comes meanwhile is newer
    mended = 0
    for user in _listed(state.connection.service.users, "list the people", stopped):
        note = noted.get(user.identity)
        name = to_shown_name(user.friendly_name, user.identity)
        if note is None or note.friendly_name == name:
            continue
        mended += state.accounts.mend_name(user.identity, note, name, to_ms(user.date_updated))
    return mended


def _forget_rooms(state: ChatState, stopped: Callable[[], bool]) -> int:
    """A room that is not listed is asked for by its SID: it may be newer than the list, or beyond its end."""
    kept: set[str] = set()
    with state.database.read() as transaction:
        for table in KEPT_OF_ROOMS:
            kept.update(transaction.execute(select(table.c.room_sid).distinct()).scalars())
    if not kept:
        return 0
    for conversation in _listed(state.connection.service.conversations, "list the rooms", stopped):
        kept.discard(conversation.sid)
    forgotten = 0
    for sid in SystemRandom().sample(sorted(kept), min(len(kept), MAX_FETCHED)):
        if stopped():
            break
        if _exists(state, sid):
            continue
        with state.database.write() as transaction:
            forget_room(transaction, sid)
        forgotten += 1
    return forgotten


def _forget_pins(state: ChatState, stopped: Callable[[], bool]) -> int:
    """Of messages that are gone."""
    table = schema.pins
    with state.database.read() as transaction:
        pinned = [tuple(row) for row in transaction.execute(select(table.c.room_sid, table.c.message_sid))]
    forgotten = 0
    for room_sid, sid in SystemRandom().sample(pinned, min(len(pinned), MAX_FETCHED)):
        if stopped():
            break
        if state.messages.find(room_sid, sid) is None:
            settle_removed(state, room_sid, sid)
            forgotten += 1
    return forgotten


def _exists(state: ChatState, sid: str) -> bool:
    with talking("read a room", ignore=frozenset({404})):
        state.connection.service.conversations(sid).fetch()
        return True
    return False


def _listed(resource: Any, doing: str, stopped: Callable[[], bool]) -> Iterator[Any]:
    """What the library lists, page by page, until there are `MAX_LISTED`."""
    with talking(doing):
        for number, found in enumerate(resource.stream(limit=MAX_LISTED, page_size=PAGE_SIZE), 1):
            if stopped():
                return
            yield found
            if number == MAX_LISTED:
                log.warning("there are too many to %s: what comes after the first %d was not looked at", doing, number)


class Reconciler:
    """Reconciles once a day, in a thread of its own. Of several nodes with one database one does it.

    clock: answers ms. first_look: seconds until the thread looks for the first time whether it is due.
    """

    def __init__(self, state: ChatState, clock: Callable[[], int] = now_ms, first_look: float = FIRST_LOOK) -> None:
        self._state = state
        self._clock = clock
        self._first_look = first_look
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="roomful-reconcile", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Have the thread end; what it asks the backend just then is waited for, but not long: it only reads."""
        self._stopping.set()
        self._thread.join(timeout)

    def look(self) -> int:
        """Reconcile if that is due; answers in how many ms to look again, an hour at most."""
        now = self._clock()
        due = _claim(self._state, now)
        if due is None:
            due = now + self._reconcile()
            if due != now + DAY_MS:
                _set_due(self._state, due)
        return max(1000, min(due - now, HOUR_MS))

    def _reconcile(self) -> int:
        """Answers in how many ms to do it again."""
        try:
            mended = reconcile(self._state, self._stopping.is_set)
        except BackendUnavailable as exc:
            log.warning("what the chat keeps could not be compared with its service: %s", exc)
            return HOUR_MS
        if mended:
            told = "made up for missed webhooks: %d names, %d rooms that are gone, %d pins of messages that are"
            log.info(told, mended.names, mended.rooms, mended.pins)
        return 0 if self._stopping.is_set() else DAY_MS  # who was stopped goes on after the next start

    def _run(self) -> None:
        wait = self._first_look
        while not self._stopping.wait(wait):
            try:
                wait = self.look() / 1000
            except Exception:  # such as a database that is gone for a moment: the next one has its turn
                log.exception("comparing the chat with its service failed")
                wait = HOUR_MS / 1000


def _claim(state: ChatState, now: int) -> int | None:
    """None when the chore is due and now the caller's; else when it will be due. A new database has nothing to mend
    yet."""
    table = schema.chores
    mine = table.c.name == CHORE
    with state.database.write() as transaction:
        claimed = update(table).where(mine, table.c.due_at <= now).values(due_at=now + DAY_MS)
        if transaction.execute(claimed).rowcount:
            return None
        due = transaction.execute(select(table.c.due_at).where(mine)).scalar_one_or_none()
    if due is None:
        _set_due(state, now + DAY_MS)
    return now + DAY_MS if due is None else int(due)


def _set_due(state: ChatState, due: int) -> None:
    table = schema.chores
    with state.database.write() as transaction:
        if transaction.execute(update(table).where(table.c.name == CHORE).values(due_at=due)).rowcount:
            return
    with suppress(IntegrityError), state.database.write() as transaction:  # another node was faster: as good
        transaction.execute(insert(table).values(name=CHORE, due_at=due))
