"""One picture file -> pixels ready for training, with Pillow."""

import contextlib
import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

# The endings of picture files. To add a format that Pillow reads and writes, only add its ending here.
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")

Picture = Path | bytes | np.ndarray  # a picture file, the bytes of one, or uint8 pixels [H, W] or [H, W, C]

_ORIENTATION = 0x0112  # the EXIF tag that says how a picture is turned; 1 is upright

# What Pillow raises for files that are damaged, cut short or no pictures at all.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
           OverflowError, struct.error, zlib.error, Image.DecompressionBombError)  # fmt: skip


class BadPicture(Exception):
    """A picture that cannot be used; the text is the reason, as rejected.csv lists it."""


def prepare(
    image: Picture, *, image_size: int, channels: int, bbox: Sequence[int] | None = None, fit: str = "squash"
) -> np.ndarray:
    """A picture as a person sees it, cut and resized to the square.

    bbox: (x, y, width, height) in pixels, cut out first. fit: "squash" or "crop".
    Returns [image_size, image_size, channels] uint8. Raises BadPicture.
    """
    picture = to_channels(open_picture(image), channels)
    if bbox is not None:
        picture = cut_box(picture, bbox)
    pixels = np.asarray(to_square(picture, image_size, fit))
    return pixels.reshape(image_size, image_size, channels)


def encode(image: Picture) -> bytes:
    """A picture as the bytes of a JPEG or PNG file that any decoder shows right.

    These are the file's own bytes if every decoder shows them right. Otherwise (an array, other formats, palettes, alpha, CMYK,
    16 bits, turned by EXIF) they are a lossless PNG of the picture as a person sees it. Raises BadPicture.
    """
    if isinstance(image, Path):
        with _damage_is_a_bad_picture():
            image = image.read_bytes()
    if isinstance(image, bytes):
        with _damage_is_a_bad_picture():
            opened = _load(image)
            plain = opened.getexif().get(_ORIENTATION, 1) == 1 and "transparency" not in opened.info
        if opened.format in ("JPEG", "PNG") and opened.mode in ("L", "RGB") and plain:
            return image
    picture = open_picture(image)
    picture = to_channels(picture, 1 if picture.mode in ("1", "L", "LA") or picture.mode.startswith("I") else 3)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def open_picture(image: Picture) -> Image.Image:
    """The picture, completely loaded and upright. Raises BadPicture."""
    if isinstance(image, np.ndarray):
        return Image.fromarray(image[..., 0] if image.shape[-1:] == (1,) else image)
    with _damage_is_a_bad_picture():
        return ImageOps.exif_transpose(_load(image))


def _load(file: Path | bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(file) if isinstance(file, bytes) else file)
    picture.load()  # Image.open reads only the header; a file that is cut short fails here
    return picture


@contextlib.contextmanager
def _damage_is_a_bad_picture() -> Iterator[None]:
    try:
        yield
    except Image.UnidentifiedImageError as error:
        raise BadPicture("cannot be decoded: no picture format that Pillow knows") from error
    except _DAMAGE as error:
        # Only errors of the file system have a strerror: there is no such file, or it may not be read.
        if isinstance(error, OSError) and error.strerror:
            raise BadPicture(f"cannot be read: {error.strerror}") from error
        raise BadPicture(f"cannot be decoded: {error or type(error).__name__}") from error


def to_channels(picture: Image.Image, channels: int) -> Image.Image:
    """The picture in grey (1) or colour (3). Transparent parts become white, and 16 bits are scaled to 8."""
    if picture.mode.startswith("I") or picture.mode == "F":
        # convert("L") would clip 16 bits at 255 and show white.
        picture = Image.fromarray((np.asarray(picture) / 257).clip(0, 255).astype(np.uint8))
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    return picture.convert("L" if channels == 1 else "RGB")


def clip_box(bbox: Sequence[int], width: int, height: int) -> tuple[int, int, int, int]:
    """The part of a box (x, y, width, height) that lies in a picture of width x height, as (left, top, right, bottom).

    Raises BadPicture if no part of the box does.
    """
    x, y, w, h = map(int, bbox)
    if w <= 0 or h <= 0:
        raise BadPicture(f"box of zero size: {x} {y} {w} {h}")
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    if left >= right or top >= bottom:
        raise BadPicture(f"box outside the picture of {width}x{height}: {x} {y} {w} {h}")
    return left, top, right, bottom


def cut_box(picture: Image.Image, bbox: Sequence[int]) -> Image.Image:
    """The part of the picture inside a box. The box is clipped at the picture's border. Raises BadPicture."""
    return picture.crop(clip_box(bbox, *picture.size))


def to_square(picture: Image.Image, image_size: int, fit: str) -> Image.Image:
    """The picture resized to image_size x image_size: the whole picture squashed, or with fit "crop" its central square. Resizing
    is bicubic and antialiased."""
    if fit == "crop":
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    return picture.resize((image_size, image_size), Image.Resampling.BICUBIC)
