"""Two sets of pictures without pairs: any folder with trainA and trainB in it, and testA and testB if there are any."""

import os
from collections import Counter

from tfgan_series.data.datasets.listing import Found, find_files, no_picture, passed_over, readable
from tfgan_series.data.datasets.source import Example, Request, Source
from tfgan_series.errors import UserError

SETS = {"trainA": 0, "trainB": 1, "testA": 0, "testB": 1}  # -> label
CLASS_NAMES = ("A", "B")
WANTED = "a folder with trainA and trainB in it, and testA and testB if there are any"


def find(request: Request) -> Source:
    """The pictures below the folders of these names, each folder a partition.

    Raises UserError if a train folder is missing or has no picture.
    """
    root = request.folder(WANTED)
    sets, others = {}, Counter[str]()
    for name, label in SETS.items():
        folder, needed = root / name, name.startswith("train")
        if needed and not folder.is_dir():
            raise UserError(f"{root} has no {name}: --DatasetPath must be {WANTED}")
        found = find_files(folder) if folder.is_dir() else Found([], Counter())
        sets[name] = [Example(f"{name}/{readable(picture)}", os.path.join(folder, picture), label) for picture in found.names]
        others += found.others
        if needed and not sets[name]:
            raise UserError(f"{folder}: {no_picture(found)}; --DatasetPath must be {WANTED}")
    partitions = {name: examples for name, examples in sets.items() if examples}
    return Source(partitions, class_names=CLASS_NAMES, notes=passed_over(others))
