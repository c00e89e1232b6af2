"""How a command reaches the embedded service: by opening it itself, or through the server that has it open.

SQLite allows one writer, so a command takes the instance's lock if it is free and runs the service in its own process,
without a port. Otherwise it speaks to the server whose address is in `server.json`, after that server has proved on
the same connection that it knows this instance's secret: whatever else listens on an old port gets no credentials.
"""

import asyncio
import hashlib
import hmac
import http.client
import json
import secrets
import select
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from twilio.http.response import Response

from roomful.chatapp.backend import BackendUnavailable
from roomful.inprocess import TIMEOUT_SECONDS, InProcessClient, ServiceClient, WireRequest
from roomful.instance import POLL_SECONDS, WAIT_SECONDS, Instance, InstanceCredentials, InstanceError, InstanceLock

if TYPE_CHECKING:
    from roomful.conversations.app import Service, ServiceConfig

T = TypeVar("T")

_CONNECT_SECONDS = 5.0
OPEN_FAILURES = (OSError, SQLAlchemyError, sqlite3.Error)
"""What opening a database raises when something is wrong with it rather than with our code."""

_REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")


class NotReached(Exception):
    """The server was not reached, or had not begun with the request: it may be sent again, elsewhere."""


class CutOff(Exception):
    """The connection ended after the request was sent: it may have been done or not."""


class Door(Protocol):
    """One way to the service."""

    credentials: InstanceCredentials

    def send(self, request: WireRequest, timeout: float | None) -> Response:
        """Raises `NotReached`, `CutOff` or `BackendUnavailable`."""

    def close(self) -> None:
        """Give back what the door holds."""


class ServerDoor:
    """The service of a server that runs on this machine, over HTTP: each request on a connection of its own."""

    def __init__(self, url: str, credentials: InstanceCredentials) -> None:
        self.url = url
        self.credentials = credentials

    def send(self, request: WireRequest, timeout: float | None) -> Response:
        connection = self._connect()
        try:
            self._challenge(connection)
            connection.timeout = timeout or TIMEOUT_SECONDS
            connection.sock.settimeout(connection.timeout)
            return _exchange(connection, request)
        finally:
            connection.close()

    def check(self) -> None:
        """Raises `NotReached` unless the server of this instance answers there."""
        connection = self._connect()
        try:
            self._challenge(connection)
        finally:
            connection.close()

    def close(self) -> None:
        """Nothing stays open between requests."""

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_CONNECT_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            raise NotReached(f"{self.url}: {error}") from error
        return connection

    def _challenge(self, connection: http.client.HTTPConnection) -> None:
        """`POST /roomful/v1/challenge`: only who knows the account's secret can answer. Nothing secret is sent."""
        nonce = secrets.token_hex(32)
        try:
            connection.request(
                "POST", "/roomful/v1/challenge", json.dumps({"nonce": nonce}), {"Content-Type": "application/json"}
            )
            answer = json.loads(connection.getresponse().read())
            proof = str(answer["proof"])
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            raise NotReached(f"{self.url}: no answer to the challenge") from error
        expected = hmac.new(self.credentials.auth_token.encode(), f"roomful-challenge:{nonce}".encode(), hashlib.sha256)
        if not hmac.compare_digest(proof.encode(), expected.hexdigest().encode()) or connection.sock is None:
            raise NotReached(f"{self.url}: is not the server of this instance")


def _exchange(connection: http.client.HTTPConnection, request: WireRequest) -> Response:
    """Send one request and read its answer.

    A server that stops closes connections on which it has not begun a request. So that a write is never in doubt
    then, its body waits for `100 Continue` (RFC 9110 §10.1.1), which the server sends when it begins to read it; from
    there on a stopping server finishes the request.
    """
    sent = False
    try:
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body or request.method == "POST":
            connection.putheader("Content-Length", str(len(request.body)))
        if request.body:
            connection.putheader("Expect", "100-continue")
        connection.endheaders()
        if request.body and _awaits_body(connection):
            sent = True
            connection.send(request.body)
        sent = sent or not request.body
        answer = connection.getresponse()
        text = answer.read().decode()
        return Response(answer.status, text, dict(answer.getheaders()))
    except TimeoutError as error:
        raise BackendUnavailable("The Conversations service did not answer in time.") from error
    except (OSError, http.client.HTTPException) as error:
        raise (CutOff if sent else NotReached)(str(error)) from error


def _awaits_body(connection: http.client.HTTPConnection) -> bool:
    """Wait for the first bytes of the answer: True for `100 Continue`, False for an answer without the body."""
    readable, _, _ = select.select([connection.sock], [], [], connection.timeout)
    if not readable:
        raise TimeoutError
    begin = connection.sock.recv(12, socket.MSG_PEEK)
    if not begin:
        raise ConnectionResetError("closed before the request was read")
    return bool(begin[9:12] == b"100")


class OwnDoor:
    """The service in this process, on an event loop in a thread of its own, for as long as the lock is held."""

    def __init__(self, service: "Service", runner: "_LoopThread", lock: InstanceLock, base_url: str) -> None:
        self.credentials = credentials_of(service)
        self._service = service
        self._runner = runner
        self._lock = lock
        self._client = InProcessClient(service.asgi, runner.loop, base_url)

    @classmethod
    def open(cls, lock: InstanceLock, config: "ServiceConfig") -> "OwnDoor":
        """Open the service; the lock is released again when that fails."""
        from roomful.conversations.app import Service  # not at the top: a command that finds a server does not need it

        runner = _LoopThread()
        try:
            return cls(runner.run(Service.open(config)), runner, lock, config.public_url)
        except BaseException:
            runner.stop()
            lock.release()
            raise

    def send(self, request: WireRequest, timeout: float | None) -> Response:
        return self._client.send(request, timeout)

    def close(self) -> None:
        """Finish what is queued, close the database, then let the next one have the lock."""
        try:
            self._runner.run(self._service.close())
        finally:
            self._runner.stop()
            self._lock.release()


class _LoopThread:
    """An event loop that runs in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="roomful-service", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class InstanceClient(ServiceClient):
    """The `twilio` library's HTTP client for commands. It finds its door with the first request, and again when a
    server starts or stops in between.
    """

    def __init__(self, instance: Instance, config: Callable[[], "ServiceConfig"], base_url: str) -> None:
        super().__init__(base_url)
        self._instance = instance
        self._config = config
        self._door: Door | None = None
        self._finding = threading.Lock()

    def credentials(self) -> InstanceCredentials:
        """The keys of the service. Raises `BackendUnavailable`."""
        return self._find(time.monotonic() + WAIT_SECONDS).credentials

    def send(self, request: WireRequest, timeout: float | None = None) -> Response:
        """Raises `BackendUnavailable` when the service cannot be reached for 10 s, and when a connection was cut so
        that nobody knows whether a write was done.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        repeated = False
        while True:
            door = self._find(deadline)
            try:
                answer = door.send(request, timeout)
            except NotReached as error:
                self._lose(door, error, deadline)
            except CutOff as error:
                if request.method not in _REPEATABLE:
                    raise BackendUnavailable(
                        "The server ended while it was at work, so this may have been done or not: look before you "
                        "try again."
                    ) from error
                repeated = True
                self._lose(door, error, deadline)
            else:
                gone = repeated and request.method == "DELETE" and answer.status_code == 404
                return Response(204, "", answer.headers) if gone else answer

    def close(self) -> None:
        """Close the service if this process opened it; may be called more than once."""
        with self._finding:
            door, self._door = self._door, None
        if door is not None:
            door.close()

    def _lose(self, door: Door, error: Exception, deadline: float) -> None:
        if time.monotonic() >= deadline:
            raise BackendUnavailable(f"Roomful's server does not answer ({error}).") from error
        with self._finding:
            if self._door is door:
                self._door = None

    def _find(self, deadline: float) -> Door:
        with self._finding:
            while self._door is None:
                try:
                    self._door = self._try_lock() or self._try_server()
                except InstanceError as error:
                    raise BackendUnavailable(str(error)) from error
                if self._door is None and time.monotonic() >= deadline:
                    who = self._instance.describe_holder(self._instance.holder())
                    raise BackendUnavailable(f"{who} keeps {self._instance.folder} locked and does not answer.")
                if self._door is None:
                    time.sleep(POLL_SECONDS)
            return self._door

    def _try_lock(self) -> Door | None:
        lock = self._instance.try_lock("command")
        if lock is None:
            return None
        try:
            door = OwnDoor.open(lock, self._config())
        except OPEN_FAILURES as error:
            raise BackendUnavailable(describe_failure(error)) from error
        try:
            self._instance.export_credentials(door.credentials)
        except InstanceError:
            door.close()
            raise
        return door

    def _try_server(self) -> Door | None:
        holder, credentials = self._instance.holder(), self._instance.credentials()
        if holder is None or holder.url is None or credentials is None:
            return None
        door = ServerDoor(holder.url, credentials)
        try:
            door.check()
        except NotReached:
            return None
        return door


def credentials_of(service: "Service") -> InstanceCredentials:
    """The keys that the service made at its first start."""
    made = service.credentials
    return InstanceCredentials(
        made.account_sid, made.auth_token, made.api_key_sid, made.api_key_secret, made.service_sid
    )


def describe_failure(error: Exception) -> str:
    """One line about a service that does not open: mostly its database."""
    reason = " ".join(str(getattr(error, "orig", None) or error).split()) or type(error).__name__
    return f"Cannot open the Conversations service: {reason}"
