"""What waits and what failed, seen and mended by REST: a server, and a listener that is down for over a day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
from twilio.rest import Client

from roomful.conversations.rest.webhook_calls import shown
from tests.clock_server import ClockServer
from tests.servers import Postgres, twilio_client, wait_for
from tests.webhooks.listener import Listener

from .conftest import DATABASES, Wire

HOOKS = "/roomful/v1/hooks"
TOLD = {"x_twilio_webhook_enabled": "true"}


@pytest.fixture(scope="module", params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockServer]:
    with ExitStack() as stack:
        env = {"WEBHOOK_ALLOW": "127.0.0.1"}
        if request.param == "postgresql":
            postgres: Postgres = request.getfixturevalue("postgres")
            env["DATABASE_URL"] = stack.enter_context(postgres.database())
        server = ClockServer(tmp_path_factory.mktemp("hooks"), **env)
        stack.callback(server.close)
        yield server.start()


@pytest.fixture
def wire(server: ClockServer) -> Wire:
    return Wire(server)


@pytest.fixture
def client(server: ClockServer) -> Client:
    return twilio_client(server)


@pytest.fixture
def listener(server: ClockServer) -> Iterator[Listener]:
    """It has a port, and nobody listens there until a test calls `up`."""
    listener = Listener().up()
    listener.trust(server.credentials["auth_token"])
    listener.down()
    yield listener
    listener.close()
    assert listener.forged == []


class Case:
    """A service with a webhook, and what the outbox says of it."""

    def __init__(self, client: Client, wire: Wire, listener: Listener) -> None:
        self.wire = wire
        self.sid = client.conversations.v1.services.create(friendly_name="of one test").sid
        self.api = client.conversations.v1.services(self.sid)
        url = listener.url("/post?key=hidden").replace("//", "//user:word@")
        filters = ["onMessageAdded", "onConversationAdded"]
        self.api.configuration.webhooks().update(post_webhook_url=url, filters=filters)

    def room(self, messages: int) -> str:
        """A conversation and `messages` in it, of which the webhook is told."""
        room = self.api.conversations.create(**TOLD)
        for number in range(messages):
            self.api.conversations(room.sid).messages.create(body=f"secret {number}", **TOLD)
        return str(room.sid)

    def target(self, sid: str = "") -> dict[str, Any] | None:
        """What is listed for the service's webhook, or another."""
        targets = self.wire.get(HOOKS).json["targets"]
        return next((target for target in targets if target["target"] == (sid or self.sid)), None)

    def calls(self, **query: str) -> list[dict[str, Any]]:
        asked = "&".join(f"{name}={value}" for name, value in {"Target": self.sid, **query}.items())
        return list(self.wire.get(f"{HOOKS}/calls?{asked}").json["calls"])

    def post(self, action: str, body: Any) -> Any:
        return self.wire.post(f"{HOOKS}/{action}", json.dumps(body).encode()).json

    def tried(self) -> dict[str, Any]:
        """The target once an attempt has failed."""
        return wait_for(lambda: (found := self.target()) and found["last_error"] and found, what="a failed attempt")


@pytest.fixture
def case(client: Client, wire: Wire, listener: Listener) -> Case:
    return Case(client, wire, listener)


@pytest.fixture
def failed(case: Case, server: ClockServer) -> tuple[Case, str]:
    """A webhook with three calls about one conversation that were given up."""
    room = case.room(2)
    case.tried()
    server.advance(hours=25)
    wait_for(lambda: len(case.calls(State="failed")) == 3, what="the calls to be given up")
    return case, room


def test_what_waits(case: Case, listener: Listener) -> None:
    assert case.target() is None
    first, second = case.room(2), case.room(0)
    target = case.tried()
    assert (target["level"], target["waiting"], target["failed"]) == ("service", 4, 0)
    assert target["url"] == listener.url("/post"), "neither user nor query"
    assert datetime.fromisoformat(target["oldest"]) <= datetime.fromisoformat(target["next_attempt"])
    assert target["last_error"] == "connection refused"
    calls = case.calls()
    assert [(call["event"], call["stream"]) for call in calls] == [
        *(("onConversationAdded", first), ("onMessageAdded", first), ("onMessageAdded", first)),
        ("onConversationAdded", second),
    ]
    assert [call["attempts"] > 0 for call in calls[1:3]] == [False, False], "they wait for the one before"
    assert calls[0].keys() == {
        *("sid", "target", "stream", "event", "url", "state", "attempts", "date_created", "date_due", "error")
    }
    everything = case.wire.get(HOOKS).text + case.wire.get(f"{HOOKS}/calls").text
    for secret in ("secret", "hidden", "word", "Body"):
        assert secret not in everything
    listener.up()
    case.post("retry", {"target": case.sid})
    wait_for(lambda: case.target() is None, what="everything to leave")
    assert len(listener.heard("/post")) == 4


def test_a_conversations_webhook_is_a_target_of_its_own(case: Case, client: Client, listener: Listener) -> None:
    room = case.room(0)
    hooks = case.api.conversations(room).webhooks
    own = hooks.create(target="trigger", configuration_url=listener.url("/own"), configuration_triggers=["help"]).sid
    account = client.conversations.v1.configuration.webhooks()
    account.update(post_webhook_url=listener.url("/all"), filters=["onConversationAdded"])
    client.conversations.v1.conversations.create(**TOLD)
    account.update(post_webhook_url="")
    case.api.conversations(room).messages.create(body="Help!", **TOLD)
    listed = [
        (target["target"], target["level"], target["waiting"])
        for target in case.wire.get(HOOKS).json["targets"]
        if target["target"] in (own, case.sid, case.wire.account_sid)
    ]
    assert listed == [(case.wire.account_sid, "account", 1), (case.sid, "service", 2), (own, "conversation", 1)]
    hooks(own).delete()
    assert case.target(own) is not None, "it is told of what happened while it was there"
    listener.up()
    case.post("retry", {})
    listener.wait(1, "/own", Body="Help!")


def test_what_was_given_up_is_sent_again(failed: tuple[Case, str], listener: Listener) -> None:
    case, room = failed
    target = case.target()
    assert target is not None
    assert (target["waiting"], target["failed"], target["next_attempt"]) == (0, 3, None)
    calls = case.calls()
    assert {call["state"] for call in calls} == {"failed"}
    assert calls[0]["attempts"] > 0
    assert calls[0]["error"]
    listener.up()
    hooks = case.api.configuration.webhooks()
    hooks.update(post_webhook_url=listener.url("/moved"), method="GET")
    assert case.post("retry", {"calls": [calls[1]["sid"]]}) == {"retried": 1, "next": None}
    listener.wait(1, "/moved", Body="secret 0")
    assert case.post("retry", {"target": case.sid}) == {"retried": 2, "next": None}
    heard = listener.wait(3, "/moved", ConversationSid=room)
    assert [call.event for call in heard[1:]] == ["onConversationAdded", "onMessageAdded"]
    assert {call.method for call in heard} == {"GET"}
    wait_for(lambda: case.target() is None, what="everything to leave")
    assert case.post("retry", {"target": case.sid}) == {"retried": 0, "next": None}


def test_drop(failed: tuple[Case, str]) -> None:
    case, _ = failed
    sids = [call["sid"] for call in case.calls()]
    assert case.post("drop", {"calls": [sids[1], sids[1], f"WC{'0' * 32}"]}) == {"dropped": 1, "next": None}
    assert [call["sid"] for call in case.calls()] == [sids[0], sids[2]]
    waiting = case.room(0)
    assert case.post("drop", {"target": case.sid}) == {"dropped": 2, "next": None}
    (left,) = case.calls()
    assert (left["stream"], left["state"]) == (waiting, "waiting"), "a call that waits is dropped only by its name"
    assert case.post("drop", {"calls": [left["sid"]]}) == {"dropped": 1, "next": None}
    assert case.target() is None


def test_more_calls_than_one_command_takes(case: Case, server: ClockServer, listener: Listener) -> None:
    case.post("drop", {})
    sid = case.api.conversations.create().sid
    room = case.api.conversations(sid)
    for _ in range(101):
        room.messages.create(body="help")
    for _ in range(5):
        room.webhooks.create(
            target="trigger",
            configuration_url=listener.url("/own"),
            configuration_triggers=["help"],
            configuration_replay_after=0,
        )

    def targets() -> list[Any]:
        return [target for target in case.wire.get(HOOKS).json["targets"] if target["level"] == "conversation"]

    assert [target["waiting"] for target in targets()] == [101] * 5
    wait_for(lambda: all(target["last_error"] for target in targets()), what="an attempt at each")
    server.advance(hours=25)
    wait_for(lambda: [target["failed"] for target in targets()] == [101] * 5, what="the calls to be given up")
    first = case.calls(Target=targets()[0]["target"], PageSize="100")
    assert case.post("drop", {"target": targets()[0]["target"], "after": first[89]["sid"]})["dropped"] == 11
    retried = case.post("retry", {})
    assert (retried["retried"] >= 494, retried["next"]) == (True, None)  # other tests may have left some, too
    listener.up()
    case.post("retry", {})
    wait_for(lambda: not targets(), what="everything to leave")
    assert len({call.token for call in listener.heard("/own")}) == 494


def test_pages(case: Case) -> None:
    case.room(4)
    whole = case.calls()
    path = f"{HOOKS}/calls?Target={case.sid}&State=WAITING&PageSize=2"
    found: list[Any] = []
    while path:
        page = case.wire.get(path).json
        assert page["meta"]["key"] == "calls"
        found += page["calls"]
        path = (page["meta"]["next_page_url"] or "").removeprefix(f"http://localhost:{case.wire.server.port}")
    assert [call["sid"] for call in found] == [call["sid"] for call in whole]
    assert len(found) == 5
    assert case.calls(State="failed") == []
    assert case.wire.get(f"{HOOKS}/calls?Target=IS{'0' * 32}").json["calls"] == []


def test_who_may_ask(wire: Wire) -> None:
    for method, path in (("GET", ""), ("GET", "/calls"), ("POST", "/retry"), ("POST", "/drop")):
        reply = wire.send(method, HOOKS + path, authorization=None)
        assert (reply.status, reply.code) == (401, 20003)
    for method, path, allowed in (
        *(("POST", "", "GET"), ("DELETE", "/calls", "GET"), ("GET", "/retry", "POST"), ("PUT", "/drop", "POST")),
    ):
        reply = wire.send(method, HOOKS + path)
        assert (reply.code, reply.headers["allow"]) == (20004, allowed)
    assert wire.get(f"{HOOKS}/calls/WC{'0' * 32}").code == 20404


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b'"all"', b"\xff{}"),
        *(b'{"tagret": "x"}', b'{"target": 5}', b'{"target": ""}', b'{"target": "a\\u0000b"}', b'{"calls": "WC"}'),
        *(b'{"calls": ["WC1"]}', b'{"calls": [5]}', b'{"calls": ["\\ud800"]}', b'{"after": "x"}'),
        b'{"target": "application", "calls": []}',
        json.dumps({"calls": [f"WC{number:032x}" for number in range(501)]}).encode(),
    ],
)
@pytest.mark.parametrize("action", ["retry", "drop"])
def test_bodies_that_are_refused(wire: Wire, action: str, body: bytes) -> None:
    reply = wire.post(f"{HOOKS}/{action}", body)
    assert (reply.status, reply.code) == (400, 20001)


def test_queries_that_are_refused(wire: Wire) -> None:
    for query in ("State=lost", "PageToken=x", "Target=%00", "Target=%FF", "PageSize=x"):
        assert wire.get(f"{HOOKS}/calls?{query}").code == 20001


def test_nothing_is_done_to_nothing(case: Case) -> None:
    bodies: list[Any] = [{"calls": []}, {"target": case.sid}, {"calls": [f"WC{'0' * 32}"]}]
    for body in bodies:
        assert case.post("retry", body) == {"retried": 0, "next": None}
        assert case.post("drop", body) == {"dropped": 0, "next": None}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:word@app.example:8443/a/b?key=1", "https://app.example:8443/a/b"),
        ("http://a@b@[2001:db8::1]:80?x", "http://[2001:db8::1]:80"),
        ("https://app.example", "https://app.example"),
        (None, None),
    ],
)
def test_urls_are_shown_without_secrets(url: str | None, told: str | None) -> None:
    assert shown(url) == told
