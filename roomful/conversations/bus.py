"""What carries commits to those who listen on this node. One node needs no more than function calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .core.events import StreamCommit

Listener = Callable[[Sequence[StreamCommit]], None]


class LocalBus:
    """The bus of a single node (implements `core.ports.Bus`)."""

    def __init__(self, *listeners: Listener) -> None:
        """Each listener is called with every batch of commits, and must not raise."""
        self._listeners = list(listeners)

    def listen(self, listener: Listener) -> None:
        """Call `listener`, too, from the next commits on."""
        self._listeners.append(listener)

    def publish(self, commits: Sequence[StreamCommit]) -> None:
        """Called on the event loop, in the order of the commits."""
        for listener in self._listeners:
            listener(commits)
