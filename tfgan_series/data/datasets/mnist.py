"""MNIST: the copy that comes with the package, or the four published idx files, .gz or not.

mnist.xz holds the arrays of the four files, unchanged: train images, train labels, test images, test labels. It was made with

    with lzma.open("mnist.xz", "wb", preset=9 | lzma.PRESET_EXTREME) as file:
        for array in (*_read_pair(folder, "train"), *_read_pair(folder, "t10k")):
            np.lib.format.write_array(file, array)
"""

import gzip
import lzma
import math
import zlib
from pathlib import Path

import numpy as np

from tfgan_series.data.datasets.source import Request, Source, array_examples
from tfgan_series.errors import UserError

CLASS_NAMES = tuple("0123456789")
PREFIXES = {"train": "train", "test": "t10k"}
PACKED = Path(__file__).with_name("mnist.xz")
_WANTED = "the folder of MNIST's four idx files (train-images-idx3-ubyte.gz ...)"


def find(request: Request) -> Source:
    """MNIST's 60,000 + 10,000 digits of 28x28 (or whatever the idx headers say) as train and test.

    Raises UserError for a missing, damaged or cut file.
    """
    if request.path is None:
        arrays = _unpack()
    else:
        folder = request.folder(_WANTED)
        arrays = {partition: _read_pair(folder, prefix) for partition, prefix in PREFIXES.items()}
    return Source(
        {partition: array_examples(partition, images, labels) for partition, (images, labels) in arrays.items()},
        class_names=CLASS_NAMES,
    )


def _unpack() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{partition: (images [N, 28, 28] uint8, labels [N] uint8)} of the packed copy."""
    try:
        with lzma.open(PACKED) as file:
            return {partition: (np.lib.format.read_array(file), np.lib.format.read_array(file)) for partition in PREFIXES}
    except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
        raise UserError(
            f"{PACKED} is missing or damaged ({error}): install the package again, or give --DatasetPath=FOLDER, {_WANTED}"
        ) from error


def _read_pair(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    images, images_file = _read_idx(folder, f"{prefix}-images-idx3-ubyte", 3)
    labels, labels_file = _read_idx(folder, f"{prefix}-labels-idx1-ubyte", 1)
    if len(images) != len(labels):
        raise UserError(f"{labels_file}: {len(labels)} labels for the {len(images)} pictures of {images_file.name}")
    for index in np.flatnonzero(labels >= len(CLASS_NAMES))[:1]:
        raise UserError(f"{labels_file}, label {index + 1}: {labels[index]}; wanted 0 to 9: fetch it again")
    return images, labels


def _read_idx(folder: Path, name: str, dimensions: int) -> tuple[np.ndarray, Path]:
    """(the array, its file) of an idx file of unsigned bytes.

    The file is 0, 0, 8, the number of dimensions, then each size as a big-endian int32, then the data.
    """
    # Some mirrors write train-images.idx3-ubyte.
    names = [f"{base}{end}" for base in (name, name.replace("-idx", ".idx")) for end in ("", ".gz")]
    path = next((folder / one for one in names if (folder / one).is_file()), None)
    if path is None:
        raise UserError(
            f"{folder} has no {name} or {name}.gz: --DatasetPath must be the folder of MNIST's four idx files; for your own "
            "pictures give --ImageType=folder"
        )
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: not a whole gzip file ({error}); fetch it again") from error
    header = 4 + 4 * dimensions
    if data[:4] != bytes([0, 0, 8, dimensions]) or len(data) < header:
        raise UserError(f"{path}: does not begin like an idx file of {dimensions}-dimensional bytes; fetch it again")
    shape = np.frombuffer(data, ">i4", dimensions, 4)
    if min(shape) < 1:
        raise UserError(f"{path}: its header promises the sizes {shape.tolist()}; wanted 1 or more; fetch it again")
    wanted = header + math.prod(map(int, shape))
    if len(data) != wanted:
        raise UserError(f"{path}: {len(data):,} bytes, but its header promises {wanted:,}; fetch it again")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape), path
