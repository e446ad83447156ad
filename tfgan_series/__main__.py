"""The command `tfgan`. Its first word says what to do, as in `tfgan train --ImageType=mnist`.

`python -m tfgan_series` is the same, and scripts/train.py is `tfgan train`.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType

from tfgan_series import signals

COMMANDS = ("convert", "train", "generate", "explore", "translate", "evaluate", "compare", "report", "export")


def main() -> None:
    """Run the command that the first word names."""
    with signals.ending_in_one_line():
        import tfgan_series
        from tfgan_series import errors, invocation

        typed = invocation.MODULE if Path(sys.argv[0]).name == "__main__.py" else invocation.COMMAND
        word = sys.argv[1] if len(sys.argv) > 1 else "--help"
        if word in ("-h", "--help", "help"):
            print(_overview(typed))
        elif word == "--version":
            print(f"{invocation.COMMAND} {tfgan_series.__version__}")
        elif word not in COMMANDS:
            sys.exit(f"{typed}: {word!r} is no command{errors.nearest(word, COMMANDS)}; there are {', '.join(COMMANDS)}")
        else:
            sys.argv[:2] = [f"{typed} {word}"]  # messages begin with it, and invocation.command reads it
            start(word)


def start(name: str) -> None:
    """Run tfgan_series/commands/NAME.py."""
    module = _load(name)
    from tfgan_series.commands import command_line

    command_line.run(module)


def _load(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"tfgan_series.commands.{name}")
    except ImportError as error:
        sys.exit(f"{error}: a package is missing; install this one with its packages (README.md, Set up, has the pip lines)")


def _overview(typed: str) -> str:
    lines = [f"{typed} COMMAND [--flag=value ...]", ""]
    lines += [f"  {name:10} {(_load(name).__doc__ or '').partition(chr(10))[0]}" for name in COMMANDS]
    return "\n".join([*lines, "", f"{typed} COMMAND --help shows its flags."])


if __name__ == "__main__":
    main()
