"""Reactions, edits, deletions and pins over HTTP, against a real Conversations service."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from roomful.chatapp.attributes import DEMO
from roomful.chatapp.editing import MAX_BODY
from roomful.chatapp.pinning import MAX_PINS
from roomful.chatapp.reacting import MAX_EMOJI
from roomful.chatapp.store import schema
from tests.chatapp.conftest import state_of
from tests.chatapp.test_invites import House
from tests.chatapp.test_login import assert_refused


class Talk:
    """A room in which bo and chen are, and a message of bo's."""

    def __init__(self, app: Flask, rest: Any, **attributes: object) -> None:
        self.house = House(app, rest)
        self.bo, self.chen = self.house.person("bo"), self.house.person("chen")
        self.sid = self.house.room("bo", "chen", "ana")
        self.message = self.say("bo", "hello", **attributes)

    def say(self, author: str, body: str, **attributes: object) -> str:
        said = json.dumps({"v": 1, **attributes})
        messages = self.house.rest.conversations(self.sid).messages
        return str(messages.create(author=author, body=body, attributes=said).sid)

    def url(self, path: str = "", message: str | None = None) -> str:
        return f"/api/rooms/{self.sid}/messages/{message or self.message}{path}"

    def fetched(self, message: str | None = None) -> Any:
        return self.house.rest.conversations(self.sid).messages(message or self.message).fetch()

    def attributes(self, message: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.fetched(message).attributes)
        return found

    def pins(self) -> list[dict[str, Any]]:
        found: dict[str, Any] = json.loads(self.house.rest.conversations(self.sid).fetch().attributes)
        pins: list[dict[str, Any]] = found.get("pins", [])
        return pins

    def react(self, browser: FlaskClient, emoji: str, on: bool = True) -> Any:
        return browser.post(self.url("/reactions"), json={"emoji": emoji, "on": on})

    def edit(self, browser: FlaskClient, body: str, *mentions: str) -> Any:
        return browser.post(self.url("/edit"), json={"body": body, "mentions": mentions})

    def rows(self, table: str) -> list[Any]:
        with state_of(self.house.app).database.read() as connection:
            return list(connection.execute(select(schema.metadata.tables[table])))


@pytest.fixture
def talk(app: Flask, rest: Any) -> Talk:
    return Talk(app, rest, cid="c1")


# --- reactions -----------------------------------------------------------------------------------------------------


def test_a_reaction_is_in_both_shapes(talk: Talk) -> None:
    assert talk.react(talk.bo, "👍").status_code == 204
    assert talk.react(talk.chen, "👍").status_code == 204
    assert talk.react(talk.chen, "🦊").status_code == 204
    assert talk.react(talk.chen, "🦊").status_code == 204, "twice is no error"
    shown = {"rx": {"👍": ["bo", "chen"], "🦊": ["chen"]}, "reactions": {"thumbs_up": ["bo", "chen"]}}
    assert talk.attributes() == {"v": 1, "cid": "c1"} | shown
    listed = talk.bo.get(talk.url("/reactions")).get_json()["reactions"]
    assert [(each["emoji"], [who["identity"] for who in each["people"]]) for each in listed] == [
        ("👍", ["bo", "chen"]),
        ("🦊", ["chen"]),
    ]
    for browser in (talk.bo, talk.chen):
        assert talk.react(browser, "👍", on=False).status_code == 204
    assert talk.attributes() == {"v": 1, "cid": "c1", "rx": {"🦊": ["chen"]}}
    assert talk.react(talk.chen, "🦊", on=False).status_code == 204
    assert talk.react(talk.chen, "🦊", on=False).status_code == 204
    assert talk.attributes() == {"v": 1, "cid": "c1"}
    assert talk.bo.get(talk.url("/reactions")).get_json() == {"reactions": []}


def test_the_six_of_twilios_demo(talk: Talk) -> None:
    for name, emoji in DEMO.items():
        assert talk.react(talk.bo, emoji).status_code == 204
        assert talk.attributes()["reactions"] == {name: ["bo"]}
        talk.react(talk.bo, emoji, on=False)


def test_one_emoji_has_one_spelling(talk: Talk) -> None:
    talk.react(talk.bo, "❤")
    talk.react(talk.chen, "❤️")
    assert talk.attributes()["rx"] == {"❤️": ["bo", "chen"]}


NO_EMOJI = (
    *("", " ", "a", "1", "+1", "👍👍", "👍 ", "👍\n", "👍\u0000", "\u0000", "\ud83d", "\ud800", "🇩", "\u200d"),
    *("\ufe0f", "👍\u200d", "👍\ufe0e", "<b>", "©a", "constructor", "👍" + "\u200d👍" * 10, "x" * 9999),
)


def test_what_is_no_emoji_is_refused(talk: Talk) -> None:
    for emoji in NO_EMOJI:
        assert_refused(talk.react(talk.bo, emoji), 400, "bad_emoji")
    assert talk.attributes() == {"v": 1, "cid": "c1"}


@pytest.mark.parametrize("body", [{}, {"emoji": "👍"}, {"emoji": 7, "on": True}, {"emoji": "👍", "on": 1}])
def test_what_makes_no_sense_is_refused(talk: Talk, body: dict[str, object]) -> None:
    answer = talk.bo.post(talk.url("/reactions"), json=body)
    assert (answer.status_code, answer.get_json()["code"]) in ((400, "bad_request"), (400, "bad_emoji"))


def test_a_message_has_only_so_many(talk: Talk) -> None:
    emoji = [chr(0x1F400 + number) for number in range(MAX_EMOJI + 1)]
    for each in emoji[:MAX_EMOJI]:
        assert talk.react(talk.bo, each).status_code == 204
    assert_refused(talk.react(talk.bo, emoji[-1]), 409, "too_many_reactions")
    assert talk.react(talk.chen, emoji[0]).status_code == 204, "one that is there is no other"
    assert talk.react(talk.bo, emoji[1], on=False).status_code == 204
    assert talk.react(talk.bo, emoji[-1]).status_code == 204
    assert list(talk.attributes()["rx"]) == [emoji[0], *emoji[2:]]


def test_two_react_at_once(talk: Talk) -> None:
    with ThreadPoolExecutor(2) as pool:
        for emoji in ("👍", "🦊", "👍🏽", "😢"):
            answers = pool.map(lambda browser, emoji=emoji: talk.react(browser, emoji), (talk.bo, talk.chen))
            assert [answer.status_code for answer in answers] == [204, 204]
            assert sorted(talk.attributes()["rx"][emoji]) == ["bo", "chen"]


# --- edits ---------------------------------------------------------------------------------------------------------


def test_an_edit_keeps_what_else_there_is(talk: Talk) -> None:
    talk.react(talk.chen, "👍")
    assert talk.edit(talk.bo, "hello @chen, `@ana`", "chen", "ana", "@room").status_code == 204
    after = talk.attributes()
    assert talk.fetched().body == "hello @chen, `@ana`"
    assert isinstance(after.pop("ed"), int)
    shown = {"rx": {"👍": ["chen"]}, "reactions": {"thumbs_up": ["chen"]}}
    assert after == {"v": 1, "cid": "c1", "m": ["chen"]} | shown


@pytest.mark.parametrize("body", ["", " \n", "x" * (MAX_BODY + 1), "ü" * (MAX_BODY // 2 + 1), "\ud800", "a\u0000"])
def test_a_text_that_cannot_be(talk: Talk, body: str) -> None:
    assert_refused(talk.edit(talk.bo, body), 400, "bad_message")
    assert talk.fetched().body == "hello"


def test_a_text_as_long_as_there_are(talk: Talk) -> None:
    for body in ("x" * MAX_BODY, "\x01" * MAX_BODY, "😀" * (MAX_BODY // 4)):
        assert talk.edit(talk.bo, body).status_code == 204
        assert talk.fetched().body == body


@pytest.mark.parametrize("mentions", ["ana", [7], ["x"] * 51, {}])
def test_mentions_that_are_none(talk: Talk, mentions: object) -> None:
    assert_refused(talk.bo.post(talk.url("/edit"), json={"body": "x", "mentions": mentions}), 400, "bad_request")


def test_in_an_archived_room_nothing_changes_but_what_has_to_go(talk: Talk) -> None:
    assert talk.house.ana.patch(f"/api/rooms/{talk.sid}", json={"archived": True}).status_code == 200
    for refused in (talk.edit(talk.bo, "x"), talk.react(talk.bo, "👍"), talk.bo.put(talk.url("/pin"))):
        assert_refused(refused, 409, "room_archived")
    assert talk.bo.delete(talk.url()).status_code == 204
    assert talk.house.rest.conversations(talk.sid).messages.list(order="asc")[0].author == "system"


def test_moderators_edit_their_own_only(talk: Talk) -> None:
    """Their role says so by `editAnyMessage`."""
    sid = talk.house.room("bo", moderator="ana")
    messages = talk.house.rest.conversations(sid).messages
    answers = [
        talk.house.ana.post(
            f"/api/rooms/{sid}/messages/{messages.create(author=author, body='x').sid}/edit", json={"body": "y"}
        ).status_code
        for author in ("ana", "bo")
    ]
    assert answers == [204, 403]


def test_what_the_service_refuses_for_good_is_not_kept(talk: Talk) -> None:
    talk.house.rest.conversations(talk.sid).update(state="closed")
    for refused in (
        talk.edit(talk.bo, "x"),
        talk.react(talk.bo, "👍"),
        talk.bo.put(talk.url("/pin")),
        talk.bo.delete(talk.url()),
    ):
        assert_refused(refused, 409, "room_archived")
    assert talk.bo.get(talk.url("/reactions")).get_json() == {"reactions": []}
    assert talk.rows("pins") == []
    assert talk.fetched().body == "hello"


# --- deletions -----------------------------------------------------------------------------------------------------


def test_what_is_deleted_takes_everything_along(talk: Talk) -> None:
    talk.react(talk.chen, "👍")
    talk.edit(talk.bo, "@chen", "chen")
    talk.chen.put(talk.url("/pin"))
    assert [talk.rows(table) == [] for table in ("reactions", "pins", "mentions")] == [False] * 3
    assert_refused(talk.chen.delete(talk.url()), 403, "not_allowed")
    assert talk.bo.delete(talk.url()).status_code == 204
    assert talk.house.rest.conversations(talk.sid).messages.list() == []
    assert [talk.rows(table) for table in ("reactions", "pins", "mentions", "acts")] == [[], [], [], []]
    assert talk.pins() == []
    assert talk.bo.delete(talk.url()).status_code == 204


def test_what_a_moderator_deletes_is_kept_in_mind(talk: Talk) -> None:
    assert talk.house.ana.delete(talk.url()).status_code == 204
    (act,) = talk.rows("acts")
    assert (act.actor, act.act, act.room_sid, act.subject) == ("ana", "deleted_message", talk.sid, "bo")


# --- pins ----------------------------------------------------------------------------------------------------------


def test_pins_are_shown_in_the_room(talk: Talk) -> None:
    second = talk.say("chen", "two")
    assert talk.bo.put(talk.url("/pin")).status_code == 204
    assert talk.chen.put(talk.url("/pin")).status_code == 204, "twice is no error"
    assert talk.chen.put(talk.url("/pin", second)).status_code == 204
    pins = talk.pins()
    assert [(pin["sid"], pin["i"], pin["by"]) for pin in pins] == [(talk.message, 0, "bo"), (second, 1, "chen")]
    assert pins[0]["ts"] <= pins[1]["ts"]
    for _ in range(2):
        assert talk.chen.delete(talk.url("/pin")).status_code == 204
    assert [pin["sid"] for pin in talk.pins()] == [second]
    assert talk.bo.delete(talk.url("/pin", second)).status_code == 204
    attributes = json.loads(talk.house.rest.conversations(talk.sid).fetch().attributes)
    assert attributes == {"v": 1, "kind": "room", "visibility": "public"}


def test_a_room_has_only_so_many_pins(talk: Talk) -> None:
    for number in range(MAX_PINS):
        assert talk.bo.put(talk.url("/pin", talk.say("bo", str(number)))).status_code == 204
    assert_refused(talk.bo.put(talk.url("/pin")), 409, "too_many_pins")
    assert len(talk.pins()) == MAX_PINS


def test_a_pin_and_a_new_name_at_once_are_both_kept(talk: Talk) -> None:
    def change(number: int) -> int:
        if number % 2:
            return talk.house.ana.patch(f"/api/rooms/{talk.sid}", json={"topic": f"topic {number}"}).status_code
        return talk.bo.put(talk.url("/pin", messages[number])).status_code

    messages = [talk.say("bo", str(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(change, range(8))) == {200, 204}
    assert {pin["sid"] for pin in talk.pins()} == {messages[number] for number in range(0, 8, 2)}
    assert talk.house.ana.get(f"/api/rooms/{talk.sid}").get_json()["topic"].startswith("topic ")


# --- mentions and levels -------------------------------------------------------------------------------------------


def test_where_one_was_mentioned(talk: Talk) -> None:
    assert talk.edit(talk.bo, "@chen and @bo and @zoe", "chen", "bo", "zoe").status_code == 204
    seen = {"mentions": {talk.sid: [0]}, "levels": {}}
    assert talk.chen.get("/api/unreads").get_json() == seen
    for browser in (talk.bo, talk.house.ana, talk.house.person("zoe")):
        assert browser.get("/api/unreads").get_json() == {"mentions": {}, "levels": {}}
    assert talk.edit(talk.bo, "@room", "@room").status_code == 204
    for browser in (talk.chen, talk.house.ana):
        assert browser.get("/api/unreads").get_json() == seen
    assert talk.bo.get("/api/unreads").get_json()["mentions"] == {}, "not by oneself"
    assert talk.edit(talk.bo, "nobody").status_code == 204
    assert talk.chen.get("/api/unreads").get_json()["mentions"] == {}


def test_levels(talk: Talk) -> None:
    url = f"/api/rooms/{talk.sid}/level"
    for wrong in ({}, {"level": "none"}, {"level": 7}, {"level": None}):
        assert_refused(talk.bo.put(url, json=wrong), 400, "bad_request")
    for _ in range(2):
        assert talk.bo.put(url, json={"level": "mentions"}).status_code == 204
    assert talk.bo.get("/api/unreads").get_json()["levels"] == {talk.sid: "mentions"}
    assert talk.chen.get("/api/unreads").get_json()["levels"] == {}
    assert talk.bo.put(url, json={"level": "all"}).status_code == 204
    assert talk.bo.get("/api/unreads").get_json()["levels"] == {}
