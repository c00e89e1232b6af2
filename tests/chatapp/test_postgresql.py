"""The chat app's rows in the schema `chat` of PostgreSQL: the same routes, and several nodes at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import inspect

from roomful.chatapp import lifecycle
from roomful.chatapp.store import schema
from tests.chatapp.conftest import PASSWORD, MakeApp, Recorder, sign_up, state_of
from tests.chatapp.test_avatars import RED, encoded


@pytest.fixture
def nodes(make_app: MakeApp, postgres_database: str) -> list[Flask]:
    """Two applications, as on two machines, with one database."""
    return [make_app(database_url=postgres_database) for _ in range(2)]


def test_a_session_works_on_every_node(nodes: list[Flask], recorder: Recorder) -> None:
    state_of(nodes[0]).rooms.create("#sales", private=False, default=True)
    one, other = nodes[0].test_client(), nodes[1].test_client()
    assert [name for name, _ in sign_up(one)["chatrooms"]] == ["#sales"]
    cookie = one.get_cookie("roomful_session")
    assert cookie is not None
    other.set_cookie("roomful_session", cookie.value)
    assert other.post("/api/token").status_code == 200
    assert one.post("/login", json={"username": "ana", "password": PASSWORD}).status_code == 200
    assert one.post("/api/logout").status_code == 204
    assert len(recorder.bodies[-1]["token_sha256"]) == 3
    with state_of(nodes[0]).database.read() as connection:
        tables = set(inspect(connection).get_table_names(schema="chat"))
    assert tables == {"alembic_version", *schema.metadata.tables}


def test_two_who_moderate_at_once(nodes: list[Flask], rest: Any) -> None:
    """Each of them is answered, and one of them was first."""
    browsers = [node.test_client() for node in nodes]
    for browser, name in zip(browsers, ("ana", "bo"), strict=True):
        sign_up(browser, name)
    sign_up(nodes[0].test_client(), "chen")
    for number in range(4):
        sid = browsers[0].post("/api/rooms", json={"name": f"#room{number}"}).get_json()["sid"]
        browsers[0].post(f"/api/rooms/{sid}/members", json={"people": ["bo", "chen", "\u0000", "\ud800"]})
        browsers[0].put(f"/api/rooms/{sid}/members/bo", json={"moderator": True})
        for path in (f"/api/rooms/{sid}/members/chen", f"/api/rooms/{sid}"):
            with ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(lambda browser, path=path: browser.delete(path).status_code, browsers))
            assert 204 in answers
            assert set(answers) <= {204, 404}


def test_one_admin_though_many_sign_up_at_once(nodes: list[Flask]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: sign_up(nodes[number % 2].test_client(), f"person{number}"), range(4)))
    accounts = [state_of(nodes[0]).accounts.find(f"person{number}") for number in range(4)]
    assert sum(1 for account in accounts if account and account.admin) == 1


def test_one_person_signs_in_at_many_places_at_once(nodes: list[Flask]) -> None:
    sign_up(nodes[0].test_client())
    accounts = state_of(nodes[0]).accounts
    for name in ("#a", "#b", "#c"):
        state_of(nodes[0]).rooms.create(name, private=False, default=True)
    with state_of(nodes[0]).database.write() as connection:
        connection.exec_driver_sql("DELETE FROM chat.offered_rooms")
    body = {"username": "ana", "password": PASSWORD}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: nodes[n % 2].test_client().post("/login", json=body), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert accounts.find("ana") is not None


def test_a_new_password_and_a_disabled_person_count_on_every_node(nodes: list[Flask]) -> None:
    one, other = nodes[0].test_client(), nodes[1].test_client()
    sign_up(one)
    other.post("/login", json={"username": "ana", "password": PASSWORD})
    assert len(one.get("/api/sessions").get_json()["sessions"]) == 2
    assert one.post("/api/password", json={"current": PASSWORD, "new": "battery staple"}).status_code == 200
    assert other.post("/api/token").status_code == 401
    account = state_of(nodes[1]).accounts.find("ana")
    assert account is not None
    lifecycle.disable(state_of(nodes[1]), account)
    assert one.post("/api/token").status_code == 401


def test_the_last_use_of_an_invitation_is_one_persons(nodes: list[Flask]) -> None:
    ana = nodes[0].test_client()
    sign_up(ana)
    code = ana.post("/api/invites", json={"uses": 1}).get_json()["code"]

    def join(number: int) -> int:
        body = {"username": f"person{number}", "password": PASSWORD, "invite": code}
        return nodes[number % 2].test_client().post("/api/signup", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(join, range(4))) == [201, 404, 404, 404]


def test_the_same_picture_of_two_people(nodes: list[Flask]) -> None:
    browsers = [node.test_client() for node in nodes]
    for browser, name in zip(browsers, ("ana", "bo"), strict=True):
        sign_up(browser, name)
    picture = encoded(Image.new("RGB", (300, 300), RED))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda browser: browser.put("/api/avatar", data=picture).get_json(), browsers))
    assert answers[0]["avatar"] == answers[1]["avatar"]
    assert browsers[0].get(answers[1]["avatar"]).status_code == 200
    assert browsers[0].delete("/api/account", json={"password": PASSWORD}).status_code == 204
    assert browsers[1].get(answers[1]["avatar"]).status_code == 200
