"""What one connection is told, checked as it comes: only what it asked for, in order, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from roomful.conversations.sync.objects import Kind, ref_of

Wanted = tuple[str, str, int | None]
"""SID, type, and the position that the client knows."""


@dataclass
class _Replay:
    """A request to be told everything since a position, not confirmed yet."""

    correlation: int
    since: int | None
    begun: bool = False


@dataclass
class _Subscription:
    """An object that the connection asked for. `head`: the position up to which it was told."""

    head: int = -1
    live: bool = False
    asked: list[_Replay] = field(default_factory=list)

    def told(self, position: int, again: bool) -> None:
        """An event came; `again`: one of the same position may come twice (a document that was sent late)."""
        assert self.live or self.asked, "told without having asked"
        if position > self.head or (again and position == self.head):
            self.head = position
            return
        for replay in self.asked:
            if not replay.begun and replay.since is not None:
                replay.begun = True
                assert position > replay.since, f"told {position} again, known since {replay.since}"
                self.head = position
                return
        raise AssertionError(f"told {position} after {self.head}")

    def confirmed(self, correlation: int, position: int | None) -> None:
        """The answer to a request; `position` None: it was refused."""
        self.asked = [replay for replay in self.asked if replay.correlation != correlation]
        self.live = position is not None
        self.head = max(self.head, -1 if position is None else position)


class Hearing:
    """Follows one connection's requests and events.

    `rooms` are the conversations that it was told anything of; whoever checks them empties it.
    """

    def __init__(self) -> None:
        self.rooms: set[str] = set()
        self._subscriptions: dict[str, _Subscription] = {}

    @property
    def quiet(self) -> bool:
        """Whether everything that was asked for is confirmed or refused."""
        return not any(subscription.asked for subscription in self._subscriptions.values())

    def asks(self, action: str, correlation: int, wanted: Sequence[Wanted]) -> None:
        """The client sends a request."""
        for sid, _, since in wanted:
            if action == "establish":
                self._subscriptions.setdefault(sid, _Subscription()).asked.append(_Replay(correlation, since))

    def hears(self, envelope: dict[str, Any]) -> None:
        """The client is told something."""
        kind = envelope["event_type"]
        if not kind.startswith("subscription_"):
            self._told(kind, envelope["event"])
            return
        for entry in envelope["events"]:
            subscription = self._subscriptions[entry["object_sid"]]
            if kind == "subscription_canceled":
                subscription.live = False
            else:
                assert any(replay.correlation == envelope["correlation_id"] for replay in subscription.asked)
                # A document's own position is that of its last change, its stream's may be higher.
                document = entry["object_type"] == "document" and kind == "subscription_established"
                position = subscription.head if document else entry.get("last_event_id")
                subscription.confirmed(envelope["correlation_id"], position)

    def _told(self, kind: str, event: dict[str, Any]) -> None:
        sid = next(event[name] for name in ("document_sid", "list_sid", "map_sid") if name in event)
        subscription = self._subscriptions.setdefault(sid, _Subscription())
        subscription.told(event["id"], again=kind == "document_updated")
        if kind in ("document_removed", "list_removed", "map_removed"):
            subscription.live = False
        ref = ref_of(sid)
        assert ref is not None
        if ref.kind in (Kind.DOCUMENT, Kind.MESSAGES, Kind.ROSTER):
            self.rooms.add(ref.stream)
