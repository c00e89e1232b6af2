"""Sign up, in and out, against a real Conversations service."""

import json
import logging
from dataclasses import replace
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from roomful.chatapp.accounts import Account
from roomful.chatapp.backend import Backend, BackendUnavailable
from roomful.chatapp.store import schema
from tests.chatapp.conftest import PASSWORD, MakeApp, Recorder, sign_up, state_of
from tests.servers import Server


def log_in(browser: FlaskClient, username: str = "ana", password: str = PASSWORD, **kwargs: Any) -> Any:
    return browser.post("/login", json={"username": username, "password": password}, **kwargs)


def assert_refused(response: Any, status: int, code: str) -> str:
    body = response.get_json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert isinstance(body["error"], str)
    assert body["error"].endswith(".")
    return str(body["error"])


def test_sign_up_makes_a_user_and_signs_in(browser: FlaskClient, rest: Any, service: Server) -> None:
    answer = sign_up(browser, "  Ana ")
    assert answer["identity"] == "ana"
    assert answer["friendly_name"] == "Ana"
    assert answer["chatrooms"] == []
    assert answer["sdk"] == {"twilsock": {"uri": "/v3/wsconnect"}}
    user = rest.users("ana").fetch()
    assert user.friendly_name == "Ana"
    assert rest.roles(user.role_sid).fetch().friendly_name == "participant"

    keys = service.credentials
    claims = jwt.decode(answer["token"], keys["api_key_secret"], algorithms=["HS256"])
    assert claims["iss"] == keys["api_key_sid"]
    assert claims["sub"] == keys["account_sid"]
    assert claims["grants"] == {"identity": "ana", "chat": {"service_sid": keys["service_sid"]}}
    assert 895 <= claims["exp"] - claims["nbf"] <= 900
    assert jwt.get_unverified_header(answer["token"])["cty"] == "twilio-fpa;v=1"


def test_sign_in_with_the_password_and_whatever_letter_case(browser: FlaskClient) -> None:
    sign_up(browser, "ana")
    answer = log_in(browser, "ANA")
    assert answer.status_code == 200
    assert answer.get_json()["identity"] == "ana"
    assert_refused(log_in(browser, "ana", "wrong horse"), 401, "bad_credentials")
    assert_refused(log_in(browser, "nobody"), 401, "bad_credentials")
    assert_refused(log_in(browser, "ana", "x"), 401, "bad_credentials")
    assert_refused(log_in(browser, "../roles"), 401, "bad_credentials")
    assert_refused(browser.post("/login", json={"username": "ana"}), 401, "bad_credentials")


@pytest.mark.parametrize("body", ["{}", '{"username": ""}', '{"username": null}', '{"username": "  "}'])
def test_without_a_username_the_answer_is_401(browser: FlaskClient, body: str) -> None:
    assert_refused(browser.post("/login", data=body), 401, "username_missing")


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '"ana"', "null", "7", "[" * 16_000, b"\xff\xfe", '{"username": 7}', '{"username": ["ana"]}']
)
@pytest.mark.parametrize("path", ["/login", "/api/signup"])
def test_what_is_no_json_object_is_refused_clearly(browser: FlaskClient, path: str, body: str | bytes) -> None:
    assert_refused(browser.post(path, data=body), 400, "bad_request")


def test_odd_text_is_refused_not_an_error(browser: FlaskClient) -> None:
    for username, password in (("ana", "\ud800" * 9), ("\ud800", PASSWORD), ("a\x00b", PASSWORD)):
        body = json.dumps({"username": username, "password": password})
        assert browser.post("/api/signup", data=body).status_code == 400
    assert browser.post("/login", data=json.dumps({"username": "ana", "password": "\ud800" * 9})).status_code == 400


def test_a_body_has_at_most_16_kb(browser: FlaskClient) -> None:
    body = json.dumps({"username": "a" * 16_384})
    assert_refused(browser.post("/login", data=body), 413, "bad_request")


@pytest.mark.parametrize(
    ("username", "password", "status", "code"),
    [
        ("system", PASSWORD, 400, "bad_username"),
        ("ana maria", PASSWORD, 400, "bad_username"),
        ("CH" + "0" * 32, PASSWORD, 400, "bad_username"),
        ("ana", "1234567", 400, "weak_password"),
        ("ana", "x" * 257, 400, "weak_password"),
        ("ana", "", 400, "weak_password"),
    ],
)
def test_sign_up_refuses(browser: FlaskClient, username: str, password: str, status: int, code: str) -> None:
    response = browser.post("/api/signup", json={"username": username, "password": password})
    assert_refused(response, status, code)


def test_a_username_is_taken_once(make_app: MakeApp) -> None:
    app = make_app()
    sign_up(app.test_client(), "ana")
    response = app.test_client().post("/api/signup", json={"username": "Ａna", "password": "another horse"})
    assert_refused(response, 409, "username_taken")


def test_a_user_of_the_backend_without_account_belongs_to_somebody_else(browser: FlaskClient, rest: Any) -> None:
    rest.users.create(identity="bo", friendly_name="The real Bo")
    for _ in range(2):
        response = browser.post("/api/signup", json={"username": "bo", "password": PASSWORD})
        assert_refused(response, 409, "username_taken")


def test_the_first_account_is_admin_and_no_other(make_app: MakeApp) -> None:
    app = make_app()
    for name in ("ana", "bo"):
        sign_up(app.test_client(), name)
    found = state_of(app).accounts.find
    assert [account.admin for name in ("ana", "bo") if (account := found(name))] == [True, False]


@pytest.mark.parametrize("mode", ["invite", "closed"])
def test_sign_up_can_be_closed(make_app: MakeApp, mode: str) -> None:
    browser = make_app(signup=mode).test_client()
    assert browser.get("/api/session").get_json() == {"auth": "password", "signup": mode, "user": None}
    response = browser.post("/api/signup", json={"username": "ana", "password": PASSWORD})
    assert_refused(response, 403, "signup_closed")


def test_a_tunnel_switches_sign_up_off(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    browser = make_app().test_client()
    sign_up(browser, "ana")
    assert browser.get("/api/session", headers={"X-Forwarded-For": "203.0.113.9"}).get_json()["signup"] == "closed"
    response = browser.post("/api/signup", json={"username": "bo", "password": PASSWORD})
    assert_refused(response, 403, "signup_closed")
    assert "sign-up is switched off" in caplog.text
    assert log_in(browser).status_code == 200, "who has an account still gets in"


def test_guessing_is_throttled_by_address_and_username(make_app: MakeApp) -> None:
    app = make_app()
    sign_up(app.test_client(), "ana")
    sign_up(app.test_client(), "bo")
    browser = app.test_client()
    for _ in range(10):
        assert_refused(log_in(browser, "ana", "wrong horse"), 401, "bad_credentials")
    response = log_in(browser, "Ana")
    assert_refused(response, 429, "throttled")
    assert 1 <= response.get_json()["retry_after"] <= 300
    assert response.headers["Retry-After"] == str(response.get_json()["retry_after"])
    assert log_in(browser, "bo").status_code == 200
    assert log_in(browser, environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


def test_a_success_forgets_earlier_slips(browser: FlaskClient) -> None:
    sign_up(browser, "ana")
    for _ in range(3):
        for _ in range(6):
            assert log_in(browser, "ana", "wrong horse").status_code == 401
        assert log_in(browser, "ana").status_code == 200


def test_a_made_up_forwarding_header_does_not_get_around_the_throttle(make_app: MakeApp) -> None:
    browser = make_app(trusted_proxies=("192.0.2.1",)).test_client()
    for number in range(10):
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        assert log_in(browser, "ana", "wrong horse", headers=headers).status_code == 401
    assert log_in(browser, "ana", "wrong horse").status_code == 429
    proxied = log_in(
        browser,
        "ana",
        "wrong horse",
        headers={"X-Forwarded-For": "203.0.113.99"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
    )
    assert proxied.status_code == 401


def test_a_disabled_account_is_refused_everywhere(make_app: MakeApp) -> None:
    app = make_app()
    browser = app.test_client()
    sign_up(browser, "ana")
    with state_of(app).database.write() as connection:
        connection.execute(update(schema.accounts).values(disabled_at=1))
    assert_refused(browser.post("/api/token"), 403, "account_disabled")
    assert_refused(log_in(browser), 403, "account_disabled")
    assert_refused(log_in(browser, "ana", "wrong horse"), 401, "bad_credentials")
    assert browser.get("/api/session").get_json()["user"] is None


def test_without_a_backend_the_answer_is_503_and_the_account_can_be_made_later(
    make_app: MakeApp, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    browser = make_app().test_client()

    def down(method: str, path: str) -> None:
        raise BackendUnavailable("The Conversations service at http://… does not answer")

    recorder.before = down
    body = {"username": "ana", "password": PASSWORD}
    assert_refused(browser.post("/api/signup", json=body), 503, "backend_unavailable")
    assert "does not answer" in caplog.text
    recorder.before = lambda method, path: None
    assert_refused(browser.post("/api/signup", json=body | {"password": "another horse"}), 409, "username_taken")
    assert browser.post("/api/signup", json=body).status_code == 201
    recorder.before = down
    assert_refused(browser.post("/api/token"), 503, "backend_unavailable")
    assert browser.get("/api/session").get_json()["user"]["friendly_name"] == "ana"


def test_a_sign_up_that_was_cut_off_after_the_user_was_made_can_be_repeated(
    make_app: MakeApp, recorder: Recorder
) -> None:
    browser = make_app().test_client()

    def cut_off(method: str, path: str) -> None:
        if path.endswith("/Conversations"):
            raise BackendUnavailable("gone")

    recorder.before = cut_off
    body = {"username": "ana", "password": PASSWORD}
    assert browser.post("/api/signup", json=body).status_code == 503
    recorder.before = lambda method, path: None
    assert log_in(browser).status_code == 200


def test_wrong_keys_are_a_503_and_a_clear_log_line(
    make_app: MakeApp, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = replace(backend.credentials(), auth_token="0" * 32)
    browser = make_app(backend=replace(backend, credentials=lambda: wrong)).test_client()
    assert_refused(
        browser.post("/api/signup", json={"username": "ana", "password": PASSWORD}), 503, "backend_unavailable"
    )
    assert "401" in caplog.text


def test_an_unexpected_error_shows_no_trace(
    make_app: MakeApp, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(method: str, path: str) -> None:
        raise RuntimeError("inner secret")

    recorder.before = break_down
    response = make_app().test_client().post("/api/signup", json={"username": "ana", "password": PASSWORD})
    assert_refused(response, 500, "internal_error")
    assert "inner secret" not in response.get_data(as_text=True)
    assert PASSWORD not in caplog.text


def test_no_secret_is_logged(make_app: MakeApp, service: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = make_app().test_client()
    token = sign_up(browser)["token"]
    log_in(browser, "ana", "wrong horse")
    browser.post("/api/logout")
    for secret in (
        PASSWORD,
        "wrong horse",
        token,
        service.credentials["auth_token"],
        service.credentials["api_key_secret"],
    ):
        assert secret not in caplog.text


def test_errors_of_flask_itself_are_json_too(browser: FlaskClient) -> None:
    assert_refused(browser.get("/api/nothing"), 404, "not_found")
    response = browser.get("/login")
    assert_refused(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


def test_answers_carry_the_security_headers(browser: FlaskClient) -> None:
    for response in (browser.get("/api/session"), browser.get("/api/nothing"), browser.post("/login")):
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:5000"},
    ],
)
@pytest.mark.parametrize("path", ["/login", "/api/signup", "/api/token", "/api/logout"])
def test_pages_of_other_sites_and_foreign_names_are_refused(
    browser: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    assert_refused(browser.post(path, headers=headers, data="{}"), 403, "forbidden_origin")


def test_a_password_hash_of_older_parameters_is_renewed(make_app: MakeApp) -> None:
    from argon2 import PasswordHasher

    app = make_app()
    sign_up(app.test_client())
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    accounts = state_of(app).accounts
    accounts.set_password_hash("ana", weak)
    assert log_in(app.test_client()).status_code == 200
    account: Account | None = accounts.find("ana")
    assert account is not None
    assert account.password_hash != weak
    assert log_in(app.test_client()).status_code == 200
