"""Uploads that are refused: a client reads why, and does not hold its connection for long."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.types import Message

from roomful.conversations.app import Service, ServiceConfig
from roomful.conversations.media import body, http
from roomful.conversations.media.body import Patience, drain

pytestmark = pytest.mark.anyio

FOREVER = Patience(3600, 10**12)
GONE: Message = {"type": "http.disconnect"}


def part(data: bytes, more: bool = True) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


class Body:
    """What a client sends; then it stands still."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = list(messages)

    async def __call__(self) -> Message:
        if not self.messages:
            await asyncio.Event().wait()
        return self.messages.pop(0)


@pytest.fixture
async def service(folder: Path, sqlite_url: str) -> AsyncIterator[Service]:
    opened = await Service.open(ServiceConfig(sqlite_url, "http://localhost", str(folder)))
    yield opened
    await opened.close()


async def answer(service: Service, sent: Body, password: str | None = None) -> tuple[int, str | None]:
    """The status that an upload is answered with, and what the answer says of the connection."""
    keys, told = service.credentials, list[Message]()
    login = b64encode(f"{keys.account_sid}:{password or keys.auth_token}".encode())
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/v1/Services/{keys.service_sid}/Media",
        "query_string": b"",
        "headers": [(b"authorization", b"Basic " + login), (b"content-type", b"text/plain")],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "server": ("localhost", 80),
    }

    async def send(message: Message) -> None:
        told.append(message)

    async with asyncio.timeout(60):
        await service.asgi(scope, sent, send)
    return told[0]["status"], dict(told[0]["headers"]).get(b"connection", b"").decode() or None


@pytest.mark.parametrize(
    ("messages", "whole"),
    [
        ([part(b"x" * 60), part(b"x" * 40, more=False)], True),
        ([part(b"", more=False)], True),
        ([part(b"x" * 60), part(b"x" * 41)], False),
        ([part(b"x"), GONE], False),
    ],
    ids=["as much as is borne", "nothing", "more", "a client that goes"],
)
async def test_a_body_is_read_as_far_as_patience_goes(messages: list[Message], whole: bool) -> None:
    request = Request({"type": "http", "headers": []}, Body(messages))
    assert await drain(request, Patience(3600, 100)) is whole


async def test_a_body_that_stands_still_is_not_waited_for_any_longer() -> None:
    request = Request({"type": "http", "headers": []}, Body([part(b"x")]))
    assert not await drain(request, Patience(0.01, 100))


async def test_a_body_that_was_read_already_is_whole() -> None:
    request = Request({"type": "http", "headers": []}, Body([part(b"x", more=False)]))
    assert await request.body() == b"x"
    request = Request({"type": "http", "headers": []}, Body([part(b"x", more=False)]))
    assert [chunk async for chunk in request.stream()] == [b"x", b""]
    assert await drain(request, FOREVER)


async def test_an_upload_that_stands_still_is_answered_without_more_waiting(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(http, "WITH_CALLERS", FOREVER)
    assert await answer(service, Body([part(b"half")])) == (408, "close")


async def test_who_has_no_credentials_is_borne_with_less(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "WITH_CALLERS", Patience(3600, 1_000))
    monkeypatch.setattr(http, "WITH_STRANGERS", Patience(3600, 100))
    monkeypatch.setattr("roomful.conversations.media.upload.AT_ONCE", 0)
    little, more = part(b"x" * 100), part(b"x" * 900, more=False)
    assert await answer(service, Body([little, part(b"", more=False)]), "wrong") == (401, None)
    assert await answer(service, Body([little, more]), "wrong") == (401, "close")
    refused, connection = await answer(service, Body([little, more]))
    assert (refused in (429, 503), connection) == (True, None)
    endless = Body([part(b"x" * 600)] * 10)
    assert (await answer(service, endless))[1] == "close"
    assert len(endless.messages) == 8
