"""How many people are in each room."""

from collections import OrderedDict
from threading import Lock
from time import monotonic

from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.rooms import Rooms

KEPT = 60.0  # seconds; REST has no count, so everybody in a room has to be listed for it
MAX_KEPT = 10_000


class MemberCounts:
    """How many people are in each room, at most a minute ago."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._kept: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def known(self, sid: str) -> int | None:
        with self._lock:
            until, count = self._kept.get(sid, (0.0, 0))
        return count if until > monotonic() else None

    def read(self, sid: str) -> int | None:
        """Known, or asked for now; None when the backend cannot tell."""
        count = self.known(sid)
        if count is None:
            try:
                count = len(self._rooms.participants(sid))
            except BackendUnavailable:  # it has gone just now; the list is shown all the same
                return None
            with self._lock:
                self._kept[sid] = monotonic() + KEPT, count
                while len(self._kept) > MAX_KEPT:
                    self._kept.popitem(last=False)
        return count

    def forget(self, sid: str) -> None:
        with self._lock:
            self._kept.pop(sid, None)
