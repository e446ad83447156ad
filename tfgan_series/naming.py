"""Names of files and folders: as parts of other names, as words of a command, and whether TensorFlow can open them."""

import hashlib
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path, PurePath

from tfgan_series.errors import UserError


def as_name(text: str, most: int = 40) -> str:
    """A text as a part of a file's name that every system and every shell takes: letters, digits and ._=+- alone, and not dots
    alone. Other characters become -, and what is longer than `most` characters is cut. A text that was changed so ends with 8
    digits of its digest, so that two texts never have one name.
    """
    plain = re.sub(r"^\.+$|[^\w.=+-]", "-", text)[:most]
    plain = plain if plain == text else plain.rstrip("-")
    return plain if plain == text else f"{plain}-{digest(text)[:8]}"


def joined(words: Sequence[str]) -> str:
    """Words as one text for as_name, joined by -. A - in a word becomes a character that as_name replaces, so that other words do
    not make the same name."""
    return "-".join(word.replace("-", "/") for word in words)


def digest(name: str | PurePath) -> str:
    """A short name for any name or path: 32 hexadecimal digits, the same at every call."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:32]


def quoted(path: PurePath | str, windows: bool = os.name == "nt") -> str:
    """A path or a flag as one word of a command that the user types: in quotes if the shell would split it.

    windows: for cmd.exe and PowerShell, else for a POSIX shell.
    """
    if not windows:
        return shlex.quote(str(path))
    # A Windows path cannot contain a double quote.
    return str(path) if re.fullmatch(r"[\w:./\\=-]+", str(path), re.ASCII) else f'"{path}"'


def check_utf8(path: PurePath | str, what: str) -> None:
    """Raises UserError for a path that is not UTF-8, which TensorFlow cannot open. what: its name in the line."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{what} {path}: TensorFlow cannot open a path that is not UTF-8; give another") from error


def check_local(path: PurePath | str, what: str) -> None:
    """Raises UserError for an address of a storage service, as gs://bucket/folder. what: its name in the line."""
    if re.match(r"[A-Za-z][\w+.-]+:/", str(path)):  # a Path has lost the second slash; a drive of Windows has one letter
        raise UserError(f"{what} {path}: only files of this machine can be opened: mount the storage, and give its folder")


def check_pattern(path: Path, what: str) -> None:
    """Raises UserError for a path that TensorFlow would read as a pattern of several paths. what: its name in the line."""
    if set(path.absolute().as_posix()) & set("[]*?\\"):
        raise UserError(f"{what} {path.absolute()}: TensorFlow finds no file if a path has one of [ ] * ? \\ in it; give another")
