"""Who may call what: every route that there is behind the session, whatever its name."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

import roomful.chatapp
from roomful.chatapp.store import schema
from tests.chatapp.conftest import MakeApp, sign_up, state_of
from tests.chatapp.test_invites import House
from tests.chatapp.test_login import assert_refused

ELSEWHERE = {"chat", "hooks"}
"""Blueprints whose routes are for who is not signed in yet, or for no person (test_login, test_hooks)."""
FOR_EVERYBODY = {("GET", "/api/invites/x")}
"""Answered without a cookie; not with what only the signed in may see."""
ROUTES = {
    *(("POST", "/api/password"), ("GET", "/api/sessions"), ("DELETE", "/api/sessions"), ("DELETE", "/api/sessions/x")),
    *(("DELETE", "/api/account"), ("GET", "/api/people"), ("GET", "/api/people/x"), ("PATCH", "/api/profile")),
    *(("PUT", "/api/avatar"), ("DELETE", "/api/avatar"), ("GET", "/api/avatars/x")),
    *(("GET", "/api/invites"), ("POST", "/api/invites"), ("DELETE", "/api/invites/x"), ("POST", "/api/invites/x")),
    *(("GET", "/api/rooms"), ("POST", "/api/rooms"), ("POST", "/api/dms"), ("GET", "/api/unreads")),
    *FOR_EVERYBODY,
}
IN_A_ROOM: dict[tuple[str, str], tuple[object, str, str]] = {
    # Body, and the statuses for: outsider, administrator outside, who was removed, read-only member, member, moderator.
    # First of a public room, then of a private one.
    ("GET", ""): (None, "200 200 200 200 200 200", "404 404 404 200 200 200"),
    ("PATCH", ""): ({"topic": "new"}, "404 200 404 403 403 200", "404 404 404 403 403 200"),
    ("DELETE", ""): (None, "404 204 404 403 403 204", "404 404 404 403 403 204"),
    ("POST", "/join"): (None, "200 200 403 200 200 200", "404 404 404 200 200 200"),
    ("POST", "/leave"): (None, "404 403 404 204 204 204", "404 404 404 204 204 204"),
    ("GET", "/farewell"): (None, "404 404 200 404 404 404", "404 404 200 404 404 404"),
    ("GET", "/members"): (None, "404 403 404 200 200 200", "404 404 404 200 200 200"),
    ("POST", "/members"): ({"people": ["zoe"]}, "404 403 404 200 200 200", "404 404 404 403 403 200"),
    ("DELETE", "/members/x"): (None, "404 204 404 403 403 204", "404 404 404 403 403 204"),
    ("PUT", "/members/x"): ({"moderator": True}, "404 204 404 403 403 204", "404 404 404 403 403 204"),
    ("PUT", "/level"): ({"level": "mentions"}, "404 403 404 204 204 204", "404 404 404 204 204 204"),
}
ON_A_MESSAGE: dict[tuple[str, str], tuple[object, str, str]] = {
    # The same, for a message of the member's.
    ("POST", "/edit"): ({"body": "new"}, "404 403 404 403 204 403", "404 404 404 403 204 403"),
    ("DELETE", ""): (None, "404 204 404 403 204 204", "404 404 404 403 204 204"),
    ("GET", "/reactions"): (None, "404 403 404 200 200 200", "404 404 404 200 200 200"),
    ("POST", "/reactions"): ({"emoji": "👍", "on": True}, "404 403 404 403 204 204", "404 404 404 403 204 204"),
    ("PUT", "/pin"): (None, "404 403 404 403 204 204", "404 404 404 403 204 204"),
    ("DELETE", "/pin"): (None, "404 403 404 403 204 204", "404 404 404 403 204 204"),
}
WHO = ("outsider", "administrator", "removed", "reader", "member", "moderator")
IN_ROOMS = {(method, f"/api/rooms/x{path}") for method, path in IN_A_ROOM}
ROUTES |= IN_ROOMS | {(method, f"/api/rooms/x/messages/x{path}") for method, path in ON_A_MESSAGE}
CLOSED = sorted(ROUTES - FOR_EVERYBODY)


def test_every_route_is_in_the_table(app: Flask) -> None:
    found = {
        (method, re.sub(r"<\w+>", "x", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.partition(".")[0] not in ELSEWHERE
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
    takes_json = {"/api/password", "/api/account", "/api/profile", "/api/invites", "/api/rooms", "/api/dms"}
    for method, path in CLOSED:
        if path in takes_json and method != "GET":
            for body in ("", "[]", "{", "7", "[" * 9000):
                assert_refused(browser.open(path, method=method, data=body), 400, "bad_request")


class Street:
    """Somebody of each kind, and a public or a private room in front of them. The member x is in it."""

    def __init__(self, app: Flask, rest: Any) -> None:
        self.house = House(app, rest)
        self.browsers = {name: self.house.person(name) for name in WHO if name != "administrator"}
        self.browsers["administrator"] = self.house.ana
        for name in ("x", "zoe"):
            self.house.person(name)
        found = [role.sid for role in rest.roles.list() if role.friendly_name == "reader"]  # of the test before
        self.reading = found or [rest.roles.create("reader", "conversation", ["leaveConversation"]).sid]

    def room(self, kind: str) -> str:
        sid = self.house.room("x", "member", "removed", moderator="moderator", visibility=kind)
        self.house.rest.conversations(sid).participants.create(identity="reader", role_sid=self.reading[0])
        assert self.browsers["moderator"].delete(f"/api/rooms/{sid}/members/removed").status_code == 204
        return sid


@pytest.mark.parametrize(("method", "path"), list(IN_A_ROOM), ids=[f"{m} {p}" for m, p in IN_A_ROOM])
def test_who_may_do_what_in_a_room(app: Flask, rest: Any, method: str, path: str) -> None:
    street = Street(app, rest)
    body, public, private = IN_A_ROOM[method, path]
    for kind, expected in (("public", public), ("private", private)):
        seen = {}
        for who in WHO:
            url = f"/api/rooms/{street.room(kind)}{path}"
            seen[who] = street.browsers[who].open(url, method=method, json=body).status_code
        assert seen == dict(zip(WHO, map(int, expected.split()), strict=True)), kind


@pytest.mark.parametrize(("method", "path"), list(ON_A_MESSAGE), ids=[f"{m} {p}" for m, p in ON_A_MESSAGE])
def test_who_may_do_what_to_a_message(app: Flask, rest: Any, method: str, path: str) -> None:
    street = Street(app, rest)
    body, public, private = ON_A_MESSAGE[method, path]
    for kind, expected in (("public", public), ("private", private)):
        seen = {}
        for who in WHO:
            sid = street.room(kind)
            message = rest.conversations(sid).messages.create(author="member", body="hello").sid
            url = f"/api/rooms/{sid}/messages/{message}{path}"
            seen[who] = street.browsers[who].open(url, method=method, json=body).status_code
        assert seen == dict(zip(WHO, map(int, expected.split()), strict=True)), kind


@pytest.mark.parametrize("sid", ["IM" + "0" * 32, "IM" + "g" * 32, "x", "..", "IM" + "0" * 32 + "%0A", "CH" + "0" * 32])
def test_messages_that_there_are_not(app: Flask, rest: Any, sid: str) -> None:
    """Nor is a message of another room there."""
    house = House(app, rest)
    room, other = house.room("ana"), house.room("ana")
    elsewhere = rest.conversations(other).messages.create(author="ana", body="hello").sid
    for (method, path), (body, *_) in ON_A_MESSAGE.items():
        for message in (sid, elsewhere):
            answer = house.ana.open(f"/api/rooms/{room}/messages/{message}{path}", method=method, json=body)
            if (method, path) == ("DELETE", ""):
                assert answer.status_code == 204, "as good as gone"
            else:
                assert_refused(answer, 404, "no_message")
    assert rest.conversations(other).messages(elsewhere).fetch().body == "hello"


@pytest.mark.parametrize("sid", ["CH" + "0" * 32, "CH" + "g" * 32, "x", "CH" + "0" * 32 + "%0A", "IM" + "0" * 32])
def test_rooms_that_there_are_not(browser: FlaskClient, sid: str) -> None:
    sign_up(browser)
    for (method, path), (body, *_) in IN_A_ROOM.items():
        assert_refused(browser.open(f"/api/rooms/{sid}{path}", method=method, json=body), 404, "no_room")
    for (method, path), (body, *_) in ON_A_MESSAGE.items():
        url = f"/api/rooms/{sid}/messages/IM{'0' * 32}{path}"
        assert_refused(browser.open(url, method=method, json=body), 404, "no_room")


ASKING = {"entry_to", "seen", "room_to_change", "room_to_fill", "is_room_sid", "farewell_of", "is_member", "fullmatch"}
ASKING |= {"message_to", "message_to_change", "message"}
"""Functions that may be handed a SID as it came."""
SERVING = sorted(Path(roomful.chatapp.__file__).parent.glob("*_routes.py"))


@pytest.mark.parametrize(
    "path", sorted(Path(roomful.chatapp.__file__).parent.glob("*_routes.py")), ids=lambda p: p.stem
)
def test_a_room_on_behalf_of_a_person_comes_from_access_only(path: Path) -> None:
    """What serves people's requests asks the backend for nothing itself, and hands on no SID that nobody permitted."""
    tree = ast.parse(path.read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & {"service", "client", "conversations", "messages"}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        names = {argument.id for argument in call.args if isinstance(argument, ast.Name)}
        called = ast.unparse(call.func).rpartition(".")[2]
        if names & {"sid", "room_sid", "message_sid"}:
            assert called in ASKING | {"room", "create", "_refuse_banned"}, ast.unparse(call)
