"""Media in a folder."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from io import BytesIO
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
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            marked = _mark(root, installation)
        except OSError as error:
            raise MediaStoreError(f"the folder of media {root} cannot be used ({error.strerror})") from error
        if marked != installation:
            raise MediaStoreError(f"the folder of media {root} belongs to another installation")
        return cls(root)

    async def write(self, sid: str, chunks: AsyncIterator[bytes]) -> int:
        """See `MediaStore.write`."""
        growing = _GrowingFile(self._path(sid))
        try:
            await _in_thread(growing.create)
            size, block = 0, bytearray()
            async for chunk in chunks:
                size += len(chunk)
                block += chunk
                if len(block) >= _BLOCK:
                    full, block = block, bytearray()
                    await _in_thread(partial(growing.append, full))
            await _in_thread(partial(growing.append, block))
            await _in_thread(growing.finish)
        except BaseException:
            growing.discard()
            raise
        return size

    async def read(self, sid: str, start: int, end: int) -> AsyncIterator[bytes]:
        """See `MediaStore.read`."""
        opened: list[BinaryIO] = []
        try:
            await _in_thread(lambda: opened.append(self._path(sid).open("rb", buffering=0)))
            file = opened[0]
            file.seek(start)
            while start < end:
                block = await _in_thread(partial(file.read, min(_BLOCK, end - start)))
                if not block:
                    raise MediaStoreError("a file of media is shorter than it was")
                start += len(block)
                yield block
        finally:
            for file in opened:
                file.close()

    async def remove(self, sids: Sequence[str]) -> None:
        """See `MediaStore.remove`."""
        paths = [self._path(sid) for sid in sids]

        def unlink() -> None:
            for path in paths:
                path.unlink(missing_ok=True)
                path.with_name(path.name + _PART).unlink(missing_ok=True)

        await _in_thread(unlink)

    async def fault(self) -> str | None:
        """See `MediaStore.fault`."""
        try:
            await _in_thread(lambda: tempfile.TemporaryFile(dir=self._root).close())
        except MediaStoreError as error:
            return f"{error}; change its owner, or set MEDIA_URL"
        return None

    def _path(self, sid: str) -> Path:
        return self._root / sid[-2:] / sid


class _GrowingFile:
    """A file that is being written, under another name until it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + _PART)
        self._file: BinaryIO = BytesIO()  # until it is created

    def create(self) -> None:
        self._part.parent.mkdir(exist_ok=True)
        self._file = self._part.open("wb")

    def append(self, block: bytes | bytearray) -> None:
        self._file.write(block)  # buffered: an unbuffered file may take less than all, and not say so

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._path)
        for folder in (self._path.parent, self._path.parent.parent):  # a name is on disk once its folder is
            _sync_folder(folder)

    def discard(self) -> None:
        """Leave nothing of it, however far it came."""
        with suppress(OSError):  # what closing would still write does not matter
            self._file.close()
        for path in (self._part, self._path):
            with suppress(OSError):
                path.unlink()


def _mark(root: Path, installation: str) -> str:
    """Whose folder it is; ours from now on if it was nobody's.

    The marker appears with its text in it: neither a crash nor another node that starts can meet an empty one.
    """
    marker = root / _MARKER
    if not marker.exists():
        with tempfile.NamedTemporaryFile(mode="w", dir=root, prefix=_MARKER) as file:
            file.write(installation)
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, marker)
        _sync_folder(root)
    return marker.read_text()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _in_thread(work: Callable[[], T]) -> T:
    """Do `work` in a thread. It has ended when this ends, also when the caller is cancelled: it holds files."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except OSError as error:
        raise MediaStoreError(f"the folder of media cannot be used ({error.strerror})") from error
    except asyncio.CancelledError:
        while not working.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        if not working.cancelled():
            working.exception()  # nobody is told of it: the caller has gone
        raise
