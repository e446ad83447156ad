"""horse2zebra: TFDS's download, or its folder with trainA (horses), trainB (zebras), testA and testB."""

from tfgan_series.data.datasets import unpaired
from tfgan_series.data.datasets.source import Request, Source, array_examples
from tfgan_series.data.datasets.tfds_download import fetch, files


def find(request: Request) -> Source:
    """Horses as trainA and testA, zebras as trainB and testB.

    Raises UserError if a train folder is missing or has no picture, and if no folder is given and the pictures cannot be
    fetched.
    """
    if request.path is not None:
        return unpaired.find(request)
    builder = fetch("cycle_gan/horse2zebra", request, unpaired.WANTED)
    examples = {name: array_examples(name, *files(builder, name)) for name in unpaired.SETS}
    return Source(examples, class_names=unpaired.CLASS_NAMES)
