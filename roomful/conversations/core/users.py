"""Commands on users."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from . import errors, limits
from .events import AccessReduced, TokensRevoked, UserAdded, UserUpdated
from .leaving import remove_member
from .media import remove
from .model import Conversation, Media, Participant, Presence, PushBinding, Role, Service, Tombstone, User
from .permissions import require_account
from .ports import UNSET, Actor, Needs, RowKey, Tx, Unset, key
from .tokens import revoke_identity


def new_user(
    tx: Tx, service_sid: str, identity: str, friendly_name: str | None, attributes: str, role_sid: str
) -> User:
    """Write a user whose values were checked."""
    user = User(
        sid=tx.sid("US"),
        service_sid=service_sid,
        identity=identity,
        friendly_name=friendly_name,
        attributes=attributes,
        role_sid=role_sid,
        position=1,
        friendly_name_position=1,
        attributes_position=1,
        pruned_to=0,
        conversations_count=0,
        date_created=tx.now,
        date_updated=tx.now,
    )
    tx.add(user)
    tx.emit(UserAdded(user.sid, 1, user))
    return user


def ensure_user(tx: Tx, service_sid: str, identity: str) -> User:
    """The user with this identity, made with the service's default role if it is not known yet."""
    user = tx.one(User, service_sid=service_sid, identity=identity)
    return user or new_user(tx, service_sid, identity, None, "{}", default_role_sid(tx, service_sid))


def default_role_sid(tx: Tx, service_sid: str) -> str:
    """The role that the service gives to new users. Raises 50050 (404)."""
    service = tx.one(Service, sid=service_sid)
    if service is None:
        raise errors.service_not_found()
    return service.default_chat_service_role_sid


def service_role_by_sid(tx: Tx, service_sid: str, role_sid: str) -> Role:
    """The service role with this SID. Raises 50100 (404) or 50105 (400)."""
    role = tx.one(Role, sid=role_sid) if limits.is_sid(role_sid, "RL") else None
    if role is None or role.service_sid != service_sid:
        raise errors.role_not_found()
    if role.type != "service":
        raise errors.invalid(50105, "A user needs a role of type service")
    return role


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Make a user (account credentials only). Raises 50201 (409) if the identity is taken."""

    exclusive: ClassVar = False

    identity: str
    friendly_name: str | None = None
    attributes: str = "{}"
    role_sid: str | None = None

    def needs(self, actor: Actor) -> Needs:
        return Needs(users=((actor.service_sid, self.identity),), rows=(key(Service, sid=actor.service_sid),))

    def decide(self, actor: Actor, tx: Tx) -> User:
        require_account(actor, "create users")
        identity = limits.identity(self.identity)
        limits.attributes(self.attributes, limits.USER_ATTRIBUTES_BYTES)
        friendly_name = limits.friendly_name(self.friendly_name)
        if tx.one(User, service_sid=actor.service_sid, identity=identity):
            raise errors.user_exists()
        role_sid = default_role_sid(tx, actor.service_sid)
        if self.role_sid:
            role_sid = service_role_by_sid(tx, actor.service_sid, self.role_sid).sid
        return new_user(tx, actor.service_sid, identity, friendly_name, self.attributes, role_sid)


@dataclass(frozen=True, slots=True)
class EnsureUser:
    """The user with this identity, made if need be: what a valid access token for it implies."""

    exclusive: ClassVar = False

    identity: str

    def needs(self, actor: Actor) -> Needs:
        return Needs(users=((actor.service_sid, self.identity),), rows=(key(Service, sid=actor.service_sid),))

    def decide(self, actor: Actor, tx: Tx) -> User:
        return ensure_user(tx, actor.service_sid, limits.identity(self.identity))


@dataclass(frozen=True, slots=True)
class UpdateUser:
    """Change a profile: one's own with editOwnUserInfo, another's with editAnyUserInfo; roles by the account only."""

    exclusive: ClassVar = False

    identity: str
    friendly_name: str | Unset | None = UNSET
    attributes: str | Unset = UNSET
    role_sid: str | Unset = UNSET

    def needs(self, actor: Actor) -> Needs:
        rows: tuple[RowKey, ...] = ()
        if actor.identity not in (None, self.identity):
            rows = (key(User, service_sid=actor.service_sid, identity=actor.identity),)
        return Needs(users=((actor.service_sid, self.identity),), rows=rows)

    def decide(self, actor: Actor, tx: Tx) -> User:
        self._require(actor, tx)
        user = tx.one(User, service_sid=actor.service_sid, identity=self.identity)
        if user is None:
            raise errors.user_not_found()
        changes = self._changes(tx, user)
        if not changes:
            return user
        user = self._write(tx, replace(user, date_updated=tx.now, **changes), changes)
        if "role_sid" in changes:  # whatever the roles allow now: their own changes may be under way, too
            tx.emit(AccessReduced(user.service_sid, 0, identity=user.identity))
        return user

    def _write(self, tx: Tx, user: User, changes: dict[str, Any]) -> User:
        """Name and attributes are items of the profile, each with a position of its own.

        With one for both, a line that breaks between their two events would lose the second.
        """
        items = [name for name in ("friendly_name", "attributes") if name in changes]
        positions = range(user.position + 1, user.position + 1 + max(1, len(items)))
        moved: dict[str, Any] = {f"{name}_position": position for name, position in zip(items, positions, strict=False)}
        user = replace(user, position=positions[-1], **moved)
        tx.change(user)
        for position in positions:
            tx.emit(UserUpdated(user.sid, position, user))
        return user

    def _require(self, actor: Actor, tx: Tx) -> None:
        if actor.identity is None:
            return
        if self.role_sid is not UNSET:
            raise errors.ServiceError(403, 50205, "Only the account's credentials may set a user's role")
        acting = tx.one(User, service_sid=actor.service_sid, identity=actor.identity)
        role = tx.one(Role, sid=acting.role_sid) if acting else None
        wanted = ["editAnyUserInfo", *(["editOwnUserInfo"] if actor.identity == self.identity else [])]
        if role is None or not any(role.allows(permission) for permission in wanted):
            raise errors.forbidden(*wanted)

    def _changes(self, tx: Tx, user: User) -> dict[str, Any]:
        """The columns that get another value."""
        changes: dict[str, Any] = {}
        if not isinstance(self.friendly_name, Unset):
            changes["friendly_name"] = limits.friendly_name(self.friendly_name)
        if not isinstance(self.attributes, Unset):
            limits.attributes(self.attributes, limits.USER_ATTRIBUTES_BYTES)
            changes["attributes"] = self.attributes
        if not isinstance(self.role_sid, Unset):
            changes["role_sid"] = service_role_by_sid(tx, user.service_sid, self.role_sid).sid
        return {name: value for name, value in changes.items() if getattr(user, name) != value}


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Remove a user from the service and from all its conversations; its messages stay, its tokens are refused.

    Its uploads that no message took are removed.
    """

    exclusive: ClassVar = True

    identity: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "delete users")
        found = tx.one(User, service_sid=actor.service_sid, identity=self.identity)
        if found is None:
            raise errors.user_not_found()
        before = tx.all(Participant, order="conversation_sid", user_sid=found.sid)
        tx.lock(
            Needs(
                conversations=tuple(member.conversation_sid for member in before),
                users=((actor.service_sid, self.identity),),
            )
        )
        memberships = tx.all(Participant, order="conversation_sid", user_sid=found.sid)
        if {member.sid for member in memberships} - {member.sid for member in before}:
            raise errors.conflict()  # joined another conversation between the reading and the locking
        user = tx.one(User, sid=found.sid)
        if user is None:
            raise errors.user_not_found()
        for member in memberships:
            self._leave(tx, member)
        end_user(tx, tx.one(User, sid=user.sid) or user)

    def _leave(self, tx: Tx, member: Participant) -> None:
        conversation = tx.one(Conversation, sid=member.conversation_sid)
        if conversation is not None:
            remove_member(tx, conversation, member)


def end_user(tx: Tx, user: User) -> None:
    """Remove a user, who is locked and in no conversation any more. Only for exclusive commands."""
    revoke_identity(tx, user.service_sid, user.identity)
    tx.remove_all(Tombstone, stream_sid=user.sid)
    tx.remove_all(Presence, user_sid=user.sid)
    tx.remove_all(PushBinding, user_sid=user.sid)
    remove(tx, user.service_sid, tx.all(Media, order="sid", owner=user.sid))
    tx.remove(user)
    tx.emit(TokensRevoked(user.service_sid, 0, frozenset(), user.identity))
