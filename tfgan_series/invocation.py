"""The way by which the user came: messages that say what to type next name it."""

import sys
from pathlib import Path

from tfgan_series import files

COMMAND, MODULE = "tfgan", "python -m tfgan_series"
_SCRIPTS = {"convert": "make_tfrecord"}  # the series' own name


def command(name: str) -> str:
    """How to type a command in the way that this process was started: "python scripts/train.py", "python -m tfgan_series train"
    or "tfgan train". The last one is also for a process that runs no command, such as a notebook's."""
    script = Path(sys.argv[0]).parent / f"{_SCRIPTS.get(name, name)}.py"
    if script.parent.name == "scripts" and script.is_file():
        return f"python {files.quoted(script)}"
    typed, _, _ = sys.argv[0].rpartition(" ")  # __main__.py puts the command's two or more words here
    return f"{MODULE if typed == MODULE else COMMAND} {name}"
