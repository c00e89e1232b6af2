"""`roomful hooks`, as a person and a program use it: on a real instance, with a server and without one."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from roomful.cli import main
from roomful.hooks import describe_calls, describe_targets
from roomful.terminal import table
from tests.clock_server import ClockServer
from tests.conftest import MakeServer
from tests.servers import clean_environment, free_port, twilio_client, wait_for
from tests.webhooks.listener import Listener

NOW = datetime(2026, 11, 22, 21, 40, tzinfo=UTC)
TOLD = {"x_twilio_webhook_enabled": "true"}


def roomful(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "roomful.cli", *arguments],
        cwd=folder,
        env=clean_environment(**env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def invoke(folder: Path, *arguments: str, **env: str) -> Result:
    """As `roomful`, in this process: many commands would take long to start."""
    only = dict.fromkeys(os.environ) | clean_environment(**env)  # None removes
    with contextlib.chdir(folder):
        return CliRunner().invoke(main, arguments, env=only)


def twilio_environment(keys: dict[str, str]) -> dict[str, str]:
    """The keys as settings of an installation whose service is elsewhere."""
    return {f"TWILIO_{name.upper()}": value for name, value in keys.items() if name != "service_sid"}


class Installation:
    """A server whose webhook's target is down: one room's calls were given up, another's wait."""

    def __init__(self, server: ClockServer, listener: Listener) -> None:
        self.server = server
        self.listener = listener
        listener.trust(server.credentials["auth_token"])
        self.service_sid = server.credentials["service_sid"]
        v1 = twilio_client(server).conversations.v1
        url = listener.url("/post?key=hidden").replace("//", "//user:word@")
        filters = ["onMessageAdded", "onConversationAdded"]
        v1.services(self.service_sid).configuration.webhooks().update(post_webhook_url=url, filters=filters)
        listener.down()
        self.lost = v1.conversations.create(**TOLD).sid
        v1.conversations(self.lost).messages.create(body="a secret", **TOLD)
        self.wait(lambda targets: targets[0]["last_error"])
        server.advance(hours=25)
        self.wait(lambda targets: targets[0]["failed"] == 2)
        self.late = v1.conversations.create(**TOLD).sid
        wait_for(lambda: self.calls()[-1]["attempts"], what="an attempt")

    def hooks(self, *arguments: str) -> str:
        """What the command prints; it must have gone well."""
        told = invoke(self.server.folder, "hooks", *arguments, **self.server.env)
        assert (told.exit_code, told.stderr) == (0, "")
        for secret in ("secret", "hidden", "word", self.server.credentials["auth_token"]):
            assert secret not in told.stdout
        return told.stdout

    def calls(self, *arguments: str) -> list[dict[str, Any]]:
        return list(json.loads(self.hooks("calls", "--json", *arguments))["calls"])

    def wait(self, condition: Callable[[Any], object]) -> None:
        """Until the targets that the server lists are as they should be."""
        client, url = twilio_client(self.server), f"{self.server.url}/roomful/v1/hooks"
        wait_for(lambda: condition(json.loads(client.request("GET", url).text)["targets"]), what="the outbox")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    server, listener = ClockServer(tmp_path / "server", WEBHOOK_ALLOW="127.0.0.1").start(), Listener().up()
    yield Installation(server, listener)
    server.close()
    listener.close()
    print(server.log)
    assert listener.forged == []


def test_what_failed_is_seen_and_sent_again(installation: Installation) -> None:
    head, line, error = installation.hooks().splitlines()
    assert head.split() == ["TARGET", "LEVEL", "WAITING", "FAILED", "OLDEST", "NEXT", "TRY", "URL"]
    assert line.split()[:4] == [installation.service_sid, "service", "1", "2"]
    assert line.endswith(f"  {installation.listener.url('/post')}")
    assert line.index("service") == head.index("LEVEL")
    assert error.startswith("    last error: ")

    calls = installation.calls()
    assert [(call["stream"], call["state"]) for call in calls] == [
        *((installation.lost, "failed"), (installation.lost, "failed"), (installation.late, "waiting")),
    ]
    assert installation.calls("--failed", "--target", installation.service_sid) == calls[:2]
    assert installation.calls("--failed", "--target", f"IS{'0' * 32}") == []
    printed = installation.hooks("calls", "--failed")
    assert printed.startswith(f"{installation.service_sid}  {installation.listener.url('/post')}\n")
    assert all(call["sid"] in printed for call in calls[:2])
    assert calls[2]["sid"] not in printed
    assert "failed after 1 try" in printed or "failed after 2 tries" in printed

    elsewhere = installation.server.folder / "elsewhere"
    elsewhere.mkdir()
    keys = twilio_environment(installation.server.credentials)
    told = invoke(elsewhere, "hooks", "calls", "--failed", "--json", ROOMFUL_BACKEND=installation.server.url, **keys)
    assert json.loads(told.stdout)["calls"] == calls[:2], "also where the chat application has its service elsewhere"

    first, second = calls[0]["sid"], calls[1]["sid"]
    assert installation.hooks("drop", first) == "1 call is forgotten.\n"
    told = invoke(installation.server.folder, "hooks", "retry", first, second, **installation.server.env)
    assert (told.exit_code, told.stdout) == (0, "1 call is due now; calls leave while a server runs.\n")
    assert told.stderr == "1 of them is not there (any more), or due already.\n"
    installation.listener.up()
    assert installation.hooks("retry", "--target", installation.service_sid).endswith(
        "calls leave while a server runs.\n"
    )
    installation.wait(lambda targets: not targets)
    assert installation.hooks() == "No call waits, and none failed.\n"
    assert installation.hooks("calls") == "There are no such calls.\n"
    assert installation.hooks("retry", "--all") == "There is nothing to send again.\n"
    assert installation.hooks("drop", "--all") == "There is nothing to forget.\n"
    sent = installation.listener.heard(ConversationSid=installation.lost)
    assert [call.event for call in sent] == ["onMessageAdded"], "what was dropped is not sent"


def test_without_a_server(installation: Installation) -> None:
    running = installation.calls()
    installation.server.stop()
    assert [call["sid"] for call in installation.calls()] == [call["sid"] for call in running]
    told = roomful(installation.server.folder, "hooks", "retry", "--all", **installation.server.env)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "3 calls are due now; calls leave while a server runs.\n"
    assert [call["state"] for call in installation.calls()] == ["waiting"] * 3
    installation.listener.up()
    installation.server.start()
    heard = installation.listener.wait(3)
    assert {call.get("ConversationSid") for call in heard} == {installation.lost, installation.late}
    installation.wait(lambda targets: not targets)


# --- what is refused -----------------------------------------------------------------------------------------------


def test_a_folder_without_an_instance_stays_as_it_is(tmp_path: Path) -> None:
    told = roomful(tmp_path, "hooks")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(f"Error: There is no service in {tmp_path / 'instance'} yet.")
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_is_elsewhere(tmp_path: Path) -> None:
    keys = {"account_sid": f"AC{'0' * 32}", "auth_token": "x" * 32, "api_key_sid": f"SK{'0' * 32}"}
    twilio = twilio_environment(keys | {"api_key_secret": "x" * 32})
    told = roomful(tmp_path, "hooks", ROOMFUL_BACKEND="twilio", **twilio)
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "Twilio's cloud" in told.stderr
    url = f"http://127.0.0.1:{free_port()}"
    told = roomful(tmp_path, "hooks", "calls", ROOMFUL_BACKEND=url, **twilio)
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert f"The Conversations service at {url} does not answer" in told.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        *(["retry"], ["drop"], ["retry", "--all", "WC1"], ["drop", "--all", "--target", "IS1"], ["--json", "calls"]),
        *(["retry", "--target", "IS1", "WC1"], ["calls", "--limit", "0"], ["mend"]),
    ],
)
def test_what_makes_no_sense(arguments: list[str]) -> None:
    told = CliRunner().invoke(main, ["hooks", *arguments])
    assert told.exit_code == 2


def test_a_sid_that_is_none(start_server: MakeServer) -> None:
    server = start_server("--only", "service")
    for arguments in (["retry", "WC1"], ["drop", "--target", "nobody"]):
        told = invoke(server.folder, "hooks", *arguments, **server.env)
        assert (told.exit_code, told.stdout, told.stderr.count("\n")) == (1, "", 1)
        assert told.stderr.startswith("Error: ")


# --- how it looks --------------------------------------------------------------------------------------------------


def test_targets_in_a_table() -> None:
    targets: list[dict[str, Any]] = [
        {
            **{"target": "application", "level": "application", "url": None, "waiting": 3, "failed": 0},
            **{"oldest": "2026-11-22T21:39:15Z", "next_attempt": "2026-11-22T21:40:00Z", "last_error": None},
        },
        {
            **{"target": f"IS{'a' * 32}", "level": "service", "url": "https://app.example/hooks", "waiting": 1200},
            **{"failed": 12, "oldest": "2026-11-19T21:39:15Z", "next_attempt": "2026-11-22T21:47:31Z"},
            "last_error": "the answer was 500\x1b[2J",
        },
        {
            **{"target": f"WH{'b' * 32}", "level": "conversation", "url": "http://bot.example/", "waiting": 0},
            **{"failed": 1, "oldest": "2026-11-21T20:00:00Z", "next_attempt": None, "last_error": "no answer in 5 s"},
        },
    ]
    assert describe_targets(targets, NOW).splitlines() == [
        "TARGET                              LEVEL         WAITING  FAILED  OLDEST      NEXT TRY  URL",
        "application                         application         3       0  45 s ago    now       in this process",
        f"IS{'a' * 32}  service          1200      12  3 days ago  in 7 min  https://app.example/hooks",
        "    last error: the answer was 500?[2J",
        f"WH{'b' * 32}  conversation        0       1  1 day ago   -         http://bot.example/",
        "    last error: no answer in 5 s",
    ]


def test_calls_in_blocks() -> None:
    def call(number: int, **values: Any) -> dict[str, Any]:
        return {
            **{"sid": f"WC{number}", "target": "IS1", "stream": "CH1", "event": "onMessageAdded"},
            **{"url": "https://app.example/", "state": "waiting", "attempts": 0, "error": None},
            **{"date_created": "2026-11-22T20:00:05Z", "date_due": "2026-11-22T20:00:05Z", **values},
        }

    calls = [
        call(1, state="failed", attempts=1, error="no connection"),
        call(2, attempts=7, error="the answer was 503", date_due="2026-11-22T21:41:02Z"),
        call(3, event="onConversationUpdated"),
        call(4, target="application", url=None, stream="US1"),
    ]
    assert describe_calls(calls, NOW).splitlines() == [
        "IS1  https://app.example/",
        "  CALL  EVENT                  ABOUT  HAPPENED                 STATE",
        "  WC1   onMessageAdded         CH1    2026-11-22 20:00:05 UTC  failed after 1 try",
        "      no connection",
        "  WC2   onMessageAdded         CH1    2026-11-22 20:00:05 UTC  waiting, 7 tries, next in 1 min",
        "      the answer was 503",
        "  WC3   onConversationUpdated  CH1    2026-11-22 20:00:05 UTC  waiting",
        "",
        "application  in this process",
        "  CALL  EVENT           ABOUT  HAPPENED                 STATE",
        "  WC4   onMessageAdded  US1    2026-11-22 20:00:05 UTC  waiting",
    ]


def test_a_table_aligns_and_steers_no_terminal() -> None:
    assert table([["A", "NUMBER"], ["long one", "7"], ["x\n\x1b[1m", "12"]], right=frozenset({1})) == [
        "A         NUMBER",
        "long one       7",
        "x??[1m        12",
    ]


def test_help_shows_examples() -> None:
    for arguments in ([], ["calls"], ["retry"], ["drop"]):
        told = CliRunner().invoke(main, ["hooks", *arguments, "--help"])
        assert (told.exit_code, "Example" in told.output) == (0, True)
        assert "roomful hooks" in told.output
