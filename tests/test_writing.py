"""Reactions, edits, pins and mentions where the chat app and its service are one process, and where they are two: with
real clients of the SDK's protocol, and the service telling the chat app what they do."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from roomful.conversations.sync.objects import Kind
from tests.conftest import MakeServer, servers
from tests.servers import twilio_client, wait_for
from tests.test_topologies import TOPOLOGIES, Installation, installed
from tests.webhooks.listener import Listener, Reply
from tests.webhooks.person import CLIENT, Person

CROWD = [f"person{number:02}" for number in range(20)]
EDITS = 12


class Room:
    """A public room with these people in it, who are connected, too, as the SDK is."""

    def __init__(self, installation: Installation, *names: str) -> None:
        self.installation = installation
        self.cookies = {name: installation.cookie_of(name) for name in names}
        attributes = json.dumps({"v": 1, "kind": "room", "visibility": "public"})
        self.rest = installation.rest.conversations.v1.conversations.create(attributes=attributes)
        for name in names:
            self.rest.participants.create(identity=name)
        self.sid = self.rest.sid
        self.person = Person(installation.service, names[0])

    def say(self, body: str, **attributes: object) -> str:
        return str(self.person.say(self.sid, body, json.dumps({"v": 1, **attributes}))["sid"])

    def write(self, message: str, **changes: str) -> None:
        """As the SDK's `updateAttributes` and `updateBody` do."""
        self.person.request("POST", f"{CLIENT}/Conversations/{self.sid}/Messages/{message}", changes)

    def ask(self, who: str, method: str, path: str, body: dict[str, Any] | None = None) -> int:
        return self.installation.ask(method, f"/api/rooms/{self.sid}{path}", body, self.cookies[who]).status

    def react(self, who: str, message: str, emoji: str, on: bool = True) -> int:
        return self.ask(who, "POST", f"/messages/{message}/reactions", {"emoji": emoji, "on": on})

    def mentions(self, who: str) -> list[int]:
        answer = self.installation.ask("GET", "/api/unreads", cookie=self.cookies[who])
        found: dict[str, list[int]] = answer.body["mentions"]
        return found.get(self.sid, [])

    def people(self, message: str, emoji: str) -> list[str]:
        """Who reacted so, by REST: as many threads as like may ask at once."""
        found: list[str] = json.loads(self.rest.messages(message).fetch().attributes)["rx"][emoji]
        return found

    def shown(self, message: str) -> dict[str, Any]:
        """The message as a client of the SDK has it."""
        items = self.person.request("GET", f"/v3/Lists/{Kind.MESSAGES.sid(self.sid)}/Items")["items"]
        (data,) = (item["data"] for item in items if item["data"]["sid"] == message)
        shown: dict[str, Any] = data | {"attributes": json.loads(data["attributes"])}
        return shown


@pytest.fixture(scope="module", params=TOPOLOGIES)
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all tests here: each has a room of its own."""
    with (
        servers(tmp_path_factory.mktemp("writing")) as make,
        installed(request.param, lambda *given, **env: make(*given, **env).start()) as made,
    ):
        yield made.hearing()


@pytest.fixture
def room(installation: Installation) -> Iterator[Room]:
    made = Room(installation, "ada", "bo", "chen")
    yield made
    made.person.close()
    wait_for(lambda: installation.waiting_calls() == 0, what="the chat app to have heard all")


def test_twenty_react_while_the_author_edits(installation: Installation) -> None:
    room = Room(installation, "ada", *CROWD)
    message = room.say("first", cid="c1", color="red")
    begin = threading.Barrier(len(CROWD) + 1)

    def crowd(who: str) -> list[int]:
        begin.wait()
        done = []
        for emoji in ("👍", "🦊", "❤️"):
            done.append(room.react(who, message, emoji))
            assert who in room.people(message, emoji), "at no moment was it lost"
        return [*done, room.react(who, message, "🦊", on=False)]

    def author() -> list[int]:
        begin.wait()
        bodies = [f"text {number} @person01" for number in range(EDITS)]
        edit = f"/messages/{message}/edit"
        return [room.ask("ada", "POST", edit, {"body": body, "mentions": ["person01"]}) for body in bodies]

    with ThreadPoolExecutor(len(CROWD) + 1) as pool:
        edited = pool.submit(author)
        reacted = list(pool.map(crowd, CROWD))
        assert edited.result() == [204] * EDITS
    assert reacted == [[204] * 4] * len(CROWD)
    shown = room.shown(message)
    attributes = shown["attributes"]
    assert shown["text"] == f"text {EDITS - 1} @person01"
    assert isinstance(attributes.pop("ed"), int)
    assert {emoji: sorted(people) for emoji, people in attributes.pop("rx").items()} == {"👍": CROWD, "❤️": CROWD}
    assert {name: sorted(people) for name, people in attributes.pop("reactions").items()} == {
        "thumbs_up": CROWD,
        "heart": CROWD,
    }
    assert attributes == {"v": 1, "cid": "c1", "color": "red", "m": ["person01"]}
    assert shown["lastUpdatedBy"] == "system"
    assert room.mentions("person01") == [0]
    room.person.close()


def test_forged_reactions_are_not_shown(room: Room) -> None:
    forged = {"rx": {"👍": ["bo", "chen"]}, "reactions": {"thumbs_up": ["bo", "chen"], "heart": ["bo"]}}
    message = room.say("vote for me", cid="c1", **forged)
    shown = room.shown(message)
    assert shown["lastUpdatedBy"] is None or "rx" not in shown["attributes"], "so pages do not show them"
    wait_for(lambda: room.shown(message)["attributes"] == {"v": 1, "cid": "c1"})
    assert room.react("chen", message, "🦊") == 204
    room.write(message, attributes=json.dumps({"v": 1, "cid": "c1", "color": "red"} | forged))
    right = {"v": 1, "cid": "c1", "color": "red", "rx": {"🦊": ["chen"]}}
    wait_for(lambda: room.shown(message)["attributes"] == right)
    assert room.shown(message)["lastUpdatedBy"] == "system"
    room.write(message, body="vote for me!")
    wait_for(lambda: room.shown(message)["lastUpdatedBy"] == "system", what="reactions to be believed again")
    assert room.shown(message)["attributes"] == right


def test_twilios_demo_and_we_react_to_the_same(room: Room) -> None:
    message = room.say("hello")
    assert room.react("bo", message, "👍") == 204
    seen = room.shown(message)["attributes"]
    assert seen["reactions"] == {"thumbs_up": ["bo"]}
    seen["reactions"]["thumbs_up"].append("ada")  # as the demo does it
    room.write(message, attributes=json.dumps(seen | {"reactions": seen["reactions"] | {"laugh": ["ada"]}}))
    both = {"👍": ["bo", "ada"], "😂": ["ada"]}
    wait_for(lambda: room.shown(message)["attributes"].get("rx") == both)
    assert room.react("ada", message, "😂", on=False) == 204
    assert room.shown(message)["attributes"]["reactions"] == {"thumbs_up": ["bo", "ada"]}


def test_people_are_told_that_they_were_mentioned(room: Room) -> None:
    """Also when the chat app was away while it happened."""
    room.say("hello @bo", m=["bo", "chen"])
    wait_for(lambda: room.mentions("bo") == [0])
    gone = room.say("hello @room", m=["@room"])
    wait_for(lambda: room.mentions("chen") == [1])
    room.person.request("DELETE", f"{CLIENT}/Conversations/{room.sid}/Messages/{gone}")
    wait_for(lambda: room.mentions("chen") == [])
    assert room.mentions("ada") == []
    assert room.mentions("bo") == [0]
    if room.installation.recorder is not None:
        room.installation.chat.stop()
        room.say("hello @chen", m=["chen"])
        room.installation.chat.restart()
        wait_for(lambda: room.mentions("chen") == [2], 20)


def test_a_pinned_message_that_somebody_deletes_is_not_pinned(room: Room) -> None:
    kept, gone = room.say("kept"), room.say("gone")
    for message in (kept, gone):
        assert room.ask("bo", "PUT", f"/messages/{message}/pin") == 204
    room.person.request("DELETE", f"{CLIENT}/Conversations/{room.sid}/Messages/{gone}")
    wait_for(lambda: [pin["sid"] for pin in json.loads(room.rest.fetch().attributes)["pins"]] == [kept])
    assert room.ask("bo", "DELETE", f"/messages/{kept}/pin") == 204
    assert "pins" not in json.loads(room.rest.fetch().attributes)


def test_who_moderates_texts_is_asked_about_edits_too(start_server: MakeServer) -> None:
    server = start_server(WEBHOOK_ALLOW="127.0.0.1")
    listener = Listener().up()
    listener.trust(server.credentials["auth_token"])
    listener.always("/", lambda call: Reply(403) if "spam" in (call.get("Body") or "") else Reply())
    service = twilio_client(server).conversations.v1.services(server.credentials["service_sid"])
    events = ["onMessageUpdate", "onMessageUpdated"]
    hooks = {"pre_webhook_url": listener.url("/"), "post_webhook_url": listener.url("/"), "filters": events}
    service.configuration.webhooks().update(**hooks)
    room = Room(Installation(server, server, None, ""), "ada", "bo")
    message = room.say("hello")
    edit = f"/messages/{message}/edit"
    assert room.ask("ada", "POST", edit, {"body": "buy spam"}) == 403
    assert room.react("bo", message, "👍") == 204
    assert room.ask("ada", "POST", edit, {"body": "buy nothing"}) == 204
    (told,) = listener.wait(1, event="onMessageUpdated")
    assert (told["Body"], json.loads(told["Attributes"])["rx"]) == ("buy nothing", {"👍": ["bo"]})
    assert [call["Body"] for call in listener.heard(event="onMessageUpdate")] == ["buy spam", "buy nothing"]
    assert listener.forged == []
    listener.close()
    room.person.close()


def test_nodes_on_one_postgresql_lose_nothing(start_server: MakeServer, postgres_database: str) -> None:
    """Two chat apps with one database and one service."""
    service = start_server("--only", "service")
    keys = service.credentials
    names = ("account_sid", "auth_token", "api_key_sid", "api_key_secret")
    twilio = {f"TWILIO_{name.upper()}": keys[name] for name in names} | {"DATABASE_URL": postgres_database}
    chats = [start_server(ROOMFUL_BACKEND=service.url, **twilio) for _ in range(2)]
    nodes = [Installation(service, chat, None, "") for chat in chats]
    room = Room(nodes[0], "ada", *CROWD)
    message = room.say("first", cid="c1")

    def crowd(who: str) -> list[int]:
        url = f"/api/rooms/{room.sid}/messages/{message}/reactions"
        number = CROWD.index(who)
        emoji = ["👍", "🦊", "❤️", "👍", "🦊"][number % 3 :][:3]
        bodies = [{"emoji": each, "on": True} for each in emoji]
        node = nodes[number % 2]
        done = []
        for body in bodies:
            done.append(node.ask("POST", url, body, room.cookies[who]).status)
            assert who in room.people(message, str(body["emoji"]))
        return done

    with ThreadPoolExecutor(len(CROWD)) as pool:
        assert list(pool.map(crowd, CROWD)) == [[204] * 3] * len(CROWD)
    shown = room.shown(message)["attributes"]
    assert {emoji: sorted(people) for emoji, people in shown["rx"].items()} == dict.fromkeys(("👍", "🦊", "❤️"), CROWD)
    room.person.close()
