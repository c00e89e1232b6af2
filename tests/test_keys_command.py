"""`roomful keys`, on a real instance, with a server and without one."""

from __future__ import annotations

import json
from pathlib import Path

import jwt
import pytest
import requests
from click.testing import Result
from twilio.rest import Client

from tests.conftest import MakeServer
from tests.servers import Server, access_token
from tests.test_hooks_command import invoke, roomful, twilio_environment


def run(server: Server, *arguments: str) -> Result:
    return invoke(server.folder, "keys", *arguments, ROOMFUL_INSTANCE=str(server.instance))


def make(server: Server, name: str = "bot") -> dict[str, str]:
    done = run(server, "make", name, "--json")
    assert done.exit_code == 0, done.output
    made: dict[str, str] = json.loads(done.stdout)
    return made


def status(server: Server, name: str, secret: str) -> int:
    return requests.get(f"{server.url}/v1/Conversations", auth=(name, secret), timeout=20).status_code


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    made = Server(tmp_path_factory.mktemp("keys"), "--only", "service")
    made.folder.mkdir(exist_ok=True)
    return made.start()


@pytest.fixture(scope="module", autouse=True)
def ended(server: Server) -> object:
    yield
    server.close()


def test_a_key_does_for_the_account_until_it_is_revoked(server: Server) -> None:
    made = make(server, "billing bot")
    client = Client(made["sid"], made["secret"], server.credentials["account_sid"])
    client.conversations.base_url = server.url
    assert client.conversations.v1.conversations.create(friendly_name="by a key").sid
    listed = run(server, "list")
    assert [line.split()[0] for line in listed.stdout.splitlines()][1:] == [
        server.credentials["api_key_sid"],
        made["sid"],
    ]
    assert "billing bot" in listed.stdout
    assert made["secret"] not in listed.stdout + run(server, "list", "--json").stdout + server.log
    done = run(server, "revoke", made["sid"])
    assert (done.exit_code, done.stdout) == (0, f"{made['sid']} is revoked.\n")
    assert status(server, made["sid"], made["secret"]) == 401
    assert made["sid"] not in run(server, "list").stdout


def test_tokens_that_it_signed_go_with_it(server: Server) -> None:
    made = make(server)
    claims = jwt.decode(access_token(server, "ida"), options={"verify_signature": False}) | {"iss": made["sid"]}
    token = jwt.encode(claims, made["secret"], headers={"cty": "twilio-fpa;v=1"})
    url = f"{server.url}/v1/Services/{server.credentials['service_sid']}/Media/ME{'0' * 32}"
    assert requests.get(url, headers={"X-Twilio-Token": token}, timeout=20).status_code == 404, (
        "nothing there, but let in"
    )
    assert run(server, "revoke", made["sid"]).exit_code == 0
    assert requests.get(url, headers={"X-Twilio-Token": token}, timeout=20).status_code == 401


def test_a_key_makes_and_revokes_no_keys(server: Server) -> None:
    made = make(server)
    url, auth = f"{server.url}/roomful/v1/keys", (made["sid"], made["secret"])
    for answer in (
        requests.get(url, auth=auth, timeout=20),
        requests.post(url, auth=auth, json={"friendly_name": "another"}, timeout=20),
        requests.delete(f"{url}/{made['sid']}", auth=auth, timeout=20),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, 20403)
    assert requests.get(url, timeout=20).status_code == 401
    assert status(server, *auth) == 200


def test_what_cannot_be(server: Server) -> None:
    own = server.credentials["api_key_sid"]
    for arguments, said in (
        (("revoke", own), "signs its own tokens"),
        (("revoke", "SK" + "0" * 32), "not found"),
        (("make", ""), "Friendly name not provided"),
        (("make", "x" * 257), "longer than 256"),
    ):
        done = run(server, *arguments)
        assert (done.exit_code, done.stdout) == (1, ""), arguments
        assert said in done.stderr
        assert "\x1b" not in done.stderr
    done = run(server, "revoke", "../x\x1b")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "32 hex digits" in done.stderr
    assert own in run(server, "list").stdout
    wrong = requests.put(f"{server.url}/roomful/v1/keys", auth=owner(server), timeout=20)
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, POST")


def owner(server: Server) -> tuple[str, str]:
    return server.credentials["account_sid"], server.credentials["auth_token"]


def test_without_a_server_and_with_none_at_all(start_server: MakeServer, tmp_path: Path) -> None:
    server = start_server("--only", "service")
    server.stop()
    made = make(server)
    assert run(server, "list").stdout.splitlines()[2].startswith(made["sid"])
    server.start()
    assert status(server, made["sid"], made["secret"]) == 200
    nowhere = roomful(tmp_path, "keys", "list", ROOMFUL_INSTANCE=str(tmp_path / "nowhere"))
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert "There is no service in" in nowhere.stderr
    assert not (tmp_path / "nowhere").exists()


def test_of_a_service_elsewhere(server: Server, tmp_path: Path) -> None:
    env = {"ROOMFUL_BACKEND": server.url, **twilio_environment(server.credentials)}
    done = invoke(tmp_path, "keys", "make", "from afar", "--json", ROOMFUL_INSTANCE=str(tmp_path / "chat"), **env)
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)
    assert status(server, made["sid"], made["secret"]) == 200
    cloud = invoke(tmp_path, "keys", "list", ROOMFUL_BACKEND="twilio", **twilio_environment(server.credentials))
    assert (cloud.exit_code, "in its own console" in cloud.stderr) == (1, True)
