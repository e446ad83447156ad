"""Makes pictures for people to look at: grids, curves and animations."""

import functools
import math
import struct
import unicodedata
import zlib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from tfgan_series import colours
from tfgan_series.errors import UserError

_GAP = 2  # pixels between the pictures of a grid
_CELL = 96  # pixels; a picture in a grid is at least this wide
_SPACE = 12  # pixels between pictures that are joined
_PAPER = 255

# What Pillow raises for files that are damaged, cut short or no pictures at all.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
          OverflowError, RuntimeError, struct.error, zlib.error, Image.DecompressionBombError)  # fmt: skip


def read(path: Path) -> Image.Image:
    """A picture file as a PIL image. Raises UserError if it is not there or damaged."""
    try:
        with Image.open(path) as picture:
            return picture.copy()
    except DAMAGE as error:
        raise UserError(f"{path} cannot be read as a picture ({error}): remove it, or make it again") from error


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Images in [-1, 1] as uint8: -1 is 0, 1 is 255, and halves are rounded to even. Values outside [-1, 1] are clipped."""
    return np.round((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)


def to_float(pixels: np.ndarray) -> np.ndarray:
    """uint8 as float32 in [-1, 1]: to_uint8 gives the same pixels back."""
    return pixels.astype(np.float32) / 127.5 - 1


def to_image(pixels: np.ndarray) -> Image.Image:
    """[H, W, C] uint8, C 1 or 3, as a PIL image."""
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def grid(
    images: np.ndarray,
    columns: int | None = None,
    caption: str = "",
    corners: Sequence[str] = (),
    rows: Sequence[str] = (),
    heads: Sequence[str] = (),
) -> Image.Image:
    """Images as one picture, row by row.

        tg.grid(tg.generate(run, 16))    # a notebook shows it

    images: [N, H, W, C], C 1 or 3, uint8 or numbers in [-1, 1]. Small images are enlarged by a whole factor, so that each pixel
    is a square. columns: by default about as many as rows. caption: text above the grid. corners: a text for the corner of each
    image, "" for none. rows: a text at the left of each row, or none. heads: a text above each column, or none. The font has
    Vietnamese and many other letters, but no Chinese: of corners, rows and heads, a text that it cannot draw becomes #1, #2 and
    so on, its place among the different texts. Returns a PIL image. Raises UserError for another number of dimensions, and for no
    picture.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not len(images):
        raise UserError(
            f"a grid needs pictures [N, H, W, C], one or more, and got {list(images.shape)}; of one picture: image[None]"
        )
    if images.dtype != np.uint8:
        images = to_uint8(images)
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    scale = max(1, math.ceil(_CELL / width))
    images = images.repeat(scale, axis=1).repeat(scale, axis=2)
    height_in_cells = math.ceil(count / columns)
    cell = np.full((height_in_cells * columns, height * scale + _GAP, width * scale + _GAP, channels), _PAPER, np.uint8)
    cell[:count, _GAP:, _GAP:] = images
    _, cell_height, cell_width, _ = cell.shape
    sheet = cell.reshape(height_in_cells, columns, cell_height, cell_width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(height_in_cells * cell_height, columns * cell_width, channels)
    sheet = np.pad(sheet, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=_PAPER)
    picture = to_image(sheet)
    for index, text in enumerate(_legible(corners)):
        row, column = divmod(index, columns)
        if text:
            _label(picture, (column * cell_width + _GAP, row * cell_height + _GAP), text)
    width_of_cells = picture.width
    if rows:
        picture = _with_margin(picture, _legible(rows), cell_height)
    if heads:
        picture = _with_heads(picture, _legible(heads), cell_width, picture.width - width_of_cells)
    return _captioned(picture, caption) if caption else picture


def _legible(texts: Sequence[str]) -> list[str]:
    """Texts that the font can draw, as grid describes them."""
    known = _letters()
    composed = [unicodedata.normalize("NFC", text) for text in texts]  # macOS stores e and its accent apart
    places = {text: f"#{place}" for place, text in enumerate(dict.fromkeys(filter(None, composed)), 1)}
    return [text if all(ord(letter) in known for letter in text) else places[text] for text in composed]


@functools.cache
def _letters() -> Container[int]:
    """The Unicode numbers of all characters that the font has."""
    from matplotlib.ft2font import FT2Font

    return FT2Font(_font_file()).get_charmap()


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with Matplotlib: Pillow's own font has no Vietnamese letters."""
    return ImageFont.truetype(_font_file(), size)


def _font_file() -> str:
    import matplotlib

    return str(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"))


def _label(picture: Image.Image, corner: tuple[int, int], text: str) -> None:
    font, draw = _font(13), ImageDraw.Draw(picture)
    left, top, right, bottom = draw.textbbox(corner, text, font=font)
    draw.rectangle((left, top - 1, right + 3, bottom + 1), fill="white")
    draw.text((corner[0] + 2, corner[1]), text, font=font, fill="black")


def _with_margin(picture: Image.Image, rows: Sequence[str], row_height: int) -> Image.Image:
    """The picture with a text at the left of the middle of each row."""
    font = _font(18)
    margin = max(int(font.getlength(text)) for text in rows) + 12
    page = ImageOps.expand(picture, (margin, 0, 0, 0), "white")
    draw = ImageDraw.Draw(page)
    for row, text in enumerate(rows):
        draw.text((margin - 6, (row + 0.5) * row_height), text, font=font, fill="black", anchor="rm")
    return page


def _with_heads(picture: Image.Image, heads: Sequence[str], column_width: int, left: int) -> Image.Image:
    """The picture with a text above the middle of each column. left: where the first column begins."""
    font = _font(16)
    page = ImageOps.expand(picture, (0, 22, 0, 0), "white")
    draw = ImageDraw.Draw(page)
    for column, text in enumerate(heads):
        draw.text((left + (column + 0.5) * column_width, 16), text, font=font, fill="black", anchor="ms")
    return page


def _captioned(picture: Image.Image, caption: str) -> Image.Image:
    font = _font(18)
    wider = max(int(font.getlength(caption)) + 8 - picture.width, 0)
    page = ImageOps.expand(picture, (0, 26, wider, 0), "white")
    ImageDraw.Draw(page).text((_GAP + 2, 2), caption, font=font, fill="black")
    return page


def join(pages: Sequence[Image.Image], down: bool = False) -> Image.Image:
    """Pictures of one mode side by side, or one below the other, with some white between them. Returns a PIL image."""
    widths, heights = zip(*(page.size for page in pages), strict=True)
    gaps = _SPACE * (len(pages) - 1)
    size = (max(widths), sum(heights) + gaps) if down else (sum(widths) + gaps, max(heights))
    sheet, at = Image.new(pages[0].mode, size, "white"), 0
    for page in pages:
        sheet.paste(page, (0, at) if down else (at, 0))
        at += (page.height if down else page.width) + _SPACE
    return sheet


def animation(pages: Sequence[Image.Image | Path], path: Path, milliseconds: int = 200, hold: int = 2000) -> None:
    """Save pictures, or picture files, as a GIF that plays for ever: each for `milliseconds`, the last one for `hold`."""
    durations = [milliseconds] * (len(pages) - 1) + [hold]
    # One at a time: a long run has more grids than a process may have open files.
    opened = (page if isinstance(page, Image.Image) else read(page) for page in pages)
    next(opened).save(path, "GIF", save_all=True, append_images=opened, duration=durations, loop=0)


def curves(
    x: Sequence[float], lines: Mapping[str, Sequence[float]], out: Path | IO[bytes], *, x_label: str, y_label: str
) -> None:
    """Save a line plot as a PNG: lines is {name: values}, each as long as x. NaN leaves a gap."""
    # The object interface needs no display, and leaves a notebook's own pyplot figures alone.
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(xlabel=x_label, ylabel=y_label)
    places = colours.places(list(lines))
    for name, values in lines.items():
        axes.plot(x, values, label=name, color=colours.PALETTE[places[name]], marker="o" if len(x) < 3 else None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=all(float(one).is_integer() for one in x)))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(out, dpi=120, format="png")
