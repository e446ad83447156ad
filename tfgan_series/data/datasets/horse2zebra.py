"""Horses (trainA, testA) and zebras (trainB, testB) without pairs: TFDS's horse2zebra, or its folders."""

from tfgan_series.data.datasets import unpaired
from tfgan_series.data.datasets.source import Request, Source, array_examples
from tfgan_series.data.datasets.tfds_download import load_arrays


def find(request: Request) -> Source:
    """Horses and zebras.

    Raises UserError where a train folder is missing or has no picture, and NeedsFiles where nothing is given and nothing can
    be fetched.
    """
    if request.path is not None:
        return unpaired.find(request)
    arrays = load_arrays("cycle_gan/horse2zebra", request, unpaired.SETS, unpaired.WANTED)
    return Source({name: array_examples(name, *pair) for name, pair in arrays.items()}, class_names=("A", "B"))
