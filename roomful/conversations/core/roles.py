"""Commands on roles (docs/rest.md, "Roles"): for account credentials only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from . import errors, limits
from .events import AccessReduced
from .model import Participant, Role, Service, User
from .permissions import PERMISSIONS, moderates, require_account
from .ports import Actor, Needs, Tx


def new_role(tx: Tx, service_sid: str, friendly_name: str, type: str, permissions: tuple[str, ...]) -> Role:
    """Write a role whose values were checked."""
    role = Role(
        sid=tx.sid("RL"),
        service_sid=service_sid,
        friendly_name=friendly_name,
        type=type,
        permissions=" ".join(permissions),
        date_created=tx.now,
        date_updated=tx.now,
    )
    tx.add(role)
    return role


def checked_permissions(type: str, permissions: tuple[str, ...]) -> tuple[str, ...]:
    """The distinct permissions in their order. Raises 50104 (400) for one that a role of this type cannot hold."""
    for permission in permissions:
        if permission not in PERMISSIONS[type]:
            raise errors.invalid(50104, f"Permission unknown to a role of type {type}: {permission[:64]}")
    return tuple(dict.fromkeys(permissions))


@dataclass(frozen=True, slots=True)
class CreateRole:
    """Make a role of `type` "service" or "conversation"."""

    exclusive: ClassVar = True

    friendly_name: str
    type: str
    permissions: tuple[str, ...]

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> Role:
        require_account(actor, "create roles")
        friendly_name = limits.role_name(self.friendly_name)
        if self.type not in PERMISSIONS:
            raise errors.invalid(50105, "Role type must be service or conversation")
        permissions = checked_permissions(self.type, self.permissions)
        if len(tx.all(Role, order="sid", service_sid=actor.service_sid)) >= limits.ROLES_PER_SERVICE:
            raise errors.invalid(20001, f"A service has at most {limits.ROLES_PER_SERVICE} roles")
        return new_role(tx, actor.service_sid, friendly_name, self.type, permissions)


def _role(actor: Actor, tx: Tx, sid: str) -> Role:
    role = tx.one(Role, sid=sid)
    if role is None or role.service_sid != actor.service_sid:
        raise errors.role_not_found()
    return role


@dataclass(frozen=True, slots=True)
class UpdateRole:
    """Replace a role's whole set of permissions."""

    exclusive: ClassVar = True

    role_sid: str
    permissions: tuple[str, ...]

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> Role:
        require_account(actor, "change roles")
        old = _role(actor, tx, self.role_sid)
        permissions = checked_permissions(old.type, self.permissions)
        role = replace(old, permissions=" ".join(permissions), date_updated=tx.now)
        tx.change(role)
        if old.type == "service" and moderates(old) and not moderates(role):
            tx.emit(AccessReduced(role.service_sid, 0, role_sid=role.sid))
        return role


@dataclass(frozen=True, slots=True)
class DeleteRole:
    """Remove a role that is nobody's and no default."""

    exclusive: ClassVar = True

    role_sid: str

    def needs(self, actor: Actor) -> Needs:
        return Needs()

    def decide(self, actor: Actor, tx: Tx) -> None:
        require_account(actor, "delete roles")
        role = _role(actor, tx, self.role_sid)
        service = tx.one(Service, sid=role.service_sid)
        defaults = service and (
            service.default_chat_service_role_sid,
            service.default_conversation_creator_role_sid,
            service.default_conversation_role_sid,
        )
        if defaults and role.sid in defaults:
            raise errors.ServiceError(409, 20409, "The role is a default of its service")
        if tx.last(User, order="sid", role_sid=role.sid) or tx.last(Participant, order="sid", role_sid=role.sid):
            raise errors.ServiceError(409, 20409, "The role is held by users or participants")
        tx.remove(role)
