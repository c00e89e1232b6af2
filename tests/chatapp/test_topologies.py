"""Law 1, whole: the chat app works the same in one process with its service and in two over HTTP."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from tests.conftest import MakeServer
from tests.servers import Server, clean_environment, twilio_client


@pytest.fixture(params=["one process", "two processes"])
def topology(request: pytest.FixtureRequest, start_server: MakeServer) -> tuple[Server, Server]:
    """The server that people reach, and the one with the Conversations service."""
    if request.param == "one process":
        server = start_server()
        return server, server
    service = start_server("--only", "service")
    keys = {f"TWILIO_{name.upper()}": value for name, value in service.credentials.items() if name != "service_sid"}
    return start_server("--only", "chat", ROOMFUL_BACKEND=service.url, **keys), service


def flask(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`flask …` in a process of its own, with the server's settings."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "flask"), *arguments],
        cwd=server.folder,
        env=clean_environment(FLASK_APP="roomful.serve:flask_app", **server.env),
        capture_output=True,
        text=True,
        timeout=60,
    )


def post(session: requests.Session, server: Server, path: str, body: Any = None) -> requests.Response:
    return session.post(f"{server.url}{path}", json=body, timeout=30)


def test_rooms_people_and_tokens(topology: tuple[Server, Server]) -> None:
    chat, service = topology
    created = flask(chat, "chatrooms", "create", "#support")
    assert (created.returncode, created.stdout) == (0, ""), created.stderr
    listed = flask(chat, "chatrooms", "list").stdout
    sid = listed.removeprefix("#support (").removesuffix(")\n")

    browser = requests.Session()
    answer = post(browser, chat, "/api/signup", {"username": "ana", "password": "correct horse"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["chatrooms"] == [["#support", sid]]
    claims = jwt.decode(answer.json()["token"], service.credentials["api_key_secret"], algorithms=["HS256"])
    assert claims["grants"]["chat"]["service_sid"] == service.credentials["service_sid"]
    uri = answer.json()["sdk"]["twilsock"]["uri"]
    assert uri == ("/v3/wsconnect" if chat is service else f"ws://127.0.0.1:{service.port}/v3/wsconnect")

    assert flask(chat, "chatrooms", "create", "#sales").returncode == 0
    participants = twilio_client(service).conversations.v1.conversations("room:sales").participants.list()
    assert [participant.identity for participant in participants] == ["ana"]
    assert [name for name, _ in post(browser, chat, "/api/token").json()["chatrooms"]] == ["#support", "#sales"]

    again = flask(chat, "chatrooms", "create", "#sales")
    assert (again.returncode, again.stdout) == (1, "Chat room already exists\n")
    assert flask(chat, "chatrooms", "delete", "#sales").returncode == 0
    assert post(browser, chat, "/api/logout").status_code == 204
    assert post(browser, chat, "/api/token").status_code == 401
    assert "could not be revoked" not in chat.log
