"""One picture file -> pixels ready for training, with Pillow."""

import contextlib
import io
import math
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from tfgan_series import pictures

# The picture formats, as Pillow calls them, and the endings of their files. To add one that Pillow reads and writes, add it here.
# Formats that Pillow recognises only by guessing (TGA), or by starting another program (EPS), are left out.
FORMATS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif",),
    "JPEG2000": (".jp2", ".j2k", ".jpx"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "QOI": (".qoi",),
}
ENDINGS = tuple(ending for endings in FORMATS.values() for ending in endings)
SMALLEST = 3  # pixels of a side; a smaller picture is a dot that some web page was laid out with

Picture = str | Path | bytes | np.ndarray  # a picture file, the bytes of one, or uint8 pixels [H, W] or [H, W, C]

_ORIENTATION = 0x0112  # the EXIF tag that says how a picture is turned; 1 is upright


class Prepared(NamedTuple):
    """A picture ready for training. pixels: [image_size, image_size, channels] uint8. square: whether it was square before."""

    pixels: np.ndarray
    square: bool


class BadPicture(Exception):
    """A picture that cannot be used; the text is the reason, as rejected.csv lists it."""


def prepare(
    image: Picture, *, image_size: int, channels: int, bbox: Sequence[int] | None = None, fit: str = "squash"
) -> Prepared:
    """A picture as a person sees it, cut and resized to the square. Resizing is bicubic and antialiased.

    bbox: (x, y, width, height) in pixels, cut out first. fit: "squash" the whole, or "crop" the central square.
    An upright JPEG is decoded at 1/2, 1/4 or 1/8 of its size if what is cut out is then still at least twice as large as the
    square.
    Of an animation it takes the first picture. Raises BadPicture.
    """
    with _damage_is_a_bad_picture():
        picture = _open(image)
        if picture.getexif().get(_ORIENTATION, 1) != 1:
            ImageOps.exif_transpose(picture, in_place=True)  # this loads it, so a JPEG is not reduced below
        width, height = picture.size
        whole = (0, 0, width, height) if bbox is None else clip_box(bbox, width, height)
        part = _fitting(whole, fit)
        smaller = min(part[2] - part[0], part[3] - part[1]) // (2 * image_size)
        scale = _reduce(picture, smaller, channels)
        picture.load()  # here, where damage becomes a BadPicture
        picture = to_channels(picture, channels)
    left, top, right, bottom = (place / scale for place in part)
    # First crop, then resize: resize(box=...) alone lets the filter see what is outside the box.
    around = math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
    inside = left - around[0], top - around[1], right - around[0], bottom - around[1]
    picture = picture.crop(around).resize((image_size, image_size), Image.Resampling.BICUBIC, inside)
    square = whole[2] - whole[0] == whole[3] - whole[1]
    return Prepared(np.asarray(picture).reshape(image_size, image_size, channels), square)


def prepare_arrays(images: np.ndarray, *, image_size: int, channels: int, fit: str = "squash") -> np.ndarray:
    """The pixels of `prepare` for each of the pictures [N, H, W] or [N, H, W, C] uint8: [N, image_size, image_size, channels].

    All go through Pillow as one picture, one below the other, first for the columns and then, turned, for the rows. Pillow alone
    begins with the rows of some pictures that are higher than wide; of these, pixels can differ by some grey levels.
    """
    number, height, width = images.shape[:3]
    left, top, right, bottom = _fitting((0, 0, width, height), fit)
    pixels = images[:, top:bottom, left:right]
    for _ in ("columns", "rows"):
        number, height, width = pixels.shape[:3]
        stack = to_channels(_open(pixels.reshape(number * height, width, -1)), channels)
        stack = stack.resize((image_size, stack.height), Image.Resampling.BICUBIC)
        pixels = np.asarray(stack).reshape(number, height, image_size, channels).swapaxes(1, 2)
    return pixels


def plain_file(image: Picture) -> bytes | None:
    """The picture's own file, a JPEG or PNG that every decoder shows as it is: grey or RGB of 8 bits, opaque, upright.

    None if it is another picture: an array, another format, a palette, CMYK, turned by EXIF. Only the file's header is read, so
    the rest may be damaged. Raises BadPicture.
    """
    if isinstance(image, np.ndarray):
        return None
    with _damage_is_a_bad_picture():
        encoded = _bytes(image)
        picture = _open(encoded)
        upright = picture.getexif().get(_ORIENTATION, 1) == 1
    plain = picture.format in ("JPEG", "PNG") and picture.mode in ("L", "RGB") and "transparency" not in picture.info
    return encoded if plain and upright else None


def as_png(image: Picture) -> bytes:
    """The picture as a person sees it, as the bytes of a PNG file in grey or RGB. Raises BadPicture."""
    picture = open_picture(image)
    with _damage_is_a_bad_picture():
        picture = to_channels(picture, 1 if picture.mode in ("1", "L", "LA", "F") or picture.mode.startswith("I") else 3)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def open_picture(image: Picture) -> Image.Image:
    """The picture, completely loaded and upright. Raises BadPicture."""
    with _damage_is_a_bad_picture():
        picture = _open(image)
        ImageOps.exif_transpose(picture, in_place=True)
        picture.load()
        return picture


def _open(image: Picture) -> Image.Image:
    """The picture, of which only the header is read: a file that is cut short fails at its load(). Raises BadPicture if the
    file's picture is smaller than 3x3."""
    if isinstance(image, np.ndarray):
        return Image.fromarray(image[..., 0] if image.shape[2:] == (1,) else image)
    encoded = _bytes(image)
    if not encoded:
        raise BadPicture("an empty file")
    picture = Image.open(io.BytesIO(encoded), formats=tuple(FORMATS))
    if min(picture.size) < SMALLEST:
        raise BadPicture(f"too small: {picture.width}x{picture.height} pixels, and {SMALLEST}x{SMALLEST} are the fewest")
    return picture


def _bytes(image: str | Path | bytes) -> bytes:
    if isinstance(image, bytes):
        return image
    file = Path(image)
    if not stat.S_ISREG(file.stat().st_mode):  # to read a named pipe would wait for ever
        raise BadPicture("no file, but a folder that cannot be read, a pipe or a device")
    return file.read_bytes()


@contextlib.contextmanager
def _damage_is_a_bad_picture() -> Iterator[None]:
    try:
        yield
    except Image.UnidentifiedImageError as error:
        raise BadPicture(f"cannot be decoded: it is none of {', '.join(FORMATS)}, or damaged") from error
    except pictures.DAMAGE as error:
        # Only errors of the file system have a strerror: there is no such file, or it may not be read.
        if isinstance(error, OSError) and error.strerror:
            raise BadPicture(f"cannot be read: {error.strerror}") from error
        raise BadPicture(f"cannot be decoded: {error or type(error).__name__}") from error


def to_channels(picture: Image.Image, channels: int) -> Image.Image:
    """The picture in grey (1) or colour (3). Transparent parts become white; 16 bits, and floats from 0 to 1, become 8 bits.

    Raises BadPicture for larger or negative numbers, because nobody knows which of them is white.
    """
    if picture.mode.startswith("I") or picture.mode == "F":
        # convert("L") would clip 16 bits at 255 and show white, and floats from 0 to 1 would be black.
        numbers, most = np.asarray(picture), 1 if picture.mode == "F" else 65535
        if not (numbers.min() >= 0 and numbers.max() <= most):
            raise BadPicture(f"its pixels go from {numbers.min():g} to {numbers.max():g}, and 0 to {most} can be read")
        picture = Image.fromarray(np.round(numbers / (most / 255)).astype(np.uint8))
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    mode = "L" if channels == 1 else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)


def clip_box(bbox: Sequence[int], width: int, height: int) -> tuple[int, int, int, int]:
    """The part of a box (x, y, width, height) that lies in a picture of width x height, as (left, top, right, bottom).

    Raises BadPicture if no part of the box does.
    """
    x, y, w, h = map(int, bbox)
    if w <= 0 or h <= 0:
        raise BadPicture(f"box of zero size: {x} {y} {w} {h}")
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    if left >= right or top >= bottom:
        raise BadPicture(f"box outside the picture: {x} {y} {w} {h} in {width}x{height}")
    return left, top, right, bottom


def _fitting(box: tuple[int, int, int, int], fit: str) -> tuple[int, int, int, int]:
    """The part of a box (left, top, right, bottom) that becomes the square: with "crop" its central square, else the whole."""
    if fit != "crop":
        return box
    left, top, right, bottom = box
    side = min(right - left, bottom - top)
    left, top = left + (right - left - side) // 2, top + (bottom - top - side) // 2
    return left, top, left + side, top + side


def _reduce(picture: Image.Image, most: int, channels: int) -> int:
    """Let Pillow decode a JPEG file at 1 / (1, 2, 4 or 8) of its size, 1 / `most` at the smallest. Returns the divisor."""
    divisor = max(one for one in (1, 2, 4, 8) if one <= max(most, 1))
    reduced = picture.draft("L" if channels == 1 else None, (picture.width // divisor, picture.height // divisor))
    return divisor if reduced else 1
