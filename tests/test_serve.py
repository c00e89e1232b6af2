"""`roomful serve` and `flask run` as people and commands meet them: real processes, real signals, real ports."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import websockets.sync.client

from roomful.instance import Instance
from tests.conftest import MakeServer
from tests.servers import Server, clean_environment, free_port, twilio_client, wait_for

REPOSITORY = Path(__file__).parent.parent
FLASK = Path(sys.executable).with_name("flask")
ROUNDS = 50 if os.environ.get("ROOMFUL_LONG") else 2


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with `env` as all that it is told."""
    return subprocess.run(
        command, cwd=cwd, env=clean_environment(**env), capture_output=True, text=True, timeout=60, check=False
    )


def flask(instance: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    told = {"FLASK_APP": "roomful.serve:flask_app", "ROOMFUL_INSTANCE": str(instance)} | env
    return run(FLASK, *arguments, cwd=instance.parent, **told)


def roomful(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "roomful.cli", *arguments, cwd=folder, **env)


def get(server: Server, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def wait_for_library(process: subprocess.Popen[Any], name: str) -> None:
    """Wait until a Python process has come as far as loading a certain package with C code, or has ended."""
    maps = Path(f"/proc/{process.pid}/maps")
    wait_for(lambda: process.poll() is not None or name in maps.read_text(), 30, f"it to load {name}")


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one clear line of a command that could not do its work."""
    assert result.returncode == 1, result
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("Error: ")
    return result.stderr


def test_one_port_serves_all_parts(start_server: MakeServer) -> None:
    server = start_server()
    assert get(server, "/health") == (200, '{"status":"ok"}')
    status, session = get(server, "/api/session")
    assert (status, json.loads(session)["user"]) == (200, None)
    status, page = get(server, "/rooms/any")
    assert (status, "Roomful" in page) == (200, True)
    assert get(server, "/", Host="evil.example")[0] == 421
    assert twilio_client(server).conversations.v1.conversations.list() == []
    with websockets.sync.client.connect(f"ws://127.0.0.1:{server.port}/v3/wsconnect"):
        pass
    assert f"Roomful is at http://localhost:{server.port}" in server.log


def test_it_stops_gracefully(make_server: MakeServer) -> None:
    server = make_server().start()
    assert Instance(server.instance).is_locked()
    assert server.stop() == 0
    assert not (server.instance / "server.json").exists()
    assert not Instance(server.instance).is_locked()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
    assert "Traceback" not in server.log
    assert server.restart().stop() == 0


def test_ctrl_c_is_graceful_too(make_server: MakeServer) -> None:
    server = make_server().start()
    os.kill(server.pid, signal.SIGINT)
    assert server.stop() == 0
    assert "Traceback" not in server.log


def test_a_request_at_work_is_finished(start_server: MakeServer) -> None:
    """The server has begun to read a request when it is told to stop: the answer still comes, and is true."""
    server = start_server()
    keys = server.credentials
    token = base64.b64encode(f"{keys['account_sid']}:{keys['auth_token']}".encode()).decode()
    body = b"FriendlyName=last+words"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/Conversations HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Authorization: Basic %b\r\nContent-Length: %d\r\n\r\n" % (token.encode(), len(body))
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        os.kill(server.pid, signal.SIGTERM)
        wait_for(lambda: not (server.instance / "server.json").exists())
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 201")
    assert server.stop() == 0
    assert "last words" in flask(server.instance, "chatrooms", "list").stdout


def test_an_idle_socket_does_not_hold_it_up(start_server: MakeServer) -> None:
    server = start_server()
    with websockets.sync.client.connect(f"ws://127.0.0.1:{server.port}/v3/wsconnect"):
        assert server.stop(timeout=8) == 0


def test_a_second_server_is_refused(start_server: MakeServer, tmp_path: Path) -> None:
    first = start_server()
    second = roomful(tmp_path, "serve", PORT=str(free_port()), ROOMFUL_INSTANCE=str(first.instance))
    line = refused(second)
    assert first.url in line
    assert f"pid {first.pid}" in line
    assert get(first, "/health")[0] == 200


def test_a_killed_server_is_no_obstacle(start_server: MakeServer) -> None:
    server = start_server()
    server.kill()
    assert (server.instance / "server.json").exists()
    created = flask(server.instance, "chatrooms", "create", "#after")
    assert (created.returncode, created.stderr) == (0, "")
    server.restart()
    assert [room.friendly_name for room in twilio_client(server).conversations.v1.conversations.list()] == ["#after"]


def test_a_server_waits_for_a_command(make_server: MakeServer) -> None:
    server = make_server()
    command = Instance(server.instance).try_lock("command")
    assert command is not None
    process = server.launch()
    # It asks for the lock before anything else, so a loaded module tells that it is about to wait.
    wait_for_library(process, "uvloop")
    assert process.poll() is None
    command.release()
    wait_for(lambda: (server.instance / "server.json").exists(), 30)
    assert server.stop() == 0


def test_one_server_follows_the_other_at_once(start_server: MakeServer, make_server: MakeServer) -> None:
    first = start_server()
    second = make_server(ROOMFUL_INSTANCE=str(first.instance))
    os.kill(first.pid, signal.SIGTERM)
    wait_for(lambda: not (first.instance / "server.json").exists())
    second.start()
    assert first.stop() == 0


def test_a_port_in_use(start_server: MakeServer, tmp_path: Path) -> None:
    first = start_server()
    line = refused(roomful(tmp_path, "serve", PORT=str(first.port)))
    assert f"Port {first.port} is already in use" in line
    assert not Instance(tmp_path / "instance").is_locked()


@pytest.mark.parametrize("command", [("serve",), ("doctor",)])
def test_a_broken_setting(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "PORT=http" in refused(roomful(tmp_path, *command, PORT="http"))
    (tmp_path / ".env").write_text("PORT\n")
    assert ".env, line 1" in refused(roomful(tmp_path, *command))


def test_a_broken_setting_and_flask(tmp_path: Path) -> None:
    for arguments in (("run",), ("chatrooms", "list")):
        assert "PORT=http" in refused(flask(tmp_path / "instance", *arguments, PORT="http"))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    assert "Cannot write in /proc/roomful" in refused(roomful(tmp_path, "serve", ROOMFUL_INSTANCE="/proc/roomful"))
    (tmp_path / "file").write_text("")
    assert "is not a folder" in refused(roomful(tmp_path, "serve", ROOMFUL_INSTANCE="file"))
    line = refused(flask(Path("/proc/roomful"), "chatrooms", "list"))
    assert "Cannot write in /proc/roomful" in line


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir(mode=0o700)
    (tmp_path / "instance" / "roomful.db").write_text("this is not a database, whatever its name says" * 100)
    assert "not a database" in refused(roomful(tmp_path, "serve", PORT="0"))
    assert "not a database" in refused(flask(tmp_path / "instance", "chatrooms", "list"))


def test_parts_that_do_not_go_together(tmp_path: Path) -> None:
    assert "needs ROOMFUL_BACKEND=URL" in refused(roomful(tmp_path, "serve", "--only", "chat"))


# --- flask run, npm ------------------------------------------------------------------------------------------------


class Started:
    """A server that was started by another command than `roomful serve`."""

    def __init__(self, instance: Path, *command: str | Path, cwd: Path, **env: str) -> None:
        self.instance = instance
        self.process = subprocess.Popen(
            command, cwd=cwd, env=clean_environment(ROOMFUL_INSTANCE=str(instance), **env), stdin=subprocess.DEVNULL
        )

    def url(self) -> str:
        told = wait_for(self._told, 60, "server.json")
        return str(told["url"])

    def _told(self) -> dict[str, object] | None:
        assert self.process.poll() is None
        path = self.instance / "server.json"
        return dict(json.loads(path.read_text())) if path.exists() else None

    def stop(self) -> int:
        """End the server itself; what started it (npm) ends with it."""
        os.kill(int(str(json.loads((self.instance / "server.json").read_text())["pid"])), signal.SIGTERM)
        return self.process.wait(timeout=20)


def speaks_on_the_socket(url: str) -> bool:
    """Whether the service's socket answers there; the answer to the handshake is the protocol's own."""
    with websockets.sync.client.connect(url.replace("http", "ws", 1) + "/v3/wsconnect") as connection:
        return connection.response is not None and connection.response.status_code == 101


def test_flask_run_serves_the_whole_application(tmp_path: Path) -> None:
    port = free_port()
    server = Started(
        tmp_path / "instance",
        *(FLASK, "run", "--host", "127.0.0.1", "--port", str(port)),
        cwd=tmp_path,
        FLASK_APP="roomful.serve:flask_app",
    )
    try:
        assert server.url() == f"http://127.0.0.1:{port}"
        assert speaks_on_the_socket(server.url())
    finally:
        assert server.stop() == 0


# --- commands beside a server --------------------------------------------------------------------------------------


def test_commands_work_with_and_without_a_server(make_server: MakeServer) -> None:
    server = make_server()
    server.folder.mkdir()
    assert flask(server.instance, "chatrooms", "create", "#before").returncode == 0
    assert not Instance(server.instance).is_locked()
    assert not (server.instance / "server.json").exists()
    server.start()
    assert flask(server.instance, "chatrooms", "create", "#during").returncode == 0
    again = flask(server.instance, "chatrooms", "create", "#before")
    assert (again.returncode, again.stdout) == (1, "Chat room already exists\n")
    server.stop()
    listed = flask(server.instance, "chatrooms", "list")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["#before", "#during"]
    keys = json.loads((server.instance / "credentials.json").read_text())
    assert sorted(keys) == ["account_sid", "api_key_secret", "api_key_sid", "auth_token", "service_sid"]


class Watcher:
    """A signed-in person whose SDK client stays open while servers come and go."""

    def __init__(self, server: Server) -> None:
        signed_up = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        signed_up.request("POST", "/api/signup", json.dumps({"username": "ada", "password": "correct horse battery"}))
        self._output = server.folder / "watcher"
        script = REPOSITORY / "tests" / "watch_rooms.mjs"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                ["node", script, f"ws://127.0.0.1:{server.port}/v3/wsconnect"],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=output,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(json.loads(signed_up.getresponse().read())["token"].encode())
        self._process.stdin.close()
        wait_for(lambda: self.lines(), 30, "the SDK to connect")

    def lines(self) -> list[str]:
        return self._output.read_text().splitlines()

    def rooms(self) -> list[str]:
        """The names of all rooms that the client was told of, as often as it was."""
        return sorted(line.split()[2] for line in self.lines() if line.startswith("joined"))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.mark.timeout(1800 if ROUNDS > 2 else 600)
def test_commands_while_a_server_starts_and_stops(start_server: MakeServer) -> None:
    """Each round, one command meets a server that starts and one meets a server that stops.

    No room is lost, in the database or for an open client, and nobody meets a locked database.
    """
    server = start_server()
    watcher = Watcher(server)
    expected = []

    def create(name: str) -> subprocess.Popen[str]:
        expected.append(name)
        env = clean_environment(FLASK_APP="roomful.serve:flask_app", ROOMFUL_INSTANCE=str(server.instance))
        return subprocess.Popen(
            [FLASK, "chatrooms", "create", name],
            cwd=server.folder,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    try:
        for number in range(ROUNDS):
            stopping = create(f"#stopping-{number}")
            if number % 2:  # let it come as far as asking the server, in every other round
                wait_for_library(stopping, "sqlalchemy")
            assert server.stop() == 0
            starting = create(f"#starting-{number}")
            server.start()
            for command in (starting, stopping):
                output, errors = command.communicate(timeout=60)
                assert (command.returncode, output, errors) == (0, "", "")
        listed = flask(server.instance, "chatrooms", "list")
        assert sorted(line.split()[0] for line in listed.stdout.splitlines()) == sorted(expected)
        patience = 200  # after many restarts the SDK waits for up to two minutes before it tries again
        wait_for(lambda: len(watcher.rooms()) >= len(expected), patience, "the open client to hear of all rooms")
        assert watcher.rooms() == sorted(expected)
    finally:
        watcher.close()
        print("--- what the open client saw", *watcher.lines(), sep="\n")
    assert "database is locked" not in server.log
    assert "Traceback" not in server.log


# --- roomful doctor ------------------------------------------------------------------------------------------------


def test_doctor_says_what_it_talks_to(start_server: MakeServer) -> None:
    server = start_server()
    told = roomful(server.folder, "doctor", **server.env)
    keys = server.credentials
    for fact in (keys["account_sid"], keys["service_sid"], keys["api_key_sid"], server.url, f"pid {server.pid}"):
        assert fact in told.stdout
    assert "participant" in told.stdout
    assert keys["auth_token"] not in told.stdout + told.stderr
    assert keys["api_key_secret"] not in told.stdout + told.stderr
    wrong = [line for line in told.stdout.splitlines() if line.startswith("WRONG")]
    assert [line for line in wrong if "front end" not in line] == []
    assert told.returncode == (1 if wrong else 0)


def test_doctor_before_the_first_start_changes_nothing(tmp_path: Path) -> None:
    told = roomful(tmp_path, "doctor", PORT="0")
    assert "the first start makes it" in told.stdout
    assert list(tmp_path.iterdir()) == []


def test_doctor_says_where_media_are(tmp_path: Path) -> None:
    media, file = tmp_path / "media", tmp_path / "file"
    file.touch()
    assert f"{media}; the first start makes it" in roomful(tmp_path, "doctor", PORT="0", MEDIA_URL=str(media)).stdout
    assert not media.exists()
    wrong = roomful(tmp_path, "doctor", PORT="0", MEDIA_URL=f"{file}/media")
    assert (wrong.returncode, f"{file} is not a folder" in wrong.stdout) == (1, True)
    keys = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    away = roomful(tmp_path, "doctor", PORT="0", MEDIA_URL="s3://bucket/x", **keys)
    assert "s3://bucket/x cannot be used: the store does not answer -> check AWS_ENDPOINT_URL" in away.stdout
    assert away.returncode == 1


def test_doctor_finds_what_is_wrong(start_server: MakeServer) -> None:
    server = start_server()
    service = twilio_client(server).conversations.v1.services(server.credentials["service_sid"])
    role = next(role for role in service.roles.list() if role.friendly_name == "participant")
    role.update(permission=["joinConversation"])
    (server.instance / "credentials.json").chmod(0o644)
    told = roomful(server.folder, "doctor", **server.env)
    wrong = "\n".join(line for line in told.stdout.splitlines() if line.startswith("WRONG"))
    assert told.returncode == 1
    assert "participant" in wrong
    assert "chmod 600" in wrong


def test_doctor_on_a_service_that_is_not_there(tmp_path: Path) -> None:
    twilio = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "not told",
        "TWILIO_API_KEY_SID": "SK" + "0" * 32,
        "TWILIO_API_KEY_SECRET": "not told either",
    }
    told = roomful(tmp_path, "doctor", ROOMFUL_BACKEND=f"http://127.0.0.1:{free_port()}", **twilio)
    assert told.returncode == 1
    assert "WRONG  service" in told.stdout
    assert "not told" not in told.stdout + told.stderr
    assert "Traceback" not in told.stderr
