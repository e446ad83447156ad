"""Two folders of your own, without pairs: trainA and trainB, and testA and testB if there are any."""

from tfgan_series.data.datasets.folder import folder_examples
from tfgan_series.data.datasets.source import Request, Source
from tfgan_series.errors import UserError

SETS = {"trainA": 0, "trainB": 1, "testA": 0, "testB": 1}  # -> label
WANTED = "a folder with trainA and trainB in it, and testA and testB if there are any"


def find(request: Request) -> Source:
    """The pictures of trainA, trainB, testA and testB.

    Raises NeedsFiles where no folder is given, and UserError where a train folder is missing or has no picture.
    """
    root = request.folder(WANTED)
    sets = {}
    for name, label in SETS.items():
        if (root / name).is_dir():
            sets[name] = folder_examples(root / name, f"{name}/", lambda _, label=label: label)
        elif name.startswith("train"):
            raise UserError(f"{root} has no {name}: --DatasetPath must be {WANTED}")
        if name.startswith("train") and not sets[name]:
            raise UserError(f"{root / name}: no picture in it; --DatasetPath must be {WANTED}")
    return Source({name: examples for name, examples in sets.items() if examples}, class_names=("A", "B"))
