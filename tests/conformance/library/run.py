"""All scenarios, one after the other on one server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twilio.rest import Client

from tests.servers import Server

from . import addresses, conversations, members, messages, participants, push, roles, services, users, webhooks
from .recorder import Recorder
from .specification import Specification
from .stage import Scenario, Stage

MODULES = (conversations, participants, members, messages, users, roles, webhooks, push, addresses, services)
FORMS = ("short", "service")


def scenarios() -> Iterator[tuple[str, str, Scenario]]:
    """The name of each, and the form of paths in which it plays: both, where the specification has both."""
    for module in MODULES:
        name = module.__name__.rpartition(".")[2]
        for scenario in getattr(module, "SCENARIOS", ()):
            for form in FORMS:
                yield f"{name}: {scenario.__name__}", form, scenario
        for scenario in getattr(module, "ONCE", ()):
            yield f"{name}: {scenario.__name__}", "short", scenario


class Run:
    """A server, and what the library was answered by it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.specification = Specification()
        self.recorder = Recorder(self.specification)
        keys = server.credentials
        self.client = Client(keys["account_sid"], keys["auth_token"], http_client=self.recorder)
        self.client.conversations.base_url = server.url

    @classmethod
    @contextmanager
    def of(cls, folder: Path) -> Iterator[Run]:
        """On a new server without the chat application, which ends with the context."""
        server = Server(folder, "--only", "service")
        try:
            yield cls(server.start())
        finally:
            server.close()

    def play(self, form: str, scenario: Scenario) -> None:
        """On a service of its own. Raises AssertionError, or what the library raises."""
        v1 = self.client.conversations.v1
        service = v1.services.create(friendly_name="of one scenario").sid
        v1.configuration().update(default_chat_service_sid=service)
        scenario(Stage(self.server, self.client, service, form))
