"""Any tree of pictures: the first-level folder is the label."""

import os
import unicodedata
from pathlib import Path

from tfgan_series.data.datasets.source import Example, Request, Source
from tfgan_series.data.preprocess import ENDINGS
from tfgan_series.errors import UserError


def find(request: Request) -> Source:
    """All pictures below a folder, in the order of their names, as train. Hidden files are left out.

    Raises UserError if there is no picture, and for a folder whose name cannot be the name of a class.
    """
    folder = request.folder("a folder with pictures in it")
    names = picture_names(folder)
    if not names:
        raise UserError(f"{folder}: no picture in it or below it; wanted {', '.join(ENDINGS)}")
    class_names = sorted({name.split("/")[0] for name in names if "/" in name})
    for name in class_names:
        # TFDS reads one class name a line, without the space around it. Other control characters would steer a terminal.
        if name != name.strip() or any(unicodedata.category(one) == "Cc" for one in name):
            raise UserError(
                f"{folder}: a class cannot be named {name!r}: a name is one line without white space around it and without "
                "control characters; rename the folder"
            )
    labels = {name: index for index, name in enumerate(class_names)}
    examples = [Example(readable(name), folder / name, labels.get(name.split("/")[0], -1)) for name in names]
    return Source({"train": examples}, class_names=tuple(map(readable, class_names)))


def readable(name: str) -> str:
    """The file's name as records and lists can hold it. Bytes that are not UTF-8 (from old archives) are written as \\x.."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def picture_names(folder: Path, endings: tuple[str, ...] = ENDINGS) -> list[str]:
    """Names of the picture files below a folder, relative to it with forward slashes, sorted.

    A folder that cannot be read is among them: who opens it as a picture finds out, and tells the user.
    """
    found: list[str] = []
    walked: set[str] = set()

    def unread(error: OSError) -> None:
        found.append(Path(error.filename).relative_to(folder).as_posix())

    for where, folders, files in os.walk(folder, followlinks=True, onerror=unread):
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
