"""The terminal's commands: the tutorial's help, outputs and messages, and `flask chat setup`."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import pytest
from click.testing import Result
from flask import Flask

from roomful.chatapp.backend import Backend
from tests.chatapp.conftest import MakeApp, Recorder, sign_up, state_of
from tests.servers import Server, twilio_client

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *arguments, **kwargs: app.test_cli_runner().invoke(args=arguments, prog_name="flask", **kwargs)


def test_the_tutorials_help(run: Run) -> None:
    result = run("chatrooms", "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "Usage: flask chatrooms [OPTIONS] COMMAND [ARGS]...\n\n  Manage your chat rooms.\n\n"
        "Options:\n  --help  Show this message and exit.\n\nCommands:\n"
    )
    for line in ("create     create a chat room", "delete     delete a chat room", "list       list all chat rooms"):
        assert f"\n  {line}\n" in result.stdout
    for command, text in (
        ("list", "list all chat rooms"),
        ("create", "create a chat room"),
        ("delete", "delete a chat room"),
    ):
        assert f"\n\n  {text}\n\n" in run("chatrooms", command, "--help").stdout


def test_help_needs_neither_database_nor_backend(make_app: MakeApp, backend: Backend) -> None:
    def refuse() -> Any:
        raise AssertionError("asked for credentials")

    app = make_app(backend=replace(backend, credentials=refuse), database_url="sqlite:////nowhere/chat.db")
    assert app.test_cli_runner().invoke(args=["chatrooms", "--help"]).exit_code == 0


def test_list_create_delete(run: Run) -> None:
    assert run("chatrooms", "list").stdout == ""
    for name in ("#sales", "#support"):
        result = run("chatrooms", "create", name)
        assert (result.exit_code, result.output) == (0, "")
    result = run("chatrooms", "list")
    assert result.exit_code == 0
    assert re.fullmatch(r"#sales \(CH[0-9a-f]{32}\)\n#support \(CH[0-9a-f]{32}\)\n", result.stdout)
    result = run("chatrooms", "create", "#sales")
    assert (result.exit_code, result.stdout) == (1, "Chat room already exists\n")
    result = run("chatrooms", "delete", "#sales")
    assert (result.exit_code, result.output) == (0, "")
    result = run("chatrooms", "delete", "#sales")
    assert (result.exit_code, result.stdout) == (1, "Chat room not found\n")
    assert run("chatrooms", "list").stdout.startswith("#support (CH")


def test_rooms_are_for_everybody_unless_said_otherwise(run: Run, app: Flask) -> None:
    sign_up(app.test_client())
    for arguments in (("#a",), ("#b", "--no-default"), ("#c", "--private"), ("#d", "--public", "--default")):
        assert run("chatrooms", "create", *arguments).exit_code == 0
    result = run("chatrooms", "create", "#e", "--private", "--default")
    assert result.exit_code == 2
    assert "private" in result.stderr
    account = state_of(app).accounts.find("ana")
    assert account is not None
    assert [room.name for room in state_of(app).rooms.of_person(account)] == ["#a", "#d"]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 257])
def test_a_bad_name_is_refused_with_one_line(run: Run, name: str) -> None:
    result = run("chatrooms", "create", name)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(r"Error: Bad name: .*\n", result.stderr)


def test_a_backend_that_does_not_answer_is_one_line(make_app: MakeApp, backend: Backend) -> None:
    gone = replace(backend, base_url="http://127.0.0.1:1", http_client=None)
    for arguments in (["list"], ["create", "#a"], ["delete", "#a"]):
        result = make_app(backend=gone).test_cli_runner().invoke(args=["chatrooms", *arguments])
        assert result.exit_code == 1
        assert re.fullmatch(
            r"Error: The Conversations service at http://127.0.0.1:1 does not answer .*\n", result.stderr
        )


def test_a_database_that_cannot_be_opened_is_one_line(make_app: MakeApp) -> None:
    app = make_app(database_url="sqlite:////proc/nowhere/chat.db")
    result = app.test_cli_runner().invoke(args=["chatrooms", "create", "#a"])
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: The chat database .* cannot be opened: .*\n", result.stderr)


def test_control_characters_in_names_stay_off_the_terminal(run: Run, rest: Any) -> None:
    rest.conversations.create(friendly_name="\x1b]0;owned\x07")
    assert "\x1b" not in run("chatrooms", "list").stdout


def test_an_account_is_made_where_sign_up_is_not_open(make_app: MakeApp, rest: Any) -> None:
    app = make_app(signup="invite")
    state_of(app).rooms.create("#sales", private=False, default=True)
    runner = app.test_cli_runner()
    twice = "correct horse\ncorrect horse\n"
    result = runner.invoke(args=["users", "create", "Ana", "--admin"], input=twice)
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    account = state_of(app).accounts.find("ana")
    assert account is not None
    assert (account.admin, account.friendly_name) == (True, "Ana")
    assert [c.friendly_name for c in rest.users("ana").user_conversations.list()] == ["#sales"]
    assert app.test_client().post("/login", json={"username": "ana", "password": "correct horse"}).status_code == 200

    result = runner.invoke(args=["users", "create", "ana"])
    assert (result.exit_code, result.stdout) == (1, "Account already exists\n")
    for name, password in (("admin", twice), ("bo", "short\nshort\n")):
        result = runner.invoke(args=["users", "create", name], input=password)
        assert result.exit_code == 1
        assert "Error: A" in result.stderr or "Error: The" in result.stderr
    assert state_of(app).accounts.find("bo") is None


def test_open_mode_has_no_administrators(make_app: MakeApp) -> None:
    result = make_app(auth="open").test_cli_runner().invoke(args=["users", "create", "ana", "--admin"])
    assert result.exit_code == 2


@pytest.mark.parametrize("kind", ["embedded", "roomful"])
def test_setup_lets_people_see_who_is_online(
    make_app: MakeApp, backend: Backend, rest: Any, kind: Literal["embedded", "roomful"]
) -> None:
    runner = make_app(backend=replace(backend, kind=kind)).test_cli_runner()
    presence = "people see who is online (ReachabilityEnabled)"
    assert f"missing: {presence}" in runner.invoke(args=["chat", "setup"], input="n\n").stdout
    assert rest.configuration().fetch().reachability_enabled is False
    assert f"done: {presence}" in runner.invoke(args=["chat", "setup"], input="y\n").stdout
    assert rest.configuration().fetch().reachability_enabled is True
    assert f"ok: {presence}" in runner.invoke(args=["chat", "setup"]).stdout


def test_setup_finds_everything_in_order(run: Run) -> None:
    run("chat", "setup", "--yes")
    result = run("chat", "setup")
    assert result.exit_code == 0
    found = [r"Conversations service IS\w{32}", r"service role “participant” \(RL\w{32}\)", "people see .*"]
    found.append(r"the chat hears what changes elsewhere \(webhook http://localhost:5000/hooks/conversations\)")
    assert re.fullmatch("".join(f"ok: {each}\n" for each in found), result.stdout)


def test_setup_writes_only_when_told(make_app: MakeApp, backend: Backend, recorder: Recorder, service: Server) -> None:
    client = twilio_client(service)
    other = client.conversations.v1.services.create(friendly_name="other")
    keys = replace(backend.credentials(), service_sid=other.sid)
    runner = make_app(backend=replace(backend, credentials=lambda: keys)).test_cli_runner()

    def participant_roles() -> list[list[str]]:
        roles = client.conversations.v1.services(other.sid).roles.list()
        return [sorted(role.permissions) for role in roles if role.friendly_name == "participant"]

    result = runner.invoke(args=["chat", "setup"], input="n\n")
    assert "missing: a service role “participant”" in result.stdout
    assert "Nothing was changed." in result.stdout
    assert participant_roles() == []
    assert {method for method, _ in recorder.requests} == {"GET"}

    result = runner.invoke(args=["chat", "setup"], input="y\n")
    assert result.exit_code == 0, result.output
    assert participant_roles() == [["editOwnUserInfo", "joinConversation"]]
    assert "missing" not in runner.invoke(args=["chat", "setup", "--yes"]).stdout

    for role in client.conversations.v1.services(other.sid).roles.list():
        if role.friendly_name == "participant":
            client.conversations.v1.services(other.sid).roles(role.sid).update(permission=["createConversation"])
    assert "missing: the role" in runner.invoke(args=["chat", "setup", "--yes"]).stdout
    assert participant_roles() == [["editOwnUserInfo", "joinConversation"]]
