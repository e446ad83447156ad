import numpy as np
import pytest
import tensorflow_datasets as tfds

from tfgan_series import series
from tfgan_series.data import conversion
from tfgan_series.data.datasets import cifar10
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import UserError

RECORDS = 20
FILES = [*cifar10.BATCHES["train"], "test_batch.bin"]


@pytest.fixture
def batches(tmp_path, monkeypatch):
    """The published layout with 20 records a batch: record n of the k-th file has label n % 10, and its pixel (y, x) is
    (n, y, x)."""
    monkeypatch.setattr(cifar10, "BATCH_RECORDS", RECORDS)
    y, x = np.mgrid[:32, :32].astype(np.uint8)
    rows = [np.concatenate([[n % 10], np.full(1024, n), y.ravel(), x.ravel()]).astype(np.uint8) for n in range(RECORDS)]
    for name in FILES:
        (tmp_path / name).write_bytes(np.concatenate(rows).tobytes())
    return tmp_path


def find(path):
    return cifar10.find(Request("cifar10", path, path / "downloads"))


def test_the_binary_batches(batches):
    source = find(batches)
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"train": 5 * RECORDS, "test": RECORDS}
    assert source.class_names[:2] == ("airplane", "automobile")
    example = source.partitions["train"][RECORDS + 13]
    assert (example.label, example.filename) == (3, "train/000033")
    assert example.image.shape == (32, 32, 3)
    assert example.image[5, 7].tolist() == [13, 5, 7]


def test_what_tfds_fetched_is_the_same(batches, monkeypatch):
    """The records of the batches are a TFDS data set with the same splits. They stand in for the data set that TFDS fetches."""

    def content(source):
        return {
            partition: sorted((one.label, one.image.shape, one.image.tobytes()) for one in examples)
            for partition, examples in source.partitions.items()
        }

    wanted = content(find(batches))
    stored = conversion.convert(series.resolve("cifar10"), dataset_path=batches, tfrecord_path=batches / "t").folder
    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: tfds.builder_from_directory(stored))
    fetched = cifar10.find(Request("cifar10", None, batches / "downloads"))
    assert content(fetched) == wanted
    assert {one.image.dtype for examples in fetched.partitions.values() for one in examples} == {np.dtype(np.uint8)}


def test_the_folder_that_the_archive_unpacks_to(batches):
    inner = batches / "cifar-10-batches-bin"
    inner.mkdir()
    for name in FILES:
        (batches / name).rename(inner / name)
    assert len(find(batches).partitions["test"]) == RECORDS


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda file: file.unlink(), r"data_batch_3\.bin is not there: --DatasetPath must be the folder of CIFAR-10's binary"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), r"data_batch_3\.bin: 61,459 bytes; wanted 61,460"),
        (lambda file: file.write_bytes(b"\x0b" + file.read_bytes()[1:]), r"data_batch_3\.bin, record 1: label 11; wanted 0 to 9"),
        (lambda file: file.rename(file.with_suffix("")), r"data_batch_3 is a Python pickle.*cifar-10-binary\.tar\.gz"),
    ],
)
def test_batches_that_cannot_be_used(batches, damage, words):
    damage(batches / "data_batch_3.bin")
    with pytest.raises(UserError, match=words):
        find(batches)


def test_the_version_for_python_is_not_opened(batches):
    inner = batches / "cifar-10-batches-py"
    inner.mkdir()
    (batches / "data_batch_1.bin").rename(inner / "data_batch_1")
    with pytest.raises(UserError, match="data_batch_1 is a Python pickle"):
        find(batches)
