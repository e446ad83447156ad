"""MNIST: TFDS's download, or the four published idx files, .gz or not."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from tfgan_series.data.datasets.source import Request, Source, array_examples
from tfgan_series.data.datasets.tfds_download import fetch, pixels
from tfgan_series.errors import UserError

PREFIXES = {"train": "train", "test": "t10k"}
_WANTED = "the folder of MNIST's four idx files (train-images-idx3-ubyte.gz ...)"


def find(request: Request) -> Source:
    """MNIST's 60,000 + 10,000 digits of 28x28 (or whatever the idx headers say) as train and test.

    Raises UserError for a missing, damaged or cut file, and if no folder is given and the files cannot be fetched.
    """
    if request.path is None:
        builder = fetch("mnist", request, _WANTED)
        arrays = {partition: pixels(builder, partition) for partition in PREFIXES}
    else:
        folder = request.folder(_WANTED)
        arrays = {partition: _read_pair(folder, prefix) for partition, prefix in PREFIXES.items()}
    return Source(
        {partition: array_examples(partition, images, labels) for partition, (images, labels) in arrays.items()},
        class_names=tuple("0123456789"),
    )


def _read_pair(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    images, images_file = _read_idx(folder, f"{prefix}-images-idx3-ubyte", 3)
    labels, labels_file = _read_idx(folder, f"{prefix}-labels-idx1-ubyte", 1)
    if len(images) != len(labels):
        raise UserError(f"{labels_file}: {len(labels)} labels for the {len(images)} pictures of {images_file.name}")
    return images, labels


def _read_idx(folder: Path, name: str, dimensions: int) -> tuple[np.ndarray, Path]:
    """(the array, its file) of an idx file of unsigned bytes.

    The file is 0, 0, 8, the number of dimensions, then each size as a big-endian int32, then the data.
    """
    # Some mirrors write train-images.idx3-ubyte.
    names = [f"{base}{end}" for base in (name, name.replace("-idx", ".idx")) for end in ("", ".gz")]
    path = next((folder / one for one in names if (folder / one).is_file()), None)
    if path is None:
        raise UserError(f"{folder} has no {name} or {name}.gz: --DatasetPath must be the folder of MNIST's four idx files")
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: not a whole gzip file ({error}); fetch it again") from error
    header = 4 + 4 * dimensions
    if data[:4] != bytes([0, 0, 8, dimensions]) or len(data) < header:
        raise UserError(f"{path}: does not begin like an idx file of {dimensions}-dimensional bytes; fetch it again")
    shape = np.frombuffer(data, ">i4", dimensions, 4)
    wanted = header + math.prod(map(int, shape))
    if len(data) != wanted:
        raise UserError(f"{path}: {len(data):,} bytes, but its header promises {wanted:,}; fetch it again")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape), path
