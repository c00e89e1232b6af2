"""Whatever ends, breaks or hangs: each event arrives at least once, and in order for each conversation."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.clock_server import ClockServer
from tests.conftest import MakeServer
from tests.servers import Server, twilio_client, wait_for

from .conftest import Hooked, MakeListener
from .listener import Behaviour, Call, Cut, Hold, Listener, Raw, Reply
from .person import Person
from .stage import ENABLED, Json, ask, command, empty, waiting

ROOMS = 12
SAYINGS = 5
HOOKED = {"WEBHOOK_ALLOW": "127.0.0.1"}


class House:
    """A service of its own and its rooms. Its webhook, `/post` of `listener`, is told of messages."""

    def __init__(self, server: Server, listener: Listener, rooms: int = ROOMS) -> None:
        self.server, self.listener = server, listener
        listener.trust(server.credentials["auth_token"])
        self.service_sid = twilio_client(server).conversations.v1.services.create(friendly_name="house").sid
        self.api.configuration.webhooks().update(post_webhook_url=listener.url("/post"), filters=["onMessageAdded"])
        self.rooms: list[str] = []
        self.said: dict[str, list[str]] = {}
        self.add_rooms(rooms)

    @property
    def api(self) -> Any:
        """The library, on the server that is `server` now."""
        return twilio_client(self.server).conversations.v1.services(self.service_sid)

    def add_rooms(self, count: int) -> None:
        """Each with ann in it."""
        api = self.api
        for _ in range(count):
            self.rooms.append(api.conversations.create().sid)
            self.said[self.rooms[-1]] = []
            api.conversations(self.rooms[-1]).participants.create(identity="ann")

    def say(self, room: str, body: str) -> None:
        """Acknowledged when it returns."""
        message = self.api.conversations(room).messages.create(body=body, x_twilio_webhook_enabled=ENABLED)
        self.said[room].append(message.sid)

    def chatter(self, sayings: int = SAYINGS) -> None:
        """So many messages in each room, in turn."""
        for n in range(sayings):
            for room in self.rooms:
                self.say(room, f"saying {n}")

    def hook(self, room: str, url: str) -> Any:
        """A webhook of the room's own, for messages."""
        return self.api.conversations(room).webhooks.create(
            target="webhook", configuration_url=url, configuration_filters=["onMessageAdded"]
        )

    def delivered(self, within: float = 30) -> None:
        """Wait until all that was said has arrived, and is known to have."""
        empty(self.server, within)

    def assert_all_told(self, path: str = "/post", rooms: list[str] | None = None) -> None:
        """All that was said, in the order in which it was said; a repetition is of something told before."""
        calls = self.listener.heard(path)
        for room in rooms or self.rooms:
            assert first_receipts(calls, room) == self.said[room]


def first_receipts(calls: list[Call], room: str) -> list[str]:
    """The messages of a room in the order in which they were told first."""
    return list(dict.fromkeys(call["MessageSid"] for call in calls if call["ConversationSid"] == room))


@pytest.fixture
def make_clock_server(tmp_path: Path) -> Iterator[Callable[..., ClockServer]]:
    """`make_clock_server(DATABASE_URL=…)`: started, and with a clock that can be moved."""
    servers: list[ClockServer] = []

    def make(**env: str) -> ClockServer:
        servers.append(ClockServer(tmp_path / f"clock{len(servers) + 1}", **HOOKED, **env))
        return servers[-1].start()

    yield make
    for server in servers:
        server.close()
        print(f"--- log of {server.folder.name}", server.log, sep="\n")


@pytest.fixture
def house(start_server: MakeServer, listener: Listener) -> House:
    return House(start_server("--only", "service", **HOOKED), listener)


@pytest.fixture
def lasting_house(hooked: Hooked, listener: Listener) -> House:
    """A house of two rooms, on a server that is not ended."""
    return House(hooked.server, listener, rooms=2)


# --- servers that end ---


def test_killed_between_commit_and_delivery(house: House) -> None:
    """Some calls are under way, most are not even that; none was answered. All arrive after the next start."""
    hold = Hold()
    house.listener.always("/post", hold)
    house.chatter()
    house.listener.wait(8, "/post")
    house.server.kill()
    pending = {call.token for call in house.listener.calls}
    assert 8 <= len(pending) <= ROOMS, "one call a room at most was made"
    house.listener.behave("/post")
    hold.release()
    house.server.restart()
    house.delivered()
    house.assert_all_told()
    tokens = [call.token for call in house.listener.calls]
    assert len(set(tokens)) == ROOMS * SAYINGS
    assert all(tokens.count(token) >= 2 for token in pending), "a call that was cut off is made again, by its name"


def test_killed_again_and_again_while_it_delivers(house: House) -> None:
    """Whatever is in the store was told, and told in order; nothing else was."""
    house.listener.always("/post", lambda call: Reply(delay=0.01))
    stop, up = threading.Event(), threading.Event()
    up.set()

    def talk(room: str) -> None:
        messages = house.api.conversations(room).messages
        while not stop.is_set():
            up.wait()
            try:
                messages.create(body="on and on", x_twilio_webhook_enabled=ENABLED)
            except requests.RequestException:
                continue  # refused, or cut off: it may be in the store all the same

    with ThreadPoolExecutor(4) as threads:
        talking = [threads.submit(talk, room) for room in house.rooms[:4]]
        for _ in range(3):
            house.listener.wait(len(house.listener.calls) + 30, within=30)
            up.clear()
            house.server.kill()
            house.server.restart()
            up.set()
        stop.set()
        for each in talking:
            each.result()
    house.delivered()
    for room in house.rooms[:4]:
        house.said[room] = [message.sid for message in house.api.conversations(room).messages.list()]
        assert len(house.said[room]) > 10
    house.assert_all_told()
    assert {call["MessageSid"] for call in house.listener.calls} == {sid for of in house.said.values() for sid in of}


def test_stopped_while_it_delivers(house: House) -> None:
    """A graceful stop does not wait for webhooks that hang, and forgets none."""
    hold = Hold()
    house.listener.on("/post", *[Reply(delay=0.05)] * 10, *[hold] * 40)
    house.chatter()
    house.listener.wait(18, "/post")
    began = time.monotonic()
    assert house.server.stop() == 0
    assert time.monotonic() - began < 9
    house.listener.behave("/post")
    hold.release()
    house.server.restart()
    house.delivered()
    house.assert_all_told()
    assert "Traceback" not in house.server.log


def test_another_node_goes_on(
    postgres_database: str, make_clock_server: Callable[..., ClockServer], listener: Listener
) -> None:
    """One node delivers what all nodes commit; when it is killed another takes its lease over."""
    first, second = (make_clock_server(DATABASE_URL=postgres_database) for _ in range(2))
    house = House(first, listener)
    house.server = second
    for room in house.rooms[:3]:
        house.say(room, "elsewhere")
    house.server = first
    house.chatter(1)
    house.delivered()
    house.assert_all_told()
    assert len(listener.calls) == ROOMS + 3, "no node repeats what the other tells"

    hold = Hold()
    listener.always("/post", hold)
    house.chatter()
    listener.wait(ROOMS + 3 + 8, "/post")
    first.kill()
    house.server = second
    listener.behave("/post")
    hold.release()
    house.chatter(1)
    second.advance(seconds=20)
    house.delivered(60)
    house.assert_all_told()


# --- targets that fail ---


def test_a_target_that_was_down_gets_all_in_order(house: House) -> None:
    """Each once: a refused connection is no delivery. What waits behind a failure leaves when it succeeds."""
    house.listener.down()
    house.chatter()
    (target,) = wait_for(lambda: [each for each in waiting(house.server) if each["last_error"]], 20, "a failure")
    assert (target["level"], target["waiting"], target["failed"]) == ("service", ROOMS * SAYINGS, 0)
    assert target["next_attempt"] is not None
    house.listener.up()
    house.delivered()
    house.assert_all_told()
    assert len(house.listener.calls) == ROOMS * SAYINGS
    retries = {call["MessageSid"]: int(call["RetryCount"]) for call in house.listener.calls}
    assert all(retries[sid] == 0 for said in house.said.values() for sid in said[1:])
    assert max(retries.values()) >= 1


@pytest.mark.parametrize("kind", ["refused", "redirected", "gone", "cut", "no HTTP"])
def test_a_failed_call_is_made_again(lasting_house: House, kind: str) -> None:
    """The same call, before those behind it, with the number of attempts before."""
    house = lasting_house
    failures: dict[str, Behaviour] = {
        "refused": Reply(503, b"busy"),
        "redirected": Reply(307, headers={"Location": house.listener.url("/elsewhere")}),
        "gone": Reply(410),
        "cut": Cut(),
        "no HTTP": Raw([b"220 smtp.example ESMTP\r\n"]),
    }
    house.listener.on("/post", failures[kind])
    room, other = house.rooms
    house.say(room, "first")
    house.listener.wait(1, "/post")
    house.say(room, "second")
    house.say(other, "meanwhile")
    house.delivered()
    calls = house.listener.calls
    told = [(call["Body"], call["RetryCount"]) for call in calls if call["ConversationSid"] == room]
    assert told == [("first", "0"), ("first", "1"), ("second", "0")]
    first, again = (call for call in calls if call["Body"] == "first")
    assert again.token == first.token
    assert again.arrived - first.arrived > 0.5, "not at once"
    assert {call.path for call in calls} == {"/post"}
    house.assert_all_told()


def test_no_target_stops_another_nor_the_chat(lasting_house: House, make_listener: MakeListener) -> None:
    """Every room has a webhook that hangs and one that is dead; people and the service's webhook notice nothing."""
    house = lasting_house
    house.add_rooms(ROOMS - 2)
    hanging, dead, hold = make_listener(), make_listener(), Hold()
    hanging.trust(house.server.credentials["auth_token"])
    hanging.always("/hang", hold)
    dead.down()
    hooks = [house.hook(room, url) for room in house.rooms for url in (hanging.url("/hang"), dead.url("/dead"))]
    ann = Person(house.server, "ann", house.service_sid)
    heard = {room: Hearing(house, room) for room in house.rooms[:2]}
    slowest = 0.0
    for n in range(SAYINGS):
        for room in house.rooms:
            began = time.monotonic()
            house.said[room].append(ann.say(room, f"saying {n}")["sid"])
            slowest = max(slowest, time.monotonic() - began)
    for room, hearing in heard.items():
        assert hearing.wait(SAYINGS) == house.said[room]
    assert slowest < 4, "a send waits for no webhook"
    house.listener.wait(ROOMS * SAYINGS, "/post", within=10)
    assert {call["RetryCount"] for call in house.listener.calls} == {"0"}
    house.assert_all_told()
    hanging.wait(ROOMS, "/hang")
    assert first_receipts(hanging.calls, house.rooms[0]) == house.said[house.rooms[0]][:1]
    left = {target["target"]: target["waiting"] for target in waiting(house.server)}
    assert {hook.sid: left.get(hook.sid) for hook in hooks} == {hook.sid: SAYINGS for hook in hooks}
    hold.release()
    dead.trust(house.server.credentials["auth_token"])
    dead.up()
    house.delivered()
    for listener in (hanging, dead):
        for room in house.rooms:
            assert first_receipts(listener.calls, room) == house.said[room]
    ann.close()


class Hearing(Person):
    """Ann's other device, which is told of a room's messages."""

    def __init__(self, house: House, room: str) -> None:
        super().__init__(house.server, "ann", house.service_sid)
        self.told: list[str] = []
        wanted = {"object_sid": "ES" + room[2:], "object_type": "list", "last_event_id": None}
        body = {"event_protocol_version": 4, "action": "establish", "correlation_id": 1, "requests": [wanted]}
        self.request("POST", "/v4/Subscriptions", body)

    def wait(self, count: int) -> list[str]:
        """The SIDs of so many messages, in the order in which they were told."""
        while len(self.told) < count:
            event = self.hear()
            if event["event_type"] == "list_item_added":
                self.told.append(event["event"]["item_data"]["sid"])
        return self.told


@pytest.mark.long
def test_more_targets_that_hang_than_calls_at_once(house: House, make_listener: MakeListener) -> None:
    """They hold every call that there can be for five seconds; then the others' turn comes, again and again."""
    hanging, hold = make_listener(), Hold()
    hanging.trust(house.server.credentials["auth_token"])
    hanging.always("/hang", hold)
    house.add_rooms(3)
    for room in house.rooms:
        for _ in range(5):
            house.hook(room, hanging.url("/hang"))
    house.chatter(3)
    house.listener.wait(len(house.rooms) * 3, "/post", within=30)
    house.assert_all_told()
    hold.release()
    house.delivered(60)


# --- dead letters ---


def calls_of(server: Server, state: str) -> list[Json]:
    return list(ask(server, f"/roomful/v1/hooks/calls?State={state}")["calls"])


def test_dead_letters(make_clock_server: Callable[..., ClockServer], listener: Listener) -> None:
    """After 24 hours of failures a call is given up and kept; the younger ones go on; a person sends it again."""
    server = make_clock_server()
    house = House(server, listener, rooms=2)
    room, other = house.rooms
    listener.always("/post", Reply(500, b"out of order"))
    house.say(room, "first")
    house.say(other, "elsewhere")
    listener.wait(2, "/post")
    server.advance(hours=23)
    house.say(room, "second")
    wait_for(lambda: all(call["attempts"] for call in calls_of(server, "waiting")[:2]), 20, "an attempt")
    assert calls_of(server, "failed") == []
    server.advance(hours=2)
    failed = wait_for(lambda: [all_ for all_ in [calls_of(server, "failed")] if len(all_) == 2], 30, "dead letters")[0]
    assert [(call["stream"], call["event"]) for call in failed] == [(room, "onMessageAdded"), (other, "onMessageAdded")]
    assert all("500" in call["error"] and call["attempts"] >= 2 for call in failed)
    assert [call["stream"] for call in calls_of(server, "waiting")] == [room]
    told = command(server, "hooks")
    assert "500" in told
    (target,) = json.loads(command(server, "hooks", "--json"))["targets"]
    assert (target["waiting"], target["failed"], target["url"]) == (1, 2, listener.url("/post"))

    listener.behave("/post")
    listener.forget()
    (second,) = listener.wait(1, "/post", within=30)
    assert second["Body"] == "second", "what is younger is not given up, and not held up"
    wait_for(lambda: not calls_of(server, "waiting"), 20, "the rest to be delivered")
    assert len(calls_of(server, "failed")) == 2, "dead letters stay"

    server.restart()
    command(server, "hooks", "retry", "--all")
    listener.wait(3, "/post")
    house.delivered()
    assert {call["Body"] for call in listener.calls} == {"first", "second", "elsewhere"}


def test_a_call_can_be_dropped(make_clock_server: Callable[..., ClockServer], listener: Listener) -> None:
    """What never will be delivered gives way to what comes after it."""
    server = make_clock_server()
    house = House(server, listener, rooms=1)
    listener.always("/post", lambda call: Reply(500 if call["Body"] == "poison" else 200))
    house.say(house.rooms[0], "poison")
    listener.wait(1, "/post")
    house.say(house.rooms[0], "bread")
    poison = calls_of(server, "waiting")[0]
    command(server, "hooks", "drop", poison["sid"])
    house.delivered()
    assert [call["Body"] for call in listener.calls if call["RetryCount"] == "0"] == ["poison", "bread"]
