"""Media in an object store that speaks S3."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from .store import MediaStoreError

_BLOCK: Final = 256 * 1024
_PART: Final = 8 * 1024 * 1024
"""Bytes of one part of an upload; as many are in memory `_AT_ONCE` times."""
_AT_ONCE: Final = 2


class ObjectStore:
    """Each medium is an object named by its SID under the URL's prefix.

    Keys, region and endpoint are AWS's own environment variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION,
    AWS_ENDPOINT_URL, …). The store shows an object only once all its parts are there.
    """

    def __init__(self, url: str) -> None:
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        try:
            self._store = S3Store.from_url(url, client_options={"allow_http": plain})
        except BaseError as error:
            raise MediaStoreError(f"the object store of media cannot be used ({type(error).__name__})") from error

    async def write(self, sid: str, chunks: AsyncIterator[bytes]) -> int:
        """See `MediaStore.write`."""
        size = 0
        failed: BaseException | None = None

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size, failed
            try:
                async for chunk in chunks:
                    size += len(chunk)
                    yield chunk
            except BaseException as error:  # the library would tell of it in words of its own
                failed = error
                raise

        try:
            await obstore.put_async(
                self._store, sid, counted(), use_multipart=True, chunk_size=_PART, max_concurrency=_AT_ONCE
            )
        except Exception as error:
            if failed is not None:
                raise failed from None
            raise _broken(error) from error
        return size

    async def read(self, sid: str, start: int, end: int) -> AsyncIterator[bytes]:
        """See `MediaStore.read`."""
        if start >= end:
            return
        try:
            found = await obstore.get_async(self._store, sid, options={"range": (start, end)})
            async for block in found.stream(min_chunk_size=_BLOCK):
                yield bytes(block)
        except BaseError as error:
            raise _broken(error) from error

    async def remove(self, sids: Sequence[str]) -> None:
        """See `MediaStore.remove`."""
        try:
            with suppress(NotFoundError, FileNotFoundError):
                await obstore.delete_async(self._store, list(sids))
        except BaseError as error:
            raise _broken(error) from error


def _broken(error: BaseException) -> MediaStoreError:
    """The library's own words may name addresses and keys."""
    return MediaStoreError(f"the object store of media failed ({type(error).__name__})")
