"""Law 1, from outside: what the chat app asks of its backend exists at Twilio, or is our documented extension."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from roomful.chatapp.backend import Backend
from tests.chatapp.conftest import PASSWORD, MakeApp, Recorder, sign_up, state_of, template

OPENAPI = (
    Path(__file__).parents[2] / "node_modules/@twilio/cli-core/src/services/twilio-api/twilio_conversations_v1.json"
)

OPERATIONS = {
    ("GET", "/v1/Configuration"),
    ("GET", "/v1/Services/{sid}/Configuration"),
    ("POST", "/v1/Services/{sid}/Configuration"),
    ("GET", "/v1/Configuration/Webhooks"),
    ("GET", "/v1/Services/{sid}/Configuration/Webhooks"),
    ("POST", "/v1/Services/{sid}/Configuration/Webhooks"),
    ("GET", "/v1/Services/{sid}/Roles"),
    ("GET", "/v1/Services/{sid}/Users"),
    ("POST", "/v1/Services/{sid}/Users"),
    ("GET", "/v1/Services/{sid}/Users/{sid}"),
    ("POST", "/v1/Services/{sid}/Users/{sid}"),
    ("GET", "/v1/Services/{sid}/Users/{sid}/Conversations"),
    ("GET", "/v1/Services/{sid}/Conversations"),
    ("POST", "/v1/Services/{sid}/Conversations"),
    ("GET", "/v1/Services/{sid}/Conversations/{sid}"),
    ("POST", "/v1/Services/{sid}/Conversations/{sid}"),
    ("DELETE", "/v1/Services/{sid}/Conversations/{sid}"),
    ("GET", "/v1/Services/{sid}/Conversations/{sid}/Participants"),
    ("POST", "/v1/Services/{sid}/Conversations/{sid}/Participants"),
    ("GET", "/v1/Services/{sid}/Conversations/{sid}/Participants/{sid}"),
    ("POST", "/v1/Services/{sid}/Conversations/{sid}/Participants/{sid}"),
    ("DELETE", "/v1/Services/{sid}/Conversations/{sid}/Participants/{sid}"),
    ("GET", "/v1/Services/{sid}/Conversations/{sid}/Messages"),
    ("POST", "/v1/Services/{sid}/Conversations/{sid}/Messages"),
    ("GET", "/v1/Services/{sid}/Conversations/{sid}/Messages/{sid}"),
    ("POST", "/v1/Services/{sid}/Conversations/{sid}/Messages/{sid}"),
    ("DELETE", "/v1/Services/{sid}/Conversations/{sid}/Messages/{sid}"),
}
EXTENSIONS = {("POST", "/roomful/v1/revocations")}


def test_the_operations_that_the_chat_app_calls(
    make_app: MakeApp, backend: Backend, recorder: Recorder, rest: Any
) -> None:
    keys = replace(backend.credentials(), service_sid=None)  # as on Twilio, where the account's default is asked for
    app = make_app(backend=replace(backend, credentials=lambda: keys))
    run = app.test_cli_runner().invoke
    browser = app.test_client()
    run(args=["chatrooms", "create", "#sales"])
    sign_up(browser)
    run(args=["chatrooms", "create", "#support"])
    browser.post("/login", json={"username": "ana", "password": PASSWORD})
    browser.post("/api/token")
    _meet(app, browser, rest)
    _moderate(app, browser)
    sales = next(room.sid for room in state_of(app).rooms.all() if room.name == "#sales")
    rest.conversations(sales).update(friendly_name="#renamed")  # not through the recorder
    run(args=["chatrooms", "create", "#sales"])  # finds the unique name taken, and looks who has it
    run(args=["chat", "setup", "--yes"])
    run(args=["chatrooms", "list"])
    run(args=["chatrooms", "delete", "#sales"])
    run(args=["chat", "reconcile"])
    browser.post("/api/logout")
    called = {(method, template(path)) for method, path in recorder.requests}
    assert called == OPERATIONS | EXTENSIONS


def _meet(app: Flask, browser: FlaskClient, rest: Any) -> None:
    """An invitation to a room where something was said, and a person who follows it, and leaves for good."""
    sid = next(room.sid for room in state_of(app).rooms.all() if room.name == "#sales")
    rest.conversations(sid).messages.create(author="ana", body="hello")
    browser.patch("/api/profile", json={"name": "Ana L."})
    code = browser.post("/api/invites", json={"room": sid}).get_json()["code"]
    bo = app.test_client()
    rest.conversations(sid).update(attributes='{"v": 1, "kind": "room"}')  # nobody is put into it any more
    assert bo.post("/api/signup", json={"username": "bo", "password": PASSWORD, "invite": code}).status_code == 201
    assert bo.delete("/api/account", json={"password": PASSWORD}).status_code == 204


def _moderate(app: Flask, browser: FlaskClient) -> None:
    """A room that people make, change and delete, and a direct message."""
    chen = app.test_client()
    sign_up(chen, "chen")
    sid = browser.post("/api/rooms", json={"name": "#made"}).get_json()["sid"]
    assert browser.patch(f"/api/rooms/{sid}", json={"topic": "x"}).status_code == 200
    assert browser.post(f"/api/rooms/{sid}/members", json={"people": ["chen"]}).get_json()["added"] == ["chen"]
    assert browser.put(f"/api/rooms/{sid}/members/chen", json={"moderator": True}).status_code == 204
    _write(app, browser, sid)
    assert chen.delete(f"/api/rooms/{sid}/members/ana").status_code == 204
    assert chen.delete(f"/api/rooms/{sid}").status_code == 204
    assert chen.post("/api/dms", json={"people": ["ana"]}).status_code == 200
    assert chen.get("/api/rooms").status_code == 200


def _write(app: Flask, browser: FlaskClient, sid: str) -> None:
    """A message of ana's, to which all is done that can be done to messages."""
    messages = state_of(app).connection.service.conversations(sid).messages
    url = f"/api/rooms/{sid}/messages/{messages.create(author='ana', body='hello').sid}"
    assert browser.post(f"{url}/reactions", json={"emoji": "👍", "on": True}).status_code == 204
    assert browser.post(f"{url}/edit", json={"body": "hello @chen", "mentions": ["chen"]}).status_code == 204
    assert browser.put(f"{url}/pin").status_code == 204
    assert browser.get("/api/unreads").status_code == 200
    assert browser.delete(url).status_code == 204


def test_they_are_all_in_twilios_openapi_file() -> None:
    paths = json.loads(OPENAPI.read_text())["paths"]
    known = {
        (method.upper(), re.sub(r"\{\w+\}", "{sid}", path))
        for path, methods in paths.items()
        for method in methods
        if method in ("get", "post", "delete")
    }
    assert known >= OPERATIONS
