"""The sweeper: bytes go with their rows, also after crashes and failures, and with several nodes that sweep at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog

from roomful.conversations.app import Service, ServiceConfig
from roomful.conversations.core import media as rules
from roomful.conversations.core.media import (
    SWEPT_AGAIN_AFTER,
    UPLOAD_LIFETIME,
    AbandonMedia,
    FinishMedia,
    ForgetMedia,
    ReserveMedia,
)
from roomful.conversations.core.messages import DeleteMessage, SendMessage
from roomful.conversations.core.model import Media
from roomful.conversations.core.ports import Actor, Command
from roomful.conversations.core.users import CreateUser
from roomful.conversations.media.folder import FolderStore
from roomful.conversations.media.store import MediaStore, MediaStoreError
from roomful.conversations.media.sweeper import Sweeper
from roomful.conversations.store.store import Store
from tests.conversations.core.world import World
from tests.conversations.media.conftest import INSTALLATION

pytestmark = pytest.mark.anyio


@pytest.fixture
def files(folder: Path) -> FolderStore:
    return FolderStore.open(str(folder), INSTALLATION)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("ME*"))


async def rows(world: World) -> list[str]:
    found = await world.store.reads.read(lambda reads: reads.page(Media, order="sid", limit=1_000))
    return [media.sid for media in found]


async def upload(world: World, actor: Actor, store: MediaStore, finish: bool = True) -> str:
    async def once() -> AsyncIterator[bytes]:
        yield b"bytes"

    sid = (await world.run(actor, ReserveMedia("media", "a.txt", "text/plain", 5))).sid
    await store.write(sid, once())
    if finish:
        await world.run(actor, FinishMedia(sid, 5, inline=False))
    return sid


def sweeper(world: World, store: MediaStore, perform: Any = None) -> Sweeper:
    return Sweeper(world.store.reads, perform or world.performer.perform, store, world.clock)


async def sweep(world: World, store: MediaStore) -> None:
    while await sweeper(world, store).sweep():
        pass


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class Failing:
    """A store that does not remove what is in `stuck`."""

    def __init__(self, store: MediaStore, *stuck: str) -> None:
        self.store, self.stuck = store, set(stuck)
        self.write, self.read, self.fault = store.write, store.read, store.fault

    async def remove(self, sids: Sequence[str]) -> None:
        if self.stuck.intersection(sids):
            raise MediaStoreError("the disk is away")
        await self.store.remove(sids)


async def test_what_is_over_is_removed_and_all_else_stays(world: World, files: FolderStore, folder: Path) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sent, removed = await upload(world, ana, files), await upload(world, ana, files)
    await world.run(ana, SendMessage(room.sid, media_sids=(sent,)))
    message = await world.run(ana, SendMessage(room.sid, media_sids=(removed,)))
    await upload(world, ana, files)  # nobody sends it
    await upload(world, ana, files, finish=False)  # the server died before it was finished
    await world.run(ana, ReserveMedia("media", None, "text/plain", 1))  # or before a byte came
    world.now += UPLOAD_LIFETIME
    fresh = await upload(world, ana, files)
    await world.run(ana, DeleteMessage(room.sid, message.sid))
    await sweep(world, files)
    assert names(folder) == await rows(world) == sorted([sent, fresh])


async def test_a_crash_between_bytes_and_row_leaves_nothing(world: World, files: FolderStore, folder: Path) -> None:
    """The bytes of a removed medium are gone, its row is not: the next sweep forgets the row."""
    await world.room("ana")
    sid = await upload(world, world.user("ana"), files)
    await world.run(world.user("ana"), AbandonMedia(sid))

    async def dies(actor: Actor, command: Command[Any]) -> Any:
        if isinstance(command, ForgetMedia):
            raise KeyboardInterrupt
        return await world.performer.perform(actor, command)

    with pytest.raises(KeyboardInterrupt):
        await sweeper(world, files, dies).sweep()
    assert (names(folder), await rows(world)) == ([], [sid])
    await sweep(world, files)
    assert await rows(world) == []


async def test_what_cannot_be_removed_is_told_once_and_tried_again_until_it_can(
    world: World, files: FolderStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roomful.conversations.media.sweeper.LOOK_SECONDS", 0.001)
    await world.room("ana")
    sid = await upload(world, world.user("ana"), files)
    await world.run(world.user("ana"), AbandonMedia(sid))
    store = Failing(files, sid)
    with structlog.testing.capture_logs() as logs:
        worker = sweeper(world, store)
        for _ in range(3):
            await worker.sweep()
            assert (names(folder), await rows(world)) == ([sid], [sid])
            world.now += SWEPT_AGAIN_AFTER
        store.stuck.clear()
        worker.start()
        await until(lambda: gone(world))
        await worker.close()
    assert names(folder) == []
    assert [(entry["event"], entry["media"], entry["error"]) for entry in logs] == [
        ("media.unswept", [sid], "the disk is away")
    ]


async def test_what_cannot_be_removed_holds_up_nothing_else(
    world: World, files: FolderStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when it fills the sweeper's pages."""
    monkeypatch.setattr("roomful.conversations.media.sweeper.AT_ONCE", 3)
    await world.room("ana")
    made = [await upload(world, world.user("ana"), files) for _ in range(8)]
    world.now += UPLOAD_LIFETIME
    stuck = sorted([*made[:4], made[6]])
    store = Failing(files, *stuck)
    await sweep(world, store)
    assert names(folder) == await rows(world) == stuck
    world.now += SWEPT_AGAIN_AFTER
    store.stuck = {made[0]}
    await sweep(world, store)
    assert names(folder) == await rows(world) == [made[0]]
    assert await world.refused(world.user("ana"), FinishMedia(made[0], 5, inline=False)) == (404, 50507)


async def test_a_file_that_cannot_be_removed_from_a_folder(world: World, files: FolderStore, folder: Path) -> None:
    await world.room("ana")
    made = [await upload(world, world.user("ana"), files) for _ in range(3)]
    (folder / made[0][-2:] / made[0]).unlink()
    (folder / made[0][-2:] / made[0]).mkdir()  # what nobody removes as a file
    world.now += UPLOAD_LIFETIME
    await sweep(world, files)
    assert names(folder) == await rows(world) == [made[0]]


async def gone(world: World) -> bool:
    return await rows(world) == []


async def test_it_sweeps_at_once_when_media_are_removed(world: World, files: FolderStore, folder: Path) -> None:
    """It does not wait for its next look, which is a minute away."""
    room, ana = await world.room("ana"), world.user("ana")
    worker = sweeper(world, files)
    world.ears.append(worker.heard)
    worker.start()
    try:
        for _ in range(3):
            sid = await upload(world, ana, files)
            message = await world.run(ana, SendMessage(room.sid, media_sids=(sid,)))
            assert names(folder) == [sid]
            await world.run(ana, DeleteMessage(room.sid, message.sid))
            await until(lambda: gone(world))
            assert names(folder) == []
    finally:
        await worker.close()


async def test_more_than_a_page_is_swept(
    world: World, files: FolderStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roomful.conversations.media.sweeper.AT_ONCE", 3)
    assert rules.AT_ONCE > 3
    await world.room("ana")
    for _ in range(7):
        await upload(world, world.user("ana"), files)
    world.now += UPLOAD_LIFETIME
    one = sweeper(world, files)
    assert [await one.sweep() for _ in range(3)] == [True, True, False]
    assert names(folder) == await rows(world) == []


async def test_two_sweepers_at_once_do_no_harm(
    world: World, files: FolderStore, folder: Path, database_url: str
) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    kept = await upload(world, ana, files)
    await world.run(ana, SendMessage(room.sid, media_sids=(kept,)))
    for _ in range(20):
        await upload(world, ana, files)
    world.now += UPLOAD_LIFETIME
    both = [sweeper(world, files), sweeper(world, files)]
    other = None
    if database_url.startswith("postgresql"):
        other = Store.open(database_url, clock=world.clock, sids=world.sid, bus=world)
        both.append(Sweeper(other.reads, other.writer.submit, files, world.clock))
    try:
        await asyncio.gather(*(each.sweep() for each in both))
    finally:
        if other is not None:
            await other.close()
    assert names(folder) == await rows(world) == [kept]


async def test_what_the_sweeper_marked_no_message_takes(world: World, files: FolderStore, folder: Path) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await upload(world, ana, files)
    world.now += UPLOAD_LIFETIME

    async def tried_before_the_bytes_go(actor: Actor, command: Command[Any]) -> Any:
        if isinstance(command, ForgetMedia):
            assert await world.refused(ana, SendMessage(room.sid, media_sids=(sid,))) == (404, 50507)
        return await world.performer.perform(actor, command)

    await sweeper(world, files, tried_before_the_bytes_go).sweep()
    assert names(folder) == await rows(world) == []


async def test_what_a_message_took_after_the_sweeper_looked_stays(
    world: World, files: FolderStore, folder: Path
) -> None:
    room, ana = await world.room("ana"), world.user("ana")
    sid = await upload(world, ana, files)
    world.now += UPLOAD_LIFETIME

    async def sent_just_before(actor: Actor, command: Command[Any]) -> Any:
        world.now -= 1  # by the clock of another node
        await world.run(ana, SendMessage(room.sid, media_sids=(sid,)))
        world.now += 1
        return await world.performer.perform(actor, command)

    await sweeper(world, files, sent_just_before).sweep()
    assert names(folder) == await rows(world) == [sid]


async def test_the_service_sweeps_while_it_is_open(tmp_path: Path, database_url: str) -> None:
    now = 1_800_000_000_000
    config = ServiceConfig(database_url, "http://localhost", str(tmp_path / "bytes"), clock=lambda: now)
    service = await Service.open(config)
    try:
        account = Actor(service.credentials.service_sid)
        await service.perform(account, CreateUser("ana"))
        ana = Actor(account.service_sid, "ana")
        sid = (await service.perform(ana, ReserveMedia("media", None, "text/plain", 5))).sid
        store = FolderStore.open(config.media_url, service.credentials.account_sid)

        async def once() -> AsyncIterator[bytes]:
            yield b"bytes"

        await store.write(sid, once())
        await service.perform(ana, AbandonMedia(sid))

        async def swept() -> bool:
            return await service.read(lambda reads: reads.one(Media, sid=sid)) is None

        await until(swept)
        assert names(tmp_path / "bytes") == []
    finally:
        await service.close()


async def test_a_service_refuses_another_installations_folder(tmp_path: Path, database_url: str) -> None:
    FolderStore.open(str(tmp_path / "bytes"), "AC" + "2" * 32)
    with pytest.raises(OSError, match="belongs to another installation"):
        await Service.open(ServiceConfig(database_url, "http://localhost", str(tmp_path / "bytes")))
