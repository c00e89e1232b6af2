"""What both stores of media promise, and what only a folder or only an object store does."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from roomful.conversations.media.folder import FolderStore
from roomful.conversations.media.objects import ObjectStore
from roomful.conversations.media.store import MediaStore, MediaStoreError, open_media_store
from tests.conversations.media.conftest import INSTALLATION

pytestmark = pytest.mark.anyio

SID = "ME" + "0123456789abcdef" * 2
OTHER = "ME" + "fedcba9876543210" * 2


async def pieces(blocks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


async def read(store: MediaStore, sid: str, start: int, end: int) -> bytes:
    return b"".join([block async for block in store.read(sid, start, end)])


def names(folder: Path) -> list[str]:
    """All files of media in the folder."""
    return sorted(path.name for path in folder.rglob("ME*"))


class Broke(Exception):
    pass


async def breaking(blocks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block
    raise Broke


# --- both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "blocks",
    [[], [b"a"], [b"", b"one", b"", b"two"], [os.urandom(300_000)] * 3, [b"x" * 65_536] * 300],
    ids=["empty", "a byte", "small pieces", "large pieces", "more than a part"],
)
async def test_what_was_written_is_read(store: MediaStore, blocks: list[bytes]) -> None:
    whole = b"".join(blocks)
    assert await store.write(SID, pieces(blocks)) == len(whole)
    assert await read(store, SID, 0, len(whole)) == whole


async def test_a_part_is_read(store: MediaStore) -> None:
    whole = os.urandom(1_000_000)
    await store.write(SID, pieces([whole]))
    for start, end in [(0, 1), (5, 5), (999_999, 1_000_000), (262_143, 262_145), (1, 900_000)]:
        assert await read(store, SID, start, end) == whole[start:end]


async def test_media_do_not_mix(store: MediaStore) -> None:
    await asyncio.gather(store.write(SID, pieces([b"one"] * 1_000)), store.write(OTHER, pieces([b"two"] * 1_000)))
    assert await read(store, SID, 0, 3_000) == b"one" * 1_000
    assert await read(store, OTHER, 0, 3_000) == b"two" * 1_000


async def test_what_is_removed_cannot_be_read(store: MediaStore) -> None:
    await store.write(SID, pieces([b"one"]))
    await store.write(OTHER, pieces([b"two"]))
    for _ in range(2):
        await store.remove([SID])
        with pytest.raises(MediaStoreError):
            await read(store, SID, 0, 3)
    assert await read(store, OTHER, 0, 3) == b"two"
    await store.remove([SID, OTHER, "ME" + "f" * 32])
    with pytest.raises(MediaStoreError):
        await read(store, OTHER, 0, 3)


@pytest.mark.parametrize("count", [0, 1, 400])
async def test_a_write_that_breaks_off_leaves_nothing(store: MediaStore, count: int) -> None:
    with pytest.raises(Broke):
        await store.write(SID, breaking([b"x" * 65_536] * count))
    with pytest.raises(MediaStoreError):
        await read(store, SID, 0, 1)
    await store.remove([SID])


async def test_a_cancelled_write_leaves_nothing(store: MediaStore) -> None:
    waiting, asked = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 65_536
        asked.set()
        await waiting.wait()

    writing = asyncio.ensure_future(store.write(SID, endless()))
    await asked.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    with pytest.raises(MediaStoreError):
        await read(store, SID, 0, 1)


# --- a folder --------------------------------------------------------------------------------------------------------


async def test_files_lie_in_folders_by_their_last_digits(folder: Path) -> None:
    store = FolderStore.open(str(folder), INSTALLATION)
    await store.write(SID, pieces([b"one"]))
    assert (folder / "ef" / SID).read_bytes() == b"one"


async def test_a_whole_name_means_a_whole_file(folder: Path) -> None:
    store = FolderStore.open(str(folder), INSTALLATION)
    seen: list[list[str]] = []

    async def looking() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x" * 100_000
            seen.append(names(folder))

    await store.write(SID, looking())
    assert seen == [[SID + ".part"]] * 8
    assert names(folder) == [SID]


async def test_bytes_and_names_are_synced_before_the_write_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore.open(str(folder), INSTALLATION)
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append(f"{path.name} {path.stat().st_size}" if path.is_file() else path.name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    await store.write(SID, pieces([b"x" * 400_000]))
    assert synced == [f"{SID}.part 400000", "ef", "media"]


async def test_what_a_crash_left_of_a_write_is_removed(folder: Path) -> None:
    store = FolderStore.open(str(folder), INSTALLATION)
    await store.write(SID, pieces([b"one"]))
    (folder / "ef" / SID).rename(folder / "ef" / f"{SID}.part")
    await store.remove([SID])
    assert names(folder) == []


async def test_a_write_that_is_cancelled_at_work_waits_for_its_thread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the thread would go on with a file that is closed, or leave one behind."""
    store = FolderStore.open(str(folder), INSTALLATION)
    started, go_on = threading.Event(), threading.Event()
    real = os.fsync

    def slow(descriptor: int) -> None:
        started.set()
        assert go_on.wait(30)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    writing = asyncio.ensure_future(store.write(SID, pieces([b"one"])))
    assert await asyncio.to_thread(started.wait, 30)
    writing.cancel()
    done, _ = await asyncio.wait([writing], timeout=0.05)
    assert not done
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert names(folder) == []


async def test_a_full_disk_is_an_error_that_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore.open(str(folder), INSTALLATION)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MediaStoreError, match="No space left on device"):
        await store.write(SID, pieces([b"one"]))
    assert names(folder) == []


async def test_a_file_that_was_cut_is_an_error(folder: Path) -> None:
    store = FolderStore.open(str(folder), INSTALLATION)
    await store.write(SID, pieces([b"x" * 1_000]))
    os.truncate(folder / "ef" / SID, 10)
    with pytest.raises(MediaStoreError):
        await read(store, SID, 0, 1_000)


def test_a_folder_belongs_to_one_installation(folder: Path) -> None:
    for _ in range(2):
        FolderStore.open(str(folder), INSTALLATION)
    with pytest.raises(MediaStoreError, match="belongs to another installation"):
        FolderStore.open(str(folder), "AC" + "2" * 32)
    assert [path.name for path in folder.iterdir()] == [".roomful-media"]


def test_nodes_that_start_at_once_agree_whose_the_folder_is(folder: Path) -> None:
    def opened(number: int) -> bool:
        try:
            FolderStore.open(str(folder), f"AC{number:032}")
        except MediaStoreError as error:
            return "belongs to another" not in str(error)
        return True

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(opened, range(12))) == 1
    assert [path.name for path in folder.iterdir()] == [".roomful-media"]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MediaStoreError, match="cannot be used"):
        FolderStore.open(str(tmp_path / "file" / "media"), INSTALLATION)


def test_a_file_url_names_a_folder(folder: Path) -> None:
    assert isinstance(open_media_store(f"file://{folder}", INSTALLATION), FolderStore)
    assert folder.stat().st_mode & 0o777 == 0o700


# --- an object store -------------------------------------------------------------------------------------------------


async def test_two_prefixes_are_two_stores(s3_url: str) -> None:
    one, two = ObjectStore(s3_url), ObjectStore("s3://media/other")
    await one.write(SID, pieces([b"one"]))
    with pytest.raises(MediaStoreError):
        await read(two, SID, 0, 3)
    await two.remove([SID])
    assert await read(one, SID, 0, 3) == b"one"


async def test_a_missing_bucket_is_an_error_without_secrets(s3_url: str) -> None:
    store = ObjectStore("s3://elsewhere")
    with pytest.raises(MediaStoreError) as caught:
        await store.write(SID, pieces([b"one"]))
    assert "secret-of-the-tests" not in str(caught.value)
    with pytest.raises(MediaStoreError):
        await read(store, SID, 0, 1)


async def test_a_store_that_works_has_no_fault_and_keeps_nothing_of_the_trial(store: MediaStore) -> None:
    assert await store.fault() is None
    with pytest.raises(MediaStoreError):
        await read(store, ".roomful-probe", 0, 1)


async def test_a_folder_that_went_away_is_a_fault(folder: Path) -> None:
    store = FolderStore.open(str(folder), INSTALLATION)
    shutil.rmtree(folder)
    assert await store.fault() == (
        "the folder of media cannot be used (No such file or directory); change its owner, or set MEDIA_URL"
    )


@pytest.mark.parametrize(
    ("url", "changes", "told"),
    [
        ("s3://elsewhere/x", {}, "s3://elsewhere/x cannot be used: there is no such bucket; make it, or change"),
        ("s3://media", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "the store does not answer; check AWS_ENDPOINT_URL"),
    ],
)
async def test_what_is_wrong_with_an_object_store_is_said(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, url: str, changes: dict[str, str], told: str
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    fault = await ObjectStore(url).fault() or ""
    assert told in fault
    assert "of-the-tests" not in fault


async def test_keys_that_an_object_store_refuses_are_said(strict_s3_url: str) -> None:
    fault = await ObjectStore(strict_s3_url).fault() or ""
    assert "the keys are refused (InvalidAccessKeyId); check the AWS_* variables" in fault
    assert "of-the-tests" not in fault
