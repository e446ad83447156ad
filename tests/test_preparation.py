import dataclasses

import numpy as np
import pytest

from tfgan_series import preparation, series
from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.datasets.source import Source, array_examples
from tfgan_series.errors import UserError


def test_records_that_are_there_are_found(tiny, digits):
    assert preparation.find_or_make(tiny, digits[0], may_make=False) == digits[1]


def test_records_of_bundled_pictures_are_made(tiny, tmp_path, monkeypatch):
    few = Source({"train": array_examples("train", np.zeros((3, 8, 8), np.uint8), [0] * 3)}, class_names=("0",))
    monkeypatch.setitem(DATASETS, "digits", dataclasses.replace(DATASETS["digits"], find=lambda request: few))
    assert preparation.find_or_make(tiny, tmp_path).counts == {"train": 3}
    command = "make them before several workers train, with: tfgan convert --ImageType=digits --image_size=8"
    with pytest.raises(UserError, match=command):  # it needs no --DatasetPath
        preparation.find_or_make(tiny, tmp_path / "elsewhere", may_make=False)
    assert not (tmp_path / "elsewhere").exists()


def test_where_files_are_needed_the_command_is_told(tmp_path):
    faces = series.resolve("celeba", bbox=False, image_size=32)
    with pytest.raises(UserError, match="they cannot be made now") as error:
        preparation.find_or_make(faces, tmp_path / "t")
    assert str(error.value).endswith(f"Type: {preparation.make_command(faces, tmp_path / 't', '--DatasetPath=FOLDER')}")
    assert "\n" not in str(error.value)


def test_the_command_names_what_is_not_usual(tmp_path):
    start = "tfgan convert --ImageType=img_celeba"
    assert preparation.make_command(series.resolve("celeba"), "tfrecords") == start
    faces = series.resolve("celeba", bbox=False, image_size=32, fit="crop")
    assert (
        preparation.make_command(faces, "my records")
        == f"{start} --image_size=32 --fit=crop --nobbox --TFRecordPath='my records'"
    )


def test_describe_tells_sizes_and_makes_nothing(tmp_path, digits, tiny):
    lines = "\n".join(preparation.describe(series.resolve("img_celeba"), tfrecord_path=tmp_path / "t", run_dir=tmp_path / "r"))
    assert "generator: 12,664,195 parameters" in lines
    assert "batch_size: 128" in lines
    assert "no records yet in" in lines
    assert list(tmp_path.iterdir()) == []
    lines = preparation.describe(tiny, tfrecord_path=digits[0])
    assert any("1,500 train + 297 test" in line for line in lines)
    assert "length: 46 steps, 2 epochs of 23 steps each" in lines
    lines = preparation.describe(tiny.change(steps=1900), tfrecord_path=digits[0])
    assert "length: 1,900 steps, 82.61 epochs of 23 steps each" in lines
    with pytest.raises(UserError, match="--image_size=28"):
        preparation.describe(series.resolve("mnist", image_size=28))
