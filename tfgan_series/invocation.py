"""The way by which the user came: messages that say what to type next name it."""

import re
import sys
from pathlib import Path

from tfgan_series import naming

COMMAND, MODULE = "tfgan", "python -m tfgan_series"
_SCRIPTS = {"convert": "make_tfrecord"}  # the series' own name


def command(name: str) -> str:
    """How to type a command in the way that this process was started: "python scripts/train.py", "python -m tfgan_series train"
    or "tfgan train". The last one is also for a process that runs no command, such as a notebook's."""
    script = Path(sys.argv[0]).parent / f"{_SCRIPTS.get(name, name)}.py"
    if script.parent.name == "scripts" and script.is_file():
        return f"python {naming.quoted(script)}"
    typed, _, _ = sys.argv[0].rpartition(" ")  # __main__.py puts the command's two or more words here
    return f"{MODULE if typed == MODULE else COMMAND} {name}"


def same_command() -> str:
    """What to type to go on: "the same command again". A run that began with --overwrite would start over, so then without it. A
    conversion goes on with --overwrite too."""
    name = re.split(r"[ /\\]", sys.argv[0])[-1].removesuffix(".py")
    overwrites = any(re.fullmatch(r"--?overwrite(=.*)?", word) for word in sys.argv[1:])
    converts = name in ("convert", _SCRIPTS["convert"])
    return f"the same command again{', without --overwrite' if overwrites and not converts else ''}"
