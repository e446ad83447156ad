"""Lists the picture files below a folder."""

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tfgan_series.data.preprocess import ENDINGS

# Pictures that Pillow cannot read, or not well.
_UNREAD = (".heic", ".heif", ".raw", ".dng", ".cr2", ".nef", ".arw", ".svg", ".psd", ".tga")

# A file of a record folder, of an unfinished one and of a run: the pictures in them are no data.
_OURS = {"conversion.json", "plan.json", "experiment.json"}


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
    kinds = ", ".join(f"{count:,} {ending}" for ending, count in sorted(others.items(), key=lambda one: (-one[1], one[0])))
    unread = [ending for ending in others if ending in _UNREAD]
    hint = f"; to use the pictures in {' and '.join(unread)}, turn them into .jpg files" if unread else ""
    return (f"other files were passed over: {kinds}{hint}",)


def no_picture(found: Found) -> str:
    """What to say of a folder without a picture."""
    return "; ".join([f"no picture in it or below it; wanted {', '.join(ENDINGS)}", *passed_over(found.others)])


def find_files(folder: Path, endings: tuple[str, ...] = ENDINGS) -> Found:
    """The pictures below a folder, and how many other files there are. Hidden pictures, and the files of record folders and runs
    below the folder, are among the others; other hidden files are left out.

    A folder that cannot be read is among the pictures: who opens it as a picture finds out, and tells the user.
    """
    found: list[str] = []
    others: Counter[str] = Counter()
    walked: set[str] = set()

    def unread(error: OSError) -> None:
        found.append(Path(error.filename).relative_to(folder).as_posix())

    for where, folders, files in os.walk(folder, followlinks=True, onerror=unread):
        real = os.path.realpath(where)
        if real in walked:  # a link to a folder above, or to one that was walked under another name
            others["in a folder that links to another one here"] += len(files)
            folders.clear()
            continue
        walked.add(real)
        if _OURS & set(files) and Path(where) != folder:
            others["in a folder of records or of a run"] += len(files)
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))  # so links are met in the same order everywhere
        for name in files:
            hidden, is_picture = name.startswith("."), name.lower().endswith(endings)
            if hidden and is_picture:  # a Mac writes a ._NAME.jpg beside a NAME.jpg
                others["hidden"] += 1
            elif hidden:
                continue
            elif is_picture:
                found.append((Path(where) / name).relative_to(folder).as_posix())
            else:
                others[Path(name).suffix.lower() or "without an ending"] += 1
    return Found(sorted(found), others)
