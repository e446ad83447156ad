"""Pictures inside a page: re-encoded so that the page stays small, as data URIs."""

import base64
import io

from PIL import Image

from tfgan_series.errors import UserError

_QUALITIES = (85, 65, 40)  # of WebP: the first is like the original to the eye, the last still tells epochs apart
_WIDEST = 1024
_MOST = 300  # grids of one run: more than anyone slides through, and their encoding takes time
_SAMPLE = 8  # grids that tell how large all will be


def open_picture(path):
    """A picture file as a PIL image in RGB. Raises UserError where it cannot be read."""
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except OSError as error:
        raise UserError(f"{path} cannot be read as a picture ({error}): remove it, or make it again") from error


def encode(picture, widest=_WIDEST, quality=_QUALITIES[0]):
    """A PIL image as a data URI, at most `widest` pixels wide: WebP, lossless where that is the smaller."""
    picture = picture.resize(fitting(picture.size, widest))  # Pillow: bicubic with antialiasing; the same size is a copy
    return min((_webp(picture, lossless=True, method=1), _webp(picture, quality=quality)), key=len)


def fitting(size, widest):
    """The size (width, height), scaled down where it is wider."""
    width, height = size
    return (widest, max(1, round(height * widest / width))) if width > widest else (width, height)


def _webp(picture, **how):
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **how)
    return data_uri(buffer.getvalue(), "image/webp")


def data_uri(data, kind):
    """Bytes of a media type as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def thin(items, most):
    """At most `most` of the items, evenly, the first and the last among them (of one: the last)."""
    if len(items) <= most:
        return items
    if most < 2:
        return items[-1:]
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def grids(paths, room):
    """{epoch: path} as {epoch: data URI} of at most `room` characters in all: coarser where they are more, and then fewer."""
    epochs = thin(list(paths), _MOST)
    pictures = [open_picture(paths[epoch]) for epoch in thin(epochs, _SAMPLE)]
    for quality in _QUALITIES:
        if len(epochs) * sum(len(encode(picture, quality=quality)) for picture in pictures) <= room * len(pictures):
            break
    encoded = {epoch: encode(open_picture(paths[epoch]), quality=quality) for epoch in epochs}
    while len(epochs) > 1 and (size := sum(len(encoded[epoch]) for epoch in epochs)) > room:
        epochs = thin(epochs, min(len(epochs) - 1, int(len(epochs) * room / size)))
    return {epoch: encoded[epoch] for epoch in epochs}
