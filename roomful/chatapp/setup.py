"""What the chat application wants of a Conversations service that it did not make: nothing is written unasked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from roomful.chatapp.backend import PARTICIPANT_ROLE, Backend, Connection, talking
from roomful.chatapp.config import is_loopback
from roomful.chatapp.hooks import EVENTS, hook_url

SERVICE_NAME = "chat"  # as in the tutorial
PERMISSIONS = ("joinConversation", "editOwnUserInfo")
HEARING = "the chat hears what changes elsewhere"
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
    notes: list[str] = field(default_factory=list)
    """What is not as it could be, and no change at the backend would help."""


def make_plan(connection: Connection, public_url: str) -> Plan:
    """Compare the backend with what is wanted. Reads only. Raises BackendUnavailable.

    public_url: where the backend reaches this application with its webhooks.
    """
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
        _plan_webhook(plan, connection, hook_url(public_url), new=True)
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
    _plan_webhook(plan, connection, hook_url(public_url), new=False)
    return plan


# --- the webhook ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Webhook:
    """A webhook configuration, of a service or of the account. What is not set is empty."""

    post_url: str = ""
    pre_url: str = ""
    method: str = ""
    filters: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Any) -> "_Webhook":
        """As the library reads it."""
        filters = tuple(str(name) for name in found.filters or ())
        return cls(found.post_webhook_url or "", found.pre_webhook_url or "", (found.method or "").upper(), filters)

    @property
    def wanted_filters(self) -> tuple[str, ...]:
        """The events that the chat application wants to hear of, after those that are there: somebody wants them."""
        there = {name.lower() for name in self.filters}
        return self.filters + tuple(name for name in sorted(EVENTS) if name.lower() not in there)

    def tells(self, url: str) -> bool:
        return (self.post_url, self.method, self.wanted_filters) == (url, "POST", self.filters)


def _plan_webhook(plan: Plan, connection: Connection, url: str, *, new: bool) -> None:
    """A service in this process tells of what happens without one. Last of all: it may be refused."""
    backend = connection.backend
    if backend.kind == "embedded":
        return
    if not _reaches(backend, urlsplit(url).hostname or ""):
        plan.notes.append(_unreachable(backend, url))
        return
    service, account = _Webhook(), _Webhook()
    with talking("read the webhook configuration"):
        if not new:
            service = _Webhook.of(connection.service.configuration.webhooks().fetch())
        if not (service.post_url or service.pre_url):
            account = _Webhook.of(connection.client.conversations.v1.configuration.webhooks().fetch())
    if service.tells(url) or account.tells(url):
        plan.found.append(f"{HEARING} (webhook {url})")
        return
    text = _webhook_text(service, account, url)
    plan.steps.append(Step(text, lambda: _set_webhook(connection, url, service.wanted_filters), optional=True))


def _reaches(backend: Backend, host: str) -> bool:
    """Whether webhooks of the backend could come to this host: names that only this machine knows are for services on
    this machine, and private addresses are no good to Twilio."""
    if is_loopback(host):
        return backend.base_url is not None and is_loopback(urlsplit(backend.base_url).hostname or "")
    try:
        return backend.base_url is not None or ip_address(host).is_global
    except ValueError:
        return True


def _unreachable(backend: Backend, url: str) -> str:
    where = "Twilio's cloud" if backend.base_url is None else backend.base_url
    return (
        f"no webhook: {where} cannot reach {url}, so what changes elsewhere shows here later:"
        " names with the next token, the rest once a day. Set PUBLIC_URL to an address that it can reach"
    )


def _webhook_text(service: _Webhook, account: _Webhook, url: str) -> str:
    text = f"{HEARING} (webhook {url}, {_how('POST', service.wanted_filters)}"
    if service.post_url:
        text += f"; in place of {_shown(service.post_url)}, {_how(service.method, service.filters)}"
    text += ")"
    if service.pre_url and service.method != "POST":
        text += f"; {_shown(service.pre_url)} is then asked by POST, too, in place of {service.method}"
    others = [_shown(other) for other in (account.pre_url, account.post_url) if other]
    if others:
        text += f"; the account's own webhook ({', '.join(others)}) is then not called for this service any more"
    return text


def _how(method: str, filters: tuple[str, ...]) -> str:
    return f"by {method} of {', '.join(filters) or 'nothing'}"


def _shown(url: str) -> str:
    """Without what may be secret: name, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "something that is no URL"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _set_webhook(connection: Connection, url: str, filters: tuple[str, ...]) -> None:
    with talking("set the webhook"):
        connection.service.configuration.webhooks().update(post_webhook_url=url, method="POST", filters=list(filters))


# --- service, role, presence ---------------------------------------------------------------------------------------


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
