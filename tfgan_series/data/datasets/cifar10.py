"""CIFAR-10: TFDS's download, or the six published binary batches."""

from pathlib import Path

import numpy as np

from tfgan_series.data.datasets.source import Request, Source, array_examples
from tfgan_series.data.datasets.tfds_download import fetch, pixels
from tfgan_series.errors import UserError

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCHES = {"train": [f"data_batch_{number}.bin" for number in range(1, 6)], "test": ["test_batch.bin"]}
BATCH_RECORDS = 10_000
_SHAPE = (3, 32, 32)  # a record is its label, then all red, all green and all blue bytes
_RECORD_BYTES = 1 + 3 * 32 * 32
_WANTED = "the folder of CIFAR-10's binary version (data_batch_1.bin ... data_batch_5.bin, test_batch.bin)"
_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"


def find(request: Request) -> Source:
    """CIFAR-10's 50,000 + 10,000 pictures of 32x32 as train and test.

    Raises UserError for a missing batch, for a batch of another length or with a label above 9, and for the Python version.
    That version is not opened: its batches are pickles, and unpickling can run any code in them.
    """
    if request.path is None:
        builder = fetch("cifar10", request, _WANTED)
        arrays = {partition: pixels(builder, partition) for partition in BATCHES}
    else:
        folder = request.folder(_WANTED)
        inner = folder / "cifar-10-batches-bin"  # what the archive unpacks to
        folder = inner if inner.is_dir() else folder
        arrays = {partition: _read_batches(folder, names) for partition, names in BATCHES.items()}
    return Source(
        {partition: array_examples(partition, images, labels) for partition, (images, labels) in arrays.items()},
        class_names=CLASS_NAMES,
    )


def _read_batches(folder: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    images, labels = zip(*(_read_batch(folder, name) for name in names), strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _read_batch(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(images [N, 32, 32, 3] uint8, labels [N]) of one batch file."""
    path = folder / name
    if not path.is_file():
        for pickles in (folder, folder / "cifar-10-batches-py"):
            if (pickles / path.stem).is_file():
                raise UserError(
                    f"{pickles / path.stem} is a Python pickle. It is not opened, because unpickling can run any code in it: "
                    f"fetch the binary version, {_URL}"
                )
        raise UserError(f"{path} is not there: --DatasetPath must be {_WANTED}, from {_URL}")
    data = np.fromfile(path, np.uint8)
    wanted = BATCH_RECORDS * _RECORD_BYTES
    if len(data) != wanted:
        raise UserError(
            f"{path}: {len(data):,} bytes; wanted {wanted:,}, {BATCH_RECORDS:,} records of {_RECORD_BYTES:,}: "
            f"fetch it again, {_URL}"
        )
    records = data.reshape(BATCH_RECORDS, _RECORD_BYTES)
    labels, images = records[:, 0], records[:, 1:].reshape(-1, *_SHAPE).transpose(0, 2, 3, 1)
    for record in np.flatnonzero(labels >= len(CLASS_NAMES))[:1]:
        raise UserError(f"{path}, record {record + 1}: label {labels[record]}; wanted 0 to 9: fetch it again, {_URL}")
    return images, labels
