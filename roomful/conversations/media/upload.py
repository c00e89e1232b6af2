"""Takes uploads in: reserved, written as they come, finished; or abandoned, and then nothing of them is left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from starlette.requests import ClientDisconnect, Request

from ..core import errors, limits
from ..core.errors import ServiceError
from ..core.media import UPLOAD_LIFETIME, AbandonMedia, FinishMedia, ReserveMedia
from ..core.model import Media
from ..core.ports import Actor
from ..rest.call import Api
from .body import FORM_OVERHEAD, FormFile, bounded, form_boundary, incoming
from .inline import Inline
from .store import MediaStore, MediaStoreError

EMAIL_TYPES: Final = ("text/plain", "text/html")
AT_ONCE: Final = 64
AT_ONCE_OF_A_USER: Final = 10
"""Uploads under way on this node."""


class Uploads:
    """The uploads of a node."""

    def __init__(self, api: Api, store: MediaStore) -> None:
        self._api = api
        self._store = store
        self._inline = Inline(store)
        self._under_way: Counter[Actor] = Counter()

    async def receive(self, request: Request, actor: Actor) -> Media:
        """Take in the request's body. Raises `ServiceError`, `MediaStoreError` and Starlette's `ClientDisconnect`."""
        boundary = form_boundary(request.headers.get("content-type", ""))
        declared = _declared(request, boundary is not None)
        with self._place(actor):
            media = await self._api.perform(actor, _reservation(request, declared, boundary is not None))
            try:
                async with asyncio.timeout(UPLOAD_LIFETIME / 1000):
                    return await self._write(request, actor, media, boundary)
            except BaseException as error:
                # Also when the client is gone or the server stops; what this does not reach expires by itself.
                gone = await asyncio.shield(self._abandon(actor, media.sid))
                if isinstance(error, TimeoutError):
                    raise ServiceError(408, 20408, "The upload took too long") from None
                if isinstance(error, MediaStoreError) and gone is not None:
                    raise gone from None  # the sweeper took what was being written: the store is well
                raise

    async def _abandon(self, actor: Actor, sid: str) -> ServiceError | None:
        """Leave nothing of an upload; why it cannot be abandoned, if it is not there any more."""
        try:
            await self._api.perform(actor, AbandonMedia(sid))
        except ServiceError as error:
            # Its row has expired or went with its user, perhaps before the bytes were written: then nobody sweeps them.
            with suppress(MediaStoreError):
                await self._store.remove([sid])
            return error if error.status == 404 else None
        return None

    async def _write(self, request: Request, actor: Actor, media: Media, boundary: bytes | None) -> Media:
        chunks: AsyncIterator[bytes] = incoming(request)
        form = None
        if boundary is not None:
            form = FormFile(boundary)
            chunks = form.chunks(bounded(chunks, limits.MEDIA_BYTES + FORM_OVERHEAD))
        size = await self._store.write(media.sid, bounded(chunks, limits.MEDIA_BYTES))
        filename, content_type = (form.filename, form.content_type) if form else (None, None)
        _require_text(media.category, content_type or media.content_type)
        inline = await self._inline.shown(media.sid, content_type or media.content_type, size)
        if await request.is_disconnected():  # a browser that gives up may have sent everything
            raise ClientDisconnect
        return await self._api.perform(actor, FinishMedia(media.sid, size, inline, filename, content_type))

    @contextmanager
    def _place(self, actor: Actor) -> Iterator[None]:
        if actor.identity is not None and self._under_way[actor] >= AT_ONCE_OF_A_USER:
            raise errors.uploads_under_way(AT_ONCE_OF_A_USER)
        if self._under_way.total() >= AT_ONCE:
            raise errors.uploads_full()
        self._under_way[actor] += 1
        try:
            yield
        finally:
            self._under_way[actor] -= 1
            if not self._under_way[actor]:
                del self._under_way[actor]


def _declared(request: Request, form: bool) -> int | None:
    """The length of the body, if the client tells it. Raises 50512 (413)."""
    text = request.headers.get("content-length", "")
    if not text.isdecimal() or len(text) > 18:
        return None
    if int(text) > limits.MEDIA_BYTES + (FORM_OVERHEAD if form else 0):
        raise errors.media_too_big(limits.MEDIA_MEGABYTES)
    return int(text)


def _reservation(request: Request, declared: int | None, form: bool) -> ReserveMedia:
    size = limits.MEDIA_BYTES if declared is None else min(declared, limits.MEDIA_BYTES)
    kind = request.headers.get("content-type", "") or "application/octet-stream"
    if form:
        kind = "application/octet-stream"  # its part says more
    query = request.query_params
    category = query.get("Category", "media")
    if not form:
        _require_text(category, kind)
    return ReserveMedia(category, query.get("Filename"), kind, size)


def _require_text(category: str, content_type: str) -> None:
    """Raise 50511 (400) for an e-mail's body or history that is no text."""
    if category != "media" and content_type.partition(";")[0].strip().lower() not in EMAIL_TYPES:
        raise errors.invalid(50511, f"The body and the history of an e-mail are {' or '.join(EMAIL_TYPES)}")
