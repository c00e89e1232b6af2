"""Invitations: who may make them, what they are worth, and sign-up by them, against a real Conversations service."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from roomful.chatapp import lifecycle
from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.clock import now_ms
from roomful.chatapp.store import schema
from tests.chatapp.conftest import PASSWORD, MakeApp, Recorder, sign_up, state_of
from tests.chatapp.test_account import account_of
from tests.chatapp.test_login import assert_refused, log_in
from tests.chatapp.test_sessions import sha256


class House:
    """A chat with an administrator, ana, and the rooms that a test makes."""

    def __init__(self, app: Flask, rest: Any) -> None:
        self.app = app
        self.rest = rest
        self.ana = self.person("ana")

    def person(self, name: str) -> FlaskClient:
        browser = self.app.test_client()
        sign_up(browser, name)
        return browser

    def signed_in(self, name: str) -> FlaskClient:
        """Another browser of somebody who has an account."""
        browser = self.app.test_client()
        assert browser.post("/login", json={"username": name, "password": PASSWORD}).status_code == 200
        return browser

    def room(self, *members: str, moderator: str | None = None, **attributes: object) -> str:
        """A public room unless `visibility` says otherwise."""
        said = {"v": 1, "kind": "room", "visibility": "public"} | attributes
        made = self.rest.conversations.create(friendly_name="#sales", attributes=json.dumps(said))
        for member in members:
            made.participants.create(identity=member)
        if moderator:
            (role,) = (role.sid for role in self.rest.roles.list() if role.friendly_name == "channel admin")
            made.participants.create(identity=moderator, role_sid=role)
        return str(made.sid)

    def members(self, sid: str) -> set[str]:
        return {participant.identity for participant in self.rest.conversations(sid).participants.list()}

    def uses(self, code: str) -> int:
        with state_of(self.app).database.read() as connection:
            query = select(schema.invites.c.uses_left).where(schema.invites.c.code_sha256 == sha256(code))
            return int(connection.execute(query).scalar_one())

    def ban(self, sid: str, identity: str, at: int) -> None:
        with state_of(self.app).database.write() as connection:
            connection.execute(insert(schema.bans).values(room_sid=sid, identity=identity, by="ana", at=at))


@pytest.fixture
def house(app: Flask, rest: Any) -> House:
    return House(app, rest)


def invite(browser: FlaskClient, **body: object) -> dict[str, Any]:
    response = browser.post("/api/invites", json=body)
    assert response.status_code == 201, response.get_json()
    answer: dict[str, Any] = response.get_json()
    return answer


def accept(browser: FlaskClient, code: str) -> Any:
    return browser.post(f"/api/invites/{code}")


def join(app: Flask, code: str, name: str = "new", **more: object) -> tuple[FlaskClient, Any]:
    browser = app.test_client()
    body = {"username": name, "password": PASSWORD, "invite": code} | more
    return browser, browser.post("/api/signup", json=body)


# --- making, listing, revoking -------------------------------------------------------------------------------------


def test_an_invitation_is_a_link(house: House) -> None:
    sid = house.room("ana")
    made = invite(house.ana, room=sid)
    assert made.keys() == {"id", "room", "expires_at", "uses_left", "code", "url"}
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", made["code"])
    assert made["url"] == f"http://localhost:5000/join/{made['code']}"
    assert (made["room"], made["uses_left"]) == (sid, 10)
    week = 7 * 24 * 3600 * 1000
    assert week - 60_000 < made["expires_at"] - now_ms() <= week
    with state_of(house.app).database.read() as connection:
        assert made["code"] not in str(connection.execute(select(schema.invites)).all())
    listed = house.ana.get("/api/invites").get_json()["invites"]
    assert listed == [{name: made[name] for name in ("id", "room", "expires_at", "uses_left")}]
    seen = house.app.test_client().get(f"/api/invites/{made['code']}")
    assert seen.get_json() == {"room": {"name": "#sales"}, "by": "ana"}
    server = invite(house.ana, days=30, uses=100)
    assert house.app.test_client().get(f"/api/invites/{server['code']}").get_json() == {"room": None, "by": "ana"}


@pytest.mark.parametrize(
    "body",
    [{"days": 0}, {"days": 31}, {"uses": 0}, {"uses": 101}, {"uses": "7"}, {"days": True}, {"days": 1.5}, {"room": 7}],
)
def test_what_makes_no_sense_is_refused(house: House, body: dict[str, object]) -> None:
    assert_refused(house.ana.post("/api/invites", json=body), 400, "bad_request")


def test_who_may_invite(house: House) -> None:
    bo, chen = house.person("bo"), house.person("chen")
    assert_refused(bo.post("/api/invites", json={}), 403, "not_allowed")
    public, private = house.room("bo"), house.room("bo", visibility="private", moderator="chen")
    direct = house.room("bo", moderator="chen", kind="dm")
    archived = house.room("bo", archived={"by": "ana", "at": 1})

    def answer(browser: FlaskClient, sid: str) -> int | str:
        response = browser.post("/api/invites", json={"room": sid})
        return 201 if response.status_code == 201 else str(response.get_json()["code"])

    assert [answer(bo, sid) for sid in (public, private, direct)] == [201, "not_allowed", "not_allowed"]
    assert [answer(chen, sid) for sid in (public, private, direct)] == ["no_room", 201, "not_allowed"]
    assert [answer(house.ana, sid) for sid in (public, private, direct)] == [201, "no_room", "no_room"]
    assert answer(bo, archived) == "room_archived"
    for nothing in ("CH" + "0" * 32, "x", "../Roles", ""):
        assert answer(house.ana, nothing) == "no_room"
    assert_refused(house.app.test_client().post("/api/invites", json={}), 401, "signed_out")


def test_revoking(house: House) -> None:
    bo = house.person("bo")
    sid = house.room("bo", "ana")
    made, other = invite(house.ana, room=sid), invite(bo, room=sid)
    assert_refused(bo.delete(f"/api/invites/{made['id']}"), 404, "no_invite")
    for nothing in ("x", "0" * 16, "%00", made["code"]):
        assert_refused(house.ana.delete(f"/api/invites/{nothing}"), 404, "no_invite")
    assert bo.delete(f"/api/invites/{other['id']}").status_code == 204
    again = invite(bo, room=sid)
    assert house.ana.delete(f"/api/invites/{again['id']}").status_code == 204, "an administrator may"
    for gone in (other, again):
        assert_refused(bo.get(f"/api/invites/{gone['code']}"), 404, "no_invite")
        assert_refused(accept(bo, gone["code"]), 404, "no_invite")
    assert bo.get("/api/invites").get_json()["invites"] == []


def test_one_person_has_only_so_many(house: House) -> None:
    with state_of(house.app).database.write() as connection:
        for number in range(100):
            values = {"created_by": "ana", "created_at": 1, "uses_left": 1, "expires_at": now_ms() + 60_000}
            connection.execute(insert(schema.invites).values(id=f"i{number}", code_sha256=f"{number}", **values))
    assert_refused(house.ana.post("/api/invites", json={}), 409, "too_many_invites")


# --- what they are worth -------------------------------------------------------------------------------------------


def test_who_is_signed_in_enters_the_room(house: House) -> None:
    bo = house.person("bo")
    sid = house.room("ana", moderator=None, visibility="public")
    for number in range(3):
        house.rest.conversations(sid).messages.create(author="ana", body=str(number))
    code = invite(house.ana, room=sid, uses=2)["code"]
    assert accept(bo, code).get_json() == {"room": sid}
    assert house.members(sid) == {"ana", "bo"}
    assert house.rest.conversations(sid).participants("bo").fetch().last_read_message_index == 2, "nothing is unread"
    assert house.uses(code) == 1
    assert accept(bo, code).get_json() == {"room": sid}, "twice is no error"
    assert house.uses(code) == 1, "and costs nothing"
    assert_refused(accept(house.app.test_client(), code), 401, "signed_out")
    assert accept(house.person("chen"), code).status_code == 200
    refusal = assert_refused(accept(house.person("dee"), code), 404, "no_invite")
    assert refusal == assert_refused(accept(bo, "x" * 22), 404, "no_invite"), "used up and unknown are the same"
    assert_refused(bo.get(f"/api/invites/{code}"), 404, "no_invite")


def test_an_empty_room_is_entered_too(house: House) -> None:
    sid = house.room("ana")
    assert accept(house.person("bo"), invite(house.ana, room=sid)["code"]).status_code == 200


def test_an_invitation_to_the_server_is_nothing_to_who_is_there(house: House) -> None:
    code = invite(house.ana)["code"]
    assert accept(house.person("bo"), code).get_json() == {"room": None}
    assert house.uses(code) == 10


def test_the_last_use_is_one_persons(house: House) -> None:
    sid = house.room("ana")
    code = invite(house.ana, room=sid, uses=1)["code"]
    people = [house.person(f"p{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda browser: accept(browser, code).status_code, people))
    assert sorted(statuses) == [200, 404, 404, 404]
    assert len(house.members(sid)) == 2


def test_invitations_run_out(house: House) -> None:
    code = invite(house.ana)["code"]
    with state_of(house.app).database.write() as connection:
        connection.execute(update(schema.invites).values(expires_at=now_ms()))
    assert_refused(house.ana.get(f"/api/invites/{code}"), 404, "no_invite")
    assert house.ana.get("/api/invites").get_json()["invites"] == []
    invite(house.ana)
    with state_of(house.app).database.read() as connection:
        assert len(connection.execute(select(schema.invites)).all()) == 1, "and are removed"


def test_an_invitation_is_worth_what_its_maker_may_do_now(house: House) -> None:
    bo, state = house.person("bo"), state_of(house.app)
    private = house.room("ana", visibility="private", moderator="bo")
    public = house.room("bo")
    state.accounts.set_admin("bo", True)
    codes = [invite(bo, room=private)["code"], invite(bo, room=public)["code"], invite(bo)["code"]]
    someone = house.app.test_client()

    def worth() -> list[int]:
        for sid in (private, public):
            state.access.forget(sid)  # as whatever makes the change does
        return [someone.get(f"/api/invites/{code}").status_code for code in codes]

    assert worth() == [200, 200, 200]
    state.accounts.set_admin("bo", False)
    assert worth() == [200, 200, 404]
    house.rest.conversations(private).participants("bo").delete()
    assert worth() == [404, 200, 404], "who was put out of a room keeps no key to it"
    lifecycle.disable(state, account_of(house.app, "bo"))
    assert worth() == [404, 404, 404]
    state.accounts.enable("bo")
    assert worth() == [404, 200, 404]
    house.rest.conversations(public).delete()
    assert worth() == [404, 404, 404], "the room is gone"


def test_who_leaves_for_good_takes_the_invitations_along(house: House) -> None:
    bo = house.person("bo")
    invite(bo, room=house.room("bo"))
    assert bo.delete("/api/account", json={"password": PASSWORD}).status_code == 204
    with state_of(house.app).database.read() as connection:
        assert connection.execute(select(schema.invites)).all() == []


def test_bans(house: House) -> None:
    bo, chen, dee = house.person("bo"), house.person("chen"), house.person("dee")
    sid = house.room("bo", moderator="dee")
    old = invite(dee, room=sid)["code"]
    house.ban(sid, "chen", now_ms() + 1)
    assert_refused(accept(chen, old), 403, "banned")
    assert house.uses(old) == 10
    with state_of(house.app).database.write() as connection:
        connection.execute(update(schema.bans).values(at=1))
    assert_refused(accept(chen, invite(bo, room=sid)["code"]), 403, "banned")
    assert house.members(sid) == {"bo", "dee"}
    assert accept(chen, invite(dee, room=sid)["code"]).status_code == 200, "a moderator's word counts"
    with state_of(house.app).database.read() as connection:
        assert connection.execute(select(schema.bans)).all() == []


def test_rooms_that_take_nobody(house: House, recorder: Recorder) -> None:
    bo, sid = house.person("bo"), house.room("ana")
    code = invite(house.ana, room=sid)["code"]

    def down(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/Participants"):
            raise BackendUnavailable("gone")

    recorder.before = down
    assert_refused(accept(bo, code), 503, "backend_unavailable")
    recorder.before = lambda method, path: None
    assert house.uses(code) == 10, "the use is given back"
    house.rest.conversations(sid).update(state="closed")
    assert_refused(accept(bo, code), 409, "room_archived")
    assert house.uses(code) == 10


# --- signing up by one ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["invite", "closed", "open"])
def test_sign_up_by_invitation(make_app: MakeApp, rest: Any, mode: str) -> None:
    house = House(make_app(), rest)
    state_of(house.app).rooms.create("#all", private=False, default=True)
    sid = house.room("ana")
    code = invite(house.ana, room=sid, uses=1)["code"]
    app = make_app(signup=mode)
    browser, answer = join(app, code, friendly_name="New One")
    assert answer.status_code == 201, answer.get_json()
    body = answer.get_json()
    assert (body["room"], body["friendly_name"]) == (sid, "New One")
    assert {name for name, _ in body["chatrooms"]} == {"#all", "#sales"}
    assert house.uses(code) == 0
    assert account_of(app, "new").admin is False
    assert browser.get("/api/session").get_json()["user"]["identity"] == "new"
    _, again = join(app, code, "other")
    assert_refused(again, 404, "no_invite")
    assert state_of(app).accounts.find("other") is None


def test_without_a_room_the_invitation_leads_in_only(house: House) -> None:
    code = invite(house.ana, uses=1)["code"]
    _, answer = join(house.app, code)
    assert (answer.status_code, answer.get_json()["room"]) == (201, None)
    assert sign_up(house.app.test_client(), "plain")["room"] is None


def test_a_failed_sign_up_gives_the_use_back(make_app: MakeApp, rest: Any, recorder: Recorder) -> None:
    house = House(make_app(), rest)
    app = make_app(signup="closed")
    code = invite(house.ana, uses=1)["code"]
    assert_refused(join(app, code, "ana")[1], 409, "username_taken")
    assert_refused(join(app, code, "system")[1], 400, "bad_username")
    assert_refused(join(app, code, password="short")[1], 400, "weak_password")
    rest.users.create(identity="theirs")
    assert_refused(join(app, code, "theirs")[1], 409, "username_taken")
    assert house.uses(code) == 1

    def down(method: str, path: str) -> None:
        raise BackendUnavailable("gone")

    recorder.before = down
    assert_refused(join(app, code)[1], 503, "backend_unavailable")
    recorder.before = lambda method, path: None
    assert house.uses(code) == 1
    assert_refused(log_in(app.test_client(), "new"), 401, "bad_credentials")
    assert join(app, code)[1].status_code == 201, "the next try succeeds"
    assert house.uses(code) == 0


def test_a_room_that_cannot_be_entered_spoils_no_sign_up(house: House) -> None:
    sid = house.room("ana")
    code = invite(house.ana, room=sid)["code"]
    house.rest.conversations(sid).update(state="closed")
    browser, answer = join(house.app, code)
    assert answer.status_code == 201
    assert (answer.get_json()["room"], answer.get_json()["room_refused"]) == (None, "room_archived")
    assert browser.post("/api/token").status_code == 200


def test_the_last_use_makes_one_account(make_app: MakeApp, rest: Any) -> None:
    house = House(make_app(), rest)
    app = make_app(signup="closed")
    code = invite(house.ana, uses=1)["code"]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda number: join(app, code, f"p{number}")[1].status_code, range(4)))
    assert sorted(statuses) == [201, 404, 404, 404]


def test_names_alone_need_no_invitation(make_app: MakeApp, rest: Any) -> None:
    code = invite(House(make_app(), rest).ana)["code"]
    assert_refused(join(make_app(auth="open"), code)[1], 403, "signup_closed")


def test_trying_codes_is_throttled_by_address_and_using_them_is_not(house: House) -> None:
    code = invite(house.ana)["code"]
    someone = house.app.test_client()
    for _ in range(60):
        assert someone.get(f"/api/invites/{code}").status_code == 200
    codes = [someone.get(f"/api/invites/{number}").status_code for number in range(25)]
    assert codes == [404] * 24 + [429]
    assert_refused(someone.get(f"/api/invites/{code}"), 429, "throttled")
    assert_refused(join(house.app, code)[1], 429, "throttled")
    elsewhere = {"REMOTE_ADDR": "192.0.2.1"}
    assert someone.get(f"/api/invites/{code}", environ_overrides=elsewhere).status_code == 200


@pytest.mark.parametrize("odd", ["%00", "%ff", "ü", "-", "a" * 500, "%F0%9F%91%8D"])
def test_odd_codes(house: House, odd: str) -> None:
    assert_refused(house.ana.get(f"/api/invites/{odd}"), 404, "no_invite")
    body = json.dumps({"username": "bo", "password": PASSWORD, "invite": "\ud800"})
    assert_refused(house.ana.post("/api/signup", data=body), 404, "no_invite")
