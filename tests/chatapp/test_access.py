"""Who may call what of accounts, people and invitations: every route that there is, whatever its name."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from roomful.chatapp.store import schema
from tests.chatapp.conftest import MakeApp, sign_up, state_of
from tests.chatapp.test_login import assert_refused

BLUEPRINTS = {"account", "people", "invites"}
FOR_EVERYBODY = {("GET", "/api/invites/x")}
"""Answered without a cookie; not with what only the signed in may see."""
ROUTES = {
    *(("POST", "/api/password"), ("GET", "/api/sessions"), ("DELETE", "/api/sessions"), ("DELETE", "/api/sessions/x")),
    *(("DELETE", "/api/account"), ("GET", "/api/people"), ("GET", "/api/people/x"), ("PATCH", "/api/profile")),
    *(("PUT", "/api/avatar"), ("DELETE", "/api/avatar"), ("GET", "/api/avatars/x")),
    *(("GET", "/api/invites"), ("POST", "/api/invites"), ("DELETE", "/api/invites/x"), ("POST", "/api/invites/x")),
    *FOR_EVERYBODY,
}
CLOSED = sorted(ROUTES - FOR_EVERYBODY)


def test_every_route_is_in_the_table(app: Flask) -> None:
    found = {
        (method, re.sub(r"<\w+>", "x", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.partition(".")[0] in BLUEPRINTS
    }
    assert found == ROUTES


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_nobody_is_let_in_without_a_session(browser: FlaskClient, method: str, path: str) -> None:
    for cookie in (None, "made-up"):
        if cookie:
            browser.set_cookie("roomful_session", cookie)
        assert_refused(browser.open(path, method=method, json={}), 401, "signed_out")


@pytest.mark.parametrize("column", ["disabled_at", "deleted_at"])
def test_nor_who_is_disabled(make_app: MakeApp, column: str) -> None:
    app = make_app()
    browser = app.test_client()
    sign_up(browser)
    with state_of(app).database.write() as connection:
        connection.execute(update(schema.accounts).values({"disabled_at": 1} | {column: 1}))
    for method, path in CLOSED:
        assert_refused(browser.open(path, method=method, json={}), 403, "account_disabled")


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_nor_a_page_of_another_site(app: Flask, headers: dict[str, str]) -> None:
    browser = app.test_client()
    sign_up(browser)
    for method, path in sorted(ROUTES):
        if method != "GET":
            assert_refused(browser.open(path, method=method, json={}, headers=headers), 403, "forbidden_origin")


def test_what_is_no_json_is_refused_clearly(app: Flask) -> None:
    browser = app.test_client()
    sign_up(browser)
    takes_json = {"/api/password", "/api/account", "/api/profile", "/api/invites"}
    for method, path in CLOSED:
        if path in takes_json and method != "GET":
            for body in ("", "[]", "{", "7", "[" * 9000):
                assert_refused(browser.open(path, method=method, data=body), 400, "bad_request")
