"""`flask chatrooms` beyond the tutorial, against a real Conversations service."""

import json
import re
from typing import Any

import pytest
from flask import Flask

from roomful.chatapp.cli import chatrooms
from tests.chatapp.conftest import sign_up
from tests.chatapp.test_commands import Run, run
from tests.chatapp.test_login import assert_refused
from tests.chatapp.test_people_commands import silent, told

__all__ = ["run"]  # a fixture

COMMANDS = (*("list", "create", "delete", "rename", "topic", "archive", "unarchive", "members", "add", "remove"), "say")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(run: Run, command: str) -> None:
    text = run("chatrooms", command, "--help").stdout
    assert f"Example:\n    flask chatrooms {command}" in text
    assert "--json" in text


def test_a_rooms_life(run: Run, app: Flask, rest: Any) -> None:
    ana = app.test_client()
    sign_up(ana)
    made = told(run("chatrooms", "create", "#sales", "--no-default", "--topic", "deals", "--member", "ana", "--json"))
    sid = made["sid"]
    room = {"name": "#sales", "topic": "deals", "private": False, "archived": False, "default": False}
    assert made == {"sid": sid, **room, "members": 1, "messages": 1}, "one that says who was added"
    assert silent(run("chatrooms", "rename", "#sales", "#deals"))
    assert silent(run("chatrooms", "topic", "#deals", "Q3"))
    assert told(run("chatrooms", "archive", sid, "--json"))["archived"] is True
    listed = run("chatrooms", "list", "-l").stdout
    assert listed == f"#deals ({sid})  1 person, 4 messages, archived, Q3\n"
    assert told(run("chatrooms", "list", "--json"))[0]["topic"] == "Q3"
    assert silent(run("chatrooms", "unarchive", "#deals"))
    said = [json.loads(message.attributes)["sys"] for message in rest.conversations(sid).messages.list()]
    assert [(entry["type"], entry["by"]) for entry in said] == [
        (kind, None) for kind in ("added", "renamed", "topic", "archived", "unarchived")
    ]
    assert silent(run("chatrooms", "delete", "#deals"))
    assert ana.get(f"/api/rooms/{sid}/farewell").get_json() == {"reason": "deleted", "name": "#deals", "by": None}


def test_members(run: Run, app: Flask) -> None:
    people = {name: app.test_client() for name in ("ana", "bo")}
    for name, browser in people.items():
        sign_up(browser, name)
    run("chatrooms", "create", "#board", "--private")
    assert silent(run("chatrooms", "add", "#board", "ana", "bo"))
    assert told(run("chatrooms", "add", "#board", "bo", "--json")) == {"added": [], "refused": {}}
    assert run("chatrooms", "members", "#board").stdout == "ana\nbo\n"
    assert told(run("chatrooms", "members", "#board", "--json"))[0] == {"identity": "ana", "moderator": False}
    sid = told(run("chatrooms", "list", "--json"))[0]["sid"]
    assert silent(run("chatrooms", "remove", "#board", "bo"))
    assert people["bo"].get(f"/api/rooms/{sid}/farewell").get_json()["reason"] == "removed"
    assert_refused(people["bo"].get(f"/api/rooms/{sid}"), 404, "no_room")
    for arguments in (("remove", "#board", "bo"), ("add", "#board", "nobody"), ("create", "#x", "--member", "nobody")):
        result = run("chatrooms", *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert re.fullmatch(r"Error: .*\n", result.stderr)
    assert "#x" not in run("chatrooms", "list").stdout


def test_what_is_not_there(run: Run) -> None:
    run("chatrooms", "create", "#support")
    for command in (("delete",), ("topic", "x"), ("archive",), ("members",), ("rename", "#y"), ("add", "ana")):
        result = run("chatrooms", command[0], "#suport", *command[1:])
        assert (result.exit_code, result.stdout) == (1, "Chat room not found\n")
        assert result.stderr == 'Did you mean "#support"?  See: flask chatrooms list\n'
    run("chatrooms", "create", "#other")
    assert run("chatrooms", "rename", "#other", "#support").stdout == "Chat room already exists\n"
    assert "Bad name" in run("chatrooms", "rename", "#other", " ").stderr
    assert "Bad name" in run("chatrooms", "topic", "#other", "t" * 251).stderr
    assert run("chatrooms", "topic", "#other").exit_code == 2


def test_deleting_asks_who_sits_at_a_terminal(run: Run, rest: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run("chatrooms", "create", "#sales")
    (room,) = rest.conversations.list()
    room.messages.create(author="ana", body="hello")
    monkeypatch.setattr(chatrooms, "on_terminal", lambda: True)
    monkeypatch.setattr("roomful.chatapp.cli.output.on_terminal", lambda: True)
    asked = run("chatrooms", "delete", "#sales", input="n\n")
    assert asked.exit_code == 1
    assert "Delete #sales and up to 1 message?" in asked.stderr
    assert len(rest.conversations.list()) == 1
    assert silent(run("chatrooms", "delete", "#sales", "--yes"))


def test_a_message_from_the_terminal(run: Run, app: Flask, rest: Any) -> None:
    sign_up(app.test_client())
    run("chatrooms", "create", "#ops")
    sid = told(run("chatrooms", "list", "--json"))[0]["sid"]
    assert silent(run("chatrooms", "say", "#ops", "The backup is done."))
    assert (
        told(run("chatrooms", "say", "#ops", "-", "--as", "disk", "--json", input="/ 41 %\n/srv 80 %\n"))["index"] == 1
    )
    said = [(message.author, message.body) for message in rest.conversations(sid).messages.list()]
    assert said == [("system", "The backup is done."), ("disk", "/ 41 %\n/srv 80 %")]

    for refused, typed in (
        ((" ",), ""),
        (("-",), ""),
        (("x" * 32_769,), ""),
        (("-",), "ü" * 16_385),
        (("hi", "--as", "ana"), ""),
    ):
        result = run("chatrooms", "say", "#ops", *refused, input=typed)
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: ")
    run("chatrooms", "archive", "#ops")
    assert "unarchive" in run("chatrooms", "say", "#ops", "late").stderr
    assert run("chatrooms", "say", "#nowhere", "hi").stdout == "Chat room not found\n"
    assert len([each for each in rest.conversations(sid).messages.list() if each.author != "system"]) == 1
