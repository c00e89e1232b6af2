"""Media in an object store that speaks S3."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from .store import MediaStoreError

if TYPE_CHECKING:
    from obstore.store import RetryConfig  # is there for type checkers only

_BLOCK: Final = 1024 * 1024
"""Bytes that one request reads."""
_PART: Final = 8 * 1024 * 1024
"""Bytes of one part of an upload; as many are in memory `_AT_ONCE` times."""
_AT_ONCE: Final = 2
_RETRIES: Final[RetryConfig] = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}
"""People wait for the answer: the library itself would try for three minutes."""
_PROBE: Final = ".roomful-probe"
"""The object that is written and removed to see whether that works."""
_PROBE_SECONDS: Final = timedelta(seconds=5)
_FAILURES: Final = (BaseError, OSError, ValueError)
"""What the library raises; a missing object is Python's own FileNotFoundError."""


class ObjectStore:
    """Each medium is an object named by its SID under the URL's prefix.

    Keys, region and endpoint are AWS's own environment variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION,
    AWS_ENDPOINT_URL, …). The store shows an object only once all its parts are there.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        try:
            self._store = S3Store.from_url(url, client_options={"allow_http": plain}, retry_config=_RETRIES)
            self._tried = S3Store.from_url(  # a store that is away is told soon
                url,
                client_options={"allow_http": plain, "timeout": _PROBE_SECONDS, "connect_timeout": _PROBE_SECONDS},
                retry_config={"max_retries": 0, "retry_timeout": _PROBE_SECONDS},
            )
        except _FAILURES as error:
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
        while start < end:  # a request a block: one for all would have to wait for the slowest of our own clients
            stop = min(start + _BLOCK, end)
            try:
                block = bytes(await obstore.get_range_async(self._store, sid, start=start, end=stop))
            except _FAILURES as error:
                raise _broken(error) from error
            if len(block) < stop - start:
                raise MediaStoreError("an object of media is shorter than it was")
            start = stop
            yield block

    async def remove(self, sids: Sequence[str]) -> None:
        """See `MediaStore.remove`."""
        try:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, list(sids))
        except _FAILURES as error:
            raise _broken(error) from error

    async def fault(self) -> str | None:
        """See `MediaStore.fault`."""
        return await asyncio.to_thread(self._try)

    def _try(self) -> str | None:
        """Not by the library's coroutines: their own threads still hold Python's objects when a command ends right
        after them, which aborts the process now and then."""
        try:
            obstore.put(self._tried, _PROBE, b"")
            obstore.delete(self._tried, [_PROBE])
        except _FAILURES as error:
            return f"{self._url} cannot be used: {_reason(error)}"
        return None


def _reason(error: BaseException) -> str:
    """What is wrong and what to do; of the store's own words only the name of the error, for others may name keys."""
    text = str(error)
    code = re.search(r"<Code>(\w+)</Code>", text)
    named = code[1] if code else type(error).__name__
    if isinstance(error, FileNotFoundError):
        return "there is no such bucket; make it, or change MEDIA_URL"
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
        return f"the keys are refused ({named}); check the AWS_* variables, and that the keys may write and delete"
    if "://169.254." in text:  # where a machine of Amazon's would have some
        return "there are no keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if "error sending request" in text:
        return "the store does not answer; check AWS_ENDPOINT_URL"
    return f"it fails ({named}); check AWS_REGION and AWS_ENDPOINT_URL"


def _broken(error: BaseException) -> MediaStoreError:
    """The library's own words may name addresses and keys."""
    return MediaStoreError(f"the object store of media failed ({type(error).__name__})")
