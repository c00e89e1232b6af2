"""Sessions, tokens and log-out, against a real Conversations service."""

import hashlib
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.clock import now_ms
from roomful.chatapp.store import schema
from tests.chatapp.conftest import PASSWORD, MakeApp, Recorder, sign_up, state_of


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(make_app: MakeApp) -> None:
    browser = make_app().test_client()
    response = browser.post("/api/signup", json={"username": "ana", "password": PASSWORD})
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("roomful_session=")
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"):
        assert attribute in cookie
    assert "Secure" not in cookie
    assert len(cookie.split(";")[0].partition("=")[2]) >= 43, "256 random bits"


def test_the_cookie_is_secure_under_https(make_app: MakeApp) -> None:
    app = make_app(public_url="https://chat.example.org", trusted_proxies=("127.0.0.1",))
    browser = app.test_client()
    response = browser.post(
        "/api/signup", json={"username": "ana", "password": PASSWORD}, base_url="https://chat.example.org"
    )
    assert "; Secure" in response.headers["Set-Cookie"]


def test_only_hashes_are_kept(make_app: MakeApp) -> None:
    app = make_app()
    browser = app.test_client()
    answer = sign_up(browser)
    cookie = browser.get_cookie("roomful_session")
    assert cookie is not None
    with state_of(app).database.read() as connection:
        assert connection.execute(select(schema.sessions.c.cookie_sha256)).scalars().all() == [sha256(cookie.value)]
        assert connection.execute(select(schema.session_tokens.c.token_sha256)).scalars().all() == [
            sha256(answer["token"])
        ]
        stored = str(connection.execute(select(schema.accounts)).all())
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


def test_a_signed_in_browser_gets_new_tokens(browser: FlaskClient) -> None:
    first = sign_up(browser)
    assert browser.get("/api/session").get_json() == {
        "auth": "password",
        "signup": "open",
        "user": {"identity": "ana", "friendly_name": "ana", "avatar": None, "admin": True},
    }
    again = browser.post("/api/token")
    assert again.status_code == 200
    assert again.get_json().keys() == first.keys() - {"room"}
    assert again.get_json()["token"] != first["token"], "also within one second"


def test_a_page_is_not_handed_the_token_of_another_tabs_person(make_app: MakeApp) -> None:
    browser = make_app().test_client()
    sign_up(browser, "ana")
    sign_up(browser, "bo")
    refusal = browser.post("/api/token", json={"identity": "ana"})
    assert (refusal.status_code, refusal.get_json()["code"]) == (401, "signed_out")
    assert browser.post("/api/token", json={"identity": "bo"}).status_code == 200
    assert browser.post("/api/token", json={}).status_code == 200


def test_signed_out_is_no_error_for_the_session_but_for_the_token(browser: FlaskClient) -> None:
    assert browser.get("/api/session").get_json()["user"] is None
    for cookie in (None, "made-up", "ü"):
        if cookie:
            browser.set_cookie("roomful_session", cookie)
        response = browser.post("/api/token")
        assert (response.status_code, response.get_json()["code"]) == (401, "signed_out")


def test_a_token_never_outlives_its_session(make_app: MakeApp) -> None:
    app = make_app()
    browser = app.test_client()
    sign_up(browser)
    end = now_ms() + 60_000
    with state_of(app).database.write() as connection:
        connection.execute(update(schema.sessions).values(expires_at=end))
    token = browser.post("/api/token").get_json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] * 1000 <= end
    with state_of(app).database.write() as connection:
        connection.execute(update(schema.sessions).values(expires_at=now_ms() - 1))
    assert browser.post("/api/token").status_code == 401


def test_a_session_lasts_thirty_days(make_app: MakeApp) -> None:
    app = make_app()
    sign_up(app.test_client())
    with state_of(app).database.read() as connection:
        row = connection.execute(select(schema.sessions)).one()
    assert timedelta(milliseconds=row.expires_at - row.created_at) == timedelta(days=30)


def test_log_out_ends_this_session_and_has_its_tokens_refused(make_app: MakeApp, recorder: Recorder) -> None:
    app = make_app()
    browser, other = app.test_client(), app.test_client()
    tokens = [sign_up(browser)["token"], browser.post("/api/token").get_json()["token"]]
    other_token = other.post("/login", json={"username": "ana", "password": PASSWORD}).get_json()["token"]
    response = browser.post("/api/logout")
    assert (response.status_code, response.data) == (204, b"")
    assert recorder.requests[-1] == ("POST", "/roomful/v1/revocations")
    revoked = recorder.bodies[-1]
    assert {sha256(token) for token in tokens} == set(revoked["token_sha256"])
    assert sha256(other_token) not in revoked["token_sha256"]
    assert browser.get_cookie("roomful_session") is None
    assert browser.post("/api/token").status_code == 401
    assert other.post("/api/token").status_code == 200, "other sessions stay"
    assert browser.post("/api/logout").status_code == 204, "twice is no error"


def test_a_stolen_cookie_is_worth_nothing_after_log_out(make_app: MakeApp) -> None:
    app = make_app()
    browser, thief = app.test_client(), app.test_client()
    sign_up(browser)
    cookie = browser.get_cookie("roomful_session")
    assert cookie is not None
    browser.post("/api/logout")
    thief.set_cookie("roomful_session", cookie.value)
    assert thief.post("/api/token").status_code == 401


def test_log_out_holds_though_the_backend_is_away(
    make_app: MakeApp, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    browser = make_app().test_client()
    sign_up(browser)

    def down(method: str, path: str) -> None:
        raise BackendUnavailable("no answer")

    recorder.before = down
    assert browser.post("/api/logout").status_code == 204
    assert "could not be revoked" in caplog.text
    assert browser.post("/api/token").status_code == 401


def test_signing_in_again_replaces_the_session_and_takes_its_tokens_over(make_app: MakeApp, recorder: Recorder) -> None:
    app = make_app()
    browser = app.test_client()
    first = sign_up(browser)["token"]
    second = browser.post("/login", json={"username": "ana", "password": PASSWORD}).get_json()["token"]
    with state_of(app).database.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.sessions)).scalar_one() == 1
    browser.post("/api/logout")
    assert {sha256(first), sha256(second)} == set(recorder.bodies[-1]["token_sha256"])


def test_what_has_run_out_is_removed(make_app: MakeApp) -> None:
    app = make_app()
    for _ in range(3):
        browser = app.test_client()
        browser.post("/api/signup", json={"username": "ana", "password": PASSWORD})
        browser.post("/login", json={"username": "ana", "password": PASSWORD})
    with state_of(app).database.write() as connection:
        connection.execute(update(schema.sessions).values(expires_at=1))
    app.test_client().post("/login", json={"username": "ana", "password": PASSWORD})
    with state_of(app).database.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.sessions)).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(schema.session_tokens)).scalar_one() == 1


def test_the_name_follows_what_people_change_through_the_sdk(browser: FlaskClient, rest: Any) -> None:
    sign_up(browser)
    rest.users("ana").update(friendly_name="Ana Lúcia")
    assert browser.post("/api/token").get_json()["friendly_name"] == "Ana Lúcia"
    assert browser.get("/api/session").get_json()["user"]["friendly_name"] == "Ana Lúcia"
    rest.users("ana").delete()
    assert browser.post("/api/token").status_code == 200, "a user that is gone is made again"
    assert rest.users("ana").fetch().identity == "ana"
