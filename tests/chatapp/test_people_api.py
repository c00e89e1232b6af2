"""People over HTTP: finding them, names and pictures, against a real Conversations service."""

import hashlib
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select, update

from roomful.chatapp import lifecycle
from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.reconcile import reconcile
from roomful.chatapp.store import schema
from tests.chatapp.conftest import MakeApp, Recorder, sign_up, state_of
from tests.chatapp.test_account import account_of
from tests.chatapp.test_avatars import BLUE, RED, encoded
from tests.chatapp.test_login import assert_refused

ANA, BO = encoded(Image.new("RGB", (300, 300), RED)), encoded(Image.new("RGB", (300, 300), BLUE))


def found(browser: FlaskClient, typed: str) -> list[str]:
    answer = browser.get("/api/people", query_string={"q": typed})
    assert answer.status_code == 200
    return [person["identity"] for person in answer.get_json()["people"]]


def pictures(app: Flask) -> int:
    with state_of(app).database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.avatars)).scalar_one())


def age_pictures(app: Flask) -> None:
    """As if all had been uploaded a while ago."""
    with state_of(app).database.write() as connection:
        connection.execute(update(schema.avatars).values(created_at=1))


def put(browser: FlaskClient, picture: bytes) -> Any:
    return browser.put("/api/avatar", data=picture, content_type="image/png")


# --- finding -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def crowd(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    app = make_app(
        **({"database_url": request.getfixturevalue("postgres_database")} if request.param == "postgresql" else {})
    )
    with state_of(app).database.write() as connection:
        for identity, name in (
            *(("bo", "Bo"), ("chen", "Łukasz Chen"), ("d_x", "100% Dee"), ("dex", "Dexter")),
            *(("gone", "Bo Gone"), ("unready", "Bo Unready")),
        ):
            values = {"friendly_name": name, "admin": False, "created_at": 7}
            ready = None if identity == "unready" else 7
            off = 7 if identity == "gone" else None
            connection.execute(
                schema.accounts.insert().values(identity=identity, ready_at=ready, disabled_at=off, **values)
            )
    return app


def test_people_are_found_by_how_names_begin(crowd: Flask) -> None:
    browser = crowd.test_client()
    sign_up(browser)
    assert found(browser, "") == ["d_x", "ana", "bo", "dex", "chen"]
    assert found(browser, "B") == ["bo"]
    assert found(browser, " cHe") == ["chen"], "a later word of the name"
    assert found(browser, "o") == []
    assert found(browser, "100%") == ["d_x"]
    assert found(browser, "%") == []
    assert found(browser, "d_") == ["d_x"]
    for odd in ("\0", "\ud800", "x" * 65, "'; --"):
        assert browser.get("/api/people", query_string={"q": odd.encode("utf-8", "surrogatepass")}).status_code == 200


def test_names_are_found_in_any_letter_case_of_any_script(app: Flask) -> None:
    browser = app.test_client()
    sign_up(browser)
    browser.patch("/api/profile", json={"name": "Łukasz Émile"})
    assert found(browser, "łUK") == found(browser, "ÉM") == found(browser, "É"[:1].lower()) == ["ana"]


def test_at_most_twenty(crowd: Flask) -> None:
    with state_of(crowd).database.write() as connection:
        for number in range(30):
            values = {"admin": False, "created_at": 7, "ready_at": 7}
            connection.execute(
                schema.accounts.insert().values(identity=f"z{number}", friendly_name=f"Z {number}", **values)
            )
    browser = crowd.test_client()
    sign_up(browser)
    assert len(found(browser, "z")) == 20


def test_one_person(crowd: Flask) -> None:
    browser = crowd.test_client()
    sign_up(browser)
    assert browser.get("/api/people/chen").get_json() == {
        **{"identity": "chen", "name": "Łukasz Chen", "avatar": None},
        **{"since": 7, "admin": False, "disabled": False, "deleted": False},
    }
    assert browser.get("/api/people/gone").get_json()["disabled"] is True
    assert browser.get("/api/people/ana").get_json()["admin"] is True
    for nobody in ("nobody", "ANA", "%00", "a" * 99, "ü", "system"):
        assert_refused(browser.get(f"/api/people/{nobody}"), 404, "no_person")


def test_who_is_deleted_can_still_be_asked_for(app: Flask) -> None:
    one, other = app.test_client(), app.test_client()
    sign_up(one)
    sign_up(other, "bo")
    put(other, BO)
    lifecycle.delete_account(state_of(app), account_of(app, "bo"))
    told = one.get("/api/people/bo").get_json()
    assert (told["name"], told["avatar"], told["deleted"]) == ("bo", None, True)
    assert found(one, "bo") == []


# --- the name ------------------------------------------------------------------------------------------------------


def test_a_name_is_changed_everywhere(app: Flask, rest: Any) -> None:
    browser = app.test_client()
    sign_up(browser)
    answer = browser.patch("/api/profile", json={"name": "  Ana   Lu\u0301cia "})
    assert answer.get_json() == {"identity": "ana", "name": "Ana L\u00facia", "avatar": None}
    assert rest.users("ana").fetch().friendly_name == "Ana L\u00facia"
    assert browser.get("/api/session").get_json()["user"]["friendly_name"] == "Ana L\u00facia"
    assert account_of(app).user_updated is not None
    for bad in ("", " ", "x" * 65, "a\x07b", "\ud800"):
        body = json.dumps({"name": bad})
        assert_refused(browser.patch("/api/profile", data=body), 400, "bad_request")
    for odd in ({}, {"name": None}, {"name": 7}, {"name": ["x"]}):
        assert_refused(browser.patch("/api/profile", json=odd), 400, "bad_request")
    assert browser.post("/api/token").get_json()["friendly_name"] == "Ana L\u00facia"


def test_a_name_that_the_backend_does_not_take_is_not_changed_here(app: Flask, recorder: Recorder) -> None:
    browser = app.test_client()
    sign_up(browser)

    def down(method: str, path: str) -> None:
        raise BackendUnavailable("no answer")

    recorder.before = down
    assert_refused(browser.patch("/api/profile", json={"name": "Ana L."}), 503, "backend_unavailable")
    assert account_of(app).friendly_name == "ana"


# --- the picture ---------------------------------------------------------------------------------------------------


def test_a_picture_is_seen_by_everybody_signed_in(app: Flask, rest: Any) -> None:
    browser, other = app.test_client(), app.test_client()
    sign_up(browser)
    sign_up(other, "bo")
    rest.users("ana").update(attributes='{"v": 7, "status": {"text": "here"}}')
    answer = put(browser, ANA)
    assert answer.status_code == 200, answer.get_json()
    address = answer.get_json()["avatar"]
    attributes = json.loads(rest.users("ana").fetch().attributes)
    assert attributes == {"v": 7, "status": {"text": "here"}, "avatar": address}
    assert browser.get("/api/session").get_json()["user"]["avatar"] == address
    assert other.get("/api/people/ana").get_json()["avatar"] == address

    picture = other.get(address)
    assert (picture.status_code, picture.mimetype) == (200, "image/webp")
    assert address == f"/api/avatars/{hashlib.sha256(picture.data).hexdigest()}"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert picture.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    again = other.get(address, headers={"If-None-Match": picture.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert_refused(app.test_client().get(address), 401, "signed_out")
    for nothing in ("0" * 64, "x", address[-64:].upper(), "%00"):
        refusal = other.get(f"/api/avatars/{nothing}")
        assert_refused(refusal, 404, "no_picture")
        assert refusal.headers["Cache-Control"] == "no-store"


def test_a_picture_is_taken_away(app: Flask, rest: Any) -> None:
    browser = app.test_client()
    sign_up(browser)
    address = put(browser, ANA).get_json()["avatar"]
    age_pictures(app)
    assert browser.delete("/api/avatar").get_json()["avatar"] is None
    assert json.loads(rest.users("ana").fetch().attributes) == {"v": 1}
    assert_refused(browser.get(address), 404, "no_picture")
    assert browser.delete("/api/avatar").status_code == 200, "there is none: no error"


def test_pictures_that_are_nobodys_go_and_shared_ones_stay(app: Flask) -> None:
    browser, other = app.test_client(), app.test_client()
    sign_up(browser)
    sign_up(other, "bo")
    assert put(browser, ANA).get_json()["avatar"] == put(other, ANA).get_json()["avatar"]
    assert pictures(app) == 1
    age_pictures(app)
    put(browser, BO)
    assert pictures(app) == 2
    age_pictures(app)
    put(other, BO)
    assert pictures(app) == 1, "the first one is nobody's now"
    state = state_of(app)
    state.avatars.keep(b"of somebody who went away meanwhile")
    reconcile(state)
    assert pictures(app) == 2, "it may be somebody's in a moment"
    age_pictures(app)
    reconcile(state)
    assert pictures(app) == 1


def test_a_picture_that_the_backend_does_not_hear_of_is_not_shown(app: Flask, recorder: Recorder) -> None:
    browser = app.test_client()
    sign_up(browser)

    def down(method: str, path: str) -> None:
        raise BackendUnavailable("no answer")

    recorder.before = down
    assert_refused(put(browser, ANA), 503, "backend_unavailable")
    assert account_of(app).avatar is None


@pytest.mark.parametrize("attributes", ["7", '["x"]', '"text"', "null", '{"avatar": {"odd": 1}, "x": "ü"}'])
def test_whatever_the_attributes_were(app: Flask, rest: Any, attributes: str) -> None:
    browser = app.test_client()
    sign_up(browser)
    rest.users("ana").update(attributes=attributes)
    address = put(browser, ANA).get_json()["avatar"]
    kept = {"x": "ü"} if "x" in attributes and attributes.startswith("{") else {}
    assert json.loads(rest.users("ana").fetch().attributes) == {"v": 1, "avatar": address} | kept


def test_only_pictures_and_only_so_large(app: Flask) -> None:
    browser = app.test_client()
    assert_refused(put(browser, ANA), 401, "signed_out")
    sign_up(browser)
    assert_refused(put(browser, b"<svg/>"), 400, "bad_picture")
    assert_refused(put(browser, b""), 400, "bad_picture")
    assert_refused(put(browser, b"x" * (5 * 1024**2 + 1)), 413, "bad_picture")
    assert_refused(browser.post("/api/token", data=b" " * 17_000), 413, "bad_request")
    large = ANA + b"\0" * (5 * 1024**2 - len(ANA))  # what follows the picture is passed over
    assert put(browser, large).status_code == 200
    assert pictures(app) == 1


def test_pictures_are_work_and_so_throttled(app: Flask) -> None:
    browser = app.test_client()
    sign_up(browser)
    codes = [put(browser, b"no picture").status_code for _ in range(31)]
    assert codes == [400] * 30 + [429]
