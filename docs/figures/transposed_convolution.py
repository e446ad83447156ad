"""Transposed convolution in NumPy, by both its definitions, and the figures of docs/transposed_convolution.md.

`python docs/figures/transposed_convolution.py` draws the figures again, into docs/images.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

IMAGES = Path(__file__).resolve().parent.parent / "images"

# The numbers drawn. The kernel's order makes the flip visible.
SMALL = np.array([[1, 2], [3, 4]])
IMAGE = np.array([[1, 2, 1], [3, 1, 2], [2, 1, 3]])
KERNEL = np.arange(1, 10).reshape(3, 3)

CELL = 0.38  # inches
TINTS = {1: "#9ecae9", 2: "#ffcf8f", 3: "#a8dba0", 4: "#f4a9b8"}  # of SMALL's values, light enough for black numbers
SHADES = {1: "#eef3fa", 2: "#c6daef", 4: "#86b3dd"}  # of a cell, by the number of stamps that reach it
FRAME = "#c1121f"


def stamps(image, kernel, stride):
    """The stamp of each value of the image [H, W]: the value times the kernel [kh, kw]. Stamps are `stride` cells apart.

    Returns [H, W, (H - 1) * stride + kh, (W - 1) * stride + kw].
    """
    (height, width), (tall, wide) = image.shape, kernel.shape
    size = (height - 1) * stride + tall, (width - 1) * stride + wide
    canvas = np.zeros((height, width, *size), np.result_type(image, kernel))
    for row, column in np.ndindex(height, width):
        top, left = row * stride, column * stride
        canvas[row, column, top : top + tall, left : left + wide] = image[row, column] * kernel
    return canvas


def scatter(image, kernel, stride, padding):
    """The first definition: add up the stamps, then cut `padding` cells from each border.

    image [H, W], kernel [kh, kw]. Returns [(H - 1) * stride + kh - 2 * padding, (W - 1) * stride + kw - 2 * padding].
    """
    full = stamps(image, kernel, stride).sum((0, 1))
    height, width = full.shape
    return full[padding : height - padding, padding : width - padding]


def dilate(image, stride):
    """[H, W] -> [(H - 1) * stride + 1, (W - 1) * stride + 1]: `stride` - 1 zeros between neighbours."""
    height, width = image.shape
    dilated = np.zeros(((height - 1) * stride + 1, (width - 1) * stride + 1), image.dtype)
    dilated[::stride, ::stride] = image
    return dilated


def surround(image, kernel, padding):
    """The image [H, W] with kh - padding - 1 zeros above and below, kw - padding - 1 at the sides."""
    return np.pad(image, [(size - padding - 1,) * 2 for size in kernel.shape])


def convolve(image, kernel):
    """Conv2D with stride 1 and padding="valid": the kernel [kh, kw] slides over the image [H, W] as it is, unflipped."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum((2, 3))


def dilate_and_convolve(image, kernel, stride, padding):
    """The second definition, for padding < k. It has the arguments and the output of scatter."""
    return convolve(surround(dilate(image, stride), kernel, padding), kernel[::-1, ::-1])


def overlaps(size, kernel_size, padding):
    """How many stamps reach each output cell, for a square image and stride 2: ones through a kernel of ones."""
    return scatter(np.ones((size, size), int), np.ones((kernel_size, kernel_size), int), 2, padding)


def page(width, height):
    """(figure, axes), a white sheet of width x height cells; y runs downwards, as rows do."""
    figure = Figure(figsize=(width * CELL, height * CELL))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return figure, axes


def headline(axes, x, y, text):
    axes.text(x, y, text, size=13, weight="bold", va="center")


def note(axes, x, y, text):
    axes.text(x, y, text, size=11, ha="center", va="baseline", linespacing=1.5)


def frame(axes, left, top, size):
    axes.add_patch(Rectangle((left, top), size, size, fill=False, ec=FRAME, lw=2.4, zorder=3))


def arrow(axes, start, end):
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "#333333", "lw": 1.4})


def matrix(axes, left, top, values, title="", colours=lambda row, column: [["white"]]):
    """The numbers in cells, from (left, top) on; colours(row, column) gives a cell's patches, row by row."""
    note(axes, left + values.shape[1] / 2, top - 0.4, title)
    for (row, column), value in np.ndenumerate(values):
        x, y = left + column, top + row
        patches = colours(row, column)
        for i, line in enumerate(patches):
            for j, colour in enumerate(line):
                corner = x + j / len(line), y + i / len(patches)
                axes.add_patch(Rectangle(corner, 1 / len(line), 1 / len(patches), fc=colour, lw=0))
        axes.add_patch(Rectangle((x, y), 1, 1, fill=False, ec="#777777", lw=0.6))
        axes.text(x + 0.5, y + 0.53, value, size=11, ha="center", va="center", color="black" if value else "#999999")


def by(keys, palette):
    """For matrix(): each cell in the palette's colour for its key, white for a key that is not there."""
    return lambda row, column: [[palette.get(keys[row, column], "white")]]


def reaching(cut):
    """For matrix(): a cell in the tints of SMALL's values whose stamps (3x3, 2 apart) reach it, after `cut` was cut."""

    def colours(row, column):
        rows, columns = ([n for n in (0, 1) if 0 <= at + cut - 2 * n < 3] for at in (row, column))
        return [[TINTS[SMALL[r, c]] for c in columns] for r in rows]

    return colours


def draw_scatter():
    """The first definition: 2x2 -> 3x3 with kernel 3, stride 2, padding 1."""
    figure, axes = page(25.4, 19.4)
    headline(axes, 0.7, 0.8, "Multiply: each input value times the kernel, stamped s = 2 cells apart")
    matrix(axes, 0.7, 2.6, SMALL, "input", by(SMALL, TINTS))
    matrix(axes, 4.7, 2.6, KERNEL, "kernel")
    numbers, places = stamps(SMALL, KERNEL, 2), stamps(SMALL, np.ones_like(KERNEL), 2)
    for index, place in enumerate(np.ndindex(2, 2)):
        left = 0.7 + 6.35 * index
        matrix(axes, left, 7.2, numbers[place], f"{SMALL[place]} × kernel", by(places[place], TINTS))
        if index:
            note(axes, left - 0.67, 9.85, "+")
    headline(axes, 0.7, 13.2, "Add where they overlap")
    matrix(axes, 0.7, 14, scatter(SMALL, KERNEL, 2, 0), colours=reaching(0))
    frame(axes, 1.7, 15, 3)
    note(axes, 9.3, 17.1, "the middle:\n9 + 14 + 9 + 4 = 36")
    headline(axes, 13.4, 13.2, "Cut p = 1 from each border")
    matrix(axes, 13.4, 15, scatter(SMALL, KERNEL, 2, 1), "output", reaching(1))
    return figure


def draw_dilate():
    """The second definition: the same input, kernel and output."""
    figure, axes = page(25.4, 17.8)
    dilated = dilate(SMALL, 2)
    padded = surround(dilated, KERNEL, 1)
    headline(axes, 0.7, 0.8, "Put zeros between (s − 1 = 1) and around (k − p − 1 = 1)")
    matrix(axes, 0.7, 4.1, SMALL, "input", by(SMALL, TINTS))
    arrow(axes, (3, 5.1), (4.4, 5.1))
    matrix(axes, 4.7, 3.6, dilated, "zeros between", by(dilated, TINTS))
    arrow(axes, (8, 5.1), (9.4, 5.1))
    matrix(axes, 9.7, 2.6, padded, "and around", by(padded, TINTS))
    headline(axes, 17.2, 0.8, "Flip the kernel")
    matrix(axes, 17.2, 3.6, KERNEL, "kernel")
    arrow(axes, (20.4, 5.1), (21.5, 5.1))
    matrix(axes, 21.7, 3.6, KERNEL[::-1, ::-1], "flipped")
    headline(axes, 0.7, 9.2, "Slide it one cell at a time: each window gives one number of the output")
    for left, row, column, total in (
        (0.7, 0, 0, "5·1 = 5"),
        (7.4, 0, 1, "6·1 + 4·2 = 14"),
        (14.1, 1, 1, "9·1 + 7·2 + 3·3 + 1·4 = 36"),
    ):
        matrix(axes, left, 11, padded, f"for row {row + 1}, column {column + 1}", by(padded, TINTS))
        frame(axes, left + column, 11 + row, 3)
        note(axes, left + 2.5, 16.9, total)
    matrix(axes, 21.7, 12, dilate_and_convolve(SMALL, KERNEL, 2, 1), "output", reaching(1))
    return figure


def draw_both():
    """The article's sizes, 3x3 -> 5x5 with kernel 3, stride 2, padding 1, by both definitions."""
    figure, axes = page(25.2, 20)
    blue = dict.fromkeys(range(1, 10), SHADES[2])
    padded = surround(dilate(IMAGE, 2), KERNEL, 1)
    headline(axes, 0.7, 0.8, "1. Nine stamps, 2 apart, added; 1 cut from each border")
    matrix(axes, 0.7, 4, IMAGE, "input", by(IMAGE, blue))
    matrix(axes, 4.9, 4, KERNEL, "kernel")
    arrow(axes, (8.2, 5.5), (9.7, 5.5))
    matrix(axes, 10, 2, scatter(IMAGE, KERNEL, 2, 0))
    frame(axes, 11, 3, 5)
    arrow(axes, (17.3, 7.5), (19.2, 8.9))
    headline(axes, 0.7, 10.8, "2. Zeros between and around; the flipped kernel slides")
    matrix(axes, 0.7, 12, padded, colours=by(padded, blue))
    matrix(axes, 10, 14, KERNEL[::-1, ::-1], "flipped")
    arrow(axes, (13.3, 15.5), (19.2, 12.1))
    matrix(axes, 19.5, 8, scatter(IMAGE, KERNEL, 2, 1), "output, either way")
    return figure


def draw_overlap():
    """Where stamps overlap at stride 2: unevenly with kernel 3, evenly with kernel 4."""
    figure, axes = page(18.4, 11.1)
    for left, size in ((0.7, 3), (9.7, 4)):
        counts = overlaps(4, size, 1)
        headline(axes, left, 0.8, f"Kernel {size}, stride 2")
        matrix(axes, left, 2.4, counts, f"4×4 → {len(counts)}×{len(counts)}", by(counts, SHADES))
    return figure


def main():
    drawings = {"scatter": draw_scatter, "dilate": draw_dilate, "both": draw_both, "overlap": draw_overlap}
    for name, draw in drawings.items():
        draw().savefig(IMAGES / f"transposed_{name}.png", dpi=140, facecolor="white")


if __name__ == "__main__":
    main()
