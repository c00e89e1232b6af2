"""Media in a folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from .store import MediaStoreError

T = TypeVar("T")

_BLOCK: Final = 256 * 1024
"""Bytes that one visit to a thread reads or writes."""
_MARKER: Final = ".roomful-media"
_PART: Final = ".part"
"""What the name of a file ends with that is still being written."""


class FolderStore:
    """Each medium is a file, named by its SID, in one of 256 folders named by the SID's last two digits.

    A file is written under another name and renamed once its bytes are on disk, so a whole name means a whole file.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @classmethod
    def open(cls, path: str, installation: str) -> FolderStore:
        """Make the folder if it is not there, and see that it is this installation's, which the first node marks it as.

        So nodes that do not share their folder are found out. Raises `MediaStoreError`.
        """
        root = Path(path)
        marker = root / _MARKER
        try:
            root.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError), marker.open("x") as file:
                file.write(installation)
            marked = marker.read_text()
        except OSError as error:
            raise MediaStoreError(f"the folder of media {root} cannot be used ({error.strerror})") from error
        if marked != installation:
            raise MediaStoreError(f"the folder of media {root} belongs to another installation")
        return cls(root)

    async def write(self, sid: str, chunks: AsyncIterator[bytes]) -> int:
        """See `MediaStore.write`."""
        path = self._path(sid)
        part = path.with_name(path.name + _PART)
        file = await _in_thread(lambda: _create(part))
        try:
            size, block = 0, bytearray()
            async for chunk in chunks:
                size += len(chunk)
                block += chunk
                if len(block) >= _BLOCK:
                    full, block = block, bytearray()
                    await _in_thread(lambda full=full: file.write(full))  # type: ignore[misc]
            await _in_thread(lambda: _finish(file, block, part, path))
        except BaseException:
            file.close()
            with suppress(OSError):
                part.unlink()
            raise
        return size

    async def read(self, sid: str, start: int, end: int) -> AsyncIterator[bytes]:
        """See `MediaStore.read`."""
        file = await _in_thread(lambda: self._path(sid).open("rb", buffering=0))
        try:
            file.seek(start)
            while start < end:
                block = await _in_thread(lambda: file.read(min(_BLOCK, end - start)))  # noqa: B023
                if not block:
                    raise MediaStoreError("a file of media is shorter than it was")
                start += len(block)
                yield block
        finally:
            file.close()

    async def remove(self, sids: Sequence[str]) -> None:
        """See `MediaStore.remove`."""
        paths = [self._path(sid) for sid in sids]

        def unlink() -> None:
            for path in paths:
                path.unlink(missing_ok=True)
                path.with_name(path.name + _PART).unlink(missing_ok=True)

        await _in_thread(unlink)

    def _path(self, sid: str) -> Path:
        return self._root / sid[-2:] / sid


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(exist_ok=True)
    return path.open("wb", buffering=0)


def _finish(file: BinaryIO, rest: bytes | bytearray, part: Path, path: Path) -> None:
    file.write(rest)
    os.fsync(file.fileno())
    file.close()
    part.rename(path)
    for folder in (path.parent, path.parent.parent):  # a name is on disk once its folder is
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        raise MediaStoreError(f"the folder of media cannot be used ({error.strerror})") from error
