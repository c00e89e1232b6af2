"""People's pictures: made anew from what they upload, and kept by their hash."""

import hashlib
import io
import warnings
from threading import BoundedSemaphore

from PIL import Image, ImageOps
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from roomful.chatapp.clock import now_ms
from roomful.chatapp.errors import ApiError, throttled
from roomful.chatapp.store import schema
from roomful.chatapp.store.database import Database

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000  # as many as a 24-megapixel camera has: 100 MB while it is decoded
SIDE = 256
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
GRACE_MS = 60_000  # until a picture is somebody's: longer than the backend may take to hear of it


class Avatars:
    """The pictures of this installation, in its database: there are few, and they are small."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._one_at_a_time = BoundedSemaphore(1)

    def make(self, upload: bytes) -> bytes:
        """The picture that is kept of an upload. Raises ApiError `bad_picture`, and `throttled` while another one is
        being made for too long."""
        if not self._one_at_a_time.acquire(timeout=5):
            raise throttled(5)
        try:
            return make_picture(upload)
        finally:
            self._one_at_a_time.release()

    def keep(self, picture: bytes) -> str:
        """Keep a picture that is to become somebody's; answers its hash."""
        name, table = hashlib.sha256(picture).hexdigest(), schema.avatars
        if not self._touch(name):
            try:
                with self._database.write() as connection:
                    connection.execute(insert(table).values(hash=name, picture=picture, created_at=now_ms()))
            except IntegrityError:  # two with the same picture at once
                self._touch(name)
        return name

    def find(self, name: str) -> bytes | None:
        """The picture with this hash."""
        with self._database.read() as connection:
            query = select(schema.avatars.c.picture).where(schema.avatars.c.hash == name)
            return connection.execute(query).scalar_one_or_none()

    def tidy(self) -> None:
        """Remove the pictures that are nobody's."""
        table, accounts = schema.avatars, schema.accounts
        used = select(accounts.c.identity).where(accounts.c.avatar == table.c.hash).exists()
        old = table.c.created_at < now_ms() - GRACE_MS
        with self._database.write() as connection:
            connection.execute(delete(table).where(old, ~used))

    def _touch(self, name: str) -> bool:
        """Begin its time of grace anew; False when it is not there."""
        table = schema.avatars
        with self._database.write() as connection:
            changed = connection.execute(update(table).where(table.c.hash == name).values(created_at=now_ms()))
        return bool(changed.rowcount)


def make_picture(upload: bytes) -> bytes:
    """WebP, `SIDE` by `SIDE`, cut from the middle, upright, and the first one of an animation. Only its pixels come
    from the upload, so nothing else that was in the file (where it was taken, a script) is kept.

    Raises ApiError `bad_picture`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(upload), formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise _bad(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")
                picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded at a fraction of its size
                return _encode(picture)
    except ApiError:
        raise
    except Exception:  # whatever a hostile file makes a decoder raise
        raise _bad("This picture cannot be read. Choose a PNG, JPEG, WebP or GIF file.") from None


def _encode(picture: Image.Image) -> bytes:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    upright = ImageOps.exif_transpose(picture.convert(mode))
    square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    plain = Image.new(mode, square.size)  # without what the file says beside its pixels
    plain.paste(square)
    encoded = io.BytesIO()
    plain.save(encoded, "WEBP", quality=85, method=4)
    return encoded.getvalue()


def _bad(message: str) -> ApiError:
    return ApiError(400, "bad_picture", message)
