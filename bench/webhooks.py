"""Webhooks: what they cost those who send, and how fast calls are delivered, beside Python's own HTTP client."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from .client import BenchError
from .durable import CLIENTS
from .packets import BODY_CHARS
from .processes import SERVER_CORE, Load, Server, Target, cpu_seconds, target
from .rooms import make_rooms, say

EVENTS = ("onMessageAdd", "onMessageAdded")
MANY = 50
"""Conversations that are told of at once."""
TELLER = "teller"

SENDS = 2000
SENDS_ASKED = 600
SENDS_OF_ONE = 200
"""Messages of the clients in a round, of all or of one."""
CALLS, CALLS_OF_ONE = 1000, 400
"""Calls that are delivered in a round, of `MANY` conversations and of one."""

EMPTY_SECONDS = 10
FORM = urlencode({"EventType": "onMessageAdded", "Body": "x" * BODY_CHARS, "Attributes": "y" * 400})
"""As long as that of a call about a message."""

Figures = dict[str, float]


class Webhooks:
    """A service whose webhook's target listens, or is dead; a round of each measurement."""

    def __init__(self, server: Server, target: Target, dead: str) -> None:
        self._server = server
        self._target = target
        self._dead = dead
        """A URL where nobody listens."""
        self._rooms = make_rooms(server, TELLER, [["listener"]] * MANY)

    def round(self, clients: Load) -> Figures:
        """All measurements once; nobody is told or asked any more afterwards.

        Those with many calls at once come last: each call costs more while many connections are kept.
        """
        told, dead = self._sends_told(clients), self._sends_to_the_dead(clients)
        one, many, bare = self.calls(1, CALLS_OF_ONE), self.calls(MANY, CALLS), self._bare()
        alone, asked = self._sends_asked(clients, SENDS_OF_ONE, 1), self._sends_asked(clients, SENDS_ASKED, CLIENTS)
        self._configure()
        return {
            "sends told": _per_second(told),
            "sends dead": _per_second(dead),
            "send cpu dead": dead["server_cpu"] / dead["messages"] * 1e6,
            "sends asked": _per_second(asked),
            "answer asked": alone["answer_ms"],
            "calls one": one["per_second"],
            "calls many": many["per_second"],
            "calls bare": bare["per_second"],
            "call cpu many": many["cpu_us"],
            "call cpu bare": bare["cpu_us"],
            "busy asked sends": asked["client_cpu"] / asked["seconds"],
            "busy webhook calls": many["busy"],
        }

    def _sends_told(self, clients: Load) -> Figures:
        """All clients send, and the webhook is told of each message; see `Load.round`."""
        self._configure(post=self._target.url)
        self._target.begin()
        told = clients.round(SENDS, CLIENTS)
        self._all_told(SENDS)
        return told

    def _sends_to_the_dead(self, clients: Load) -> Figures:
        """All clients send while nobody listens. Afterwards the calls go to the target that does."""
        self._configure(post=self._dead)
        told = clients.round(SENDS, CLIENTS)
        self._configure(post=self._target.url)
        self._target.begin()
        waiting = json.dumps({"target": self._server.credentials["service_sid"]})
        self._rest("POST", "/roomful/v1/hooks/retry", waiting, "application/json")
        self._all_told(SENDS)
        return told

    def _sends_asked(self, clients: Load, messages: int, senders: int) -> Figures:
        """Clients send, and the webhook is asked before each message; see `Load.round`."""
        self._configure(pre=self._target.url)
        self._target.begin()
        told = clients.round(messages, senders)
        calls = self._target.count(messages)
        return {**told, "client_cpu": told["client_cpu"] + calls["cpu"]}

    def calls(self, conversations: int, calls: int) -> Figures:
        """Deliver calls about as many conversations; all of them wait in the outbox when the first is answered."""
        self._configure(post=self._target.url)
        self._target.begin(hold=True)
        say(self._server, self._rooms[:conversations], TELLER, "x" * BODY_CHARS, calls // conversations)
        before = cpu_seconds(self._server.pid)
        told = self._all_told(calls)
        cpu = cpu_seconds(self._server.pid) - before
        return {
            "per_second": calls / told["seconds"],
            "cpu_us": cpu / calls * 1e6,
            "busy": told["cpu"] / told["seconds"],
        }

    def _bare(self) -> Figures:
        """The same target called by Python's own HTTP client, on one connection and on the servers' core."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {SERVER_CORE})
        connection = http.client.HTTPConnection("127.0.0.1", self._target.port, timeout=10)
        try:
            self._target.begin()
            began, cpu = time.perf_counter(), time.process_time()
            for _ in range(CALLS):
                connection.request("POST", "/hooks", FORM, headers)
                connection.getresponse().read()
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            self._target.count(CALLS)
        finally:
            os.sched_setaffinity(0, before)
            connection.close()
        return {"per_second": CALLS / seconds, "cpu_us": cpu / CALLS * 1e6}

    def _all_told(self, calls: int) -> Figures:
        """Let the target answer; until it has been told of everything and the server knows."""
        told = self._target.count(calls)
        deadline = time.monotonic() + EMPTY_SECONDS
        while self._rest("GET", "/roomful/v1/hooks")["targets"]:
            if time.monotonic() > deadline:
                raise BenchError("calls were made and are still in the outbox")
            time.sleep(0.01)
        return told

    def _configure(self, *, pre: str = "", post: str = "") -> None:
        service = self._server.credentials["service_sid"]
        form = [("PreWebhookUrl", pre), ("PostWebhookUrl", post), *(("Filters", event) for event in EVENTS)]
        self._rest("POST", f"/v1/Services/{service}/Configuration/Webhooks", urlencode(form))

    def _rest(self, method: str, path: str, body: str = "", kind: str = "application/x-www-form-urlencoded") -> Any:
        """Ask the server as the account; `kind` is the body's. Raises `BenchError`."""
        pair = ":".join(self._server.credentials[name] for name in ("account_sid", "auth_token"))
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
        try:
            connection.request(method, path, body, {"Authorization": authorization, "Content-Type": kind})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise BenchError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text)


def _per_second(told: Figures) -> float:
    return told["messages"] / told["seconds"]


@contextmanager
def webhooks(server: Server) -> Iterator[Webhooks]:
    """A target that listens, and an address at which nobody does as long as this lasts."""
    with target() as listening, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield Webhooks(server, listening, f"http://127.0.0.1:{taken.getsockname()[1]}/hooks")
