"""Files that appear whole or not at all, and folders that go at once."""

import contextlib
import os
import shutil
import tempfile


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
