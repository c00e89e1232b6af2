"""What is kept of a picture that somebody uploads."""

import io
import struct
import zlib

import pytest
from PIL import Image

from roomful.chatapp.avatars import MAX_PIXELS, make_picture
from roomful.chatapp.errors import ApiError

RED, BLUE, GREEN = (220, 20, 20), (20, 20, 220), (20, 220, 20)
Colour = tuple[int, int, int]


def encoded(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def halves(width: int, height: int, left: Colour, right: Colour) -> Image.Image:
    picture = Image.new("RGB", (width, height), left)
    picture.paste(right, (width // 2, 0, width, height))
    return picture


def kept(upload: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(make_picture(upload)))
    assert (picture.format, picture.size) == ("WEBP", (256, 256))
    return picture


def near(picture: Image.Image, x: int, y: int, colour: Colour) -> bool:
    found = picture.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return all(abs(one - other) < 40 for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(1, 1), (40, 3000), (2000, 900), (256, 256)])
def test_every_picture_becomes_a_small_square(form: str, size: tuple[int, int]) -> None:
    picture = kept(encoded(Image.new("RGB", size, RED), form))
    assert near(picture, 0, 0, RED)
    assert near(picture, 255, 255, RED)


def test_the_middle_is_kept() -> None:
    picture = Image.new("RGB", (900, 300), RED)
    picture.paste(GREEN, (300, 0, 600, 300))
    square = kept(encoded(picture))
    assert all(near(square, x, 128, GREEN) for x in (5, 128, 250))


def test_it_stands_upright_and_says_nothing_else() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise to look at it
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    for form in ("JPEG", "PNG", "WEBP"):
        upload = encoded(halves(600, 600, RED, BLUE), form, exif=exif, icc_profile=b"x" * 200)
        assert b"a camera" in upload
        picture = make_picture(upload)
        assert not any(trace in picture for trace in (b"EXIF", b"Exif", b"a camera", b"ICCP", b"XMP", b"xxxx"))
        square = kept(upload)
        assert near(square, 128, 20, RED), form
        assert near(square, 128, 235, BLUE), form


def test_the_first_of_an_animation() -> None:
    frames = [Image.new("RGB", (50, 50), colour) for colour in (RED, BLUE)]
    for form in ("GIF", "WEBP", "PNG"):
        picture = kept(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
        assert getattr(picture, "n_frames", 1) == 1
        assert near(picture, 128, 128, RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_other_kinds_of_pixels(mode: str) -> None:
    kept(encoded(Image.new(mode, (300, 200)), "JPEG" if mode == "CMYK" else "PNG"))


def test_what_is_transparent_stays_so() -> None:
    corner = kept(encoded(Image.new("RGBA", (10, 10), (0, 0, 0, 0)))).convert("RGBA").getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert corner[3] == 0


def test_the_same_picture_is_kept_once() -> None:
    upload = encoded(halves(600, 600, RED, BLUE), "JPEG")
    assert make_picture(upload) == make_picture(upload)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(MAX_PIXELS + 1, 1), (5001, 5000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_not_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(ApiError, match="bad_picture"):
        make_picture(bomb(*size))


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<script>alert(1)</script>",
        encoded(Image.new("RGB", (9, 9)), "BMP"),
        encoded(Image.new("RGB", (9, 9)), "TIFF"),
        encoded(Image.new("RGB", (99, 99)), "PDF"),
        encoded(Image.effect_noise((300, 300), 90))[:9000],
        encoded(Image.effect_noise((300, 300), 90), "JPEG")[:5000],
        bomb(100, 100)[:60],
    ],
)
def test_what_is_no_picture_is_refused(upload: bytes) -> None:
    with pytest.raises(ApiError, match="bad_picture"):
        make_picture(upload)
