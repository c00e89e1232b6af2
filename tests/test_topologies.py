"""Law 1 of the design: the chat app works the same beside its service and across HTTP, and only through REST.

Every test here runs twice: all in one process; and service and chat app as two processes, with a recorder on the line
between them. In the other direction the service tells the chat app what happens: by a call in the process, or by signed
webhooks.
"""

import http.client
import http.server
import io
import json
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from PIL import Image
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.conftest import MakeServer
from tests.servers import Server, clean_environment, free_port, twilio_client, wait_for
from tests.webhooks.person import Person

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
    cookies: dict[str, str | None] = field(default_factory=dict)
    """Of the people who came by `cookie_of`."""

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

    def cookie_of(self, name: str) -> str | None:
        """The session of a person, who signs up when first asked for."""
        if name not in self.cookies:
            self.cookies[name] = self.sign_up(name).cookie
        return self.cookies[name]

    def shown_name(self, cookie: str | None) -> str:
        """What the chat app says that the signed-in person is called."""
        return str(self.ask("GET", "/api/session", cookie=cookie).body["user"]["friendly_name"])

    def offers(self, room_sid: str) -> list[str]:
        """The people who were in the room, or put into it, as the chat app remembers."""
        with closing(sqlite3.connect(self.chat.instance / "chat.db")) as database:
            query = "SELECT identity FROM offered_rooms WHERE room_sid = ? ORDER BY identity"
            return [identity for (identity,) in database.execute(query, (room_sid,))]

    def waiting_calls(self) -> int:
        """How many webhook calls the service has still to make."""
        with closing(sqlite3.connect(self.service.instance / "roomful.db")) as database:
            return int(database.execute("SELECT count(*) FROM webhook_calls").fetchone()[0])

    def hearing(self) -> "Installation":
        """With the chat app told of what happens; in one process it always is."""
        if self.recorder is not None:
            done = self.command("chat", "setup", "--yes")
            assert (done.returncode, done.stderr) == (0, ""), done
        return self

    def command(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """A command of the chat app's own, with the chat app's settings."""
        return self.run(str(Path(sys.executable).with_name("flask")), *arguments, typed=typed)

    def run(self, *command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        env = clean_environment(**self.chat.env, FLASK_APP="roomful.serve:flask_app")
        return subprocess.run(
            command, cwd=self.chat.folder, env=env, input=typed, capture_output=True, text=True, timeout=60, check=False
        )


TOPOLOGIES = ("one process", "two processes")


@pytest.fixture(params=TOPOLOGIES)
def installation(request: pytest.FixtureRequest, start_server: MakeServer) -> Iterator[Installation]:
    with installed(request.param, start_server) as made:
        yield made


@contextmanager
def installed(topology: str, start_server: MakeServer) -> Iterator[Installation]:
    """A chat app and its service, in one of the `TOPOLOGIES`."""
    if topology == "one process":
        server = start_server()
        yield Installation(server, server, None, "/v3/wsconnect")
        return
    chat_port = free_port()
    service = start_server("--only", "service", WEBHOOK_ALLOW=f"localhost:{chat_port}")
    recorder = Recorder(service)
    keys = service.credentials
    names = ("account_sid", "auth_token", "api_key_sid", "api_key_secret")
    twilio = {f"TWILIO_{name.upper()}": keys[name] for name in names}
    chat = start_server(ROOMFUL_BACKEND=recorder.url, PORT=str(chat_port), **twilio)
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


def test_a_new_password_refuses_the_old_tokens(installation: Installation) -> None:
    first = installation.sign_up("ada")
    there = {"Cookie": str(first.cookie)}
    changed = requests.post(
        f"{installation.chat.url}/api/password",
        json={"current": PASSWORD, "new": "another horse battery"},
        headers=there,
        timeout=20,
    )
    assert changed.status_code == 200, changed.text

    def status(token: str) -> int:
        sid = installation.service.credentials["service_sid"]
        url = f"{installation.service.url}/v1/Services/{sid}/Media/ME{'0' * 32}"
        return requests.get(url, headers={"X-Twilio-Token": token}, timeout=20).status_code

    assert (status(first.body["token"]), status(changed.json()["token"])) == (401, 404)


def test_a_large_picture(installation: Installation) -> None:
    cookie = installation.sign_up("ada").cookie
    picture = io.BytesIO()
    Image.effect_noise((2000, 2000), 90).save(picture, "PNG")
    assert 1 << 20 < picture.tell() < 5 << 20
    url = f"{installation.chat.url}/api/avatar"
    there = {"Cookie": str(cookie)}
    shown = requests.put(url, picture.getvalue(), headers=there, timeout=30)
    assert shown.status_code == 200, shown.text
    kept = requests.get(installation.chat.url + shown.json()["avatar"], headers=there, timeout=20)
    assert (kept.status_code, kept.headers["Content-Type"]) == (200, "image/webp")
    assert "immutable" in kept.headers["Cache-Control"]
    attributes = installation.rest.conversations.v1.users("ada").fetch().attributes
    assert json.loads(attributes) == {"v": 1, "avatar": shown.json()["avatar"]}
    assert requests.put(url, b"x" * (5 << 20 | 1), headers=there, timeout=30).status_code == 413


@pytest.mark.parametrize("served", [True, pytest.param(False, marks=pytest.mark.long)])
def test_people_and_invitations_from_the_terminal(installation: Installation, served: bool) -> None:
    token = installation.sign_up("ada").body["token"]
    installation.command("chatrooms", "create", "#sales", "--no-default")
    if not served:
        installation.chat.stop()  # beside the service, that is away too
    done = [
        installation.command("users", "create", "bo", typed=f"{PASSWORD}\n"),
        installation.command("users", "passwd", "ada", typed="another horse battery\n"),
        installation.command("users", "role", "bo", "admin"),
        installation.command("users", "disable", "bo"),
    ]
    assert [(each.returncode, each.stdout, each.stderr) for each in done] == [(0, "", "")] * 4
    listed = installation.command("users", "list")
    assert listed.stdout == "ada (ada) admin\nbo (bo) admin disabled\n"
    link = installation.command("invites", "create", "--room", "#sales")
    assert link.returncode == 0, link.stderr
    if not served:
        installation.chat.restart()
    base, _, code = link.stdout.strip().rpartition("/join/")
    assert base == f"http://localhost:{installation.chat.port}"
    body = {"username": "cem", "password": PASSWORD, "invite": code}
    assert names_of(installation.post("/api/signup", body)) == ["#sales"]
    assert installation.post("/login", {"username": "bo", "password": PASSWORD}).status == 403
    assert installation.post("/login", {"username": "ada", "password": PASSWORD}).status == 401
    assert installation.post("/login", {"username": "ada", "password": "another horse battery"}).status == 200
    sid = installation.service.credentials["service_sid"]
    url = f"{installation.service.url}/v1/Services/{sid}/Media/ME{'0' * 32}"
    assert requests.get(url, headers={"X-Twilio-Token": token}, timeout=20).status_code == 401


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


# --- what the chat app hears ---------------------------------------------------------------------------------------


def test_a_name_that_somebody_changes_in_the_chat(installation: Installation) -> None:
    cookie = installation.hearing().sign_up("ada").cookie
    ada = Person(installation.service, "ada")
    for name in ("Ada", "Ada Lovelace", "Ada King & Co. ü 👩‍👩‍👧"):
        ada.request("POST", "/Client/v2/Users/ada", {"friendly_name": name})
    wait_for(lambda: installation.shown_name(cookie) == "Ada King & Co. ü 👩‍👩‍👧")
    ada.request("POST", "/Client/v2/Users/ada", {"friendly_name": "\u202e "})
    wait_for(lambda: installation.shown_name(cookie) == "ada")
    ada.close()
    wait_for(lambda: installation.waiting_calls() == 0)


def test_a_leave_between_two_tokens(installation: Installation) -> None:
    """Other software makes a default room; who leaves it at once is not put into it with the next token."""
    cookie = installation.hearing().sign_up("ada").cookie
    ada = Person(installation.service, "ada")
    attributes = '{"v": 1, "kind": "room", "visibility": "public", "default": true}'
    rooms = installation.rest.conversations.v1.conversations
    left, new = (rooms.create(friendly_name=name, attributes=attributes) for name in ("#left", "#new"))
    member = left.participants.create(identity="ada")
    ada.request("DELETE", f"/Client/v2/Conversations/{left.sid}/Participants/{member.sid}")
    ada.close()
    wait_for(lambda: installation.offers(left.sid) == ["ada"])
    assert names_of(installation.post("/api/token", cookie=cookie)) == ["#new"]
    assert installation.offers(new.sid) == ["ada"]


def test_a_room_that_other_software_removes(installation: Installation) -> None:
    installation.hearing().sign_up("ada")
    installation.command("chatrooms", "create", "#sales")
    room = installation.rest.conversations.v1.conversations.list()[0]
    assert installation.offers(room.sid) == ["ada"]
    keys = installation.service.credentials
    gone = requests.delete(
        f"{installation.service.url}/v1/Conversations/{room.sid}",
        auth=(keys["account_sid"], keys["auth_token"]),
        headers={"X-Twilio-Webhook-Enabled": "true"},  # the library leaves it out of a DELETE
        timeout=20,
    )
    assert gone.status_code == 204
    wait_for(lambda: installation.offers(room.sid) == [])


def test_only_signed_calls_are_heard(installation: Installation) -> None:
    cookie = installation.hearing().sign_up("ada").cookie
    keys = installation.service.credentials
    told = {"AccountSid": keys["account_sid"], "EventType": "onUserUpdated", "Identity": "ada", "FriendlyName": "Eve"}
    told["DateUpdated"] = "2099-01-01T00:00:00.000Z"
    url = f"http://localhost:{installation.chat.port}/hooks/conversations"
    validator = RequestValidator(keys["auth_token"])
    for signature, status in (("", 403), (validator.compute_signature(url, {}), 403)):
        answer = requests.post(url, told, headers={"X-Twilio-Signature": signature}, timeout=20)
        assert (answer.status_code, answer.cookies.get_dict()) == (status, {})
    assert installation.shown_name(cookie) == "ada"
    answer = requests.post(
        url, told, headers={"X-Twilio-Signature": validator.compute_signature(url, told)}, timeout=20
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert installation.shown_name(cookie) == "Eve"
    assert requests.post(url, told, headers={"Host": "evil.example"}, timeout=20).status_code == 421
    assert keys["auth_token"] not in installation.chat.log


def test_what_happened_while_the_chat_app_was_away(installation: Installation) -> None:
    """Beside the service it is away when a command works without a server: what that records, the next server tells."""
    cookie = installation.hearing().sign_up("ada").cookie
    installation.chat.stop()
    if installation.recorder is not None:
        ada = Person(installation.service, "ada")
        ada.request("POST", "/Client/v2/Users/ada", {"friendly_name": "Ada Lovelace"})
        ada.close()
    else:
        told = installation.run(sys.executable, "-c", RENAME)
        assert (told.returncode, told.stderr) == (0, ""), told
    assert installation.waiting_calls() == 1
    installation.chat.restart()
    wait_for(lambda: installation.shown_name(cookie) == "Ada Lovelace")
    wait_for(lambda: installation.waiting_calls() == 0)


RENAME = """
from roomful.chatapp.state import chat
from roomful.serve import flask_app

with flask_app().app_context():
    chat().connection.service.users("ada").update(friendly_name="Ada Lovelace", x_twilio_webhook_enabled="true")
"""


def test_a_service_alone_keeps_nothing_for_a_chat_app_beside_it(start_server: MakeServer) -> None:
    service = start_server("--only", "service")
    users = twilio_client(service).conversations.v1.users
    users.create(identity="ada").update(friendly_name="Ada", x_twilio_webhook_enabled="true")
    assert Installation(service, service, None, "").waiting_calls() == 0


def test_reconciling_by_hand(installation: Installation) -> None:
    cookie = installation.sign_up("ada").cookie
    assert installation.command("chat", "reconcile").stdout == "Nothing was out of date.\n"
    installation.rest.conversations.v1.users("ada").update(friendly_name="Ada Lovelace")  # unheard: without the header
    told = installation.command("chat", "reconcile")
    assert (told.stdout, told.stderr) == ("mended: 1 name that people changed\n", "")
    assert installation.shown_name(cookie) == "Ada Lovelace"


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
