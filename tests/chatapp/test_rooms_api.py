"""Rooms, members and direct messages over HTTP, against a real Conversations service."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.hooks import receive
from roomful.chatapp.moderating import create_room
from tests.chatapp.conftest import MakeApp, Recorder, call, state_of
from tests.chatapp.test_invites import House
from tests.chatapp.test_login import assert_refused


@pytest.fixture
def house(make_app: MakeApp, rest: Any) -> House:
    return House(make_app(), rest)


def make(browser: FlaskClient, name: str = "#sales", **more: object) -> str:
    response = browser.post("/api/rooms", json={"name": name} | more)
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["sid"])


def said(house: House, sid: str) -> list[dict[str, Any]]:
    """What the system has said in the room."""
    messages = house.rest.conversations(sid).messages.list()
    assert {message.author for message in messages} <= {"system"}
    return [json.loads(message.attributes)["sys"] for message in messages]


def farewell(browser: FlaskClient, sid: str) -> Any:
    return browser.get(f"/api/rooms/{sid}/farewell")


# --- making and finding --------------------------------------------------------------------------------------------


def test_who_makes_a_room_moderates_it(house: House) -> None:
    bo = house.person("bo")
    made = bo.post("/api/rooms", json={"name": "#sales", "topic": " Q3 \n numbers "}).get_json()
    sid = made.pop("sid")
    room = {"name": "#sales", "topic": "Q3 numbers", "private": False, "archived": False, "default": False}
    assert made == room | {"members": 1, "joined": True}
    you = bo.get(f"/api/rooms/{sid}").get_json()["you"]
    assert you["moderator"] is True
    assert "removeParticipant" in you["permissions"]
    assert house.members(sid) == {"bo"}
    seen = house.ana.get(f"/api/rooms/{sid}").get_json()
    assert (seen["joined"], seen["members"]) == (False, 1)
    assert house.members(make(bo, "#board", private=True)) == {"bo"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "bad_request"),
        ({"name": 7}, 400, "bad_request"),
        ({"name": "x", "private": "yes"}, 400, "bad_request"),
        ({"name": ""}, 400, "bad_name"),
        ({"name": " #x"}, 400, "bad_name"),
        ({"name": "x" * 257}, 400, "bad_name"),
        ({"name": "a\nb"}, 400, "bad_name"),
        ({"name": "#x", "topic": "t" * 251}, 400, "bad_name"),
        ({"name": "#x", "topic": "a\u0000"}, 400, "bad_name"),
        ({"name": "#taken"}, 409, "room_exists"),
    ],
)
def test_a_room_that_cannot_be(house: House, body: dict[str, object], status: int, code: str) -> None:
    make(house.ana, "#taken")
    assert_refused(house.ana.post("/api/rooms", json=body), status, code)
    assert len(house.rest.conversations.list()) == 1


def test_a_room_that_nobody_could_be_put_into_is_not_left(house: House, recorder: Recorder) -> None:
    def break_off(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/Participants"):
            raise ConnectionError

    state = state_of(house.app)
    person = state.accounts.find("ana")
    assert person is not None
    recorder.before = break_off
    with pytest.raises(ConnectionError):
        create_room(state, person, "#sales", "", private=False)
    assert house.rest.conversations.list() == []


def test_the_directory(house: House) -> None:
    bo = house.person("bo")
    beta, alpha = make(house.ana, "#beta", topic="numbers"), make(house.ana, "#Alpha")
    make(house.ana, "#secret", private=True)
    old = make(house.ana, "#aged")
    house.ana.patch(f"/api/rooms/{old}", json={"archived": True})
    house.ana.post("/api/dms", json={"people": ["bo"]})
    mine = bo.post("/api/rooms", json={"name": "#mine", "private": True}).get_json()["sid"]

    def listed(browser: FlaskClient, typed: str = "") -> list[str]:
        answer = browser.get("/api/rooms", query_string={"q": typed}).get_json()
        return [room["name"] for room in answer["rooms"]]

    assert listed(bo) == ["#Alpha", "#beta", "#mine", "#aged"]
    assert listed(house.ana) == ["#Alpha", "#beta", "#secret", "#aged"]
    assert listed(bo, "ALPHA") == ["#Alpha"]
    assert listed(bo, "number") == ["#beta"], "by topic"
    assert listed(bo, "x" * 300) == []
    bo.post(f"/api/rooms/{beta}/join")
    by_sid = {room["sid"]: room for room in bo.get("/api/rooms").get_json()["rooms"]}
    assert (by_sid[beta]["members"], by_sid[beta]["joined"]) == (2, True)
    assert (by_sid[alpha]["members"], by_sid[alpha]["joined"]) == (1, False)
    assert by_sid[mine]["private"] is True


# --- coming and going ----------------------------------------------------------------------------------------------


def test_join_and_leave(house: House) -> None:
    bo, sid = house.person("bo"), make(house.ana)
    for number in range(3):
        house.rest.conversations(sid).messages.create(author="ana", body=f"{number}")
    joined = bo.post(f"/api/rooms/{sid}/join")
    assert (joined.status_code, joined.get_json()["members"], joined.get_json()["joined"]) == (200, 2, True)
    mine = house.rest.conversations(sid).participants("bo").fetch()
    assert mine.last_read_message_index == 2, "nothing is unread"
    assert bo.post(f"/api/rooms/{sid}/join").status_code == 200, "twice is no error"
    assert bo.get(f"/api/rooms/{sid}").get_json()["you"] == {
        "moderator": False,
        "permissions": sorted(_role(house, "channel user")),
    }
    assert bo.post(f"/api/rooms/{sid}/leave").status_code == 204
    assert house.members(sid) == {"ana"}
    assert_refused(bo.post(f"/api/rooms/{sid}/leave"), 404, "no_room")
    assert_refused(farewell(bo, sid), 404, "no_room")


def test_who_is_put_into_a_room_is_shown_at_once_what_they_may_do_in_it(house: House) -> None:
    """Pages ask as soon as the SDK tells them, which is before the request that did it has ended."""
    bo, sid = house.person("bo"), make(house.ana)
    assert bo.get(f"/api/rooms/{sid}").get_json()["you"]["permissions"] == []
    house.rest.conversations(sid).participants.create(identity="bo")
    assert bo.get(f"/api/rooms/{sid}").get_json()["you"]["permissions"] == sorted(_role(house, "channel user"))
    house.rest.conversations(sid).participants("bo").delete()
    joined = bo.post(f"/api/rooms/{sid}/join")
    assert (joined.status_code, house.members(sid)) == (200, {"ana", "bo"}), "what was believed is asked again"


def test_rooms_that_nobody_joins(house: House) -> None:
    bo = house.person("bo")
    private, archived = make(house.ana, "#board", private=True), make(house.ana, "#aged")
    house.ana.patch(f"/api/rooms/{archived}", json={"archived": True})
    direct = house.ana.post("/api/dms", json={"people": [house_person(house, "chen")]}).get_json()["sid"]
    assert_refused(bo.post(f"/api/rooms/{private}/join"), 404, "no_room")
    assert_refused(bo.post(f"/api/rooms/{direct}/join"), 404, "no_room")
    assert_refused(bo.post(f"/api/rooms/{archived}/join"), 409, "room_archived")
    for sid in ("CH" + "0" * 32, "x", "../Roles", "CH" + "0" * 31 + "%00"):
        assert_refused(bo.post(f"/api/rooms/{sid}/join"), 404, "no_room" if "/" not in sid else "not_found")


def test_a_default_room_that_was_left_is_not_entered_again(house: House) -> None:
    sid = state_of(house.app).rooms.create("#all", private=False, default=True).sid
    bo = house.person("bo")
    assert "bo" in house.members(sid)
    assert bo.post(f"/api/rooms/{sid}/leave").status_code == 204
    assert bo.post("/api/token").get_json()["chatrooms"] == []


# --- changing ------------------------------------------------------------------------------------------------------


def test_a_room_is_renamed_described_and_archived(house: House) -> None:
    sid = make(house.ana, topic="old")
    kept = json.loads(house.rest.conversations(sid).fetch().attributes) | {"theirs": {"a": 1}}
    house.rest.conversations(sid).update(attributes=json.dumps(kept))
    answer = house.ana.patch(f"/api/rooms/{sid}", json={"name": "#deals", "topic": "new", "archived": True})
    assert answer.status_code == 200
    assert {name: answer.get_json()[name] for name in ("name", "topic", "archived")} == {
        "name": "#deals",
        "topic": "new",
        "archived": True,
    }
    attributes = json.loads(house.rest.conversations(sid).fetch().attributes)
    assert attributes["theirs"] == {"a": 1}
    assert attributes["archived"]["by"] == "ana"
    assert house.ana.patch(f"/api/rooms/{sid}", json={"name": "#deals", "topic": "new"}).status_code == 200
    assert house.ana.patch(f"/api/rooms/{sid}", json={"archived": False, "topic": ""}).get_json()["archived"] is False
    assert said(house, sid) == [
        {"type": "renamed", "by": "ana", "from": "#sales", "to": "#deals"},
        {"type": "topic", "by": "ana", "topic": "new"},
        {"type": "archived", "by": "ana"},
        {"type": "topic", "by": "ana", "topic": ""},
        {"type": "unarchived", "by": "ana"},
    ], "what was so already is not said"
    make(house.ana, "#other")
    assert_refused(house.ana.patch(f"/api/rooms/{sid}", json={"name": "#other"}), 409, "room_exists")
    assert_refused(house.ana.patch(f"/api/rooms/{sid}", json={"name": " "}), 400, "bad_name")
    assert_refused(house.ana.patch(f"/api/rooms/{sid}", json={"archived": 1}), 400, "bad_request")


def test_changes_at_once_lose_nothing(house: House) -> None:
    sid = make(house.ana)
    bodies = [{"topic": "together"}, {"archived": True}, {"name": "#together"}]
    with ThreadPoolExecutor(3) as pool:
        browsers = [house.signed_in("ana") for _ in bodies]
        answers = list(pool.map(lambda n: browsers[n].patch(f"/api/rooms/{sid}", json=bodies[n]), range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    room = house.ana.get(f"/api/rooms/{sid}").get_json()
    assert (room["name"], room["topic"], room["archived"]) == ("#together", "together", True)


def test_who_was_in_a_deleted_room_is_told_by_whom(house: House) -> None:
    bo, sid = house.person("bo"), make(house.ana)
    bo.post(f"/api/rooms/{sid}/join")
    chen = house.person("chen")
    assert house.ana.delete(f"/api/rooms/{sid}").status_code == 204
    assert house.rest.conversations.list() == []
    told = farewell(bo, sid).get_json()
    assert told == {"reason": "deleted", "name": "#sales", "by": {"identity": "ana", "name": "ana", "avatar": None}}
    assert_refused(farewell(chen, sid), 404, "no_room")
    assert_refused(house.ana.delete(f"/api/rooms/{sid}"), 404, "no_room")


# --- members -------------------------------------------------------------------------------------------------------


def test_members_are_listed_added_and_removed(house: House) -> None:
    bo, chen = house.person("bo"), house.person("chen")
    sid = make(bo)
    listed = bo.get(f"/api/rooms/{sid}/members").get_json()["members"]
    assert listed == [{"identity": "bo", "name": "bo", "avatar": None, "moderator": True}]
    answer = bo.post(f"/api/rooms/{sid}/members", json={"people": ["chen", "nobody", "bo", "ana"]}).get_json()
    assert answer == {"added": ["chen", "ana"], "refused": {"nobody": "no_person"}}
    assert house.members(sid) == {"ana", "bo", "chen"}
    assert bo.delete(f"/api/rooms/{sid}/members/chen").status_code == 204
    told = farewell(chen, sid).get_json()
    assert (told["reason"], told["by"]["identity"]) == ("removed", "bo")
    assert_refused(chen.post(f"/api/rooms/{sid}/join"), 403, "banned")
    assert_refused(bo.delete(f"/api/rooms/{sid}/members/chen"), 404, "no_person")
    assert_refused(bo.delete(f"/api/rooms/{sid}/members/bo"), 400, "bad_request")
    bo.post(f"/api/rooms/{sid}/members", json={"people": ["chen"]})
    assert house.members(sid) == {"ana", "bo", "chen"}, "who is added again is pardoned"
    assert_refused(farewell(chen, sid), 404, "no_room")
    assert [sys["type"] for sys in said(house, sid)] == ["added", "removed", "added"]


def test_people_on_a_phone_are_listed_by_their_number(house: House) -> None:
    sid = make(house.ana)
    binding = {"messaging_binding_address": "+491700000001", "messaging_binding_proxy_address": "+491700000002"}
    house.rest.conversations(sid).participants.create(**binding)
    house.rest.conversations(sid).participants.create(identity="other software")
    names = [member["name"] for member in house.ana.get(f"/api/rooms/{sid}/members").get_json()["members"]]
    assert sorted(names) == ["+491700000001", "ana", "other software"]


def test_a_removal_that_fails_leaves_nothing(house: House, recorder: Recorder) -> None:
    bo, sid = house.person("bo"), make(house.ana)
    bo.post(f"/api/rooms/{sid}/join")

    def break_off(method: str, path: str) -> None:
        if method == "DELETE":
            raise BackendUnavailable("away")

    recorder.before = break_off
    for path in (f"/api/rooms/{sid}/members/bo", f"/api/rooms/{sid}"):
        assert_refused(house.ana.delete(path), 503, "backend_unavailable")
    recorder.before = lambda method, path: None
    assert_refused(farewell(bo, sid), 404, "no_room")
    bo.post(f"/api/rooms/{sid}/leave")
    assert bo.post(f"/api/rooms/{sid}/join").status_code == 200


def test_a_join_that_fails_half_way_is_none(house: House, recorder: Recorder) -> None:
    bo, sid = house.person("bo"), make(house.ana)
    house.rest.conversations(sid).messages.create(author="ana", body="hello")

    def break_off(method: str, path: str) -> None:
        if path.endswith("/Messages"):
            raise BackendUnavailable("away")

    recorder.before = break_off
    assert_refused(bo.post(f"/api/rooms/{sid}/join"), 503, "backend_unavailable")
    recorder.before = lambda method, path: None
    assert house.members(sid) == {"ana"}
    assert bo.post(f"/api/rooms/{sid}/join").status_code == 200
    assert house.rest.conversations(sid).participants("bo").fetch().last_read_message_index == 0


def test_long_names_are_announced(house: House) -> None:
    sid = make(house.ana, "\N{GRINNING FACE}" * 256)
    assert house.ana.patch(f"/api/rooms/{sid}", json={"name": "\N{PARTY POPPER}" * 256}).status_code == 200
    assert [entry["type"] for entry in said(house, sid)] == ["renamed"]


def test_what_is_changed_elsewhere_is_known_at_once(house: House) -> None:
    sid = make(house.ana)
    assert house.ana.get(f"/api/rooms/{sid}").get_json()["members"] == 1
    house.rest.conversations(sid).participants.create(identity="other software")
    receive(state_of(house.app), [call(house.app, "onParticipantAdded", ConversationSid=sid)])
    assert house.ana.get(f"/api/rooms/{sid}").get_json()["members"] == 2


def test_moderators(house: House) -> None:
    bo = house.person("bo")
    sid = make(bo)
    chen = house.person("chen")
    chen.post(f"/api/rooms/{sid}/join")
    path = f"/api/rooms/{sid}/members"
    assert_refused(bo.put(f"{path}/bo", json={"moderator": False}), 409, "last_moderator")
    assert_refused(chen.put(f"{path}/chen", json={"moderator": True}), 403, "not_allowed")
    assert bo.put(f"{path}/chen", json={"moderator": True}).status_code == 204
    assert bo.put(f"{path}/chen", json={"moderator": True}).status_code == 204
    assert chen.put(f"{path}/bo", json={"moderator": False}).status_code == 204
    assert_refused(bo.patch(f"/api/rooms/{sid}", json={"topic": "mine"}), 403, "not_allowed")
    for body, status, code in (({}, 400, "bad_request"), ({"moderator": 1}, 400, "bad_request")):
        assert_refused(chen.put(f"{path}/bo", json=body), status, code)
    assert_refused(chen.put(f"{path}/nobody", json={"moderator": True}), 404, "no_person")
    assert [sys["type"] for sys in said(house, sid)] == ["moderator", "not_moderator"]


def test_an_administrator_moderates_public_rooms_only(house: House) -> None:
    bo = house.person("bo")
    public, private = make(bo), make(bo, "#board", private=True)
    assert house.ana.patch(f"/api/rooms/{public}", json={"topic": "by the administrator"}).status_code == 200
    assert house.ana.delete(f"/api/rooms/{public}/members/bo").status_code == 204
    assert_refused(house.ana.patch(f"/api/rooms/{private}", json={"topic": "no"}), 404, "no_room")
    assert_refused(house.ana.get(f"/api/rooms/{private}/members"), 404, "no_room")
    assert_refused(house.ana.delete(f"/api/rooms/{private}"), 404, "no_room")


# --- direct messages -----------------------------------------------------------------------------------------------


def house_person(house: House, name: str) -> str:
    house.person(name)
    return name


def test_the_same_people_get_the_same_conversation(house: House) -> None:
    bo, chen = house.person("bo"), house.person("chen")
    first = house.ana.post("/api/dms", json={"people": ["bo"]}).get_json()
    assert house.members(first["sid"]) == {"ana", "bo"}
    assert bo.post("/api/dms", json={"people": ["ana", "bo"]}).get_json() == first
    assert bo.post(f"/api/rooms/{first['sid']}/leave").status_code == 204
    assert bo.post("/api/dms", json={"people": ["ana"]}).get_json() == first
    assert house.members(first["sid"]) == {"ana", "bo"}
    group = house.ana.post("/api/dms", json={"people": ["bo", "chen"]}).get_json()
    assert group["sid"] != first["sid"]
    attributes = json.loads(house.rest.conversations(group["sid"]).fetch().attributes)
    assert attributes == {"v": 1, "kind": "dm", "members": ["ana", "bo", "chen"]}
    assert_refused(chen.get(f"/api/rooms/{first['sid']}"), 404, "no_room")
    assert_refused(house.ana.patch(f"/api/rooms/{group['sid']}", json={"topic": "x"}), 403, "not_allowed")
    assert_refused(house.ana.post(f"/api/rooms/{first['sid']}/members", json={"people": ["chen"]}), 403, "not_allowed")


def test_two_who_open_it_at_once_get_one(house: House) -> None:
    browsers = [house.ana, house.person("bo")]
    others = ["bo", "ana"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda n: browsers[n].post("/api/dms", json={"people": [others[n]]}), range(2)))
    (sid,) = {answer.get_json()["sid"] for answer in answers}
    assert house.members(sid) == {"ana", "bo"}


@pytest.mark.parametrize(
    ("people", "status", "code"),
    [
        ([], 400, "bad_request"),
        (["ana"], 400, "bad_request"),
        ("bo", 400, "bad_request"),
        ([7], 400, "bad_request"),
        (["nobody"], 404, "no_person"),
        ([f"p{n}" for n in range(10)], 400, "bad_request"),
        (["\u0000"], 404, "no_person"),
        (["\ud800"], 404, "no_person"),
    ],
)
def test_a_conversation_that_cannot_be(house: House, people: object, status: int, code: str) -> None:
    assert_refused(house.ana.post("/api/dms", json={"people": people}), status, code)
    assert house.rest.conversations.list() == []


def _role(house: House, name: str) -> list[str]:
    (role,) = (role for role in house.rest.roles.list() if role.friendly_name == name)
    return list(role.permissions)
