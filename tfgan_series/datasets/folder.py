"""Any tree of pictures: the first-level folder is the label."""

import os
from pathlib import Path

from tfgan_series.datasets.source import Example, Source
from tfgan_series.errors import UserError

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def find(request):
    """All pictures below a folder, in order of name, as train; hidden files are passed over.

    Raises UserError where there is none.
    """
    folder = request.folder("a folder with pictures in it")
    names = picture_names(folder)
    if not names:
        raise UserError(f"{folder}: no picture in it or below it; wanted {', '.join(ENDINGS)}")
    class_names = sorted({name.split("/")[0] for name in names if "/" in name})
    labels = {name: index for index, name in enumerate(class_names)}
    examples = [Example(name, folder / name, labels[name.split("/")[0]] if "/" in name else -1) for name in names]
    return Source({"train": examples}, class_names=tuple(class_names))


def picture_names(folder, endings=ENDINGS):
    """Names of the picture files below a folder, relative to it with forward slashes, sorted."""
    found = []
    for where, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            (Path(where) / name).relative_to(folder).as_posix()
            for name in files
            if name.lower().endswith(endings) and not name.startswith(".")
        ]
    return sorted(found)
