"""The way by which the user came: messages that say what to type next name it."""

import sys
from pathlib import Path

from tfgan_series import naming

COMMAND, MODULE = "tfgan", "python -m tfgan_series"
_SCRIPTS = {"convert": "make_tfrecord"}  # the series' own name
_COMMANDS = Path(__file__).parent / "commands"
_overwritten = False  # see note_overwritten


def command(name: str) -> str:
    """How to type a command in the way that this process was started: "python scripts/train.py", "python -m tfgan_series train"
    or "tfgan train". The last one is also for a process that runs no command, such as a notebook's."""
    typed_script = Path(sys.argv[0])
    script = typed_script.parent / f"{_SCRIPTS.get(name, name)}.py"
    ours = typed_script.stem in _SCRIPTS.values() or (_COMMANDS / typed_script.name).is_file()
    if ours and script.parent.name == "scripts" and script.is_file():
        return f"python {naming.quoted(script)}"
    typed, _, _ = sys.argv[0].rpartition(" ")  # __main__.py puts the command's two or more words here
    return f"{MODULE if typed == MODULE else COMMAND} {name}"


def note_overwritten(overwritten: bool) -> None:
    """Note whether the training at work has emptied its folder for --overwrite, for same_command."""
    global _overwritten
    _overwritten = overwritten


def same_command() -> str:
    """What to type to go on: "the same command again". A run that --overwrite has started over must not be so once more."""
    return f"the same command again{', without --overwrite' if _overwritten else ''}"


def same_cell() -> str:
    """As same_command, in a notebook."""
    return f"the cell again{', without overwrite=True' if _overwritten else ''}"
