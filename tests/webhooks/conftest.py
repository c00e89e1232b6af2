"""A listener, and a server that may call it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.conftest import MakeServer
from tests.servers import Postgres, Server

from .listener import Listener

MakeListener = Callable[[], Listener]


@pytest.fixture
def make_listener() -> Iterator[MakeListener]:
    """`make_listener()` listens on a port of its own. Every call that came must have been signed rightly."""
    listeners: list[Listener] = []

    def make() -> Listener:
        listeners.append(Listener().up())
        return listeners[-1]

    yield make
    for listener in listeners:
        listener.close()
    assert [call for listener in listeners for call in listener.forged] == []


@pytest.fixture
def listener(make_listener: MakeListener) -> Listener:
    return make_listener()


@pytest.fixture
def hooked_server(start_server: MakeServer, listener: Listener) -> Server:
    """A service alone, which may call 127.0.0.1 and whose auth token `listener` trusts."""
    server = start_server("--only", "service", WEBHOOK_ALLOW="127.0.0.1")
    listener.trust(server.credentials["auth_token"])
    return server


@dataclass(frozen=True)
class Hooked:
    """A server and a listener for many tests."""

    server: Server
    listener: Listener


DATABASES = ["sqlite", "postgresql"] if os.environ.get("ROOMFUL_LONG") else ["sqlite"]
"""PostgreSQL only in `make test-all`, but for one test (test_delivery_faults.py): core and store run on it always."""


@pytest.fixture(scope="module", params=DATABASES)
def hooked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hooked]:
    """Like `hooked_server` and `listener`, one of each for all tests of a module; whoever uses it makes a service."""
    with ExitStack() as stack:
        env = {"WEBHOOK_ALLOW": "127.0.0.1"}
        if request.param == "postgresql":
            postgres: Postgres = request.getfixturevalue("postgres")
            env["DATABASE_URL"] = stack.enter_context(postgres.database())
        listener = Listener().up()
        stack.callback(listener.close)
        server = Server(tmp_path_factory.mktemp("hooks") / "server", "--only", "service", **env)
        stack.callback(server.close)
        listener.trust(server.start().credentials["auth_token"])
        yield Hooked(server, listener)
    assert listener.forged == []
    assert "Traceback" not in server.log, server.log
