"""scikit-learn's 1,797 handwritten digits of 8x8 pixels: bundled, so they need neither files nor network."""

import numpy as np

from tfgan_series.data.datasets.source import Request, Source, array_examples
from tfgan_series.errors import UserError

TRAIN = 1500  # the first 1,500 train, the last 297 test


def find(request: Request) -> Source:
    """The digits, grey values scaled from 0..16 to 0..255, as train and test."""
    from sklearn.datasets import load_digits

    if request.path is not None:
        raise UserError("digits are bundled: leave --DatasetPath out, or name another --ImageType")
    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    return Source(
        {
            "train": array_examples("train", images[:TRAIN], digits.target[:TRAIN]),
            "test": array_examples("test", images[TRAIN:], digits.target[TRAIN:]),
        },
        class_names=tuple("0123456789"),
    )
