"""What a grid shows, as make_look of an algorithm gives it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import keras
import numpy as np


class Sheet(NamedTuple):
    """What a grid shows. images: [n, H, W, C] uint8. measured: {name: number measured on them}. rows: a name for each row of the
    grid, or none. heads: a name for each column, or none."""

    images: np.ndarray
    columns: int
    measured: Mapping[str, float]
    rows: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()


Look = Callable[[Mapping[str, keras.Model]], Sheet]  # the generators -> their grid
