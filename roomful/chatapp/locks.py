"""Turns for what is read at the backend, changed and written back: REST has no way to say "if nobody changed it"."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from roomful.chatapp.store.database import Database

ROOMS = "rooms"
"""Holds for the attributes, the names and the moderators of all rooms."""


class _Turn:
    def __init__(self) -> None:
        self.lock = Lock()
        self.users = 0
        self.asked = 0
        self.done = 0


class Locks:
    """Locks by name, for all nodes that share the database. Nobody may hold two."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns: dict[str, _Turn] = {}
        self._guard = Lock()

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Alone with what the name stands for."""
        with self._turn(name) as turn, turn.lock, self._database.locked(name):
            yield

    def after_me(self, name: str, work: Callable[[], None]) -> None:
        """Have `work` begin after this call did, and nobody else hold the lock meanwhile. Of several who wait for the
        same one does it for all. What it raises, it raises to who did it; another who waits tries again."""
        with self._turn(name) as turn:
            with self._guard:
                turn.asked += 1
                mine = turn.asked
            with turn.lock:
                if turn.done >= mine:
                    return
                with self._database.locked(name):
                    with self._guard:
                        including = turn.asked
                    work()
                    turn.done = including

    @contextmanager
    def _turn(self, name: str) -> Iterator[_Turn]:
        with self._guard:
            turn = self._turns.setdefault(name, _Turn())
            turn.users += 1
        try:
            yield turn
        finally:
            with self._guard:
                turn.users -= 1
                if not turn.users:
                    del self._turns[name]
