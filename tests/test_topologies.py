"""Law 1 of the design: the chat app works the same beside its service and across HTTP, and only through REST.

Every test here runs twice: all in one process; and service and chat app as two processes, with a recorder on the line
between them.
"""

import http.client
import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from twilio.rest import Client

from tests.conftest import MakeServer
from tests.servers import Server, clean_environment, free_port, twilio_client

REPOSITORY = Path(__file__).parent.parent
OPENAPI = REPOSITORY / "node_modules/@twilio/cli-core/src/services/twilio-api/twilio_conversations_v1.json"
PASSWORD = "correct horse battery"


class Recorder(http.server.ThreadingHTTPServer):
    """Stands between the chat app and its service: passes every request on and remembers it."""

    def __init__(self, target: Server) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.target = target
        self.calls: list[tuple[str, str, int]] = []
        """Method, path without query, status."""
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Forward(http.server.BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target.port, timeout=20)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            status, headers, content = answer.status, answer.getheaders(), answer.read()
        except OSError:
            status, headers, content = 502, [], b"{}"
        finally:
            connection.close()
        self.server.calls.append((self.command, self.path.partition("?")[0], status))
        self.send_response(status)
        for name, value in headers:
            if name.lower() in ("content-type", "location"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """The calls are in `calls`."""


@dataclass
class Answer:
    """What a browser gets."""

    status: int
    body: dict[str, Any]
    """Empty when it is not JSON."""
    cookie: str | None


@dataclass
class Installation:
    """A chat app and its service, however they are put together."""

    service: Server
    chat: Server
    recorder: Recorder | None
    socket_uri: str

    @property
    def rest(self) -> Client:
        """The service as its administrator sees it, past the chat app."""
        return twilio_client(self.service)

    def post(self, path: str, body: dict[str, Any] | None = None, cookie: str | None = None) -> Answer:
        return self.ask("POST", path, body, cookie)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, cookie: str | None = None) -> Answer:
        headers = {"Cookie": cookie} if cookie else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.chat.port, timeout=30)
        connection.request(method, path, json.dumps(body or {}), headers)
        answer = connection.getresponse()
        content = answer.read()
        is_json = answer.getheader("Content-Type", "").startswith("application/json")
        cookie = answer.getheader("Set-Cookie", "").partition(";")[0]
        return Answer(answer.status, json.loads(content) if is_json else {}, cookie or None)

    def sign_up(self, name: str) -> Answer:
        answer = self.post("/api/signup", {"username": name, "password": PASSWORD})
        assert answer.status == 201, answer
        return answer

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the chat app's own, with the chat app's settings."""
        return self.run(str(Path(sys.executable).with_name("flask")), *arguments)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        env = clean_environment(**self.chat.env, FLASK_APP="roomful.serve:flask_app")
        return subprocess.run(
            command, cwd=self.chat.folder, env=env, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture(params=["one process", "two processes"])
def installation(request: pytest.FixtureRequest, start_server: MakeServer) -> Iterator[Installation]:
    if request.param == "one process":
        server = start_server()
        yield Installation(server, server, None, "/v3/wsconnect")
        return
    service = start_server("--only", "service")
    recorder = Recorder(service)
    keys = service.credentials
    names = ("account_sid", "auth_token", "api_key_sid", "api_key_secret")
    twilio = {f"TWILIO_{name.upper()}": keys[name] for name in names}
    chat = start_server(ROOMFUL_BACKEND=recorder.url, **twilio)
    assert recorder.calls == []  # against a service that is not its own, a start says and writes nothing
    yield Installation(service, chat, recorder, recorder.url.replace("http", "ws") + "/v3/wsconnect")
    recorder.shutdown()
    recorder.server_close()
    assert_only_documented(recorder.calls)


def assert_only_documented(calls: Sequence[tuple[str, str, int]]) -> None:
    """Each call is an operation in Twilio's OpenAPI file, or one of our own extensions."""
    paths = json.loads(OPENAPI.read_text())["paths"]
    known = {
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)))
        for path, operations in paths.items()
        for method in operations
        if method in ("get", "post", "delete")
    }
    for method, path, _ in calls:
        documented = any(method == verb and pattern.fullmatch(path) for verb, pattern in known)
        assert documented or path.startswith("/roomful/v1/"), (method, path)


def names_of(answer: Answer) -> list[str]:
    return [name for name, _ in answer.body["chatrooms"]]


def test_the_tutorials_flow(installation: Installation) -> None:
    assert installation.command("chatrooms", "create", "#sales").returncode == 0
    assert installation.command("chatrooms", "create", "#support").returncode == 0
    answer = installation.sign_up("ada")
    assert sorted(names_of(answer)) == ["#sales", "#support"]
    assert answer.body["sdk"] == {"twilsock": {"uri": installation.socket_uri}}
    rooms = {room.friendly_name: room for room in installation.rest.conversations.v1.conversations.list()}
    assert dict(answer.body["chatrooms"]) == {name: room.sid for name, room in rooms.items()}
    assert [person.identity for person in rooms["#sales"].participants.list()] == ["ada"]
    listed = installation.command("chatrooms", "list").stdout.splitlines()
    assert sorted(listed) == sorted(f"{name} ({room.sid})" for name, room in rooms.items())


def test_the_token_is_the_services_own(installation: Installation) -> None:
    token = installation.sign_up("ada").body["token"]
    keys = installation.service.credentials
    claims = jwt.decode(token, keys["api_key_secret"], algorithms=["HS256"])
    assert (claims["iss"], claims["sub"]) == (keys["api_key_sid"], keys["account_sid"])
    assert claims["grants"]["identity"] == "ada"
    assert claims["grants"]["chat"]["service_sid"] == keys["service_sid"]
    assert 0 < claims["exp"] - claims["nbf"] <= 900 if "nbf" in claims else True


def test_a_room_from_the_terminal_has_all_people_in_it(installation: Installation) -> None:
    for name in ("ada", "grace"):
        installation.sign_up(name)
    installation.command("chatrooms", "create", "#late")
    room = installation.rest.conversations.v1.conversations.list()[0]
    assert sorted(person.identity for person in room.participants.list()) == ["ada", "grace"]
    deleted = installation.command("chatrooms", "delete", "#late")
    assert (deleted.returncode, deleted.stderr) == (0, "")
    assert installation.rest.conversations.v1.conversations.list() == []
    again = installation.command("chatrooms", "delete", "#late")
    assert (again.returncode, again.stdout) == (1, "Chat room not found\n")


def test_a_session_lives_until_its_logout(installation: Installation) -> None:
    first = installation.sign_up("ada")
    renewed = installation.post("/api/token", cookie=first.cookie)
    assert (renewed.status, renewed.body["identity"]) == (200, "ada")
    installation.chat.restart()
    assert installation.post("/api/token", cookie=first.cookie).status == 200
    assert installation.post("/api/logout", cookie=first.cookie).status == 204
    assert installation.post("/api/token", cookie=first.cookie).status == 401
    if installation.recorder is not None:
        assert ("POST", "/roomful/v1/revocations", 204) in installation.recorder.calls


def test_more_rooms_than_a_page(installation: Installation) -> None:
    """Page links carry the service's public address, which is not the one that the chat app was given."""
    for number in range(101):
        installation.rest.conversations.v1.conversations.create(
            friendly_name=f"#{number}", attributes='{"v": 1, "kind": "room", "visibility": "private", "default": false}'
        )
    listed = installation.command("chatrooms", "list")
    assert len(listed.stdout.splitlines()) == 101, listed.stderr


def test_doctor_is_content(installation: Installation) -> None:
    told = installation.run(sys.executable, "-m", "roomful.cli", "doctor")
    wrong = [line for line in told.stdout.splitlines() if line.startswith("WRONG") and "front end" not in line]
    assert wrong == [], told.stdout
    assert installation.service.credentials["service_sid"] in told.stdout


def test_each_process_keeps_to_its_own(installation: Installation) -> None:
    installation.sign_up("ada")
    chat, service = installation.chat.instance, installation.service.instance
    assert (chat / "chat.db").exists()
    assert (service / "roomful.db").exists()
    if installation.recorder is not None:
        assert not (chat / "roomful.db").exists()
        assert not (chat / "credentials.json").exists()
        assert not (service / "chat.db").exists()
        assert installation.ask("GET", "/v1/Conversations").status == 404


def test_one_postgresql_for_both_stores(start_server: MakeServer, postgres_database: str) -> None:
    server = start_server(DATABASE_URL=postgres_database)
    installation = Installation(server, server, None, "")
    assert installation.command("chatrooms", "create", "#sales").returncode == 0
    assert names_of(installation.sign_up("ada")) == ["#sales"]
    server.restart()
    assert installation.post("/login", {"username": "ada", "password": PASSWORD}).status == 200
    server.stop()
    assert installation.command("chatrooms", "list").stdout.startswith("#sales (CH")
    assert not list(server.instance.glob("*.db"))


def test_a_service_that_is_gone_is_said_and_comes_back(start_server: MakeServer) -> None:
    service = start_server("--only", "service")
    keys = service.credentials
    names = ("account_sid", "auth_token", "api_key_sid", "api_key_secret")
    twilio = {f"TWILIO_{name.upper()}": keys[name] for name in names}
    chat = Installation(service, start_server(ROOMFUL_BACKEND=service.url, **twilio), None, "")
    cookie = chat.sign_up("ada").cookie
    service.stop()
    refused = chat.post("/api/token", cookie=cookie)
    assert (refused.status, refused.body["code"]) == (503, "backend_unavailable")
    assert chat.ask("GET", "/api/session", cookie=cookie).body["user"]["identity"] == "ada"
    listed = chat.command("chatrooms", "list")
    assert (listed.returncode, listed.stdout, listed.stderr.count("\n")) == (1, "", 1)
    service.restart()
    assert chat.post("/api/token", cookie=cookie).status == 200


def test_twilios_cloud_is_not_asked_before_it_is_needed(start_server: MakeServer) -> None:
    """No network is needed to start: `sdk` is empty there, and pages may reach Twilio's hosts."""
    chat = start_server(
        ROOMFUL_BACKEND="twilio",
        TWILIO_ACCOUNT_SID="AC" + "0" * 32,
        TWILIO_AUTH_TOKEN="x",
        TWILIO_API_KEY_SID="SK" + "0" * 32,
        TWILIO_API_KEY_SECRET="x",
        HTTPS_PROXY=f"http://127.0.0.1:{free_port()}",  # whatever would reach out fails here
    )
    connection = http.client.HTTPConnection("127.0.0.1", chat.port, timeout=10)
    connection.request("GET", "/")
    page = connection.getresponse()
    assert page.status == 200
    assert "wss://*.twilio.com" in str(page.getheader("Content-Security-Policy"))
    assert Installation(chat, chat, None, "").ask("GET", "/api/session").status == 200
