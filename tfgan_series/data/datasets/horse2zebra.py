"""Two sets of pictures without pairs: TFDS's horse2zebra, or any folder with trainA, trainB, testA and testB."""

from tfgan_series.data.datasets.folder import folder_examples
from tfgan_series.data.datasets.source import Source, array_examples
from tfgan_series.data.datasets.tfds_download import load_arrays
from tfgan_series.errors import UserError

SETS = {"trainA": 0, "trainB": 1, "testA": 0, "testB": 1}  # -> label
_WANTED = "a folder with trainA and trainB in it, and testA and testB if there are any"


def find(request):
    """Horses (trainA, testA) and zebras (trainB, testB), or whatever is in the folders of these names.

    Raises UserError where a train folder is missing or has no picture, and where nothing is given and nothing can be
    fetched.
    """
    if request.path is None:
        arrays = load_arrays("cycle_gan/horse2zebra", request, SETS, _WANTED)
        return Source({name: array_examples(name, *pair) for name, pair in arrays.items()}, class_names=("A", "B"))
    root = request.folder(_WANTED)
    sets = {}
    for name, label in SETS.items():
        if (root / name).is_dir():
            sets[name] = folder_examples(root / name, f"{name}/", lambda _, label=label: label)
        elif name.startswith("train"):
            raise UserError(f"{root} has no {name}: --DatasetPath must be {_WANTED}")
        if name.startswith("train") and not sets[name]:
            raise UserError(f"{root / name}: no picture in it; --DatasetPath must be {_WANTED}")
    return Source({name: examples for name, examples in sets.items() if examples}, class_names=("A", "B"))
