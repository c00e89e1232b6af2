"""What a service's push notifications would say: for account credentials only. This server sends none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from . import errors, limits
from .model import NotificationConfiguration, Service
from .permissions import require_account
from .ports import Actor, Needs, Tx, key


@dataclass(frozen=True, slots=True)
class UpdateNotifications:
    """Change the columns of `NotificationConfiguration` that `values` names: booleans and texts.

    Raises 50058 or 50059 (400) for a template or sound that is too long.
    """

    exclusive: ClassVar = True

    values: Mapping[str, bool | str] = field(default_factory=dict)

    def needs(self, actor: Actor) -> Needs:
        return Needs(rows=(key(Service, sid=actor.service_sid),))

    def decide(self, actor: Actor, tx: Tx) -> NotificationConfiguration:
        require_account(actor, "configure notifications")
        if tx.one(Service, sid=actor.service_sid) is None:
            raise errors.service_not_found()
        old = tx.one(NotificationConfiguration, service_sid=actor.service_sid)
        changes = {name: _checked(name, value) for name, value in self.values.items()}
        new = replace(old or NotificationConfiguration(actor.service_sid), **changes)  # type: ignore[arg-type]
        if old is None:
            tx.add(new)
        else:
            tx.change(new)
        return new


def _checked(name: str, value: bool | str) -> bool | str | None:
    if isinstance(value, bool):
        return value
    return limits.notification_sound(value) if name.endswith("_sound") else limits.notification_template(value)
