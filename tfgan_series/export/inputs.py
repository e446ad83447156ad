"""What a generator takes and draws: for the trial of an exported file, and for the words and the examples of its card."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tfgan_series import translation
from tfgan_series.errors import UserError

CONDITION = "condition"  # the name of a condition among a generator's inputs
_COUNT = 16  # pictures of an example
_TRIALS = ((4, 64, 64), (1, 48, 80))  # batch, height and width of the inputs that a file is tried with
_SIDES = ("H", "W")

Shape = Sequence[int | None]


def fixed(shape: Shape, size: int | None) -> tuple[int | None, ...]:
    """An input's or output's shape if pictures of any size are fixed to `size`; the batch is free in any case."""
    batch, *rest = shape
    return (batch, *(size if side is None else side for side in rest))


def in_words(shape: Shape) -> str:
    """A shape as a person reads it: '[B, 100]', '[B, H, W, 3]'."""
    _, *rest = shape
    names = iter(_SIDES)
    return f"[{', '.join(['B', *(next(names) if side is None else str(side) for side in rest)])}]"


def check_size(generator: keras.Model, name: str, size: int | None) -> None:
    """Raises UserError if the pictures that the generator of this name takes cannot have the width and height `size`."""
    if size is None:
        return
    if not any(None in tensor.shape[1:] for tensor in generator.inputs):
        raise UserError(f"--size={size}: {name} always draws {in_words(generator.output_shape)}; leave the flag out")
    if size % translation.MULTIPLE or size < translation.SMALLEST:
        raise UserError(f"--size={size}: {name} needs a multiple of {translation.MULTIPLE}, {translation.SMALLEST} or more")


def takes_pictures(generator: keras.Model) -> bool:
    """Whether an input of the generator is pictures."""
    return any(len(tensor.shape) == 4 for tensor in generator.inputs)


def trials(generator: keras.Model, size: int | None) -> list[dict[str, np.ndarray]]:
    """Inputs to try a file with, each as {name: float32 array}: of two batch sizes, and two picture sizes if free."""
    draw = np.random.default_rng(0)
    return [{tensor.name: _values(tensor, size, draw, *trial) for tensor in generator.inputs} for trial in _TRIALS]


def _values(tensor: Any, size: int | None, draw: np.random.Generator, batch: int, *sides: int) -> np.ndarray:
    """Values of an input [batch, ...]: pictures in [-1, 1], a different class in each row of a condition, or z from N(0, 1)."""
    free = iter(sides)
    shape = [batch, *(next(free) if side is None else side for side in fixed(tensor.shape, size)[1:])]
    if len(shape) == 4:
        return draw.uniform(-1, 1, shape).astype(np.float32)
    if tensor.name == CONDITION:
        return np.eye(shape[1], dtype=np.float32)[np.arange(batch) % shape[1]]
    return draw.normal(size=shape).astype(np.float32)


def meaning(tensor: Any) -> str:
    """What an input holds, in words."""
    if len(tensor.shape) == 4:
        return "pictures, from -1 (black) to 1 (white)"
    return "1 for what is asked, else 0" if tensor.name == CONDITION else "noise from N(0, 1)"


def code(tensor: Any, size: int | None) -> str:
    """Python code that makes an input for an example."""
    name, (_, *rest) = tensor.name, fixed(tensor.shape, size)
    if len(rest) == 3:
        height, width, channels = rest
        mode, index = ("L", "[None, ..., None]") if channels == 1 else ("RGB", "[None]")
        opened = f'Image.open("picture.jpg").convert("{mode}").resize(({width or 256}, {height or 256}))'
        return f'from PIL import Image\n{name} = np.asarray({opened}, "float32"){index} / 127.5 - 1'
    if name == CONDITION:
        return f'{name} = np.eye({rest[0]}, dtype="float32")[np.arange({_COUNT}) % {rest[0]}]'
    return f'{name} = np.random.default_rng(0).normal(size=({_COUNT}, {rest[0]})).astype("float32")'
