import pytest
import tensorflow_datasets as tfds
from test_unpaired import write_sets

from tfgan_series import series
from tfgan_series.data import conversion
from tfgan_series.data.datasets import horse2zebra, unpaired
from tfgan_series.data.datasets.source import Request


def find(path):
    return horse2zebra.find(Request("horse2zebra", path, path / "downloads"))


@pytest.fixture
def folders(tmp_path):
    return write_sets(tmp_path)


def test_the_sets(folders):
    source = find(folders)
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"trainA": 3, "trainB": 2, "testA": 1}
    example = source.partitions["trainB"][1]
    assert (example.filename, example.label, example.image) == ("trainB/1.jpg", 1, str(folders / "trainB/1.jpg"))
    assert {example.label for example in source.partitions["testA"]} == {0}
    assert source.class_names == ("A", "B")


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
