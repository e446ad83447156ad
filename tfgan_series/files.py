"""Files that appear complete or not at all, folders that disappear at once, and folders that one process keeps for itself."""

import contextlib
import csv
import functools
import json
import os
import platform
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import filelock

from tfgan_series import naming
from tfgan_series.errors import UserError

_BEGAN = time.time()  # of this process
_PARTIAL = ".partial-"
_TRIES, _PAUSE = 50, 0.1  # how often a file is renamed on Windows, and the seconds between


def partial(path: Path) -> Path:
    """A path at which a file is written until it is complete: a hidden file beside it, with a short name and its ending.

    It is another one at each call, because two processes may write the same file at the same time.
    """
    return path.with_name(f"{_PARTIAL}{naming.digest(path.name)}-{uuid.uuid4().hex}{path.suffix}")


def is_partial(path: Path, name: str) -> bool:
    """Whether a path is one at which a file of this name is written until it is complete."""
    return path.name.startswith(f"{_PARTIAL}{naming.digest(name)}")


@functools.cache
def _left_over(folder: Path) -> tuple[Path, ...]:
    """What processes that were killed have left in a folder: partial files and folders that are older than this process.

    They are looked for once, because a folder may have many files. A slow process that is still writing may have made one of
    them. So `_clear` removes only those of the file that is written now.
    """
    found = []
    for one in folder.glob(f"{_PARTIAL}*"):
        with contextlib.suppress(OSError):  # another process has just renamed it
            if one.lstat().st_mtime < _BEGAN:
                found.append(one)
    return tuple(found)


def _clear(path: Path) -> None:
    """Remove what is left over of earlier tries to write a file or a folder."""
    for one in _left_over(path.absolute().parent):
        if is_partial(one, path.name):
            _remove(one)


def _remove(path: Path) -> None:
    """Remove a file or a folder, if it is there and the system lets us. Of a link, only the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def sync(path: Path) -> None:
    """Wait until the disk holds a file's content, or a folder's list of names. Raises OSError, for example for a full disk.

    Without this, a file that was renamed into place can be empty after the power was lost.
    """
    if path.is_dir():
        with contextlib.suppress(OSError):  # Windows and some file systems in networks cannot do it for a folder
            _sync(path, os.O_RDONLY)
    else:
        _sync(path, os.O_RDWR)


def _sync(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    except OSError as error:  # it names no file
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(descriptor)


def rename(path: Path, name: Path) -> None:
    """Rename a file when the disk holds it completely. An old file of this name goes."""
    sync(path)
    _replace(path, name)
    sync(name.parent)


def _replace(path: Path, name: Path) -> None:
    """os.replace. Windows refuses it while another program has the old file open, for example a spreadsheet. There we try again
    for some seconds."""
    for _ in range(_TRIES if platform.system() == "Windows" else 0):
        try:
            return os.replace(path, name)
        except PermissionError:
            time.sleep(_PAUSE)
    os.replace(path, name)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to. If the block succeeds, the file is renamed to `path`; else it is removed.

    An OSError of the block names `path`. By itself the error of a full disk names no file, and others name the path beside.
    """
    _clear(path)
    beside = partial(path)
    try:
        yield beside
        rename(beside, path)
    except BaseException as error:
        _remove(beside)
        if isinstance(error, OSError) and error.filename in (None, str(beside)):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` to write into. If the block succeeds, it replaces `folder`; else it is removed."""
    folder = folder.resolve()
    _clear(folder)
    beside = partial(folder)
    beside.mkdir(parents=True)
    try:
        yield beside
        replace_folder(beside, folder)
    except BaseException:
        _remove(beside)
        raise


def replace_folder(complete: Path, folder: Path) -> None:
    """Rename a complete folder to `folder` when the disk holds all of it. An older folder of that name is removed at the end."""
    for one in [*complete.rglob("*"), complete]:
        sync(one)
    old = partial(folder)
    if folder.exists():
        _replace(folder, old)
    try:
        _replace(complete, folder)
    except BaseException:
        if old.exists() and not folder.exists():
            _replace(old, folder)
        raise
    sync(folder.parent)
    _remove(old)


def write_whole(path: Path, text: str) -> None:
    """Write a text file by way of `whole`: in UTF-8, with its newlines unchanged, on every system.

    Characters that UTF-8 cannot hold (bytes in the names of old archives) are written as \\x.. or \\u.....
    """
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV file by way of `whole`, with the same encoding and newlines on every system."""
    with whole(path) as beside, open(beside, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError, also for brackets in brackets that are too many for Python."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def stamp(path: str | Path) -> tuple[int, int]:
    """A file's size in bytes, and when it was changed, in nanoseconds. A changed file has another stamp. Raises OSError."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def discard(folder: Path) -> None:
    """Remove a folder and everything in it. If the process is killed halfway, no part of it is left under the old name, and the
    next process that claims the folder removes the rest."""
    folder = folder.resolve()
    aside = partial(folder)
    folder.rename(aside)
    shutil.rmtree(aside)


@contextlib.contextmanager
def claimed(path: Path, waiting: str = "") -> Iterator[None]:
    """Keep a folder or a file for this process alone until the block ends or the process is killed. It need not exist yet.

    If another process has it, one of the same user, on the same machine, with the same TMPDIR: raises UserError, or prints
    `waiting` and waits until it is free. What killed processes have left of it is removed.
    """
    # The lock is a temporary file. Beside the folder it would be left over if a command ends before it writes.
    lock = filelock.FileLock(os.path.join(tempfile.gettempdir(), f"tfgan_series-{naming.digest(path.resolve())}.lock"))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        if not waiting:
            raise UserError(f"another process is writing {path}: wait until it is done, or stop it") from error
        print(waiting, flush=True)
        lock.acquire()
    except PermissionError:
        pass  # another user's lock: it may be an old one, so we ignore it
    try:
        _clear(path.resolve())
        yield
    finally:
        lock.release()
