"""Uploads that end early: whatever happens when, neither a row nor bytes are left for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from roomful.conversations.app import Service, ServiceConfig
from roomful.conversations.core import limits
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.media import UPLOAD_LIFETIME, ExpireMedia, ForgetMedia
from roomful.conversations.core.model import Media
from roomful.conversations.core.ports import Actor
from roomful.conversations.core.users import CreateUser, DeleteUser
from roomful.conversations.media import body
from roomful.conversations.media.folder import FolderStore
from roomful.conversations.media.store import MediaStoreError
from roomful.conversations.media.upload import Uploads

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def service(folder: Path, tmp_path: Path, clock: Clock) -> AsyncIterator[Service]:
    config = ServiceConfig(f"sqlite:///{tmp_path / 'roomful.db'}", "http://localhost", str(folder), clock=clock)
    opened = await Service.open(config)
    await opened.perform(Actor(opened.credentials.service_sid), CreateUser("ana"))
    yield opened
    await opened.close()


@pytest.fixture
def ana(service: Service) -> Actor:
    return Actor(service.credentials.service_sid, "ana")


@pytest.fixture
def uploads(service: Service, folder: Path) -> Uploads:
    return Uploads(service, FolderStore.open(str(folder), service.credentials.account_sid))


def part(data: bytes, more: bool = True) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


def asked(*messages: Message | Callable[[], Awaitable[None]], headers: dict[str, str] | None = None) -> Request:
    """A request as the server tells of it; a function among the messages is awaited when its turn comes.

    After the last the client waits for its answer.
    """
    turns = iter(messages)

    async def receive() -> Message:
        for turn in turns:
            if not callable(turn):
                return turn
            await turn()
        await asyncio.Event().wait()
        raise AssertionError

    fields = {"content-type": "text/plain"} | (headers or {})
    pairs = [(name.encode(), value.encode()) for name, value in fields.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"Filename=a.txt", "headers": pairs}
    return Request(scope, receive)


async def rows(service: Service) -> list[Media]:
    return await service.read(lambda reads: reads.page(Media, order="sid", limit=100))


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("ME*")]


async def nothing_left(service: Service, folder: Path) -> None:
    """Wait for the sweeper, which was told at once."""
    async with asyncio.timeout(20):
        while await rows(service):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert names(folder) == []


async def test_an_upload_is_ready_when_it_is_answered(service: Service, uploads: Uploads, ana: Actor) -> None:
    media = await uploads.receive(asked(part(b"one"), part(b"two", more=False)), ana)
    assert (media.state, media.size, media.filename, media.author) == ("ready", 6, "a.txt", "ana")
    assert await rows(service) == [media]


async def test_a_client_that_goes_half_way(service: Service, uploads: Uploads, ana: Actor, folder: Path) -> None:
    with pytest.raises(ClientDisconnect):
        await uploads.receive(asked(part(b"x" * 500_000), GONE), ana)
    await nothing_left(service, folder)


async def test_a_client_that_goes_when_all_is_sent(
    service: Service, uploads: Uploads, ana: Actor, folder: Path
) -> None:
    with pytest.raises(ClientDisconnect):
        await uploads.receive(asked(part(b"all", more=False), GONE), ana)
    await nothing_left(service, folder)


async def test_more_bytes_than_allowed(
    service: Service, uploads: Uploads, ana: Actor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEDIA_BYTES", 1_000_000)
    for headers in ({}, {"content-length": "1000001"}):
        with pytest.raises(ServiceError) as caught:
            await uploads.receive(asked(*[part(b"x" * 400_000)] * 3, headers=headers), ana)
        assert (caught.value.status, caught.value.code) == (413, 50512)
    await nothing_left(service, folder)


async def test_an_upload_that_stands_still(
    service: Service, uploads: Uploads, ana: Actor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silence() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(body, "IDLE_SECONDS", 0.05)
    with pytest.raises(ServiceError) as refused:
        await uploads.receive(asked(part(b"half"), silence), ana)
    assert (refused.value.status, refused.value.code) == (408, 20408)
    await nothing_left(service, folder)


async def test_a_server_that_stops(service: Service, uploads: Uploads, ana: Actor, folder: Path) -> None:
    there = asyncio.Event()

    async def arrive() -> None:
        there.set()

    receiving = asyncio.ensure_future(uploads.receive(asked(part(b"x" * 300_000), arrive), ana))
    await there.wait()
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    await nothing_left(service, folder)


async def test_an_upload_whose_row_went_before_it_was_whole(
    service: Service, uploads: Uploads, ana: Actor, folder: Path, clock: Clock
) -> None:
    """Another node swept it, long ago by its clock: nobody else would remove the bytes."""
    account = Actor(ana.service_sid)

    async def expire() -> None:
        sids = tuple(media.sid for media in await rows(service))
        clock.now += UPLOAD_LIFETIME
        assert await service.perform(account, ExpireMedia(sids)) == sids
        await service.perform(account, ForgetMedia(sids))

    with pytest.raises(ServiceError) as caught:
        await uploads.receive(asked(part(b"one"), expire, part(b"two", more=False)), ana)
    assert caught.value.code == 50507
    await nothing_left(service, folder)


async def test_a_user_who_is_deleted_while_uploading(
    service: Service, uploads: Uploads, ana: Actor, folder: Path
) -> None:
    async def delete() -> None:
        await service.perform(Actor(ana.service_sid), DeleteUser("ana"))
        async with asyncio.timeout(20):
            while await rows(service):  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    with pytest.raises(ServiceError) as refused:  # what was written so far was swept: the store has no fault
        await uploads.receive(asked(part(b"one"), delete, part(b"two", more=False)), ana)
    assert (refused.value.status, refused.value.code) == (404, 50507)
    await nothing_left(service, folder)


async def test_a_store_that_fails(service: Service, uploads: Uploads, ana: Actor, folder: Path) -> None:
    for number in range(256):
        (folder / f"{number:02x}").touch()  # where folders should be
    with pytest.raises(MediaStoreError):
        await uploads.receive(asked(part(b"one", more=False)), ana)
    for number in range(256):
        (folder / f"{number:02x}").unlink()
    await nothing_left(service, folder)


async def test_uploads_of_a_person_at_once_are_bounded(
    service: Service, uploads: Uploads, ana: Actor, folder: Path
) -> None:
    waiting = [asyncio.ensure_future(uploads.receive(asked(headers={"content-length": "1"}), ana)) for _ in range(10)]
    async with asyncio.timeout(20):
        while len(await rows(service)) < 10:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    with pytest.raises(ServiceError) as caught:
        await uploads.receive(asked(part(b"", more=False)), ana)
    assert caught.value.status == 429
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await nothing_left(service, folder)
    await uploads.receive(asked(part(b"x", more=False)), ana)
