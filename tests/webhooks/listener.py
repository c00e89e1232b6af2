"""A real HTTP server on 127.0.0.1 that webhooks are sent to: it validates, remembers, and misbehaves on request.

Every call's signature is validated by the `twilio` library's own `RequestValidator`; one that is not right is kept in
`Listener.forged`, which the fixture wants empty. Roomful must run with `WEBHOOK_ALLOW=127.0.0.1` to call it.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

__all__ = ["Behaviour", "Call", "Cut", "Hold", "Listener", "Raw", "Reply", "override"]


@dataclass(frozen=True)
class Call:
    """A call that arrived, whatever it was answered.

    Attributes:
        target: path and query, as they were on the wire.
        pairs: the names and values of the form (POST) or of the query (GET), in their order.
        headers: by lower-case name.
        arrived: seconds of `time.monotonic`.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...]
    arrived: float

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def parameters(self) -> dict[str, str]:
        """Of a repeated name the last value."""
        return dict(self.pairs)

    @property
    def event(self) -> str:
        return self.parameters.get("EventType", "")

    @property
    def token(self) -> str:
        """What is the same on every attempt of one call."""
        return self.headers.get("i-twilio-idempotency-token", "")

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    def get(self, name: str) -> str | None:
        return self.parameters.get(name)


@dataclass(frozen=True)
class Reply:
    """An answer that follows the rules of HTTP, after `delay` seconds."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0


def override(**parameters: Any) -> Reply:
    """A pre-event webhook's answer that puts `parameters` in place of what was asked for."""
    return Reply(200, json.dumps(parameters).encode(), {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Cut:
    """The connection ends without an answer."""


@dataclass(frozen=True)
class Raw:
    """These bytes are the answer, whatever they are; then the connection ends. An endless iterable is sent on until
    the other end has enough."""

    pieces: Iterable[bytes]


class Hold:
    """Whoever calls waits until `release`, and then is answered `reply`."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply or Reply()
        self._open = threading.Event()

    def release(self) -> None:
        self._open.set()

    def wait(self, given_up: Callable[[], bool]) -> None:
        while not self._open.wait(0.05) and not given_up():
            pass


Behaviour: TypeAlias = Reply | Cut | Raw | Hold
Decision: TypeAlias = Behaviour | Callable[[Call], Behaviour]


class Listener:
    """`Listener().up()` listens; `close` ends it. Paths behave as `on` and `always` say; others are answered 200.

    Attributes:
        forged: calls whose signature was not right.
    """

    def __init__(self) -> None:
        self.forged: list[Call] = []
        self._calls: list[Call] = []
        self._accepted: list[Call] = []
        self._news = threading.Condition()
        self._validator: RequestValidator | None = None
        self._scripts: dict[str, deque[Behaviour]] = {}
        self._rules: dict[str, Decision] = {}
        self._server: _Server | None = None
        self._port = 0
        self._at_work = 0

    # --- its life ---

    def up(self) -> Listener:
        """Listen, on the same port each time."""
        assert self._server is None, "it listens already"
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def down(self) -> None:
        """Close the port and all connections: who calls now is refused by the kernel."""
        server, self._server = self._server, None
        if server is not None:
            server.end()

    close = down

    @property
    def is_up(self) -> bool:
        return self._server is not None

    def trust(self, auth_token: str) -> None:
        """From now on calls must be signed with this token; before, none is expected to be right."""
        self._validator = RequestValidator(auth_token)

    @property
    def port(self) -> int:
        return self._port

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def url(self, target: str) -> str:
        """The URL of a path, with or without a query."""
        return self.origin + target

    # --- what it does ---

    def on(self, path: str, *behaviours: Behaviour) -> None:
        """The next calls of `path` are met by these, one each, and those after them as before."""
        with self._news:
            self._scripts.setdefault(path, deque()).extend(behaviours)

    def always(self, path: str, decision: Decision) -> None:
        """Each call of `path` is met so, or as a function of the call says; what `on` was told comes first."""
        with self._news:
            self._rules[path] = decision

    def behave(self, path: str) -> None:
        """Forget what `on` and `always` were told of `path`: it answers 200."""
        with self._news:
            self._scripts.pop(path, None)
            self._rules.pop(path, None)

    # --- what it heard ---

    @property
    def calls(self) -> list[Call]:
        """All calls, in the order of their arrival."""
        with self._news:
            return list(self._calls)

    @property
    def accepted(self) -> list[Call]:
        """Those that were answered by a 2xx while somebody waited for it, in the order of the answers."""
        with self._news:
            return list(self._accepted)

    def heard(self, path: str | None = None, event: str | None = None, **parameters: str) -> list[Call]:
        """The calls of a path, of an event, and with these parameters, in the order of their arrival."""
        return [
            call
            for call in self.calls
            if (path is None or call.path == path)
            and (event is None or call.event == event)
            and all(call.get(name) == value for name, value in parameters.items())
        ]

    def wait(
        self, count: int = 1, path: str | None = None, event: str | None = None, within: float = 15, **parameters: str
    ) -> list[Call]:
        """What `heard` answers, once there are `count` calls at least; fails after `within` seconds."""
        found: list[Call] = []

        def enough() -> bool:
            found[:] = self.heard(path, event, **parameters)
            return len(found) >= count

        with self._news:
            arrived = self._news.wait_for(enough, within)
        assert arrived, f"waited {within:g} s for {count} calls; heard {[(c.target, c.event) for c in self.calls]}"
        return found

    @property
    def at_work(self) -> int:
        """How many calls have arrived and are not answered yet."""
        with self._news:
            return self._at_work

    def idle(self, within: float = 15) -> None:
        """Wait until every call that arrived is answered."""
        with self._news:
            assert self._news.wait_for(lambda: not self._at_work, within), f"{self._at_work} calls are not answered"

    def forget(self) -> None:
        """Begin to remember anew."""
        with self._news:
            self._calls.clear()
            self._accepted.clear()

    # --- for the connections ---

    def _arrived(self, call: Call, form: Mapping[str, str]) -> Behaviour:
        signature = call.headers.get("x-twilio-signature", "")
        valid = self._validator is not None and self._validator.validate(self.url(call.target), form, signature)
        with self._news:
            self._calls.append(call)
            self._at_work += 1
            if not valid or call.headers.get("host") != f"127.0.0.1:{self._port}":
                self.forged.append(call)
            script = self._scripts.get(call.path)
            decision = script.popleft() if script else self._rules.get(call.path, Reply())
            self._news.notify_all()
        return decision(call) if callable(decision) else decision

    def _accepts(self, call: Call) -> None:
        with self._news:
            self._accepted.append(call)

    def _answered(self) -> None:
        with self._news:
            self._at_work -= 1
            self._news.notify_all()


class _Server(ThreadingHTTPServer):
    """One time of listening. A connection is a thread; `end` closes all of them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], listener: Listener) -> None:
        self.listener = listener
        self.ended = False
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def end(self) -> None:
        self.ended = True
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is what the tests are about."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            return
        form = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body))
        query = parse_qsl(urlsplit(self.path).query, keep_blank_values=True)
        headers = {name.lower(): value for name, value in self.headers.items()}
        pairs = form if self.command == "POST" else query
        call = Call(self.command, self.path, headers, tuple(pairs), time.monotonic())
        behaviour = self.server.listener._arrived(call, dict(form))
        try:
            self._meet(call, behaviour)
        except OSError:
            self.close_connection = True
        finally:
            self.server.listener._answered()

    do_GET = do_POST = _handle

    def _meet(self, call: Call, behaviour: Behaviour) -> None:
        match behaviour:
            case Hold():
                behaviour.wait(self._gone)
                self._reply(call, behaviour.reply)
            case Reply():
                if behaviour.delay:
                    self._linger(behaviour.delay)
                self._reply(call, behaviour)
            case Cut():
                self._end()
            case Raw():
                for piece in behaviour.pieces:
                    self.connection.sendall(piece)
                self._end()

    def _linger(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._gone():
            time.sleep(min(0.02, seconds))  # it plays a slow server: the time itself is what is wanted

    def _gone(self) -> bool:
        """Whether nobody waits for the answer any more."""
        if self.server.ended:
            return True
        self.connection.setblocking(False)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            with suppress(OSError):
                self.connection.setblocking(True)

    def _reply(self, call: Call, reply: Reply) -> None:
        if self._gone():  # also if it went down meanwhile: nothing may be taken for delivered
            return self._end()
        if 200 <= reply.status < 300:
            self.server.listener._accepts(call)
        head = [f"HTTP/1.1 {reply.status} {'OK' if reply.status < 300 else 'No'}"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.status != 204:
            head.append(f"Content-Length: {len(reply.body)}")
        self.connection.sendall("\r\n".join([*head, "", ""]).encode() + reply.body)

    def _end(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was called is in `Listener.calls`."""
