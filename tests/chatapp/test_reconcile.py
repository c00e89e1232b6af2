"""What makes up for webhooks that never came, against a real Conversations service."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from roomful.chatapp import reconcile as module
from roomful.chatapp.backend import Backend
from roomful.chatapp.hooks import receive
from roomful.chatapp.reconcile import DAY_MS, HOUR_MS, Mended, Reconciler, reconcile
from roomful.chatapp.store import schema
from tests.chatapp.conftest import MakeApp, Recorder, call, sign_up, state_of
from tests.chatapp.test_messages_api import Talk
from tests.servers import wait_for

LISTS = r"/v1/Services/IS\w{32}/(Users|Conversations)"


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_900_000_000_000

    def __call__(self) -> int:
        return self.now


def name_of(app: Flask, identity: str = "ana") -> str:
    account = state_of(app).accounts.find(identity)
    assert account is not None
    return account.friendly_name


def kept(app: Flask) -> set[str]:
    with state_of(app).database.read() as connection:
        return set(connection.execute(select(schema.offered_rooms.c.room_sid)).scalars())


def test_names_and_rooms_that_changed_unheard(make_app: MakeApp, rest: Any, empty_database_url: str) -> None:
    app = make_app(database_url=empty_database_url)
    rooms = [state_of(app).rooms.create(name, private=False, default=True) for name in ("#a", "#b")]
    for name in ("ana", "bo", "cy"):
        sign_up(app.test_client(), name)
    assert reconcile(state_of(app)) == Mended(0, 0)
    rest.users("ana").update(friendly_name="Ana\x01 Torres \u202e")
    rest.users("bo").update(friendly_name="Bo Ek")
    rest.users("cy").delete()
    rest.users.create(identity="other software", friendly_name="A robot")
    rest.conversations(rooms[0].sid).delete()
    assert reconcile(state_of(app)) == Mended(2, 1)
    assert [name_of(app, identity) for identity in ("ana", "bo", "cy")] == ["Ana Torres", "Bo Ek", "cy"]
    assert kept(app) == {rooms[1].sid}
    assert reconcile(state_of(app)) == Mended(0, 0)


def test_what_is_heard_meanwhile_is_newer(app: Flask, rest: Any, recorder: Recorder) -> None:
    sign_up(app.test_client())
    rest.users("ana").update(friendly_name="from the list")
    told = call(app, "onUserUpdated", Identity="ana", FriendlyName="heard", DateUpdated="2030-01-01T00:00:00Z")

    def hear(method: str, path: str) -> None:
        if path.endswith("/Users"):
            receive(state_of(app), [told])

    recorder.before = hear
    assert reconcile(state_of(app)) == Mended(0, 0)
    assert name_of(app) == "heard"


def test_pages_and_their_end(app: Flask, rest: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the end of the lists nobody is looked at, and a room is asked for by its SID before it is forgotten."""
    rooms = [state_of(app).rooms.create(f"#{number}", private=False, default=True) for number in range(4)]
    for name in ("ana", "bo", "cy"):
        sign_up(app.test_client(), name)
        rest.users(name).update(friendly_name=name.upper())
    monkeypatch.setattr(module, "PAGE_SIZE", 1)
    monkeypatch.setattr(module, "MAX_LISTED", 2)
    rest.conversations(rooms[3].sid).delete()
    assert reconcile(state_of(app)) == Mended(2, 1)
    assert kept(app) == {room.sid for room in rooms[:3]}
    monkeypatch.setattr(module, "MAX_LISTED", 100)
    monkeypatch.setattr(module, "MAX_FETCHED", 1)
    for room in rooms[:2]:
        rest.conversations(room.sid).delete()
    assert [reconcile(state_of(app)) for _ in range(3)] == [Mended(1, 1), Mended(0, 1), Mended(0, 0)]


def test_it_ends_early_when_it_is_told_to(app: Flask, rest: Any) -> None:
    room = state_of(app).rooms.create("#sales", private=False, default=True)
    sign_up(app.test_client())
    rest.users("ana").update(friendly_name="Ana Torres")
    rest.conversations(room.sid).delete()
    assert reconcile(state_of(app), lambda: True) == Mended(0, 0)
    assert kept(app) == {room.sid}


def test_only_what_is_ours_is_asked_for(app: Flask, recorder: Recorder) -> None:
    """An installation without people asks for one page."""
    assert reconcile(state_of(app)) == Mended(0, 0)
    assert recorder.count("GET", LISTS) == 1
    assert {method for method, _ in recorder.requests} == {"GET"}


def test_pins_of_messages_that_were_removed_unheard(app: Flask, rest: Any) -> None:
    talk = Talk(app, rest)
    gone = talk.say("bo", "this goes")
    for message in (talk.message, gone):
        assert talk.bo.put(talk.url("/pin", message)).status_code == 204
    assert reconcile(state_of(app)) == Mended(0, 0, 0)
    rest.conversations(talk.sid).messages(gone).delete()
    assert reconcile(state_of(app)) == Mended(0, 0, 1)
    assert [pin["sid"] for pin in talk.pins()] == [talk.message]
    rest.conversations(talk.sid).delete()
    assert reconcile(state_of(app)) == Mended(0, 1, 0)
    assert talk.rows("pins") == []


# --- once a day ----------------------------------------------------------------------------------------------------


def test_one_of_several_nodes_does_it_once_a_day(
    make_app: MakeApp, recorder: Recorder, empty_database_url: str
) -> None:
    time = Time()
    nodes = [Reconciler(state_of(make_app(database_url=empty_database_url)), time) for _ in range(2)]
    assert [node.look() for node in nodes] == [HOUR_MS] * 2
    assert recorder.requests == [], "a new installation has nothing to mend"
    time.now += DAY_MS - 60_000
    assert [node.look() for node in nodes] == [60_000] * 2
    assert recorder.requests == []
    for day in range(1, 4):
        time.now += DAY_MS
        assert [node.look() for node in nodes] == [HOUR_MS] * 2
        assert recorder.count("GET", LISTS) == day


def test_a_backend_that_does_not_answer_is_asked_again_in_an_hour(
    make_app: MakeApp, backend: Backend, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    time = Time()
    gone = make_app(backend=replace(backend, base_url="http://127.0.0.1:1", http_client=None))
    Reconciler(state_of(gone), time).look()
    time.now += DAY_MS
    assert Reconciler(state_of(gone), time).look() == HOUR_MS
    assert next(record.message for record in caplog.records if record.levelno >= logging.WARNING).startswith(
        "what the chat keeps could not be compared with its service: The Conversations service at http://127.0.0.1:1"
    )
    back = Reconciler(state_of(make_app()), time)
    time.now += HOUR_MS - 1
    back.look()
    assert recorder.requests == []
    time.now += 1
    back.look()
    assert recorder.count("GET", LISTS) == 1


def test_the_thread_goes_on_after_a_failure_and_ends_when_told(
    app: Flask, rest: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "HOUR_MS", 1000)
    sign_up(app.test_client())
    rest.users("ana").update(friendly_name="Ana Torres")
    time = Time()
    reconciler = Reconciler(state_of(app), time, first_look=0.01)
    reconciler.look()
    with state_of(app).database.write() as transaction:
        transaction.exec_driver_sql("ALTER TABLE chores RENAME TO elsewhere")
    time.now += DAY_MS
    reconciler.start()
    wait_for(lambda: "comparing the chat with its service failed" in caplog.text)
    with state_of(app).database.write() as transaction:
        transaction.exec_driver_sql("ALTER TABLE elsewhere RENAME TO chores")
    wait_for(lambda: name_of(app) == "Ana Torres")
    reconciler.close()
    assert not reconciler._thread.is_alive()


def test_who_was_stopped_goes_on_after_the_next_start(app: Flask, rest: Any, recorder: Recorder) -> None:
    sign_up(app.test_client())
    rest.users("ana").update(friendly_name="Ana Torres")
    time = Time()
    stopped = Reconciler(state_of(app), time, first_look=0.01)
    stopped.look()
    time.now += DAY_MS
    recorder.before = lambda method, path: stopped._stopping.set()
    stopped.look()
    assert name_of(app) == "ana"
    recorder.before = lambda method, path: None
    Reconciler(state_of(app), time).look()
    assert name_of(app) == "Ana Torres"


# --- the command ---------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_mended(app: Flask, rest: Any) -> None:
    def run() -> str:
        result = app.test_cli_runner().invoke(args=["chat", "reconcile"])
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    rooms = [state_of(app).rooms.create(name, private=False, default=True) for name in ("#a", "#b")]
    sign_up(app.test_client())
    assert run() == "Nothing was out of date.\n"
    rest.users("ana").update(friendly_name="Ana Torres", attributes=json.dumps({"color": "red"}))
    for room in rooms:
        rest.conversations(room.sid).delete()
    assert run() == "mended: 1 name that people changed\ntidied up: 2 rooms that somebody removed\n"
    assert run() == "Nothing was out of date.\n"


def test_the_command_without_a_backend_is_one_line(make_app: MakeApp, backend: Backend) -> None:
    gone = make_app(backend=replace(backend, base_url="http://127.0.0.1:1", http_client=None))
    result = gone.test_cli_runner().invoke(args=["chat", "reconcile"])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
