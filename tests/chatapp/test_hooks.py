"""What the chat app hears: webhook calls that come twice, late, in heaps, or as nonsense; and the route's signature."""

import json
import logging
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from twilio.request_validator import RequestValidator

from roomful.chatapp.accounts import Account
from roomful.chatapp.hooks import EVENTS, MAX_BODY, PATH, receive
from roomful.chatapp.identity import MAX_FRIENDLY_NAME, to_friendly_name, to_shown_name
from roomful.chatapp.store import schema
from tests.chatapp.conftest import MakeApp, call, post_hook, sign_up, state_of

ROOM = "CH" + "0" * 32
DEFAULT = json.dumps({"v": 1, "kind": "room", "visibility": "public", "default": True})


def hear(app: Flask, *calls: dict[str, str]) -> None:
    receive(state_of(app), calls)


def renamed(app: Flask, name: str | None, at: str, identity: str = "ana") -> dict[str, str]:
    told = {} if name is None else {"FriendlyName": name}
    date = f"2030-01-01T00:00:{at}Z"
    return call(app, "onUserUpdated", UserSid="US" + "0" * 32, Identity=identity, DateUpdated=date, **told)


def account_of(app: Flask, identity: str = "ana") -> Account:
    account = state_of(app).accounts.find(identity)
    assert account is not None
    return account


def name_of(app: Flask, identity: str = "ana") -> str:
    return account_of(app, identity).friendly_name


def offers(app: Flask) -> set[tuple[str, str, bool]]:
    table = schema.offered_rooms
    with state_of(app).database.read() as connection:
        rows = connection.execute(select(table.c.identity, table.c.room_sid, table.c.joined))
        return {(row.identity, row.room_sid, row.joined) for row in rows}


# --- names ---------------------------------------------------------------------------------------------------------


def test_a_name_that_was_changed_elsewhere_is_followed(app: Flask) -> None:
    browser = app.test_client()
    sign_up(browser)
    hear(app, renamed(app, "Ana of Porto", "01.000"))
    assert browser.get("/api/session").get_json()["user"]["friendly_name"] == "Ana of Porto"


def test_twice_or_late_changes_nothing(app: Flask) -> None:
    states = (("one", "01.001"), ("two", "01.002"), ("three", "02"))
    for number, order in enumerate(sorted(set(permutations(states * 2)))):
        identity = f"person{number}"
        account = state_of(app).accounts.create(identity, "zero", None)
        state_of(app).accounts.set_ready(account, "zero", None)
        calls = [renamed(app, name, at, identity) for name, at in order]
        hear(app, *calls[:3])
        for each in calls[3:]:
            hear(app, each)
        assert name_of(app, identity) == "three"


def test_of_two_in_one_moment_the_later_call_tells_the_end(app: Flask) -> None:
    sign_up(app.test_client())
    both = [renamed(app, name, "02.123") for name in ("between", "end")]
    hear(app, *both)
    assert name_of(app) == "end"
    hear(app, *both)
    assert name_of(app) == "end"


def test_what_rest_said_before_does_not_undo_it(app: Flask) -> None:
    sign_up(app.test_client())
    before = account_of(app)
    hear(app, renamed(app, "newer", "05.500"))
    state_of(app).accounts.set_ready(before, "older", 1)
    assert name_of(app) == "newer"
    after = account_of(app)
    state_of(app).accounts.set_ready(after, "newest", after.user_updated)
    assert name_of(app) == "newest", "asked for after the call was heard"
    hear(app, renamed(app, "newer", "05.499"))
    assert name_of(app) == "newest"


def test_the_next_token_shows_what_the_backend_says(app: Flask, rest: Any) -> None:
    browser = app.test_client()
    sign_up(browser)
    hear(app, renamed(app, "Somebody", "01"))
    rest.users("ana").update(friendly_name="Ana Torres")
    assert browser.post("/api/token").get_json()["friendly_name"] == "Ana Torres"
    assert name_of(app) == "Ana Torres"


HOSTILE = [
    *("", " \t\n", "\u200b\u2060", "\u200d", "\x00", "\ud800", "a\x00b\x1b[31m", "\u202egnp.exe", "x" * 5000),
    *("a" * 63 + " b", "'; DROP TABLE accounts; --", "%s %(x)s", "<b>Ana</b>", "e\u0301" * 100, "👩‍👩‍👧"),
]


@pytest.mark.parametrize("backend_name", [None, *HOSTILE])
def test_any_name_is_data(backend_name: str | None) -> None:
    name = to_shown_name(backend_name, "ana")
    assert 1 <= len(name) <= MAX_FRIENDLY_NAME
    assert to_friendly_name(name) == name == to_shown_name(name, "ana")


def test_hostile_names_break_no_account(make_app: MakeApp, empty_database_url: str) -> None:
    app = make_app(database_url=empty_database_url)
    browser = app.test_client()
    sign_up(browser)
    for second, name in enumerate((None, *HOSTILE), 10):
        hear(app, renamed(app, name, str(second)))
        assert name_of(app) == to_shown_name(name, "ana")
    assert browser.get("/api/session").get_json()["user"]["friendly_name"] == "👩‍👩‍👧"


def test_people_without_an_account_are_nobodys_business(app: Flask) -> None:
    sign_up(app.test_client())
    state_of(app).accounts.create("bo", "Bo", None)  # not known to be at the backend: that user may be another's
    hear(app, *(renamed(app, "Eve", "01", identity) for identity in ("eve", "bo", "", "Eve Smith", "\x00", "e" * 999)))
    assert (name_of(app), name_of(app, "bo")) == ("ana", "Bo")
    assert state_of(app).accounts.find("eve") is None


# --- rooms ---------------------------------------------------------------------------------------------------------


def test_a_room_that_was_removed_elsewhere_is_forgotten(make_app: MakeApp, rest: Any, empty_database_url: str) -> None:
    app = make_app(database_url=empty_database_url)
    rooms = [state_of(app).rooms.create(name, private=False, default=True) for name in ("#sales", "#support")]
    sign_up(app.test_client())
    rest.conversations(rooms[0].sid).delete()
    gone = call(app, "onConversationRemoved", ConversationSid=rooms[0].sid)
    hear(app, gone, gone, call(app, "onConversationRemoved", ConversationSid=ROOM))
    hear(app, gone)
    assert offers(app) == {("ana", rooms[1].sid, True)}


def test_a_leave_is_remembered_though_nobody_was_put_in(make_app: MakeApp, rest: Any, empty_database_url: str) -> None:
    """Other software makes a default room, the person joins by hand and leaves again, all between two tokens."""
    app = make_app(database_url=empty_database_url)
    browser = app.test_client()
    sign_up(browser)
    rooms = [rest.conversations.create(friendly_name=name, attributes=DEFAULT) for name in ("#left", "#new")]
    rest.conversations(rooms[0].sid).participants.create(identity="ana").delete()
    left = call(app, "onParticipantRemoved", ConversationSid=rooms[0].sid, Identity="ana")
    hear(app, left, left)
    assert [name for name, _ in browser.post("/api/token").get_json()["chatrooms"]] == ["#new"]


def test_who_leaves_a_room_that_was_full_before_is_not_put_in_again(app: Flask) -> None:
    sign_up(app.test_client())
    with state_of(app).database.write() as transaction:
        values = {"identity": "ana", "room_sid": ROOM, "joined": False, "offered_at": 0}
        transaction.execute(schema.offered_rooms.insert().values(**values))
    strangers = [
        call(app, "onParticipantRemoved", ConversationSid=ROOM, Identity="eve"),
        call(app, "onParticipantRemoved", ConversationSid=ROOM),  # somebody on a phone
    ]
    hear(app, *strangers)
    assert offers(app) == {("ana", ROOM, False)}
    hear(app, *strangers, call(app, "onParticipantRemoved", ConversationSid=ROOM, Identity="ana"))
    assert offers(app) == {("ana", ROOM, True)}


# --- batches -------------------------------------------------------------------------------------------------------


def test_what_makes_no_sense_holds_up_nothing(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    sign_up(app.test_client())
    secret = "what somebody wrote"
    nonsense = [
        {},
        {"EventType": "onUserUpdated"},
        {"EventType": "onTomorrowsEvent", "Body": secret},
        call(app, "onMessageAdded", ConversationSid=ROOM, Body=secret),
        call(app, "onUserUpdated", Identity="ana", FriendlyName=secret),
        call(app, "onUserUpdated", Identity="ana", FriendlyName=secret, DateUpdated="yesterday"),
        call(app, "onUserUpdated", Identity="ana", FriendlyName=secret, DateUpdated="0001-01-01T00:00:00+14:00"),
        call(app, "onUserUpdated", Identity="ana", FriendlyName=secret, DateUpdated="1"),
        call(app, "onConversationRemoved", Attributes=secret),
        call(app, "onConversationRemoved", ConversationSid=f"CH{secret}"),
        call(app, "onParticipantRemoved", Identity="ana", ConversationSid="\x00"),
        renamed(app, secret, "59") | {"ChatServiceSid": "IS" + "0" * 32},
    ]
    with caplog.at_level(logging.INFO):
        hear(app, *nonsense, renamed(app, "Ana Torres", "01") | {"Tomorrow": "is another parameter"}, *nonsense)
    assert name_of(app) == "Ana Torres"
    assert offers(app) == set()
    assert "onUserUpdated without a usable DateUpdated" in caplog.text
    assert secret not in caplog.text


def test_a_call_that_names_no_service_is_of_ours(app: Flask) -> None:
    """Twilio's calls about participants do not say it."""
    sign_up(app.test_client())
    told = call(app, "onParticipantRemoved", ConversationSid=ROOM, Identity="ana")
    del told["ChatServiceSid"]
    hear(app, told)
    assert offers(app) == {("ana", ROOM, True)}


def test_a_failure_of_the_database_applies_nothing_and_is_said(app: Flask) -> None:
    sign_up(app.test_client())
    with state_of(app).database.write() as transaction:
        transaction.exec_driver_sql("ALTER TABLE offered_rooms RENAME TO elsewhere")
    batch = [renamed(app, "Ana Torres", "01"), call(app, "onConversationRemoved", ConversationSid=ROOM)]
    with pytest.raises(OperationalError):
        hear(app, *batch)
    assert name_of(app) == "ana"
    assert post_hook(app, batch[1]).status_code == 500, "the backend tries again"
    with state_of(app).database.write() as transaction:
        transaction.exec_driver_sql("ALTER TABLE elsewhere RENAME TO offered_rooms")
    hear(app, *batch)
    assert name_of(app) == "Ana Torres"


# --- the route -----------------------------------------------------------------------------------------------------


def test_a_signed_call_is_heard(app: Flask) -> None:
    sign_up(app.test_client())
    answer = post_hook(app, renamed(app, "Ana Torres & Co. ü", "01"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Set-Cookie" not in answer.headers
    assert name_of(app) == "Ana Torres & Co. ü"


def test_a_signed_call_that_is_not_for_us_is_content_too(app: Flask) -> None:
    for event in ("onMessageAdded", "onTomorrowsEvent", *EVENTS):
        assert post_hook(app, call(app, event, Body="x" * 32 * 1024)).status_code == 204


def test_the_address_is_public_url_whoever_passes_the_call_on(make_app: MakeApp) -> None:
    app = make_app(public_url="https://chat.example.org", allowed_hosts=("10.0.0.7:5000",))
    sign_up(app.test_client())
    assert post_hook(app, renamed(app, "directly", "01"), f"https://chat.example.org{PATH}").status_code == 204
    validator = RequestValidator(state_of(app).connection.credentials.auth_token)
    told, query = renamed(app, "through a proxy", "02"), "?a=1&b=%2F"
    headers = {"X-Twilio-Signature": validator.compute_signature(f"https://chat.example.org{PATH}{query}", told)}
    passed_on = app.test_client().post(f"http://10.0.0.7:5000{PATH}{query}", data=told, headers=headers)
    assert passed_on.status_code == 204
    assert name_of(app) == "through a proxy"


@pytest.mark.parametrize("what", ["no signature", "another's", "altered", "added", "another address", "another query"])
def test_other_calls_are_refused(app: Flask, what: str, caplog: pytest.LogCaptureFixture) -> None:
    sign_up(app.test_client())
    token = state_of(app).connection.credentials.auth_token
    url, told = f"http://localhost:5000{PATH}", renamed(app, "Eve", "01")
    signed_url = url.replace("localhost", "other.example") if what == "another address" else url
    validator = RequestValidator("0" * 32 if what == "another's" else token)
    headers = {"X-Twilio-Signature": validator.compute_signature(signed_url, told)}
    if what == "no signature":
        headers = {}
    elif what == "altered":
        told["FriendlyName"] = "Mallory"
    elif what == "added":
        told["Extra"] = "1"
    answer = app.test_client().post(url + ("?x=1" if what == "another query" else ""), data=told, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "bad_signature")
    assert name_of(app) == "ana"
    assert "its signature is not for http://localhost:5000/hooks/conversations" in caplog.text
    assert token not in caplog.text
    assert "Eve" not in caplog.text


def test_a_call_of_another_account_is_refused(app: Flask) -> None:
    sign_up(app.test_client())
    answer = post_hook(app, renamed(app, "Eve", "01") | {"AccountSid": "AC" + "0" * 32})
    assert (answer.status_code, name_of(app)) == (403, "ana")
    told = renamed(app, "Eve", "01")
    del told["AccountSid"]
    assert post_hook(app, told).status_code == 403


def test_a_message_as_long_as_there_are_comes_through(app: Flask) -> None:
    text, attributes = "ü" * 16 * 1024, json.dumps({"key": "ü" * 2000})
    told = call(app, "onMessageAdded", Body=text, Attributes=attributes, ConversationSid=ROOM)
    assert post_hook(app, told).status_code == 204
    answer = post_hook(app, call(app, "onMessageAdded", Body="x" * MAX_BODY))
    assert (answer.status_code, "256 KB" in answer.get_json()["error"]) == (413, True)
    short = app.test_client().post("/login", data=b"x" * 20_000)
    assert (short.status_code, "16 KB" in short.get_json()["error"]) == (413, True)


def test_the_route_is_asked_as_other_routes_are(app: Flask) -> None:
    told = call(app, "onMessageAdded")
    assert post_hook(app, told, f"http://evil.example{PATH}").status_code == 403
    assert app.test_client().get(PATH).status_code == 405
    page = app.test_client().post(f"http://localhost:5000{PATH}", data=told, headers={"Origin": "http://evil.example"})
    assert (page.status_code, page.get_json()["code"]) == (403, "forbidden_origin")
