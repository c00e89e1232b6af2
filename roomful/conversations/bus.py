"""What carries commits to the hubs. One node needs no more than a function call."""

from __future__ import annotations

from collections.abc import Sequence

from .core.events import StreamCommit
from .hub import Hub


class LocalBus:
    """The bus of a single node (implements `core.ports.Bus`)."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def publish(self, commits: Sequence[StreamCommit]) -> None:
        """Called on the event loop, in the order of the commits."""
        self._hub.deliver(commits)
