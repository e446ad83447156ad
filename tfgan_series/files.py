"""Files that appear whole or not at all, folders that go at once, and folders that one process has for itself."""

import contextlib
import hashlib
import os
import shutil
import tempfile

import filelock

from tfgan_series.errors import UserError


def partial(path):
    """Where a file of that name is written: beside it, hidden, with its ending, under a short name however long its own is."""
    return path.with_name(f".partial-{digest(path.name)}{path.suffix}")


@contextlib.contextmanager
def whole(path):
    """A path beside `path` to write to; it takes the name `path` when the block ends well, and is removed when it does not.

    An OSError names the file; by themselves those of writing (a full disk) do not, and others name the path beside.
    """
    beside = partial(path)
    try:
        yield beside
        os.replace(beside, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError) and error.filename in (None, str(beside)):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise


def write_whole(path, text):
    """Write a text file in UTF-8, whole. What is none (bytes in the names of old archives) is written as \\x.. or \\u...."""
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")


def discard(folder):
    """Remove a folder and all in it; killed halfway, it leaves no half of it under the old name."""
    folder = folder.resolve()
    aside = tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent)
    folder.rename(os.path.join(aside, folder.name))
    shutil.rmtree(aside)


@contextlib.contextmanager
def claimed(folder):
    """Have a folder, there or not yet, to this process alone until the block ends, or the process is killed.

    Raises UserError where another process of the user's on this machine, with the same TMPDIR, has it.
    """
    # Among the temporary files: beside the folder it would be left behind where a command ends before it wrote anything.
    lock = filelock.FileLock(os.path.join(tempfile.gettempdir(), f"tfgan_series-{digest(folder.resolve())}.lock"))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise UserError(f"another process is writing {folder}: wait until it is done, or stop it") from error
    except PermissionError:
        pass  # another user's lock, and perhaps an old one: it cannot be asked, so it is not heeded
    try:
        yield
    finally:
        lock.release()


def digest(name):
    """A short name for any name or path: 32 hexadecimal digits, the same at every call."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
