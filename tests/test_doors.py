"""What a command trusts, and what it does when a server goes away under it."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from roomful.chatapp.backend import BackendUnavailable
from roomful.doors import CutOff, InstanceClient, NotReached, ServerDoor
from roomful.inprocess import WireRequest
from roomful.instance import Instance, InstanceCredentials, InstanceLock

CREDENTIALS = InstanceCredentials("AC1", "a token", "SK1", "a secret", "IS1")
CREATE = WireRequest("POST", "/v1/Conversations", (("Authorization", "Basic QQ=="),), b"FriendlyName=x")
LIST = WireRequest("GET", "/v1/Conversations", (("Authorization", "Basic QQ=="),), b"")

Turn = Callable[[socket.socket], bytes]
"""One exchange of the listener below: reads from the connection and returns what it read; may close it."""


class Listener:
    """A program on a port that answers its connections as a script says, and keeps all that it was sent."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.received = b""
        self._thread: threading.Thread | None = None

    def follow(self, *connections: list[Turn]) -> None:
        """Take one connection after the other, and each one's turns."""
        self._thread = threading.Thread(target=self._run, args=(connections,), daemon=True)
        self._thread.start()

    def _run(self, connections: tuple[list[Turn], ...]) -> None:
        for turns in connections:
            try:
                connection, _ = self.socket.accept()
            except OSError:  # closed: nobody came
                return
            with connection:
                for turn in turns:
                    self.received += turn(connection)

    def close(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept()
        self.socket.close()
        if self._thread is not None:
            self._thread.join(timeout=5)


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def head(connection: socket.socket) -> bytes:
    """A request's head, however it arrives."""
    read = b""
    while b"\r\n\r\n" not in read and (chunk := connection.recv(65536)):
        read += chunk
    return read


def challenged(token: str) -> Turn:
    """Answer the challenge as one who believes the account's secret to be `token`."""

    def turn(connection: socket.socket) -> bytes:
        read = head(connection)
        while not read.endswith(b"}") and (chunk := connection.recv(65536)):
            read += chunk
        nonce = json.loads(read.partition(b"\r\n\r\n")[2])["nonce"]
        proof = hmac.new(token.encode(), f"roomful-challenge:{nonce}".encode(), hashlib.sha256).hexdigest()
        answer(connection, b"200 OK", json.dumps({"proof": proof}).encode())
        return read

    return turn


def answer(connection: socket.socket, status: bytes, body: bytes) -> None:
    connection.sendall(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))


def answers(status: bytes, body: bytes = b"{}") -> Turn:
    def turn(connection: socket.socket) -> bytes:
        read = head(connection)
        answer(connection, status, body)
        return read

    return turn


def takes_body(connection: socket.socket) -> bytes:
    read = head(connection)
    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return read + connection.recv(65536)


def creates(connection: socket.socket) -> bytes:
    read = takes_body(connection)
    answer(connection, b"201 Created", b"{}")
    return read


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_impostor_gets_no_credentials(listener: Listener) -> None:
    listener.follow([challenged("another token"), head])
    with pytest.raises(NotReached, match="is not the server of this instance"):
        ServerDoor(listener.url, CREDENTIALS).send(CREATE, 5)
    listener.close()
    assert b"roomful/v1/challenge" in listener.received
    for secret in (b"uthorization", b"a token", b"a secret", b"SK1", b"AC1"):
        assert secret not in listener.received


@pytest.mark.parametrize("status", [b"404 Not Found", b"200 OK"])
def test_a_program_that_knows_no_challenge_is_not_ours(listener: Listener, status: bytes) -> None:
    listener.follow([answers(status, b"<html>"), head])
    with pytest.raises(NotReached, match="no answer to the challenge"):
        ServerDoor(listener.url, CREDENTIALS).send(LIST, 5)


def test_nobody_listens() -> None:
    with pytest.raises(NotReached):
        ServerDoor(closed_port(), CREDENTIALS).send(LIST, 5)


def test_a_write_waits_for_the_server_to_begin(listener: Listener) -> None:
    listener.follow([challenged("a token"), creates])
    assert ServerDoor(listener.url, CREDENTIALS).send(CREATE, 5).status_code == 201
    listener.close()
    assert b"Expect: 100-continue" in listener.received
    assert listener.received.endswith(b"FriendlyName=x")


def test_a_refusal_needs_no_body(listener: Listener) -> None:
    listener.follow([challenged("a token"), answers(b"401 Unauthorized", b'{"code": 20003}')])
    response = ServerDoor(listener.url, CREDENTIALS).send(CREATE, 5)
    assert (response.status_code, response.text) == (401, '{"code": 20003}')
    listener.close()
    assert b"FriendlyName" not in listener.received


def test_cut_before_the_write_began_is_harmless(listener: Listener) -> None:
    listener.follow([challenged("a token"), head])
    with pytest.raises(NotReached):
        ServerDoor(listener.url, CREDENTIALS).send(CREATE, 5)


def test_cut_after_the_write_began_is_in_doubt(listener: Listener) -> None:
    listener.follow([challenged("a token"), takes_body])
    with pytest.raises(CutOff):
        ServerDoor(listener.url, CREDENTIALS).send(CREATE, 5)


# --- the client that chooses the door ------------------------------------------------------------------------------


@pytest.fixture
def server_lock(tmp_path: Path) -> Iterator[InstanceLock]:
    """The lock as a running server holds it."""
    Instance(tmp_path).export_credentials(CREDENTIALS)
    lock = Instance(tmp_path).try_lock("server")
    assert lock is not None
    yield lock
    lock.release()


def client_of(folder: Path) -> InstanceClient:
    def no_service_here() -> NoReturn:
        raise AssertionError("the lock is not free, so no service may be opened")

    return InstanceClient(Instance(folder), no_service_here, "http://localhost:5000")


def test_a_read_that_was_cut_is_asked_again(listener: Listener, server_lock: InstanceLock, tmp_path: Path) -> None:
    listener.follow(
        [challenged("a token")],  # the client looks whether the server is there
        [challenged("a token"), head],
        [challenged("a token")],
        [challenged("a token"), answers(b"200 OK", b'{"conversations": []}')],
    )
    server_lock.announce(listener.url)
    response = client_of(tmp_path).request("GET", "http://localhost:5000/v1/Conversations")
    assert response.text == '{"conversations": []}'


def test_a_delete_that_was_cut_and_is_gone_was_done(
    listener: Listener, server_lock: InstanceLock, tmp_path: Path
) -> None:
    listener.follow(
        [challenged("a token")],
        [challenged("a token"), head],
        [challenged("a token")],
        [challenged("a token"), answers(b"404 Not Found")],
    )
    server_lock.announce(listener.url)
    assert client_of(tmp_path).request("DELETE", "http://localhost:5000/v1/Conversations/CH1").status_code == 204


def test_a_write_that_was_cut_is_reported_and_not_repeated(
    listener: Listener, server_lock: InstanceLock, tmp_path: Path
) -> None:
    listener.follow([challenged("a token")], [challenged("a token"), takes_body], [challenged("a token"), creates])
    server_lock.announce(listener.url)
    with pytest.raises(BackendUnavailable, match="may have been done or not"):
        client_of(tmp_path).request("POST", "http://localhost:5000/v1/Conversations", data={"FriendlyName": "x"})
    listener.close()
    assert listener.received.count(b"FriendlyName=x") == 1


def test_a_server_that_moved_is_found_again(listener: Listener, server_lock: InstanceLock, tmp_path: Path) -> None:
    listener.follow([challenged("a token")], [challenged("a token"), answers(b"200 OK", b"[]")])
    server_lock.announce(closed_port())
    client = client_of(tmp_path)
    threading.Timer(0.2, server_lock.announce, [listener.url]).start()
    assert client.request("GET", "http://localhost:5000/v1/Conversations").text == "[]"


def test_other_addresses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not an address of the service"):
        client_of(tmp_path).request("GET", "http://localhost:5001/v1/Conversations", auth=("AC1", "a token"))
