"""Where the bytes of media are: a folder, or an object store (docs/design/0013-media.md)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol


class MediaStoreError(Exception):
    """The bytes could not be written, read or removed; the text is one line for the log, without secrets."""


class MediaStore(Protocol):
    """Keeps bytes by a medium's SID. The first three methods raise `MediaStoreError`."""

    async def write(self, sid: str, chunks: AsyncIterator[bytes]) -> int:
        """Keep what `chunks` give, in the order in which they come; how many bytes it was, once they are durable.

        When `chunks` raise, that is raised, and nothing can be read under the SID.
        """

    def read(self, sid: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`."""

    async def remove(self, sids: Sequence[str]) -> None:
        """Remove the bytes of these media, also what is left of a write that broke off; some may be gone already."""

    async def fault(self) -> str | None:
        """Try to write and remove: what is wrong with the store and what to do, in a line; None if nothing is."""


def open_media_store(url: str, installation: str) -> MediaStore:
    """The store at `url`: the absolute path of a folder, a `file:///` URL, or `s3://bucket/prefix`.

    A folder is marked with the SID `installation`, and belongs to it from then on. Raises `MediaStoreError` if the
    store cannot be used.
    """
    if url.startswith("s3://"):
        from .objects import ObjectStore  # not at the top: only who uses it pays for its library

        return ObjectStore(url)
    from .folder import FolderStore

    return FolderStore.open(url.removeprefix("file://"), installation)
