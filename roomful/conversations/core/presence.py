"""Who is online: what the nodes know of connections becomes what users are told (docs/design/0010-presence.md).

A node holds a lease (`Node`) that it renews with one write; a user with a connection to it has a `Presence` row on that
lease. A user is online while such a row of a living node exists. `User.online` is what the others were told: it follows
at once, but changes at most once in `STEADY` milliseconds. Commands are given by nodes, each for many users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, NamedTuple

from .errors import ServiceError
from .events import UserUpdated
from .model import Node, Presence, Service, User
from .ports import Actor, Needs, Tx, key

LEASE: Final = 60_000
"""Milliseconds for which a node's word counts after it last renewed it."""

MARGIN: Final = 10_000
"""Milliseconds by which the clocks of two nodes may differ: only after it the others take a lease for ended."""

REMEMBERED: Final = 600_000
"""Milliseconds for which the row of a dead node stays, so that a last transaction of it leaves nothing behind."""

STEADY: Final = 10_000
"""Milliseconds between two changes of one user."""


class Person(NamedTuple):
    """A user, named by all that its rows are found by."""

    service_sid: str
    identity: str
    user_sid: str


Later = Mapping[Person, int]
"""People whose change must wait, and the instant from which the same command can make it."""


class LeaseLost(ServiceError):
    """The node's lease ran out: it must take another one, and say anew who is connected to it."""

    def __init__(self) -> None:
        super().__init__(409, 20409, "The node's lease ran out")


@dataclass(frozen=True, slots=True)
class TakeLease:
    """A new node: its SID."""

    exclusive: ClassVar = False

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> str:
        node = Node(tx.sid("ND"), tx.now + LEASE)
        tx.add(node)
        return node.sid


@dataclass(frozen=True, slots=True)
class RenewLease:
    """Prolong a lease; raises `LeaseLost` if it ran out, even if nobody noticed: others may be about to act on it.

    `exclusive`, since that locks the node's row.
    """

    exclusive: ClassVar = True

    node_sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        tx.change(replace(_own(tx, self.node_sid), date_expires=tx.now + LEASE))


@dataclass(frozen=True, slots=True)
class ForgetNode:
    """Remove the row of a node that is long dead and on which nothing hangs any more."""

    exclusive: ClassVar = True

    node_sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        node = tx.one(Node, sid=self.node_sid)
        if node is None or node.date_expires + REMEMBERED > tx.now:
            return
        if tx.last(Presence, order="user_sid", node_sid=node.sid) is None:
            tx.remove(node)


@dataclass(frozen=True, slots=True)
class Arrive:
    """These people are connected to this node. Who is deleted, or of a service that shows no presence, is passed over.

    `instead_of` names nodes that are known to have ended: an arrival here ends the presence there.
    Raises `LeaseLost`.
    """

    exclusive: ClassVar = False

    node_sid: str
    people: tuple[Person, ...]
    instead_of: tuple[str, ...] = ()

    def needs(self, actor: Actor) -> Needs:
        return _needs(self.people, self.node_sid, *self.instead_of)

    def decide(self, actor: Actor, tx: Tx) -> Later:
        _own(tx, self.node_sid)
        later: dict[Person, int] = {}
        for person in self.people:
            service, user = tx.one(Service, sid=person.service_sid), _user(tx, person)
            if user is None or service is None or not service.reachability_enabled:
                continue
            if tx.one(Presence, user_sid=user.sid, node_sid=self.node_sid) is None:
                tx.add(Presence(user.sid, self.node_sid))
            for sid in self.instead_of:
                _leave(tx, user.sid, sid)
            if user.online:
                continue
            if (due := _ripe(user, tx.now)) > tx.now:
                later[person] = due
            else:
                show(tx, service, user, online=True, reachability_date=tx.now)
        return later


@dataclass(frozen=True, slots=True)
class Depart:
    """These people are not connected to this node any more, or (`dead`) the node itself is gone.

    Who would go offline but may not yet keeps the row that says so: the change is then not lost with the node.
    With `dead`, nothing happens unless the node's lease ended.
    """

    exclusive: ClassVar = False

    node_sid: str
    people: tuple[Person, ...]
    dead: bool = False

    def needs(self, actor: Actor) -> Needs:
        return _needs(self.people, self.node_sid)

    def decide(self, actor: Actor, tx: Tx) -> Later:
        living = {node.sid for node in tx.all(Node, order="sid") if not ended(node, tx.now)}
        if self.dead and self.node_sid in living:
            return {}
        later: dict[Person, int] = {}
        for person in self.people:
            user = _user(tx, person)
            if user is not None and user.online and not self._elsewhere(tx, user, living):
                if (due := _ripe(user, tx.now)) > tx.now:
                    later[person] = due
                    continue
                service = tx.one(Service, sid=user.service_sid)
                show(tx, service, user, online=False, reachability_date=tx.now)
            _leave(tx, person.user_sid, self.node_sid)
        return later

    def _elsewhere(self, tx: Tx, user: User, living: set[str]) -> bool:
        """Whether the user is connected to another node."""
        others = living - {self.node_sid}
        return any(tx.one(Presence, user_sid=user.sid, node_sid=sid) is not None for sid in others)


def ended(node: Node, now: int) -> bool:
    """Whether nobody may take a node's word any more, as another node sees it."""
    return node.date_expires + MARGIN <= now


def show(tx: Tx, service: Service | None, user: User, **changes: Any) -> User:
    """Change `online` or `notifiable`. Clients are told only where the service shows it; the position moves anyway."""
    position = user.position + 1
    user = replace(user, position=position, reachability_position=position, **changes)
    tx.change(user)
    if service is not None and service.reachability_enabled:
        tx.emit(UserUpdated(user.sid, position, user))
    return user


def _own(tx: Tx, node_sid: str) -> Node:
    """The node's row while its own lease runs. Raises `LeaseLost`."""
    node = tx.one(Node, sid=node_sid)
    if node is None or node.date_expires <= tx.now:
        raise LeaseLost
    return node


def _user(tx: Tx, person: Person) -> User | None:
    """The person's row; another user who has the identity by now is somebody else."""
    user = tx.one(User, service_sid=person.service_sid, identity=person.identity)
    return user if user is not None and user.sid == person.user_sid else None


def _leave(tx: Tx, user_sid: str, node_sid: str) -> None:
    presence = tx.one(Presence, user_sid=user_sid, node_sid=node_sid)
    if presence is not None:
        tx.remove(presence)


def _ripe(user: User, now: int) -> int:
    """From when `online` may change. A last change in the future is the mark of a clock that was put back."""
    last = user.reachability_date
    return now if last is None or last > now else last + STEADY


def _needs(people: tuple[Person, ...], *nodes: str) -> Needs:
    rows = [key(Node, sid=nodes[0])]
    rows += [key(Service, sid=sid) for sid in dict.fromkeys(person.service_sid for person in people)]
    rows += [key(Presence, user_sid=person.user_sid, node_sid=sid) for person in people for sid in nodes]
    return Needs(users=tuple((person.service_sid, person.identity) for person in people), rows=tuple(rows))
