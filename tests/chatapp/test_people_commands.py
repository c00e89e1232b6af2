"""`flask users` and `flask invites`, against a real Conversations service."""

import json
import re
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from roomful.chatapp.cli import output
from tests.chatapp.conftest import PASSWORD, MakeApp, sign_up, state_of
from tests.chatapp.test_account import NEW, account_of, counts
from tests.chatapp.test_commands import Run, run
from tests.chatapp.test_invites import join
from tests.chatapp.test_login import assert_refused, log_in
from tests.servers import Server

__all__ = ["run"]  # a fixture

GROUPS = {
    "users": ["create", "list", "passwd", "disable", "enable", "role", "delete"],
    "invites": ["create", "list", "revoke"],
}


def told(result: Result) -> Any:
    """What a command says to programs."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def silent(result: Result) -> bool:
    return (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(("group", "command"), [(group, name) for group, names in GROUPS.items() for name in names])
def test_help_has_an_example(run: Run, group: str, command: str) -> None:
    text = run(group, command, "--help").stdout
    assert f"Example:\n    flask {group} {command}" in text
    assert "--json" in text


def test_accounts_are_listed(run: Run, app: Flask) -> None:
    assert (run("users", "list").stdout, told(run("users", "list", "--json"))) == ("", [])
    sign_up(app.test_client())
    made = told(run("users", "create", "Bo", "--json", input=f"{PASSWORD}\n"))
    assert made == {
        **{"identity": "bo", "name": "Bo", "admin": False, "disabled": False, "deleted": False},
        "since": made["since"],
    }
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", made["since"])
    assert silent(run("users", "disable", "bo"))
    assert run("users", "list").stdout == "ana (ana) admin\nbo (Bo) disabled\n"
    assert [person["identity"] for person in told(run("users", "list", "--json"))] == ["ana", "bo"]


def test_a_password_comes_from_the_standard_input(run: Run, app: Flask, service: Server) -> None:
    browser = app.test_client()
    token = sign_up(browser)["token"]
    for typed, said in (("", "There is no terminal"), ("short\n", "A password has")):
        result = run("users", "passwd", "ana", input=typed)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"Error: {said}")
        assert result.stderr.count("\n") == 1
    assert silent(run("users", "passwd", "ANA", input=f"{NEW}\n"))
    assert not counts(service, token)
    assert_refused(browser.post("/api/token"), 401, "signed_out")
    assert_refused(log_in(browser), 401, "bad_credentials")
    again = log_in(browser, password=NEW)
    assert counts(service, again.get_json()["token"]), "at once"


def test_disabled_is_out_and_a_member_still(run: Run, app: Flask, rest: Any, service: Server) -> None:
    state_of(app).rooms.create("#sales", private=False, default=True)
    browser = app.test_client()
    token = sign_up(browser)["token"]
    assert told(run("users", "disable", "ana", "--json"))["disabled"] is True
    assert silent(run("users", "disable", "ana")), "twice is no error"
    assert not counts(service, token)
    assert_refused(browser.post("/api/token"), 401, "signed_out")
    assert_refused(log_in(browser), 403, "account_disabled")
    assert len(rest.users("ana").user_conversations.list()) == 1
    assert told(run("users", "enable", "ana", "--json"))["disabled"] is False
    assert counts(service, log_in(browser).get_json()["token"])


def test_roles(run: Run, app: Flask, make_app: MakeApp) -> None:
    sign_up(app.test_client())
    assert told(run("users", "role", "ana", "person", "--json"))["admin"] is False
    assert silent(run("users", "role", "ana", "admin"))
    assert account_of(app).admin is True
    assert run("users", "role", "ana", "king").exit_code == 2
    open_mode = make_app(auth="open").test_cli_runner().invoke(args=["users", "role", "ana", "admin"])
    assert open_mode.exit_code == 2


def test_deleting(run: Run, app: Flask, rest: Any) -> None:
    state_of(app).rooms.create("#sales", private=False, default=True)
    sign_up(app.test_client())
    assert told(run("users", "delete", "ana", "--json"))["deleted"] is True
    assert rest.users("ana").user_conversations.list() == []
    assert silent(run("users", "delete", "ana")), "what was left undone is done again"
    assert run("users", "list").stdout == "ana (ana) deleted\n"
    for command in (["passwd", "ana"], ["disable", "ana"], ["enable", "ana"], ["role", "ana", "admin"]):
        result = run("users", *command, input=f"{NEW}\n")
        assert (result.exit_code, result.stdout) == (1, "Account was deleted\n")
    assert (run("users", "create", "ana", input=f"{NEW}\n").stdout) == "Account already exists\n"


def test_only_a_terminal_is_asked(run: Run, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(app.test_client())
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    result = run("users", "delete", "ana", input="n\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nothing was changed." in result.stderr
    assert not account_of(app).deleted
    assert run("users", "delete", "ana", input="y\n").exit_code == 0
    assert account_of(app).deleted
    sign_up(app.test_client(), "bo")
    assert silent(run("users", "delete", "bo", "--yes"))


@pytest.mark.parametrize("command", [["passwd"], ["disable"], ["enable"], ["delete"], ["role", "admin"]])
def test_an_account_that_is_not_there(run: Run, command: list[str]) -> None:
    result = run("users", command[0], "nobody", *command[1:])
    assert (result.exit_code, result.stdout) == (1, "Account not found\n")
    result = run("users", command[0], "no body", *command[1:])
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.fullmatch(r"Error: A username .*\n", result.stderr)


def test_invitations(run: Run, app: Flask, make_app: MakeApp) -> None:
    room = state_of(app).rooms.create("#sales", private=True, default=False)
    assert (run("invites", "list").stdout, told(run("invites", "list", "--json"))) == ("", [])
    link = run("invites", "create").stdout
    assert re.fullmatch(r"http://localhost:5000/join/[A-Za-z0-9_-]{22}\n", link)
    made = told(run("invites", "create", "--room", "#sales", "--days", "1", "--uses", "1", "--json"))
    assert made.keys() == {"id", "room", "created_by", "expires_at", "uses_left", "code", "url"}
    assert (made["room"], made["created_by"], made["uses_left"]) == (room.sid, None, 1)
    assert told(run("invites", "create", "--room", room.sid, "--json"))["room"] == room.sid
    lines = run("invites", "list").stdout.splitlines()
    assert f"{made['id']} to #sales by the terminal, 1 use left until {made['expires_at']}" in lines
    assert any(re.fullmatch(r"\w{16} to the server by the terminal, 10 uses left until .*", line) for line in lines)

    closed = make_app(signup="closed")
    browser = closed.test_client()
    assert browser.get(f"/api/invites/{made['code']}").get_json() == {"room": {"name": "#sales"}, "by": None}
    _, answer = join(closed, made["code"])
    assert (answer.status_code, answer.get_json()["room"]) == (201, room.sid)
    first = link.strip().rpartition("/")[2]
    (server,) = (invite["id"] for invite in told(run("invites", "list", "--json")) if invite["room"] is None)
    assert silent(run("invites", "revoke", server))
    assert_refused(browser.get(f"/api/invites/{first}"), 404, "no_invite")
    result = run("invites", "revoke", server)
    assert (result.exit_code, result.stdout) == (1, "Invitation not found\n")


def test_invitations_that_cannot_be_made(run: Run, rest: Any) -> None:
    result = run("invites", "create", "--room", "#nothing")
    assert (result.exit_code, result.stdout) == (1, "Chat room not found\n")
    rest.conversations.create(friendly_name="#old", attributes='{"v": 1, "kind": "room", "archived": {"at": 1}}')
    result = run("invites", "create", "--room", "#old")
    assert (result.exit_code, result.stdout) == (1, "Chat room is archived\n")
    for option in ("--days", "--uses"):
        for value in ("0", "101", "x"):
            assert run("invites", "create", option, value).exit_code == 2
