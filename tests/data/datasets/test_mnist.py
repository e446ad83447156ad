import gzip
import hashlib
import socket

import numpy as np
import pytest

from tfgan_series.data.datasets import mnist
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import UserError

from conftest import idx_bytes, write_mnist


def find(path):
    return mnist.find(Request("mnist", path, "downloads"))


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


def test_headers_and_labels_that_cannot_be(tmp_path):
    labels = write_mnist(tmp_path, compress=False) / "train-labels-idx1-ubyte"
    whole = labels.read_bytes()
    labels.write_bytes(whole[:-3] + bytes([10]) + whole[-2:])
    with pytest.raises(UserError, match="train-labels-idx1-ubyte, label 38: 10; wanted 0 to 9"):
        find(tmp_path)
    images = tmp_path / "train-images-idx3-ubyte"
    data = images.read_bytes()
    for sizes, content in (((40, -28, -28), data[16:]), ((40, 0, 28), b"")):
        images.write_bytes(data[:4] + b"".join(size.to_bytes(4, "big", signed=True) for size in sizes) + content)
        with pytest.raises(UserError, match=rf"idx3-ubyte: its header promises the sizes \[40, {sizes[1]}, {sizes[2]}\]"):
            find(tmp_path)


def test_labels_of_another_file(tmp_path):
    write_mnist(tmp_path)
    other = write_mnist(tmp_path / "other", train=39)
    (other / "train-labels-idx1-ubyte.gz").rename(tmp_path / "train-labels-idx1-ubyte.gz")
    with pytest.raises(UserError, match=r"39 labels for the 40 pictures of train-images-idx3-ubyte\.gz"):
        find(tmp_path)


def test_the_bundled_files_are_the_published_ones(monkeypatch):
    """They need no network. As idx files they have the SHA-256 of the four published files, unpacked; we took these digests from
    the files themselves, and public repositories that check their MNIST list the same."""
    monkeypatch.setattr(socket, "socket", None)
    source = find(None)
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"train": 60_000, "test": 10_000}
    digests = {}
    for name, examples in source.partitions.items():
        images = np.stack([example.image for example in examples])
        labels = np.array([example.label for example in examples], np.uint8)
        digests[name] = [hashlib.sha256(idx_bytes(array)).hexdigest() for array in (images, labels)]
    assert digests == {
        "train": [
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ],
        "test": [
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ],
    }


@pytest.mark.parametrize("content", [None, b"hello", mnist.PACKED.read_bytes()[:5000]])
def test_a_damaged_package_is_one_line(tmp_path, monkeypatch, content):
    monkeypatch.setattr(mnist, "PACKED", tmp_path / "mnist.xz")
    if content:
        mnist.PACKED.write_bytes(content)
    with pytest.raises(UserError, match=r"mnist\.xz is missing or damaged .*: install the package again") as error:
        find(None)
    assert "\n" not in str(error.value)
