"""Any tree of pictures: the first-level folder is the label."""

import os
from pathlib import Path

from tfgan_series.data.datasets.source import Example, Source
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
    examples = folder_examples(folder, "", lambda name: labels[name.split("/")[0]] if "/" in name else -1)
    return Source({"train": examples}, class_names=tuple(map(_utf8, class_names)))


def folder_examples(folder, prefix, label):
    """The pictures below a folder as examples: prefix goes before their names, label(name) is their label."""
    return [Example(prefix + _utf8(name), folder / name, label(name)) for name in picture_names(folder)]


def _utf8(name):
    """The name with bytes that are no UTF-8 (old archives have such) as \\x.., which records and lists can hold."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def picture_names(folder, endings=ENDINGS):
    """Names of the picture files below a folder, relative to it with forward slashes, sorted."""
    found, walked = [], set()
    for where, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in walked:  # a link back to a folder above
            folders.clear()
            continue
        walked.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            (Path(where) / name).relative_to(folder).as_posix()
            for name in files
            if name.lower().endswith(endings) and not name.startswith(".")
        ]
    return sorted(found)
