"""Starts a command of the package, or says in one line how to install it."""

import importlib
import sys


def command(name: str) -> None:
    """Run tfgan_series/commands/NAME.py."""
    try:
        from tfgan_series import signals
    except ImportError as error:
        _not_installed(error)
    with signals.heeded():
        try:
            from tfgan_series.commands import command_line

            module = importlib.import_module(f"tfgan_series.commands.{name}")
        except ImportError as error:
            _not_installed(error)
        command_line.run(module)


def _not_installed(error: ImportError) -> None:
    sys.exit(f"{error}: type 'make install' and then 'source .venv/bin/activate' (README.md, Set up, has the pip lines)")
