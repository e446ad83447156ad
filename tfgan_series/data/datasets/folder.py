"""Any tree of pictures: the first-level folder is the label."""

import os
import unicodedata
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tfgan_series.data.datasets.source import Example, Request, Source
from tfgan_series.data.preprocess import ENDINGS
from tfgan_series.errors import UserError

# Pictures that Pillow cannot read, or not well.
_UNREAD = (".heic", ".heif", ".raw", ".dng", ".cr2", ".nef", ".arw", ".svg", ".psd", ".tga")


def find(request: Request) -> Source:
    """All pictures below a folder, in the order of their names, as train. Hidden files are left out.

    Raises UserError if there is no picture, and for a folder whose name cannot be the name of a class.
    """
    folder = request.folder("a folder with pictures in it")
    names, others = found = find_files(folder)
    if not names:
        raise UserError(f"{folder}: {nothing(found)}")
    class_names = sorted({name.split("/")[0] for name in names if "/" in name})
    for name in class_names:
        # TFDS reads one class name a line, without the space around it. Other control characters would steer a terminal.
        if name != name.strip() or any(unicodedata.category(one) == "Cc" for one in name):
            raise UserError(
                f"{folder}: a class cannot be named {name!r}: a name is one line without white space around it and without "
                "control characters; rename the folder"
            )
    labels = {name: index for index, name in enumerate(class_names)}
    examples = [Example(readable(name), os.path.join(folder, name), labels.get(name.split("/")[0], -1)) for name in names]
    return Source({"train": examples}, class_names=tuple(map(readable, class_names)), notes=passed_over(others))


def readable(name: str) -> str:
    """The file's name as records and lists can hold it. Bytes that are not UTF-8 (from old archives) are written as \\x.."""
    as_utf8 = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return name if as_utf8 == name else as_utf8  # of a million names, each is in memory once


class Found(NamedTuple):
    """The files below a folder. names: of the pictures, relative to the folder with forward slashes, sorted. others: {ending:
    number} of all other files."""

    names: list[str]
    others: Counter[str]


def passed_over(others: Counter[str]) -> tuple[str, ...]:
    """A remark about files that are no pictures, or are pictures that Pillow cannot read; () if there are none."""
    if not others:
        return ()
    kinds = ", ".join(f"{count:,} {ending}" for ending, count in others.most_common())
    unread = [ending for ending in others if ending in _UNREAD]
    hint = f"; to use the pictures in {' and '.join(unread)}, turn them into .jpg files" if unread else ""
    return (f"files of other kinds were passed over: {kinds}{hint}",)


def nothing(found: Found) -> str:
    """What to say of a folder without a picture."""
    return "; ".join([f"no picture in it or below it; wanted {', '.join(ENDINGS)}", *passed_over(found.others)])


def find_files(folder: Path, endings: tuple[str, ...] = ENDINGS) -> Found:
    """The pictures below a folder, and how many other files there are. Hidden files are left out.

    A folder that cannot be read is among the pictures: who opens it as a picture finds out, and tells the user.
    """
    found: list[str] = []
    others: Counter[str] = Counter()
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
        for name in files:
            if name.startswith("."):
                continue
            if name.lower().endswith(endings):
                found.append((Path(where) / name).relative_to(folder).as_posix())
            else:
                others[Path(name).suffix.lower() or "without an ending"] += 1
    return Found(sorted(found), others)
