"""One real server for all REST tests; each test has a service of its own, so that lists hold only what it made."""

from __future__ import annotations

import base64
import http.client
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.rest import Client

from tests.servers import Postgres, Server, twilio_client


@dataclass(frozen=True)
class Reply:
    """An answer as it was on the wire."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.text)

    @property
    def code(self) -> int:
        """The error's code, after a look at the whole error."""
        error = self.json
        assert set(error) == {"code", "message", "more_info", "status"}
        assert error["status"] == self.status
        assert error["more_info"] == f"https://www.twilio.com/docs/errors/{error['code']}"
        return int(error["code"])


class Wire:
    """Requests that the library cannot send."""

    def __init__(self, server: Server) -> None:
        self.server = server
        keys = server.credentials
        self.account_sid = keys["account_sid"]
        self.authorization = basic(keys["account_sid"], keys["auth_token"])

    def send(
        self,
        method: str,
        path: str,
        form: Mapping[str, Any] | bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        authorization: str | None = "",
    ) -> Reply:
        """`authorization=None` sends none; the default is the account's own."""
        body = form if isinstance(form, bytes) else urlencode(form or {}, doseq=True).encode() if form else b""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        if authorization is not None:
            sent["Authorization"] = authorization or self.authorization
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Reply(
                answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
            )
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Reply:
        return self.send("GET", path, **options)

    def post(self, path: str, form: Mapping[str, Any] | bytes | None = None, **options: Any) -> Reply:
        return self.send("POST", path, form, **options)


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


DATABASES = ["sqlite", "postgresql"] if os.environ.get("ROOMFUL_LONG") else ["sqlite"]
"""PostgreSQL only in `make test-all`: the store's and the core's own tests run on it always."""


@pytest.fixture(scope="session", params=DATABASES)
def rest_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service without the chat application.

    It trusts this machine as a proxy, so that a test can come from an address of its own.
    """
    with ExitStack() as stack:
        env = {"TRUSTED_PROXIES": "127.0.0.1"}
        if request.param == "postgresql":
            postgres: Postgres = request.getfixturevalue("postgres")
            env["DATABASE_URL"] = stack.enter_context(postgres.database())
        server = Server(tmp_path_factory.mktemp("rest"), "--only", "service", **env)
        stack.callback(server.close)
        yield server.start()


@pytest.fixture
def client(rest_server: Server) -> Client:
    """The unmodified library; the account's default service is new and empty."""
    client = twilio_client(rest_server)
    service = client.conversations.v1.services.create(friendly_name="of one test")
    client.conversations.v1.configuration().update(default_chat_service_sid=service.sid)
    return client


@pytest.fixture
def service_sid(client: Client) -> str:
    """The account's default service."""
    sid: str = client.conversations.v1.configuration().fetch().default_chat_service_sid
    return sid


@pytest.fixture(params=["short", "service"])
def api(request: pytest.FixtureRequest, client: Client, service_sid: str) -> Any:
    """`conversations`, `users` and `roles` of the library, in the short form and in the form that names the service."""
    return client.conversations.v1 if request.param == "short" else client.conversations.v1.services(service_sid)


@pytest.fixture
def wire(rest_server: Server, client: Client) -> Wire:
    """Raw HTTP, on the same new and empty default service."""
    return Wire(rest_server)
