"""What the chat application wants of a Conversations service that it did not make: nothing is written unasked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from roomful.chatapp.backend import PARTICIPANT_ROLE, Connection, talking

SERVICE_NAME = "chat"  # as in the tutorial
PERMISSIONS = ("joinConversation", "editOwnUserInfo")
PRESENCE = "people see who is online (ReachabilityEnabled)"


@dataclass(frozen=True)
class Step:
    """One change: what it is, for a person, and how it is made."""

    text: str
    carry_out: Callable[[], None]
    optional: bool = False
    """Whether the chat works as well without it."""


@dataclass
class Plan:
    """What is in order already, and the changes that are wanted, in order."""

    found: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def make_plan(connection: Connection) -> Plan:
    """Compare the backend with what is wanted. Reads only. Raises BackendUnavailable."""
    plan = Plan()
    service_sid = connection.credentials.service_sid
    if service_sid is None:
        with talking("read the account's configuration"):
            service_sid = connection.client.conversations.v1.configuration().fetch().default_chat_service_sid
    if not service_sid:
        plan.steps.append(
            Step(f"a Conversations service “{SERVICE_NAME}”, the account's default", lambda: _service(connection))
        )
        plan.steps.append(Step(_role_text(), lambda: _create_role(connection)))
        plan.steps.append(Step(PRESENCE, lambda: _show_presence(connection), optional=True))
        return plan
    plan.found.append(f"Conversations service {service_sid}")
    role = _find_role(connection)
    if role is None:
        plan.steps.append(Step(_role_text(), lambda: _create_role(connection)))
    elif set(role.permissions or ()) == set(PERMISSIONS):
        plan.found.append(f"service role “{PARTICIPANT_ROLE}” ({role.sid})")
    else:
        text = f"the role “{PARTICIPANT_ROLE}” ({role.sid}) with exactly {', '.join(PERMISSIONS)}; now it has "
        plan.steps.append(Step(text + (", ".join(role.permissions) or "none"), lambda: _update_role(connection, role)))
    with talking("read the service's configuration"):
        shown = connection.service.configuration().fetch().reachability_enabled
    if shown:
        plan.found.append(PRESENCE)
    else:
        plan.steps.append(Step(PRESENCE, lambda: _show_presence(connection), optional=True))
    return plan


def _role_text() -> str:
    return f"a service role “{PARTICIPANT_ROLE}” with {', '.join(PERMISSIONS)}"


def _find_role(connection: Connection) -> Any:
    with talking("read the roles"):
        for role in connection.service.roles.list():
            if role.friendly_name == PARTICIPANT_ROLE and role.type == "service":
                return role
    return None


def _service(connection: Connection) -> None:
    with talking("create the service"):
        service = connection.client.conversations.v1.services.create(friendly_name=SERVICE_NAME)
        connection.client.conversations.v1.configuration().update(default_chat_service_sid=service.sid)


def _create_role(connection: Connection) -> None:
    with talking("create the role"):
        connection.service.roles.create(friendly_name=PARTICIPANT_ROLE, type="service", permission=list(PERMISSIONS))


def _update_role(connection: Connection, role: Any) -> None:
    with talking("update the role"):
        connection.service.roles(role.sid).update(permission=list(PERMISSIONS))


def _show_presence(connection: Connection) -> None:
    with talking("let the service show who is online"):
        connection.service.configuration().update(reachability_enabled=True)
