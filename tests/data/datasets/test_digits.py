import numpy as np
import pytest
from sklearn.datasets import load_digits

from tfgan_series.data.datasets import digits
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import UserError


def test_bundled_digits(tmp_path):
    source = digits.find(Request("digits", None, tmp_path))
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"train": 1500, "test": 297}
    bundled = load_digits()
    last = source.partitions["test"][-1]
    assert (last.filename, last.label) == ("test/000296", bundled.target[-1])
    assert np.array_equal(last.image, np.round(bundled.images[-1] * 255 / 16))
    assert max(example.image.max() for example in source.partitions["train"]) == 255


def test_they_have_no_path(tmp_path):
    with pytest.raises(UserError, match="digits are bundled"):
        digits.find(Request("digits", tmp_path, tmp_path))
