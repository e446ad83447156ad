"""Files that appear whole or not at all, folders that go at once, and folders that one process has for itself."""

import contextlib
import hashlib
import os
import shutil
import tempfile

import filelock

from tfgan_series.errors import UserError


@contextlib.contextmanager
def whole(path):
    """A path beside `path` to write to; it takes the name `path` when the block ends well."""
    partial = path.with_name(f"partial-{path.name}")
    yield partial
    os.replace(partial, path)


def write_whole(path, text):
    """Write a text file, whole."""
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def discard(folder):
    """Remove a folder and all in it; killed halfway, it leaves no half of it under the old name."""
    folder = folder.resolve()
    aside = tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent)
    folder.rename(os.path.join(aside, folder.name))
    shutil.rmtree(aside)


@contextlib.contextmanager
def claimed(folder):
    """Have a folder, there or not yet, for one process of this machine until the block ends, or the process, however it ends.

    Raises UserError where another process has it.
    """
    # Among the temporary files: beside the folder it would be left behind where a command ends before it wrote anything.
    name = hashlib.sha256(bytes(folder.resolve())).hexdigest()[:32]
    lock = filelock.FileLock(os.path.join(tempfile.gettempdir(), f"tfgan_series-{name}.lock"))
    try:
        lock.acquire(timeout=0)
    except (filelock.Timeout, PermissionError) as error:  # PermissionError: the lock is another user's
        raise UserError(f"another process is writing {folder}: wait until it is done, or stop it") from error
    try:
        yield
    finally:
        lock.release()
