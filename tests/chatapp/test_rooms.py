"""Rooms: who is put into which, and when, against a real Conversations service."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException

from roomful.chatapp.backend import BackendUnavailable
from roomful.chatapp.errors import ApiError
from roomful.chatapp.moderating import delete_room
from roomful.chatapp.rooms import BadRoomName, RoomExists, check_name, unique_name_for
from tests.chatapp.conftest import PASSWORD, MakeApp, Recorder, sign_up, state_of


def names(answer: dict[str, Any]) -> list[str]:
    return [name for name, _ in answer["chatrooms"]]


def members(rest: Any, sid: str) -> set[str]:
    return {participant.identity for participant in rest.conversations(sid).participants.list()}


def test_a_new_person_is_put_into_the_default_rooms(make_app: MakeApp, rest: Any) -> None:
    app = make_app()
    rooms = state_of(app).rooms
    for name in ("#sales", "#support"):
        rooms.create(name, private=False, default=True)
    rooms.create("#quiet", private=False, default=False)
    rooms.create("#secret", private=True, default=False)
    rest.conversations.create(friendly_name="made by other software")
    rest.conversations.create(attributes=json.dumps({"kind": "dm", "default": True}))
    answer = sign_up(app.test_client())
    assert names(answer) == ["#sales", "#support"]
    for _, sid in answer["chatrooms"]:
        assert members(rest, sid) == {"ana"}


def test_a_new_default_room_takes_everybody_in(make_app: MakeApp, rest: Any) -> None:
    app = make_app()
    ana, bo = app.test_client(), app.test_client()
    sign_up(ana, "ana")
    sign_up(bo, "bo")
    room = state_of(app).rooms.create("#sales", private=False, default=True)
    assert members(rest, room.sid) == {"ana", "bo"}
    attributes = json.loads(rest.conversations(room.sid).fetch().attributes)
    assert attributes == {"v": 1, "kind": "room", "visibility": "public", "default": True}
    assert names(ana.post("/api/token").get_json()) == ["#sales"]


def test_a_newcomer_has_nothing_unread(make_app: MakeApp, rest: Any) -> None:
    app = make_app()
    room = state_of(app).rooms.create("#sales", private=False, default=True)
    for number in range(3):
        rest.conversations(room.sid).messages.create(author="ana", body=f"{number}")
    sign_up(app.test_client(), "bo")
    assert rest.conversations(room.sid).participants("bo").fetch().last_read_message_index == 2


def test_a_private_room_takes_nobody_in(make_app: MakeApp, rest: Any) -> None:
    app = make_app()
    ana = app.test_client()
    sign_up(ana, "ana")
    room = state_of(app).rooms.create("#secret", private=True, default=False)
    assert members(rest, room.sid) == set()
    assert names(ana.post("/api/token").get_json()) == []
    rest.conversations(room.sid).participants.create(identity="ana")
    assert names(ana.post("/api/token").get_json()) == ["#secret"], "who was invited sees it"
    attributes = {"v": 1, "kind": "room", "visibility": "private", "default": True}
    rest.conversations.create(friendly_name="#contradiction", attributes=json.dumps(attributes))
    assert names(ana.post("/api/token").get_json()) == ["#secret"]


def test_a_leave_is_remembered(make_app: MakeApp, rest: Any) -> None:
    app = make_app()
    rooms = state_of(app).rooms
    first = rooms.create("#first", private=False, default=True)
    ana = app.test_client()
    sign_up(ana, "ana")
    second = rooms.create("#second", private=False, default=True)
    for room in (first, second):
        participant = next(p for p in rest.conversations(room.sid).participants.list() if p.identity == "ana")
        participant.delete()
    assert names(ana.post("/api/token").get_json()) == []
    assert names(ana.post("/login", json={"username": "ana", "password": PASSWORD}).get_json()) == []
    rooms.create("#third", private=False, default=True)
    assert names(ana.post("/api/token").get_json()) == ["#third"]


def test_later_only_default_rooms_created_since(make_app: MakeApp, rest: Any) -> None:
    app = make_app()
    old = state_of(app).rooms.create("#old", private=False, default=False)
    ana = app.test_client()
    # The backend counts whole seconds: a room of the next second is newer for certain.
    sign_up(ana, "ana")
    accounts = state_of(app).accounts
    account = accounts.find("ana")
    assert account is not None
    assert account.rooms_since == old.created
    accounts.set_rooms_since("ana", old.created + 1000)
    attributes = json.dumps({"v": 1, "kind": "room", "visibility": "public", "default": True})
    rest.conversations(old.sid).update(attributes=attributes)
    assert names(ana.post("/api/token").get_json()) == [], "it was there before, and not for everybody"
    accounts.set_rooms_since("ana", old.created)
    rest.conversations.create(friendly_name="#new", attributes=attributes)
    assert "#new" in names(ana.post("/api/token").get_json()), "made by other software, since"


def test_a_full_room_is_skipped_and_tried_again(make_app: MakeApp, recorder: Recorder) -> None:
    app = make_app()
    rooms = state_of(app).rooms
    for name in ("#full", "#sales"):
        rooms.create(name, private=False, default=True)
    full = next(room for room in rooms.all() if room.name == "#full")

    def refuse(method: str, path: str) -> None:
        # A thousand real members would take minutes; the answer is the service's (core/errors.py, conversation_full).
        if method == "POST" and path.endswith(f"{full.sid}/Participants"):
            raise TwilioRestException(400, path, "Conversation has reached its limit", code=50417, method=method)

    recorder.before = refuse
    ana = app.test_client()
    assert names(sign_up(ana, "ana")) == ["#sales"]
    recorder.before = lambda method, path: None
    assert names(ana.post("/api/token").get_json()) == ["#full", "#sales"]


def test_a_room_that_goes_meanwhile_is_no_error(make_app: MakeApp, recorder: Recorder, rest: Any) -> None:
    app = make_app()
    room = state_of(app).rooms.create("#going", private=False, default=True)

    def delete_first(method: str, path: str) -> None:
        if method == "POST" and path.endswith(f"{room.sid}/Participants"):
            rest.conversations(room.sid).delete()

    recorder.before = delete_first
    assert names(sign_up(app.test_client())) == []


def test_names_are_found_on_all_pages(make_app: MakeApp, rest: Any) -> None:
    for number in range(101):
        rest.conversations.create(friendly_name=f"#room{number}", attributes='{"kind": "room"}')
    app = make_app()
    rooms = state_of(app).rooms
    assert len(rooms.all()) == 101
    with pytest.raises(RoomExists):
        rooms.create("#room100", private=False, default=True)
    room = next(room for room in rooms.all() if room.name == "#room100")
    delete_room(state_of(app), None, room)
    with pytest.raises(ApiError, match="no_room"):
        delete_room(state_of(app), None, room)


def test_two_who_create_the_same_room_at_once_make_one(make_app: MakeApp) -> None:
    apps = [make_app() for _ in range(4)]

    def create(number: int) -> bool:
        try:
            state_of(apps[number]).rooms.create("#race", private=False, default=True)
        except RoomExists:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, range(4))) == [False, False, False, True]
    assert [room.name for room in state_of(apps[0]).rooms.all()] == ["#race"]


def test_the_name_of_a_renamed_room_is_free_again(make_app: MakeApp, rest: Any) -> None:
    rooms = state_of(make_app()).rooms
    for round_ in range(2):
        room = rooms.create("#sales", private=False, default=True)
        rest.conversations(room.sid).update(friendly_name=f"#renamed{round_}")
    rooms.create("#sales", private=False, default=True)
    with pytest.raises(RoomExists):
        rooms.create("#sales", private=False, default=True)
    assert [room.name for room in rooms.all()] == ["#renamed0", "#renamed1", "#sales"]


def test_people_who_sign_up_while_a_room_is_made_are_in_it(make_app: MakeApp, rest: Any) -> None:
    app = make_app()

    def join(number: int) -> None:
        sign_up(app.test_client(), f"person{number}")

    with ThreadPoolExecutor(3) as pool:
        joins = [pool.submit(join, number) for number in range(6)]
        room = state_of(app).rooms.create("#sales", private=False, default=True)
        for done in joins:
            done.result()
    assert members(rest, room.sid) == {f"person{number}" for number in range(6)}


def test_a_refusal_of_the_backend_is_one_line(make_app: MakeApp, recorder: Recorder) -> None:
    def refuse(method: str, path: str) -> None:
        raise TwilioRestException(429, path, "Too many requests", code=20429, method=method)

    recorder.before = refuse
    with pytest.raises(BackendUnavailable, match="429") as refusal:
        state_of(make_app()).rooms.all()
    assert "\n" not in str(refusal.value)


room_names = st.text(min_size=1, max_size=30)


@given(room_names, room_names)
def test_different_rooms_never_share_a_unique_name(one: str, other: str) -> None:
    try:
        one, other = check_name(one), check_name(other)
    except BadRoomName:
        return
    assert (unique_name_for(one) == unique_name_for(other)) is (one == other)
    assert all(c.isascii() and (c.isalnum() or c in ":~_-") for c in unique_name_for(one))


@pytest.mark.parametrize("name", ["", "  ", " #a", "#a ", "a\nb", "a\x1b[31m", "\ud800", "a" * 257, "\u2028"])
def test_bad_room_names(name: str) -> None:
    with pytest.raises(BadRoomName):
        check_name(name)


def test_a_room_that_went_meanwhile_is_gone_and_no_failure(make_app: MakeApp, rest: Any) -> None:
    """Whoever deletes it second is told so, wherever the first came between."""
    state = state_of(make_app())
    room = state.rooms.create("#sales", private=False, default=False)
    rest.conversations(room.sid).delete()
    assert state.rooms.participants(room.sid) == []
    with pytest.raises(ApiError) as refused:
        delete_room(state, None, room)
    assert (refused.value.status, refused.value.code) == (404, "no_room")
