"""Which media a browser may show in a page of their own; all others are only downloaded (design §7)."""

from __future__ import annotations

import asyncio
import io
import warnings
from typing import Final

from PIL import Image

from .store import MediaStore

_FORMATS: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
_LARGEST_PICTURE: Final = 20 * 1024 * 1024
"""Bytes: a larger picture is downloaded, not shown, for looking at it would take too much memory."""
_PIXELS: Final = 50_000_000


class Inline:
    """Looks at the media of a store."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store
        self._one_at_a_time = asyncio.Semaphore(1)  # a picture takes some hundred times its bytes while it is decoded

    async def shown(self, sid: str, content_type: str, size: int) -> bool:
        """Whether the bytes of a medium are what `content_type` says, as far as that matters to a browser.

        A picture is shown if Pillow decodes it in the format that is named. Sound and films hold no scripts.
        """
        plain = content_type.partition(";")[0].strip().lower()
        if plain.startswith(("audio/", "video/")):
            return True
        form = _FORMATS.get(plain)
        if form is None or size > _LARGEST_PICTURE:
            return False
        async with self._one_at_a_time:
            data = b"".join([block async for block in self._store.read(sid, 0, size)])
            return await asyncio.to_thread(_decodes, data, form)


def _decodes(data: bytes, form: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=(form,)) as picture:
                if picture.width * picture.height > _PIXELS:
                    return False
                picture.load()
    except Exception:  # whatever a hostile file makes a decoder raise: it is not shown
        return False
    return True
