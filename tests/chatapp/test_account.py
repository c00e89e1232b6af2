"""One's own account: a new password, the sessions, and its end, against a real Conversations service."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from roomful.chatapp.accounts import Account
from roomful.chatapp.backend import Backend, BackendUnavailable
from roomful.chatapp.errors import ApiError
from roomful.chatapp.revocation import revoke_tokens
from roomful.chatapp.store import schema
from tests.chatapp.conftest import PASSWORD, MakeApp, Recorder, sign_up, state_of
from tests.chatapp.test_login import assert_refused, log_in
from tests.media.uploader import Caller
from tests.servers import Server

NEW = "battery staple"
SID = "ME" + "0" * 32


def counts(service: Server, token: str) -> bool:
    """Whether the service takes the token."""
    status = Caller(service, {"X-Twilio-Token": token}).record(SID).status_code
    assert status in (404, 401)
    return status == 404


def change(browser: FlaskClient, current: str = PASSWORD, new: str = NEW) -> Any:
    return browser.post("/api/password", json={"current": current, "new": new})


def account_of(app: Flask, identity: str = "ana") -> Account:
    account = state_of(app).accounts.find(identity)
    assert account is not None
    return account


# --- the password --------------------------------------------------------------------------------------------------


def test_a_new_password_signs_everybody_else_out(app: Flask, service: Server) -> None:
    browser, other = app.test_client(), app.test_client()
    tokens = [sign_up(browser)["token"], log_in(other).get_json()["token"]]
    stolen = browser.get_cookie("roomful_session")
    assert stolen is not None
    answer = change(browser)
    assert answer.status_code == 200
    assert answer.get_json().keys() == {"chatrooms", "token", "identity", "friendly_name", "sdk"}
    assert [counts(service, token) for token in tokens] == [False, False]
    assert counts(service, answer.get_json()["token"]), "at once, without waiting"
    assert_refused(other.post("/api/token"), 401, "signed_out")
    assert browser.post("/api/token").status_code == 200
    thief = app.test_client()
    thief.set_cookie("roomful_session", stolen.value)
    assert_refused(thief.post("/api/token"), 401, "signed_out")
    assert_refused(log_in(other), 401, "bad_credentials")
    again = log_in(other, password=NEW)
    assert counts(service, again.get_json()["token"]), "another browser's, too"


def test_twice_in_one_second(app: Flask, service: Server) -> None:
    browser = app.test_client()
    sign_up(browser)
    first = change(browser).get_json()["token"]
    second = change(browser, NEW, PASSWORD).get_json()["token"]
    assert (counts(service, first), counts(service, second)) == (False, True)


def test_a_new_password_needs_the_old_one(app: Flask) -> None:
    browser = app.test_client()
    sign_up(browser)
    for wrong in ("wrong horse", "", "x"):
        assert_refused(change(browser, wrong), 403, "wrong_password")
    assert_refused(browser.post("/api/password", json={"new": NEW}), 403, "wrong_password")
    for weak in ("short", "", "x" * 257):
        assert_refused(change(browser, new=weak), 400, "weak_password")
    assert_refused(browser.post("/api/password", json={"current": 7, "new": NEW}), 400, "bad_request")
    assert browser.post("/api/token").status_code == 200
    assert_refused(app.test_client().post("/api/password", json={}), 401, "signed_out")


def test_guessing_it_in_a_browser_left_open_is_throttled_as_the_log_in_is(app: Flask) -> None:
    browser = app.test_client()
    sign_up(browser)
    for _ in range(10):
        assert_refused(change(browser, "wrong horse"), 403, "wrong_password")
    assert_refused(change(browser), 429, "throttled")
    assert_refused(browser.delete("/api/account", json={"password": PASSWORD}), 429, "throttled")
    assert_refused(log_in(app.test_client()), 429, "throttled")


def test_without_a_backend_nothing_is_changed(app: Flask, recorder: Recorder) -> None:
    browser = app.test_client()
    sign_up(browser)

    def down(method: str, path: str) -> None:
        raise BackendUnavailable("no answer")

    recorder.before = down
    assert_refused(change(browser), 503, "backend_unavailable")
    assert_refused(browser.delete("/api/account", json={"password": PASSWORD}), 503, "backend_unavailable")
    recorder.before = lambda method, path: None
    assert browser.post("/api/token").status_code == 200
    assert log_in(app.test_client()).status_code == 200


def test_a_backend_that_goes_away_meanwhile_leaves_the_browser_signed_in(app: Flask, recorder: Recorder) -> None:
    browser, other = app.test_client(), app.test_client()
    sign_up(browser)
    log_in(other)

    def down(method: str, path: str) -> None:
        if path.endswith("/revocations") or path.endswith("/Conversations"):
            raise BackendUnavailable("no answer")

    recorder.before = down
    assert_refused(change(browser), 503, "backend_unavailable")
    recorder.before = lambda method, path: None
    assert browser.post("/api/token").status_code == 200
    assert_refused(other.post("/api/token"), 401, "signed_out")
    assert log_in(other, password=NEW).status_code == 200


def test_of_two_changes_at_once_one_counts(app: Flask) -> None:
    browsers = [app.test_client(), app.test_client()]
    sign_up(browsers[0])
    log_in(browsers[1])
    new = ["battery staple one", "battery staple two"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda n: change(browsers[n], new=new[n]), range(2)))
    done = [answer.status_code == 200 for answer in answers]
    assert sorted(done) == [False, True]
    assert [log_in(app.test_client(), password=password).status_code == 200 for password in new] == done
    assert [browser.post("/api/token").status_code == 200 for browser in browsers] == done


def test_who_signed_in_with_the_old_password_meanwhile_is_out(app: Flask) -> None:
    browser = app.test_client()
    sign_up(browser)
    before = account_of(app)
    change(browser)
    with pytest.raises(ApiError, match="signed_out"):
        state_of(app).sessions.start(before, None, "")


def test_a_name_alone_has_no_password_to_change(make_app: MakeApp) -> None:
    browser = make_app(auth="open").test_client()
    browser.post("/login", json={"username": "Ana"})
    assert_refused(change(browser), 403, "no_password")
    assert_refused(browser.delete("/api/account", json={}), 403, "no_password")


# --- the sessions --------------------------------------------------------------------------------------------------


def test_the_sessions_are_listed(app: Flask) -> None:
    browser, other, stranger = app.test_client(), app.test_client(), app.test_client()
    sign_up(browser)
    log_in(other, headers={"User-Agent": "Firefox/1.0 \t(X11)" + "x" * 300})
    sign_up(stranger, "bo")
    found = browser.get("/api/sessions").get_json()["sessions"]
    assert [set(session) for session in found] == [{"id", "current", "created_at", "seen_at", "browser"}] * 2
    assert sorted(session["current"] for session in found) == [False, True]
    (far,) = (session for session in found if not session["current"])
    assert far["browser"] == ("Firefox/1.0 (X11)" + "x" * 300)[:200]
    assert re.fullmatch(r"[0-9a-f]{16}", far["id"])
    assert far["seen_at"] >= far["created_at"]
    with state_of(app).database.write() as connection:
        connection.execute(update(schema.sessions).values(seen_at=5, created_at=5))
    other.post("/api/token")
    first, second = browser.get("/api/sessions").get_json()["sessions"]
    assert (first["id"], first["created_at"], second["seen_at"]) == (far["id"], 5, 5)
    assert first["seen_at"] > 5, "a renewal has been seen"


def test_another_browser_is_signed_out_from_here(app: Flask, service: Server) -> None:
    browser, other = app.test_client(), app.test_client()
    # A name of its own: with the user of another test all tokens of that second were refused.
    mine, far = sign_up(browser, "eva")["token"], log_in(other, "eva").get_json()["token"]
    (session,) = (s for s in browser.get("/api/sessions").get_json()["sessions"] if not s["current"])
    assert browser.delete(f"/api/sessions/{session['id']}").status_code == 204
    assert_refused(browser.delete(f"/api/sessions/{session['id']}"), 404, "no_session")
    assert_refused(other.post("/api/token"), 401, "signed_out")
    assert (counts(service, mine), counts(service, far)) == (True, False)
    for odd in ("x", "0" * 16, session["id"] + "0", "%00"):
        assert_refused(browser.delete(f"/api/sessions/{odd}"), 404, "no_session")


def test_nobody_ends_a_strangers_session(app: Flask) -> None:
    browser, stranger = app.test_client(), app.test_client()
    sign_up(browser)
    sign_up(stranger, "bo")
    (session,) = browser.get("/api/sessions").get_json()["sessions"]
    assert_refused(stranger.delete(f"/api/sessions/{session['id']}"), 404, "no_session")
    assert stranger.delete("/api/sessions").status_code == 204
    assert browser.post("/api/token").status_code == 200


def test_all_other_browsers_are_signed_out(app: Flask, service: Server) -> None:
    browsers = [app.test_client() for _ in range(4)]
    tokens = [sign_up(browsers[0], "finn")["token"]]
    tokens += [log_in(browser, "finn").get_json()["token"] for browser in browsers[1:]]
    assert browsers[0].delete("/api/sessions").status_code == 204
    assert [counts(service, token) for token in tokens] == [True, False, False, False]
    assert [browser.post("/api/token").status_code for browser in browsers] == [200, 401, 401, 401]
    assert browsers[0].delete("/api/sessions").status_code == 204, "there are none: no error"


def test_ones_own_session_may_be_ended_too(app: Flask) -> None:
    browser = app.test_client()
    sign_up(browser)
    (session,) = browser.get("/api/sessions").get_json()["sessions"]
    assert browser.delete(f"/api/sessions/{session['id']}").status_code == 204
    assert browser.get_cookie("roomful_session") is None


def test_many_tokens_are_revoked_in_portions(app: Flask, recorder: Recorder) -> None:
    state = state_of(app)
    revoke_tokens(state.connection, [f"{number:064x}" for number in range(250)])
    sent = [len(body["token_sha256"]) for body in recorder.bodies if body and "token_sha256" in body]
    assert sent == [100, 100, 50]


# --- the end -------------------------------------------------------------------------------------------------------


def test_a_deleted_account_is_gone_and_its_messages_stay(app: Flask, rest: Any, service: Server) -> None:
    state = state_of(app)
    state.rooms.create("#sales", private=False, default=True)
    browser, other = app.test_client(), app.test_client()
    token = sign_up(browser)["token"]
    log_in(other)
    browser.patch("/api/profile", json={"name": "Ana Lúcia"})
    own = rest.conversations.create(
        friendly_name="hers", attributes='{"v": 1, "kind": "room", "visibility": "private"}'
    )
    (admin,) = (role.sid for role in rest.roles.list() if role.friendly_name == "channel admin")
    own.participants.create(identity="ana", role_sid=admin)  # the last moderator
    own.messages.create(author="ana", body="hello")
    rest.users("ana").update(attributes='{"v": 1, "status": "here"}')

    assert_refused(browser.delete("/api/account", json={"password": "wrong horse"}), 403, "wrong_password")
    assert_refused(browser.delete("/api/account", json={}), 403, "wrong_password")
    assert browser.delete("/api/account", json={"password": PASSWORD}).status_code == 204

    user = rest.users("ana").fetch()
    assert (user.friendly_name, user.attributes) == ("ana", "{}")
    assert rest.users("ana").user_conversations.list() == []
    assert [message.author for message in own.messages.list()] == ["ana"]
    assert browser.get_cookie("roomful_session") is None
    assert not counts(service, token)
    assert_refused(other.post("/api/token"), 401, "signed_out")
    assert_refused(log_in(other), 401, "bad_credentials")
    response = other.post("/api/signup", json={"username": "ana", "password": NEW})
    assert_refused(response, 409, "username_taken")
    account = account_of(app)
    assert (account.deleted, account.disabled, account.friendly_name) == (True, True, "ana")
    assert account.password_hash is None
    state.rooms.create("#later", private=False, default=True)
    assert rest.users("ana").user_conversations.list() == [], "nobody puts them anywhere"
    with state.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.sessions)).scalar_one() == 0


def test_a_deletion_that_was_cut_off_is_repeated(app: Flask, recorder: Recorder, rest: Any) -> None:
    for name in ("#a", "#b", "#c"):
        state_of(app).rooms.create(name, private=False, default=True)
    browser = app.test_client()
    sign_up(browser)

    def cut_off(method: str, path: str) -> None:
        if method == "DELETE" and recorder.count("DELETE", ".*/Participants/.*") == 2:
            raise BackendUnavailable("gone")

    recorder.before = cut_off
    assert_refused(browser.delete("/api/account", json={"password": PASSWORD}), 503, "backend_unavailable")
    recorder.before = lambda method, path: None
    assert browser.delete("/api/account", json={"password": PASSWORD}).status_code == 204
    assert rest.users("ana").user_conversations.list() == []


def test_a_user_that_the_backend_lost_is_no_obstacle(app: Flask, rest: Any) -> None:
    browser = app.test_client()
    sign_up(browser)
    rest.users("ana").delete()
    assert browser.patch("/api/profile", json={"name": "Ana"}).get_json()["name"] == "Ana"
    assert rest.users("ana").fetch().friendly_name == "Ana"
    rest.users("ana").delete()
    assert browser.delete("/api/account", json={"password": PASSWORD}).status_code == 204


def test_twilio_has_no_revocations(make_app: MakeApp, backend: Backend, recorder: Recorder) -> None:
    app = make_app(backend=replace(backend, kind="twilio"))
    browser = app.test_client()
    sign_up(browser)
    assert change(browser).status_code == 200
    assert recorder.count("POST", "/roomful/v1/revocations") == 0
    assert account_of(app).tokens_from is None, "its tokens must not be early"
