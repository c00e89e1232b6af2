"""`flask chat setup` and the webhook: what it shows, what it would replace, and that it writes only when told."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import Result
from flask import Flask
from twilio.http.response import Response

from roomful.chatapp.backend import Backend
from roomful.chatapp.hooks import EVENTS
from roomful.chatapp.setup import HEARING
from tests.chatapp.conftest import MakeApp, Recorder, state_of
from tests.servers import Server, twilio_client

URL = "http://localhost:5000/hooks/conversations"
OURS = ", ".join(sorted(EVENTS))


class Elsewhere(Recorder):
    """The service under the name of one that is not on this machine."""

    def __init__(self, service: Server) -> None:
        super().__init__()
        self._service = service

    def request(self, method: str, uri: str, *args: Any, **kwargs: Any) -> Response:
        return super().request(method, self._service.url + urlsplit(uri).path, *args, **kwargs)


class NewAccount(Recorder):
    """As at Twilio, an account without a service; ours always has one."""

    def request(self, method: str, uri: str, *args: Any, **kwargs: Any) -> Response:
        answer = super().request(method, uri, *args, **kwargs)
        if uri.endswith("/v1/Configuration") and not self.count("POST", "/v1/Services"):
            told = json.loads(answer.text) | {"default_chat_service_sid": None}
            return Response(answer.status_code, json.dumps(told))
        return answer


@pytest.fixture
def setup(app: Flask, rest: Any) -> Callable[..., Result]:
    """`flask chat setup` with an answer, for a service where all but the webhook is in order."""
    rest.configuration().update(reachability_enabled=True)
    return lambda *arguments, answer="n\n": app.test_cli_runner().invoke(
        args=["chat", "setup", *arguments], input=answer
    )


def webhook_lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line for line in result.stdout.splitlines() if "webhook" in line]


def configuration(rest: Any) -> tuple[str | None, str | None, str, list[str]]:
    found = rest.configuration.webhooks().fetch()
    return found.pre_webhook_url, found.post_webhook_url, found.method, found.filters or []


def test_the_webhook_is_wanted_and_written_only_when_told(
    setup: Callable[..., Result], rest: Any, recorder: Recorder
) -> None:
    wanted = f"{HEARING} (webhook {URL}, by POST of {OURS})"
    result = setup()
    assert webhook_lines(result) == [f"missing: {wanted}"]
    assert result.stdout.endswith("Nothing was changed.\n")
    assert {method for method, _ in recorder.requests} == {"GET"}
    assert configuration(rest)[:2] == (None, None)

    assert webhook_lines(setup(answer="y\n")) == [f"missing: {wanted}", f"done: {wanted}"]
    assert configuration(rest) == (None, URL, "POST", sorted(EVENTS))
    assert webhook_lines(setup()) == [f"ok: {HEARING} (webhook {URL})"]


def test_who_set_it_up_before_is_told_what_is_new(setup: Callable[..., Result], rest: Any) -> None:
    """An older version heard of fewer events."""
    old = [name for name in sorted(EVENTS) if not name.startswith("onMessage")]
    rest.configuration.webhooks().update(post_webhook_url=URL, method="POST", filters=old)
    (told,) = webhook_lines(setup(answer="y\n"))[:1]
    assert told.startswith(f"missing: {HEARING} (webhook {URL}, by POST of {', '.join(old)}, onMessageAdded,")
    assert configuration(rest)[3] == [*old, "onMessageAdded", "onMessageRemoved", "onMessageUpdated"]
    assert webhook_lines(setup()) == [f"ok: {HEARING} (webhook {URL})"]


def test_what_is_there_is_shown_and_kept(setup: Callable[..., Result], rest: Any) -> None:
    rest.configuration.webhooks().update(
        pre_webhook_url="https://ana:secret@bot.example/ask?key=secret",
        post_webhook_url="https://bot.example:8443/tell?key=secret",
        filters=["onMessageAdd", "onUserUpdated"],
        method="GET",
    )
    others = ", ".join(["onMessageAdd", "onUserUpdated", *sorted(EVENTS - {"onUserUpdated"})])
    wanted = (
        f"{HEARING} (webhook {URL}, by POST of {others}"
        "; in place of https://bot.example:8443/tell, by GET of onMessageAdd, onUserUpdated)"
        "; https://bot.example/ask is then asked by POST, too, in place of GET"
    )
    assert webhook_lines(setup("--yes")) == [f"missing: {wanted}", f"done: {wanted}"]
    asked = "https://ana:secret@bot.example/ask?key=secret"
    assert configuration(rest) == (asked, URL, "POST", others.split(", "))
    assert webhook_lines(setup()) == [f"ok: {HEARING} (webhook {URL})"]


@pytest.mark.parametrize(
    ("change", "now"),
    [({"filters": ["onUserUpdated"]}, "by POST of onUserUpdated"), ({"method": "GET"}, f"by GET of {OURS}")],
)
def test_what_somebody_changed_is_mended(
    setup: Callable[..., Result], rest: Any, change: dict[str, Any], now: str
) -> None:
    setup("--yes")
    rest.configuration.webhooks().update(**change)
    assert webhook_lines(setup())[0].endswith(f"; in place of {URL}, {now})")
    setup("--yes")
    _, url, method, filters = configuration(rest)
    assert (url, method, sorted(filters)) == (URL, "POST", sorted(EVENTS))


def test_the_accounts_webhook_gives_way(setup: Callable[..., Result], rest: Any, service: Server) -> None:
    account = twilio_client(service).conversations.v1.configuration.webhooks()
    account.update(post_webhook_url="https://bot.example/tell?key=secret", filters=["onMessageAdded"])
    gives_way = "; the account's own webhook (https://bot.example/tell) is then not called for this service any more"
    assert webhook_lines(setup()) == [f"missing: {HEARING} (webhook {URL}, by POST of {OURS}){gives_way}"]
    account.update(post_webhook_url=URL, filters=[*EVENTS, "onMessageAdded"])
    assert webhook_lines(setup()) == [f"ok: {HEARING} (webhook {URL})"]


def test_a_service_that_is_made_gets_the_webhook_too(
    make_app: MakeApp, backend: Backend, rest: Any, service: Server
) -> None:
    account = twilio_client(service).conversations.v1
    default = account.configuration().fetch().default_chat_service_sid
    keys = replace(backend.credentials(), service_sid=None)
    app = make_app(backend=replace(backend, credentials=lambda: keys, http_client=NewAccount()))
    try:
        result = app.test_cli_runner().invoke(args=["chat", "setup", "--yes"])
        assert "done: a Conversations service “chat”, the account's default" in result.stdout
        assert webhook_lines(result)[-1] == f"done: {HEARING} (webhook {URL}, by POST of {OURS})"
        made = account.configuration().fetch().default_chat_service_sid
        assert made != default
        assert configuration(account.services(made))[1] == URL
    finally:
        account.configuration().update(default_chat_service_sid=default)


def test_a_webhook_that_the_service_refuses_is_one_line(make_app: MakeApp, rest: Any) -> None:
    app = make_app(public_url="http://localhost:5001")  # not in the service's WEBHOOK_ALLOW
    result = app.test_cli_runner().invoke(args=["chat", "setup", "--yes"])
    assert result.exit_code == 1
    assert "done: people see who is online" in result.stdout
    assert result.stderr.startswith("Error: The Conversations service refused to set the webhook (400: ")
    assert "WEBHOOK_ALLOW" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("kind", "public_url", "reached"),
    [
        ("roomful", "http://localhost:5000", False),
        ("roomful", "http://127.0.0.1:5000", False),
        ("roomful", "http://10.0.0.7:5000", True),
        ("roomful", "https://chat.example.org", True),
        ("twilio", "http://localhost:5000", False),
        ("twilio", "http://10.0.0.7:5000", False),
        ("twilio", "http://[fd00::1]:5000", False),
        ("twilio", "https://chat.example.org", True),
    ],
)
def test_a_backend_that_cannot_reach_us_is_a_note(
    make_app: MakeApp, backend: Backend, service: Server, rest: Any, kind: Any, public_url: str, reached: bool
) -> None:
    rest.configuration().update(reachability_enabled=True)
    base_url = None if kind == "twilio" else "http://service.example"
    elsewhere = replace(backend, kind=kind, base_url=base_url, http_client=Elsewhere(service))
    app = make_app(backend=elsewhere, public_url=public_url)
    lines = webhook_lines(app.test_cli_runner().invoke(args=["chat", "setup"], input="n\n"))
    if reached:
        assert lines == [f"missing: {HEARING} (webhook {public_url}/hooks/conversations, by POST of {OURS})"]
        return
    where = "Twilio's cloud" if kind == "twilio" else "http://service.example"
    assert len(lines) == 1
    assert lines[0].startswith(f"note: no webhook: {where} cannot reach {public_url}/hooks/conversations,")
    assert "PUBLIC_URL" in lines[0]


def test_in_one_process_there_is_nothing_to_set_up(make_app: MakeApp, backend: Backend, rest: Any) -> None:
    app = make_app(backend=replace(backend, kind="embedded"))
    assert webhook_lines(app.test_cli_runner().invoke(args=["chat", "setup"], input="n\n")) == []
    assert state_of(app).config.public_url == "http://localhost:5000"
