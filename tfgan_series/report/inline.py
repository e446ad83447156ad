"""Pictures inside a page, as data URIs. They are encoded anew, so that the page stays small."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from tfgan_series import pictures

_QUALITIES = (85, 65, 40)  # of WebP: the first looks like the original; with the last, grids still look different
_WIDEST = 1024
_HIGHEST = 16383  # pixels of a side; WebP has no more
_MOST = 300  # grids of one run: they are enough for the slider, and encoding more takes time
_SAMPLE = 8  # grids that are encoded first, to estimate the size of all

Item = TypeVar("Item")


def encode(picture: Image.Image, quality: int = _QUALITIES[0]) -> str:
    """A PIL image as a data URI, at most 1,024 pixels wide: WebP, lossless if that is smaller."""
    picture = picture.resize(fitting(picture.size, _WIDEST))  # Pillow: bicubic with antialiasing; the same size is a copy
    return min((_webp(picture, lossless=True, method=1), _webp(picture, quality=quality)), key=len)


def fitting(size: tuple[int, int], widest: int) -> tuple[int, int]:
    """The size (width, height), scaled down if it is wider, or higher than WebP can be."""
    width, height = size
    scale = min(widest / width, _HIGHEST / height, 1)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _webp(picture: Image.Image, **how: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **how)
    return data_uri(buffer.getvalue(), "image/webp")


def data_uri(data: bytes, kind: str) -> str:
    """Bytes of a media type as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def thin(items: Sequence[Item], most: int) -> Sequence[Item]:
    """At most `most` of the items, evenly chosen, the first and the last among them. If `most` is 1: the last."""
    if len(items) <= most:
        return items
    if most < 2:
        return items[-1:]
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def encode_grids(paths: Mapping[float, Path], room: float) -> dict[float, str]:
    """{step: path} as {step: data URI}, at most `room` characters in all. To fit, first the quality is lowered, then pictures
    are left out, but not the last."""
    steps = thin(list(paths), _MOST)
    samples = [pictures.read(paths[step]).convert("RGB") for step in thin(steps, _SAMPLE)]
    for quality in _QUALITIES:
        if len(steps) * sum(len(encode(picture, quality=quality)) for picture in samples) <= room * len(samples):
            break
    encoded = {step: encode(pictures.read(paths[step]).convert("RGB"), quality=quality) for step in steps}
    while len(steps) > 1 and (size := sum(len(encoded[step]) for step in steps)) > room:
        steps = thin(steps, min(len(steps) - 1, int(len(steps) * room / size)))
    return {step: encoded[step] for step in steps}
