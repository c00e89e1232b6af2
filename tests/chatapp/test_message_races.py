"""Two who write to one message, or one room, at the same moment, against a real Conversations service: one of them is
held between reading and writing until the other has written, or waits for its turn."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from roomful.chatapp.locks import ROOMS
from tests.chatapp.conftest import MakeApp, Recorder, state_of
from tests.chatapp.test_messages_api import Talk
from tests.servers import wait_for

OF_MESSAGES = r"/v1/Services/IS\w{32}/Conversations/CH\w{32}/Messages/IM\w{32}"
OF_ROOMS = r"/v1/Services/IS\w{32}/Conversations/CH\w{32}"


class Race:
    """bo on one node and ana on another, which may be the same."""

    def __init__(self, nodes: list[Flask], rest: Any, recorder: Recorder) -> None:
        self.nodes = nodes
        self.recorder = recorder
        self.talk = Talk(nodes[0], rest, cid="c1", color="red")
        self.bo = self.talk.bo
        self.ana = self._elsewhere("ana")

    def _elsewhere(self, name: str) -> FlaskClient:
        browser = self.nodes[-1].test_client()
        cookie = self.talk.house.signed_in(name).get_cookie("roomful_session")
        assert cookie is not None
        browser.set_cookie("roomful_session", cookie.value)
        return browser

    def run(self, written: str, name: str, first: Any, second: Any) -> list[int]:
        """`first` is about to write to a path like `written` when `second` begins."""
        reached, begun = Event(), self.recorder.count("POST", written)

        def hold(method: str, path: str) -> None:
            if method == "POST" and self.recorder.count("POST", written) == begun + 1 and not reached.is_set():
                reached.set()
                wait_for(lambda: self.recorder.count("POST", written) > begun + 1 or self._waits(name))

        self.recorder.before = hold
        with ThreadPoolExecutor(2) as pool:
            one = pool.submit(first)
            assert reached.wait(10)
            other = pool.submit(second)
            answers = [one.result().status_code, other.result().status_code]
        self.recorder.before = lambda method, path: None
        return answers

    def _waits(self, name: str) -> bool:
        """Whether somebody waits for a turn: in this process, or at the database."""
        for node in self.nodes:
            turn = state_of(node).locks._turns.get(name)
            if turn is not None and turn.users > 1:
                return True
        if len(self.nodes) == 1:
            return False
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        with state_of(self.nodes[0]).database.read() as connection:
            return bool(connection.execute(text(waiting)).scalar_one())


@pytest.fixture(params=["one node", "two nodes"])
def race(request: pytest.FixtureRequest, make_app: MakeApp, rest: Any, recorder: Recorder) -> Race:
    if request.param == "one node":
        return Race([make_app()], rest, recorder)
    url = request.getfixturevalue("postgres_database")
    return Race([make_app(database_url=url) for _ in range(2)], rest, recorder)


def test_reactions(race: Race) -> None:
    url = race.talk.url("/reactions")
    reactions = [{"emoji": emoji, "on": True} for emoji in ("👍", "🦊")]
    answers = race.run(
        OF_MESSAGES,
        race.talk.message,
        lambda: race.bo.post(url, json=reactions[0]),
        lambda: race.ana.post(url, json=reactions[1]),
    )
    assert answers == [204, 204]
    assert race.talk.attributes()["rx"] == {"👍": ["bo"], "🦊": ["ana"]}


@pytest.mark.parametrize("order", ["edit first", "reaction first"])
def test_an_edit_and_a_reaction(race: Race, order: str) -> None:
    url = race.talk.url()
    both = [
        lambda: race.bo.post(f"{url}/edit", json={"body": "new", "mentions": []}),
        lambda: race.ana.post(f"{url}/reactions", json={"emoji": "👍", "on": True}),
    ]
    first, second = both if order == "edit first" else reversed(both)
    assert race.run(OF_MESSAGES, race.talk.message, first, second) == [204, 204]
    after = race.talk.attributes()
    assert (race.talk.fetched().body, after["rx"], after["color"]) == ("new", {"👍": ["ana"]}, "red")
    assert "ed" in after


@pytest.mark.parametrize("order", ["pin first", "topic first"])
def test_a_pin_and_a_topic(race: Race, order: str) -> None:
    both = [
        lambda: race.bo.put(race.talk.url("/pin")),
        lambda: race.ana.patch(f"/api/rooms/{race.talk.sid}", json={"topic": "new"}),
    ]
    first, second = both if order == "pin first" else reversed(both)
    assert set(race.run(OF_ROOMS, ROOMS, first, second)) == {200, 204}
    attributes = json.loads(race.talk.house.rest.conversations(race.talk.sid).fetch().attributes)
    assert (attributes["topic"], [pin["by"] for pin in attributes["pins"]]) == ("new", ["bo"])


def test_of_those_who_wait_one_does_the_work_of_all(race: Race) -> None:
    """And who fails fails alone."""
    locks, done = state_of(race.nodes[0]).locks, []
    begun, go_on = Event(), Event()

    def first() -> None:
        begun.set()
        assert go_on.wait(10)
        done.append("first")

    def fail() -> None:
        done.append("failed")
        raise ValueError

    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(locks.after_me, "x", first)]
        assert begun.wait(10)
        waiting.append(pool.submit(locks.after_me, "x", fail))
        wait_for(lambda: locks._turns["x"].asked == 2)
        waiting += [pool.submit(locks.after_me, "x", lambda: done.append("another")) for _ in range(4)]
        wait_for(lambda: locks._turns["x"].asked == 6)
        go_on.set()
        failures = [each.exception(10) for each in waiting]
    assert done[0] == "first"
    assert done.count("another") == 1
    raised = [type(failure) for failure in failures if failure is not None]
    assert raised == ([ValueError] if "failed" in done else [])
    assert locks._turns == {}
