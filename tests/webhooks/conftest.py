"""A listener, and a server that may call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import MakeServer
from tests.servers import Server

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


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hooked]:
    """Like `hooked_server` and `listener`, one of each for all tests of a module; whoever uses it makes a service."""
    listener = Listener().up()
    folder = tmp_path_factory.mktemp("hooks") / "server"
    server = Server(folder, "--only", "service", WEBHOOK_ALLOW="127.0.0.1").start()
    listener.trust(server.credentials["auth_token"])
    yield Hooked(server, listener)
    server.close()
    listener.close()
    assert listener.forged == []
    assert "Traceback" not in server.log, server.log
