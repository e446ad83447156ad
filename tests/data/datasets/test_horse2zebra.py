import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tfgan_series import series
from tfgan_series.data import conversion
from tfgan_series.data.datasets import horse2zebra, unpaired
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import NeedsFiles, UserError


def find(path):
    return horse2zebra.find(Request("horse2zebra", path, path / "downloads"))


@pytest.fixture
def folders(tmp_path):
    """Three horses, two zebras and a horse to test with, as JPEGs of noise."""
    rng = np.random.default_rng(0)
    for name, count in (("trainA", 3), ("trainB", 2), ("testA", 1)):
        (tmp_path / name).mkdir()
        for index in range(count):
            Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8)).save(tmp_path / name / f"{index}.jpg")
    return tmp_path


def test_the_sets(folders):
    source = find(folders)
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"trainA": 3, "trainB": 2, "testA": 1}
    example = source.partitions["trainB"][1]
    assert (example.filename, example.label, example.image) == ("trainB/1.jpg", 1, str(folders / "trainB/1.jpg"))
    assert {example.label for example in source.partitions["testA"]} == {0}
    assert source.class_names == ("A", "B")


def test_a_train_set_that_is_missing_or_empty(folders):
    for file in (folders / "trainB").iterdir():
        file.unlink()
    with pytest.raises(UserError, match="trainB: no picture in it"):
        find(folders)
    (folders / "trainB").rmdir()
    with pytest.raises(UserError, match="has no trainB: --DatasetPath must be a folder with trainA and trainB"):
        find(folders)


def test_other_pairs_of_sets_need_their_folder(folders):
    assert list(unpaired.find(Request("unpaired", folders, folders)).partitions) == ["trainA", "trainB", "testA"]
    with pytest.raises(NeedsFiles, match="unpaired needs --DatasetPath=FOLDER, a folder with trainA and trainB"):
        unpaired.find(Request("unpaired", None, folders))


def test_what_tfds_fetched_keeps_its_bytes(folders, monkeypatch):
    for file in (folders / "testA").iterdir():
        (folders / "testB").mkdir()
        (folders / "testB/0.jpg").write_bytes(file.read_bytes())
    # The records of the folder are a TFDS data set with the same splits. They stand in for the data set that TFDS fetches.
    stored = conversion.convert(series.resolve("horse2zebra"), dataset_path=folders, tfrecord_path=folders / "t").folder
    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: tfds.builder_from_directory(stored))
    source = horse2zebra.find(Request("horse2zebra", None, folders / "downloads"))
    assert list(source.partitions) == ["trainA", "trainB", "testA", "testB"]
    assert source.class_names == ("A", "B")
    for name, examples in source.partitions.items():
        assert sorted(one.image for one in examples) == sorted(file.read_bytes() for file in (folders / name).iterdir())
        assert {one.label for one in examples} == {unpaired.SETS[name]}
        assert examples[-1].filename == f"{name}/{len(examples) - 1:06d}"
