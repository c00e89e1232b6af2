"""Commands on leases: work that one node of several does (docs/design/0012-webhooks.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .model import Lease
from .permissions import require_account
from .ports import Actor, Needs, Tx


@dataclass(frozen=True, slots=True)
class HoldLease:
    """Take or renew a lease, `length` milliseconds long; the result says whether `holder` now holds it.

    Another's is taken `margin_ms` after it ran out, since the clocks of two nodes may differ by that; at once if
    `alone`: then no other holder can be alive. One that lasts longer than any can is the mark of a clock that was put
    back, and is taken, too. Two nodes never both hold it: the row is locked, and of two that make it at the same
    instant, one gets a conflict (409).
    """

    exclusive: ClassVar = True

    name: str
    holder: str
    length_ms: int
    margin_ms: int
    alone: bool = False

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> bool:
        require_account(actor, "hold leases")
        lease = tx.one(Lease, name=self.name)
        mine = Lease(self.name, self.holder, tx.now + self.length_ms)
        if lease is None:
            tx.add(mine)
            return True
        if lease.holder != self.holder and not self.alone and not self._over(lease, tx.now):
            return False
        tx.change(mine)
        return True

    def _over(self, lease: Lease, now: int) -> bool:
        left = lease.date_expires - now
        return left <= -self.margin_ms or left > self.length_ms + self.margin_ms


@dataclass(frozen=True, slots=True)
class ReleaseLease:
    """Give a lease back, so that another need not wait for its end. Nothing happens if `holder` does not hold it."""

    exclusive: ClassVar = True

    name: str
    holder: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "release leases")
        lease = tx.one(Lease, name=self.name)
        if lease is not None and lease.holder == self.holder:
            tx.remove(lease)
