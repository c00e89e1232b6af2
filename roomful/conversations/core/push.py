"""Push bindings: which devices a user wants to be notified on. `User.notifiable` says whether there is any.

A device's address belongs to the user who registered it last: who signs in on a device that another person used gets
its notifications, and that other person none there any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from . import errors, limits
from .model import PushBinding, Service, User
from .permissions import require_account
from .ports import Actor, Needs, Reads, Tx, key
from .presence import show

CHANNEL_TYPES: Final = ("fcm", "apn")
BINDINGS_PER_USER: Final = 50
"""A user who registers more devices loses the one that was registered longest ago."""


@dataclass(frozen=True, slots=True)
class RegisterPush:
    """Bind a device to the acting user and take it from others of the service; a repetition changes nothing.

    Raises 20001 (400) for an address or a channel type that cannot be.
    """

    exclusive: ClassVar = True

    channel_type: str
    address: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> PushBinding:
        self._check()
        before = self._holders(tx, actor.service_sid)
        people = {*(user.identity for user in before), actor.identity or ""}
        tx.lock(Needs(users=tuple((actor.service_sid, identity) for identity in people)))
        user = tx.one(User, service_sid=actor.service_sid, identity=actor.identity)
        if user is None:
            raise errors.user_not_found()
        if {holder.sid for holder in self._holders(tx, actor.service_sid)} - {holder.sid for holder in before}:
            raise errors.conflict()  # somebody else registered the device between the reading and the locking
        mine = None
        for binding in self._bindings(tx):
            holder = tx.one(User, sid=binding.user_sid)
            if holder is None or holder.service_sid != actor.service_sid:
                continue
            if holder.sid == user.sid:
                mine = binding
            else:
                tx.remove(binding)
                _follow(tx, holder.sid)
        return mine or self._bind(tx, user)

    def done(self, reads: Reads, actor: Actor) -> PushBinding | None:
        """The binding, if the command would change nothing: clients give it at each of their starts. Raises 20001."""
        self._check()
        found = reads.find(PushBinding, "address", [self.address])
        bindings = {row.user_sid: row for row in found if row.channel_type == self.channel_type}
        holders = [user for user in reads.find(User, "sid", list(bindings)) if user.service_sid == actor.service_sid]
        alone = [user.identity for user in holders] == [actor.identity]
        return bindings[holders[0].sid] if alone else None

    def _check(self) -> None:
        limits.push_address(self.address)
        if self.channel_type not in CHANNEL_TYPES:
            raise errors.invalid(20001, f"channel_type must be one of {', '.join(CHANNEL_TYPES)}")

    def _bindings(self, tx: Tx) -> list[PushBinding]:
        rows = tx.all(PushBinding, order="sid", address=self.address)
        return [row for row in rows if row.channel_type == self.channel_type]

    def _holders(self, tx: Tx, service_sid: str) -> list[User]:
        users = [tx.one(User, sid=binding.user_sid) for binding in self._bindings(tx)]
        return [user for user in users if user is not None and user.service_sid == service_sid]

    def _bind(self, tx: Tx, user: User) -> PushBinding:
        bindings = tx.all(PushBinding, order="sid", user_sid=user.sid)
        for oldest in bindings[: max(0, len(bindings) + 1 - BINDINGS_PER_USER)]:
            tx.remove(oldest)
        binding = PushBinding(
            *(tx.sid("BS"), user.sid, self.channel_type, self.address, tx.now, tx.now),
            service_sid=user.service_sid,
            identity=user.identity,
        )
        tx.add(binding)
        _follow(tx, user.sid)
        return binding


@dataclass(frozen=True, slots=True)
class UnregisterPush:
    """Remove a binding of the acting user, named by its SID or by channel type and address; nothing if it is not there.

    Give either `binding_sid` or the other two.
    """

    exclusive: ClassVar = False

    binding_sid: str | None = None
    channel_type: str | None = None
    address: str | None = None

    def needs(self, actor: Actor) -> Needs:
        return Needs(users=((actor.service_sid, actor.identity or ""),), rows=(key(Service, sid=actor.service_sid),))

    def decide(self, actor: Actor, tx: Tx) -> None:
        user = tx.one(User, service_sid=actor.service_sid, identity=actor.identity)
        if user is None:
            raise errors.user_not_found()
        device = (self.channel_type, self.address)
        for binding in tx.all(PushBinding, order="sid", user_sid=user.sid):
            if binding.sid == self.binding_sid or (binding.channel_type, binding.address) == device:
                tx.remove(binding)
        _follow(tx, user.sid)


@dataclass(frozen=True, slots=True)
class DeletePushBinding:
    """Take a device away from the user `identity` (account credentials only). Raises 20404 (404)."""

    exclusive: ClassVar = False

    identity: str
    binding_sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs(users=((actor.service_sid, self.identity),), rows=(key(Service, sid=actor.service_sid),))

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "remove other people's push bindings")
        user = tx.one(User, service_sid=actor.service_sid, identity=self.identity)
        binding = tx.one(PushBinding, sid=self.binding_sid)
        if user is None or binding is None or binding.user_sid != user.sid:
            raise errors.gone("The push binding")
        tx.remove(binding)
        _follow(tx, user.sid)


def _follow(tx: Tx, user_sid: str) -> None:
    """Bring `notifiable` in line with the bindings that are left."""
    user = tx.one(User, sid=user_sid)
    notifiable = tx.last(PushBinding, order="sid", user_sid=user_sid) is not None
    if user is not None and user.notifiable != notifiable:
        show(tx, tx.one(Service, sid=user.service_sid), user, notifiable=notifiable)
