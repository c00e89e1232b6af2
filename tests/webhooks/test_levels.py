"""Who is called: filters, levels, triggers, replays, the clock's changes, and every sort of URL."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from roomful.conversations.core.webhooks import POST_EVENTS, PRE_EVENTS
from tests.clock_server import ClockServer

from .conftest import Hooked
from .listener import Call, Hold, Listener
from .stage import Stage

EVERYTHING = sorted(PRE_EVENTS | POST_EVENTS)


@pytest.fixture
def stage(hooked: Hooked) -> Iterator[Stage]:
    """A service without webhooks, changed by REST so that webhooks hear of it."""
    made = Stage(hooked.server, hooked.listener, "conversation", "POST", "API")
    hooked.listener.forget()
    yield made
    made.close()
    made.client.conversations.v1.configuration.webhooks().update(
        pre_webhook_url="", post_webhook_url="", filters=[""], target="webhook"
    )


def bare_room(stage: Stage, **wanted: str) -> Any:
    """A conversation without webhooks of its own."""
    return stage.service.conversations.create(**wanted)


def hook(stage: Stage, room: str, path: str, target: str = "webhook", **configuration: Any) -> Any:
    """A conversation's own webhook."""
    wanted = {"url": stage.listener.url(path)} | configuration
    webhooks = stage.service.conversations(room).webhooks
    return webhooks.create(target=target, **{f"configuration_{name}": value for name, value in wanted.items()})


def events(calls: list[Call]) -> list[tuple[str, str]]:
    return [(call.path, call.event) for call in calls]


# --- filters ---


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (["onMessageAdded"], [("/post", "onMessageAdded")]),
        (["onMessageSent"], [("/post", "onMessageAdded")]),
        (["ONMESSAGESEND", "onmessageadded"], [("/pre", "onMessageAdd"), ("/post", "onMessageAdded")]),
        (["onMessageAdd", "onConversationUpdated"], [("/pre", "onMessageAdd")]),
        (["onConversationDestroy", "onConversationDestroyed", "onMessageRemoved", "onDeliveryUpdated"], []),
        ([""], []),
    ],
)
def test_only_what_a_filter_names(stage: Stage, filters: list[str], told: list[tuple[str, str]]) -> None:
    stage.service.configuration.webhooks().update(
        pre_webhook_url=stage.listener.url("/pre"), post_webhook_url=stage.listener.url("/post"), filters=filters
    )
    stage.by.send(bare_room(stage).sid, "hello", "{}")
    assert events(stage.calls()) == told


def test_an_older_name_is_only_a_name(stage: Stage) -> None:
    stage.service.configuration.webhooks().update(
        post_webhook_url=stage.listener.url("/post"), filters=["onConversationDestroyed"]
    )
    stage.by.delete(bare_room(stage).sid)
    assert events(stage.calls()) == [("/post", "onConversationRemoved")]


def test_only_the_url_that_is_set_is_called(stage: Stage) -> None:
    stage.service.configuration.webhooks().update(pre_webhook_url=stage.listener.url("/pre"), filters=EVERYTHING)
    stage.by.create()
    assert events(stage.calls()) == [("/pre", "onConversationAdd")]
    stage.service.configuration.webhooks().update(pre_webhook_url="", post_webhook_url=stage.listener.url("/post"))
    stage.by.create()
    assert events(stage.calls())[1:] == [("/post", "onConversationAdded")]


# --- levels ---


def test_a_service_replaces_the_account(stage: Stage) -> None:
    """A URL of either kind at the service, and the account's are not used for it at all."""
    account, service = stage.client.conversations.v1.configuration.webhooks(), stage.service.configuration.webhooks()
    account.update(
        pre_webhook_url=stage.listener.url("/account/pre"),
        post_webhook_url=stage.listener.url("/account/post"),
        filters=EVERYTHING,
    )
    by_account = [("/account/pre", "onConversationAdd"), ("/account/post", "onConversationAdded")]
    service.update(filters=["onConversationAdded"])
    stage.by.create()
    assert events(stage.calls()) == by_account, "filters alone replace nothing"
    for wanted, told in (
        ({"post_webhook_url": stage.listener.url("/service/post")}, [("/service/post", "onConversationAdded")]),
        ({"filters": ["onUserAdded"]}, []),
        ({"post_webhook_url": "", "pre_webhook_url": stage.listener.url("/service/pre")}, []),
        ({"pre_webhook_url": ""}, by_account),
    ):
        stage.listener.forget()
        service.update(**wanted)
        stage.by.create()
        assert events(stage.calls()) == told, wanted


def test_what_is_meant_for_flex_is_not_called(stage: Stage) -> None:
    account = stage.client.conversations.v1.configuration.webhooks()
    wanted = {"pre_webhook_url": stage.listener.url("/pre"), "post_webhook_url": stage.listener.url("/post")}
    account.update(filters=EVERYTHING, target="flex", **wanted)
    stage.by.create()
    assert stage.calls() == []
    account.update(target="webhook")
    stage.by.create()
    assert len(stage.calls()) == 2


def test_a_conversations_own_are_called_in_addition(stage: Stage) -> None:
    stage.service.configuration.webhooks().update(
        post_webhook_url=stage.listener.url("/service"), filters=["onMessageAdded"]
    )
    room, other = bare_room(stage).sid, bare_room(stage).sid
    for n in range(5):
        filters = ["onMessageAdded"] if n < 3 else ["onParticipantAdded", "onConversationRemoved"]
        hook(stage, room, f"/room/{n}", filters=filters, method=("post", "GET")[n % 2])
    stage.by.send(room, "here", "{}")
    told = stage.calls()
    assert {call.path for call in told} == {"/service", "/room/0", "/room/1", "/room/2"}
    assert {call["MessageSid"] for call in told} == {told[0]["MessageSid"]}
    assert len({call.token for call in told}) == 4, "each is a call of its own"
    assert [call.method for call in sorted(told, key=lambda call: call.path)] == ["POST", "GET", "POST", "POST"]
    stage.listener.forget()
    stage.by.send(other, "there", "{}")
    assert events(stage.calls()) == [("/service", "onMessageAdded")]
    stage.listener.forget()
    stage.by.delete(room)
    assert sorted(events(stage.calls())) == [(f"/room/{n}", "onConversationRemoved") for n in (3, 4)]


def test_what_happened_is_told_as_it_was_configured_then(stage: Stage) -> None:
    """A call that waits keeps its URL and method, also when the webhook is changed or gone since."""
    room, hold = bare_room(stage).sid, Hold()
    made = hook(stage, room, "/first", filters=["onMessageAdded"])
    stage.listener.on("/first", hold)
    for body in ("1", "2"):
        stage.by.send(room, body, "{}")
    made.update(configuration_url=stage.listener.url("/second"), configuration_method="GET")
    stage.by.send(room, "3", "{}")
    made.delete()
    stage.by.send(room, "4", "{}")
    hold.release()
    told = [(call.path, call.method, call["Body"]) for call in stage.calls()]
    assert told == [("/first", "POST", "1"), ("/first", "POST", "2"), ("/second", "GET", "3")]


def test_triggers_hear_their_words(stage: Stage) -> None:
    room = bare_room(stage).sid
    hook(stage, room, "/bot", "trigger", triggers=["help", "C++", "größe", "two words"])
    bodies = {
        "help": True,
        "HELP!": True,
        "please,help me": True,
        "helpful": False,
        "unhelp": False,
        "i like c++.": True,
        "c+": False,
        "welche GRÖSSE?": False,
        "welche GRÖßE?": True,
        "some two words here": True,
        "two  words": False,
        "": False,
    }
    for body in bodies:
        stage.by.send(room, body, "{}")
    sent = stage.service.conversations(room).messages.list()[0]
    stage.by.edit(room, sent.sid, body="help, edited")
    told = stage.calls()
    assert [call["Body"] for call in told] == [body for body, hears in bodies.items() if hears]
    assert {call.event for call in told} == {"onMessageAdded"}


def test_a_studio_flow_is_not_called(stage: Stage) -> None:
    room = bare_room(stage).sid
    stage.service.conversations(room).webhooks.create(target="studio", configuration_flow_sid="FW" + "a" * 32)
    stage.by.send(room, "hello", "{}")
    assert stage.calls() == []


@pytest.mark.parametrize("target", ["webhook", "trigger"])
def test_messages_are_replayed(stage: Stage, target: str) -> None:
    """From the index on, in order, before anything newer, however the messages were sent."""
    room, wanted = bare_room(stage), {"filters": ["onMessageAdded", "onMessageRemoved"]}
    sent = [stage.quiet.send(room.sid, f"help {n}", "{}") for n in range(40)]
    stage.quiet.erase(room.sid, sent[7]["sid"])
    stage.quiet.edit(room.sid, sent[8]["sid"], body="help, edited")
    if target == "trigger":
        wanted = {"triggers": ["help"]}
        stage.quiet.edit(room.sid, sent[9]["sid"], body="silence")
    hold = Hold()
    stage.listener.on("/replay", hold)
    hook(stage, room.sid, "/replay", target, replay_after=5, **wanted)
    stage.by.send(room.sid, "help, new", "{}")
    hold.release()
    told = stage.calls()
    missing = {7, 9} if target == "trigger" else {7}
    assert [int(call["Index"]) for call in told] == [n for n in range(5, 41) if n not in missing]
    assert told[2]["Body"] == "help, edited"
    assert {(call["Source"], call.event) for call in told} == {("API", "onMessageAdded")}
    assert told[0]["MessageSid"] == sent[5]["sid"]
    assert set(told[0].parameters) == set(told[-1].parameters)


# --- the clock ---


def test_the_clock_is_told_of_always(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> None:
    """Timers ask no REST request, and no pre-event webhook either."""
    server = ClockServer(tmp_path_factory.mktemp("clock") / "server", WEBHOOK_ALLOW="127.0.0.1")
    try:
        server.start()
        listener.trust(server.credentials["auth_token"])
        stage = Stage(server, listener, "service", "POST", "API")
        room = stage.service.conversations.create(timers_inactive="PT1M", timers_closed="PT20M")
        listener.forget()
        server.advance(minutes=2)
        listener.wait(1, Reason="TIMER")
        stage.by.send(room.sid, "wake up", "{}")
        server.advance(minutes=25)
        listener.wait(2, Reason="TIMER")
        told = [call for call in stage.calls() if call.event != "onMessageAdd"]
        assert [call.event for call in told if call.path == "/pre"] == []
        changes = [(call.get("Reason"), call.get("StateFrom"), call.get("StateTo"), call["Source"]) for call in told]
        assert changes == [
            ("TIMER", "active", "inactive", "API"),
            (None, None, None, "API"),
            ("EVENT", "inactive", "active", "API"),
            ("TIMER", "active", "closed", "API"),
        ]
        stage.close()
    finally:
        server.close()


# --- URLs ---

TARGETS = [
    "/plain",
    "/q?a=1&a=2&a=1&b=x%20y+z&c=&d&EventType=mine",
    "/q?",
    "",
    "?a=1",
    "/a/../b//c/%2e%2e/%2F",
    "/semi;colon=1?x=1;y=2",
    "/encoded/%C3%BC%20%25?%C3%B6=%E2%82%AC",
    "/reserved/!$'()*,:@?q='()*!,:@/?x",
]


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("target", TARGETS)
def test_any_url(stage: Stage, target: str, method: str) -> None:
    """Its path and query arrive as configured, before what is added to them, and the signature is of what arrived."""
    url = stage.listener.url(target)
    stage.service.configuration.webhooks().update(
        pre_webhook_url=url, post_webhook_url=url, filters=["onConversationAdd", "onConversationAdded"], method=method
    )
    room = stage.by.create(friendly_name="r & b")
    stage.delivered()
    asked, told = stage.listener.calls
    assert (asked.parameters["EventType"], told["EventType"]) == ("onConversationAdd", "onConversationAdded")
    assert told["ConversationSid"] == room["sid"]
    expected = target if target.startswith("/") else f"/{target}"
    for call in (asked, told):
        if method == "POST":
            assert call.target.rstrip("?") == expected.rstrip("?")
        else:
            separator = "&" if "?" in expected.rstrip("?") else "?"
            assert call.target.startswith(expected.rstrip("?") + separator)
            assert ("FriendlyName", "r & b") in call.pairs


@pytest.mark.parametrize(
    ("userinfo", "credentials"),
    [("ann:secret", "ann:secret"), ("ann", "ann:"), ("a%40b:p%3Ass%20%C3%BC", "a@b:p:ss ü"), (":token", ":token")],
)
def test_a_user_and_password_in_the_url(stage: Stage, userinfo: str, credentials: str) -> None:
    url = f"http://{userinfo}@127.0.0.1:{stage.listener.port}/private?x=1"
    stage.service.configuration.webhooks().update(
        pre_webhook_url=url, post_webhook_url=url, filters=["onConversationAdd", "onConversationAdded"]
    )
    stage.by.create()
    calls = stage.calls()
    assert len(calls) == 2
    for call in calls:
        scheme, _, value = call.headers["authorization"].partition(" ")
        assert (scheme, base64.b64decode(value).decode()) == ("Basic", credentials)
        assert call.target == "/private?x=1"


def test_sdk_and_rest_can_be_told_apart(stage: Stage) -> None:
    room = stage.room()
    stage.listener.forget()
    stage.connect("ben").say(room.sid, "by a person")
    stage.by.send(room.sid, "by the account", "{}")
    assert [(call["Source"], call.get("ClientIdentity")) for call in stage.calls()] == [("SDK", "ben"), ("API", None)]
