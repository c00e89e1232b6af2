"""Which media a browser may show: pictures that are what they say, sound and films; all else is only saved."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from roomful.conversations.media.folder import FolderStore
from roomful.conversations.media.inline import Inline
from roomful.conversations.media.store import MediaStore
from tests.conversations.media.conftest import INSTALLATION

pytestmark = pytest.mark.anyio

SID = "ME" + "0" * 32
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}


@pytest.fixture
def files(folder: Path) -> MediaStore:
    return FolderStore.open(str(folder), INSTALLATION)


def picture(form: str, size: tuple[int, int] = (16, 12)) -> bytes:
    drawn = BytesIO()
    Image.new("RGB", size, (10, 20, 30)).save(drawn, form)
    return drawn.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG of few bytes that says it has so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def shown(store: MediaStore, data: bytes, content_type: str) -> bool:
    async def once() -> AsyncIterator[bytes]:
        yield data

    size = await store.write(SID, once())
    return await Inline(store).shown(SID, content_type, size)


@pytest.mark.parametrize("content_type", FORMATS)
async def test_a_picture_is_shown(files: MediaStore, content_type: str) -> None:
    assert await shown(files, picture(FORMATS[content_type]), content_type)
    assert await shown(files, picture(FORMATS[content_type]), content_type.upper() + "; name=x")


@pytest.mark.parametrize("content_type", FORMATS)
async def test_a_picture_under_another_name_is_not(files: MediaStore, content_type: str) -> None:
    for other in set(FORMATS.values()) - {FORMATS[content_type]}:
        assert not await shown(files, picture(other), content_type)


@pytest.mark.parametrize("content_type", FORMATS)
async def test_what_does_not_decode_is_not_shown(files: MediaStore, content_type: str) -> None:
    page = b"<!doctype html><script>alert(1)</script>"
    whole = picture(FORMATS[content_type], (200, 200))
    for data in (page, b"", whole[: len(whole) // 2], whole[:16] + page):
        assert not await shown(files, data, content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "image/svg+xml",
        "application/pdf",
        "text/plain",
        "image/tiff",
        "application/octet-stream",
        "image/*",
    ],
)
async def test_other_types_are_not_shown_whatever_they_hold(files: MediaStore, content_type: str) -> None:
    assert not await shown(files, picture("PNG"), content_type)


@pytest.mark.parametrize("content_type", ["audio/mpeg", "video/mp4", "Video/WebM; codecs=vp9", "audio/ogg"])
async def test_sound_and_films_are_shown(files: MediaStore, content_type: str) -> None:
    assert await shown(files, b"anything", content_type)


@pytest.mark.parametrize("size", [(8_000, 8_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
async def test_a_bomb_is_not_decoded(files: MediaStore, size: tuple[int, int]) -> None:
    assert not await shown(files, huge_png(*size), "image/png")


async def test_a_file_that_is_too_large_is_not_even_read(files: MediaStore) -> None:
    assert not await Inline(files).shown(SID, "image/png", 21 * 1024 * 1024)  # there is no such file


async def test_pictures_are_looked_at_one_at_a_time(files: MediaStore) -> None:
    await shown(files, picture("PNG"), "image/png")
    size = len(picture("PNG"))
    reading = most = 0

    class Watched:
        write, remove, fault = files.write, files.remove, files.fault

        async def read(self, sid: str, start: int, end: int) -> AsyncIterator[bytes]:
            nonlocal reading, most
            reading += 1
            most = max(most, reading)
            async for block in files.read(sid, start, end):
                yield block
            reading -= 1

    inline = Inline(Watched())
    assert all(await asyncio.gather(*(inline.shown(SID, "image/png", size) for _ in range(5))))
    assert most == 1
