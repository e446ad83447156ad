"""What people look at: grids, curves and animations."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_GAP = 2  # pixels between the pictures of a grid
_CELL = 96  # a picture in a grid is shown at least this wide
_PAPER = 255


def to_uint8(images):
    """Images in [-1, 1] as uint8: -1 is 0, 1 is 255, half a step rounds to even."""
    return np.round((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)


def to_image(pixels):
    """[H, W, C] uint8, C 1 or 3, as a PIL image."""
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def grid(images, columns, caption=""):
    """Images as one picture, row by row.

    images: [N, H, W, C] uint8, C 1 or 3. Small ones are enlarged by a whole factor, each pixel a square. caption:
    written above them. Returns a PIL image.
    """
    images = np.asarray(images)
    count, height, width, channels = images.shape
    scale = max(1, -(-_CELL // width))
    images = images.repeat(scale, axis=1).repeat(scale, axis=2)
    rows = -(-count // columns)
    cell = np.full((rows * columns, height * scale + _GAP, width * scale + _GAP, channels), _PAPER, np.uint8)
    cell[:count, _GAP:, _GAP:] = images
    _, cell_height, cell_width, _ = cell.shape
    sheet = cell.reshape(rows, columns, cell_height, cell_width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * cell_height, columns * cell_width, channels)
    sheet = np.pad(sheet, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=_PAPER)
    picture = to_image(sheet)
    return _captioned(picture, caption) if caption else picture


def _captioned(picture, caption):
    font = ImageFont.load_default(size=18)
    page = Image.new(picture.mode, (picture.width, picture.height + 26), "white")
    page.paste(picture, (0, 26))
    ImageDraw.Draw(page).text((_GAP + 2, 2), caption, font=font, fill="black")
    return page


def animation(files, path, milliseconds=200, hold=2000):
    """Save picture files as a GIF that plays for ever, each for some milliseconds and the last held longer."""
    durations = [milliseconds] * (len(files) - 1) + [hold]
    pages = map(_open, files)  # one at a time: a long run has more grids than a process may have open files
    next(pages).save(path, "GIF", save_all=True, append_images=pages, duration=durations, loop=0)


def _open(file):
    with Image.open(file) as picture:
        return picture.copy()


def curves(x, lines, path, *, x_label, y_label):
    """Save a line plot: lines is {name: values}, each as long as x."""
    # The object interface needs no display, and leaves a notebook's own pyplot figures alone.
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(xlabel=x_label, ylabel=y_label)
    for name, values in lines.items():
        axes.plot(x, values, label=name, marker="o" if len(x) < 3 else None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120, format="png")
