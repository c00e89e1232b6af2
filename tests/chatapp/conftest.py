"""A chat application against a real Conversations service, and a recorder between the two."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.test import TestResponse

from roomful.chatapp.app import create_app
from roomful.chatapp.backend import Backend, Credentials
from roomful.chatapp.config import ChatConfig
from roomful.chatapp.hooks import PATH
from roomful.chatapp.state import EXTENSION, ChatState
from roomful.chatapp.store.database import Database
from tests.servers import Server, twilio_client

MakeApp = Callable[..., Flask]
PASSWORD = "correct horse"
_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


class Recorder(HttpClient):  # type: ignore[misc]  # the library is untyped
    """Passes requests on and notes each; `before` may look at one first, or raise in its place."""

    def __init__(self) -> None:
        self._inner = TwilioHttpClient(timeout=15)
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.before: Callable[[str, str], None] = lambda method, path: None

    def request(self, method: str, uri: str, *args: Any, **kwargs: Any) -> Response:
        path = urlsplit(uri).path
        self.requests.append((method, path))
        self.bodies.append(args[1] if len(args) > 1 else None)
        self.before(method, path)
        return self._inner.request(method, uri, *args, **kwargs)

    def count(self, method: str, pattern: str) -> int:
        """How many requests went to paths that match `pattern` as a whole."""
        return sum(1 for m, path in self.requests if m == method and re.fullmatch(pattern, path))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real Conversations service for all tests of the chat app; `backend` empties it."""
    allowed = {"WEBHOOK_ALLOW": "localhost:5000"}  # the chat app's PUBLIC_URL in these tests
    server = Server(tmp_path_factory.mktemp("service"), "--only", "service", **allowed).start()
    yield server
    server.close()


@pytest.fixture
def rest(service: Server) -> Iterator[Any]:
    """The default service as the unmodified `twilio` library sees it, emptied after the test."""
    client: Client = twilio_client(service)
    context = client.conversations.v1.services(service.credentials["service_sid"])
    yield context
    for conversation in context.conversations.list():
        conversation.delete()
    for user in context.users.list():
        user.delete()
    context.configuration().update(reachability_enabled=False)
    for webhooks in (context.configuration.webhooks(), client.conversations.v1.configuration.webhooks()):
        webhooks.update(pre_webhook_url="", post_webhook_url="", filters=[""], method="POST")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def backend(service: Server, rest: Any, recorder: Recorder) -> Backend:
    """The service as another Roomful, reached over HTTP through the recorder."""
    credentials = Credentials(**service.credentials)
    return Backend("roomful", service.url, lambda: credentials, recorder, {"twilsock": {"uri": "/v3/wsconnect"}})


@pytest.fixture(scope="session")
def chat_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chat database without people, to be copied: making its tables takes longer than most tests."""
    path = tmp_path_factory.mktemp("chat") / "chat.db"
    database = Database(f"sqlite:///{path}")
    database.open()
    database.close()  # what was in the write-ahead log is in the file now
    return path


@pytest.fixture
def make_app(backend: Backend, tmp_path: Path, chat_tables: Path) -> Iterator[MakeApp]:
    """`make_app(auth="open")` makes a chat application; all share one database unless told otherwise."""
    apps: list[Flask] = []
    shutil.copyfile(chat_tables, tmp_path / "chat.db")

    def make(backend: Backend = backend, **changes: Any) -> Flask:
        settings: dict[str, Any] = {
            "database_url": f"sqlite:///{tmp_path}/chat.db",
            "auth": "password",
            "signup": "open",
            "public_url": "http://localhost:5000",
            "host": "127.0.0.1",
            "allowed_hosts": (),
            "trusted_proxies": (),
            "token_ttl": 900,
        }
        apps.append(create_app(ChatConfig(**settings | changes), backend))
        return apps[-1]

    yield make
    for app in apps:
        state_of(app).database.close()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser with cookies of its own."""
    return app.test_client()


def state_of(app: Flask) -> ChatState:
    state: ChatState = app.extensions[EXTENSION]
    return state


def sign_up(browser: FlaskClient, username: str = "ana", password: str = PASSWORD) -> dict[str, Any]:
    """Sign up and answer what the route answers."""
    response = browser.post("/api/signup", json={"username": username, "password": password})
    assert response.status_code == 201, response.get_data(as_text=True)
    answer: dict[str, Any] = response.get_json()
    return answer


def call(app: Flask, event: str, **parameters: str) -> dict[str, str]:
    """The parameters of a webhook call as the backend makes it."""
    connection = state_of(app).connection
    common = {"EventType": event, "Source": "SDK", "ChatServiceSid": connection.service_sid}
    return {"AccountSid": connection.credentials.account_sid} | common | parameters


def post_hook(app: Flask, parameters: Mapping[str, str], url: str = f"http://localhost:5000{PATH}") -> TestResponse:
    """Call the webhook at `url`, signed as the backend signs."""
    token = state_of(app).connection.credentials.auth_token
    headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, parameters)}
    return app.test_client().post(url, data=parameters, headers=headers)


def template(path: str) -> str:
    """The path with its SIDs, identities and unique names taken out."""
    path = _SID.sub("{sid}", path)
    path = re.sub(r"(/Users|/Participants)/[^/]+", r"\1/{sid}", path)
    return re.sub(r"(/Conversations)/(?:room|dm):[^/]+", r"\1/{sid}", path)
