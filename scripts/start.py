"""Starts a command of the package, or says in one line how to install it."""

import sys


def command(name: str) -> None:
    """Run tfgan_series/commands/NAME.py."""
    try:
        from tfgan_series import signals
        from tfgan_series.__main__ import start
    except ImportError as error:
        sys.exit(f"{error}: type 'make install' and then 'source .venv/bin/activate' (README.md, Set up, has the pip lines)")
    with signals.ending_in_one_line():
        start(name)
