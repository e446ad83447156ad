import gzip

import numpy as np
import pytest
import requests
import tensorflow_datasets as tfds

from tfgan_series.data.datasets import mnist
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import UserError

from conftest import write_mnist


def find(path, downloads="downloads"):
    return mnist.find(Request("mnist", path, downloads))


@pytest.mark.parametrize("compress", [True, False])
def test_four_idx_files(tmp_path, compress):
    source = find(write_mnist(tmp_path, compress=compress))
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"train": 40, "test": 20}
    example = source.partitions["train"][23]
    assert (example.filename, example.label) == ("train/000023", 3)
    assert example.image.shape == (28, 28)
    assert (example.image == 23).all()
    assert source.class_names == tuple("0123456789")


def test_missing_file_is_named(tmp_path):
    (write_mnist(tmp_path) / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UserError, match=r"has no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte\.gz"):
        find(tmp_path)


def test_cut_and_foreign_files_are_named(tmp_path):
    path = write_mnist(tmp_path) / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte\.gz: not a whole gzip file"):
        find(tmp_path)
    path.write_bytes(gzip.compress(gzip.decompress(whole)[:-100]))
    with pytest.raises(UserError, match="31,276 bytes, but its header promises 31,376"):
        find(tmp_path)
    path.write_bytes(gzip.compress(b"hello"))
    with pytest.raises(UserError, match="does not begin like an idx file"):
        find(tmp_path)


def test_labels_of_another_file(tmp_path):
    write_mnist(tmp_path)
    other = write_mnist(tmp_path / "other", train=39)
    (other / "train-labels-idx1-ubyte.gz").rename(tmp_path / "train-labels-idx1-ubyte.gz")
    with pytest.raises(UserError, match=r"39 labels for the 40 pictures of train-images-idx3-ubyte\.gz"):
        find(tmp_path)


def test_download_by_tfds(tmp_path, monkeypatch):
    monkeypatch.setattr(requests, "head", lambda *args, **options: None)
    with tfds.testing.mock_data(num_examples=6):
        source = find(None, tmp_path)
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"train": 6, "test": 6}
    assert source.partitions["train"][0].image.shape == (28, 28, 1)
    assert source.partitions["train"][0].image.dtype == np.uint8
