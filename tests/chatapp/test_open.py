"""The tutorial's name-only log-in (ROOMFUL_AUTH=open)."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.chatapp.conftest import MakeApp, sign_up, state_of


def log_in(app: Any, username: str, **kwargs: Any) -> Any:
    """Exactly the tutorial's request: a JSON text without a content type."""
    return app.test_client().post("/login", data=json.dumps({"username": username}), **kwargs)


def test_the_tutorials_log_in(make_app: MakeApp, rest: Any) -> None:
    app = make_app(auth="open")
    sid = state_of(app).rooms.create("#support", private=False, default=True).sid
    response = log_in(app, "susan", content_type="text/plain;charset=UTF-8")
    assert response.status_code == 200
    answer = response.get_json()
    assert answer["chatrooms"] == [["#support", sid]]
    assert answer["token"].count(".") == 2
    assert answer["identity"] == "susan"
    user = rest.users("susan").fetch()
    assert rest.roles(user.role_sid).fetch().friendly_name == "participant"
    assert log_in(app, "susan").status_code == 200, "a second time"
    assert log_in(app, "").status_code == 401


def test_what_was_typed_becomes_an_identity(make_app: MakeApp) -> None:
    app = make_app(auth="open")
    answer = log_in(app, " Ana  Maria ").get_json()
    assert (answer["identity"], answer["friendly_name"]) == ("ana-maria", "Ana Maria")
    refusal = log_in(app, "José")
    assert (refusal.status_code, refusal.get_json()["code"]) == (400, "bad_username")
    assert "é" in refusal.get_json()["error"]


def test_an_account_with_a_password_cannot_be_entered(make_app: MakeApp) -> None:
    sign_up(make_app().test_client(), "ana")
    app = make_app(auth="open")
    refusal = log_in(app, "ana")
    assert (refusal.status_code, refusal.get_json()["code"]) == (401, "bad_credentials")


def test_name_only_accounts_are_closed_to_passwords_and_have_no_admins(make_app: MakeApp) -> None:
    log_in(make_app(auth="open"), "susan")
    app = make_app()
    account = state_of(app).accounts.find("susan")
    assert account is not None
    assert not account.admin
    browser = app.test_client()
    refusal = browser.post("/login", json={"username": "susan", "password": "nobody's password"})
    assert refusal.status_code == 401
    assert browser.post("/api/signup", json={"username": "susan", "password": "password"}).status_code == 409
    sign_up(browser, "ana")
    first = state_of(app).accounts.find("ana")
    assert first is not None
    assert first.admin, "the first account with a password"


def test_a_tunnel_closes_it(make_app: MakeApp) -> None:
    app = make_app(auth="open")
    assert log_in(app, "susan", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    assert log_in(app, "susan").status_code == 403


def test_there_is_nothing_to_sign_up_for(make_app: MakeApp) -> None:
    browser = make_app(auth="open").test_client()
    assert browser.get("/api/session").get_json()["auth"] == "open"
    assert browser.post("/api/signup", json={"username": "ana", "password": "password"}).status_code == 403


@pytest.mark.parametrize("number", range(3))
def test_two_tabs_at_once(make_app: MakeApp, number: int) -> None:
    app = make_app(auth="open")
    with ThreadPoolExecutor(2) as pool:
        statuses = [done.status_code for done in pool.map(lambda _: log_in(app, "susan"), range(2))]
    assert statuses == [200, 200]
