import numpy as np
import pytest
from PIL import Image

from tfgan_series.data.datasets import horse2zebra
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import UserError


def find(path):
    return horse2zebra.find(Request("horse2zebra", path, path / "downloads"))


@pytest.fixture
def folders(tmp_path):
    for name, count in (("trainA", 3), ("trainB", 2), ("testA", 1)):
        (tmp_path / name).mkdir()
        for index in range(count):
            Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / name / f"{index}.jpg")
    return tmp_path


def test_the_sets(folders):
    source = find(folders)
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"trainA": 3, "trainB": 2, "testA": 1}
    example = source.partitions["trainB"][1]
    assert (example.filename, example.label, example.image) == ("trainB/1.jpg", 1, folders / "trainB/1.jpg")
    assert source.class_names == ("A", "B")


def test_a_train_set_that_is_missing_or_empty(folders):
    for file in (folders / "trainB").iterdir():
        file.unlink()
    with pytest.raises(UserError, match="trainB: no picture in it"):
        find(folders)
    (folders / "trainB").rmdir()
    with pytest.raises(UserError, match="has no trainB: --DatasetPath must be a folder with trainA and trainB"):
        find(folders)


def test_tfds_arrays(monkeypatch, tmp_path):
    asked = []

    def load_arrays(name, request, partitions, files):
        asked.append((name, list(partitions)))
        return {partition: (np.zeros((2, 4, 4, 3), np.uint8), np.array([0, 0])) for partition in partitions}

    monkeypatch.setattr(horse2zebra, "load_arrays", load_arrays)
    source = horse2zebra.find(Request("horse2zebra", None, tmp_path))
    assert asked == [("cycle_gan/horse2zebra", ["trainA", "trainB", "testA", "testB"])]
    assert source.partitions["testB"][1].filename == "testB/000001"
