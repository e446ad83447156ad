"""Ctrl-C and SIGTERM. A command ends in one line, with the shell's usual exit status, from its first moment to its last.

scripts/start.py imports this file before anything else, so it imports nothing that takes long.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

from tfgan_series import invocation

Handler = Callable[[int, FrameType | None], object] | signal.Handlers

_BOTH = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def handled_by(handler: Handler) -> Iterator[None]:
    """A context in which both signals have this handler; afterwards they have their old ones. In another thread than the main
    one it does nothing, because Python gives signals to the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, handler) for one in _BOTH}
    try:
        yield
    finally:
        for one, old in before.items():
            signal.signal(one, old)


@contextlib.contextmanager
def ending_in_one_line() -> Iterator[None]:
    """A context for a whole command. The first signal raises KeyboardInterrupt(number), so that every block can tidy up. The
    next one ends the process at once. So does a signal while Python shuts down, where an exception would be a traceback."""
    _set(_stop)
    try:
        yield
    except KeyboardInterrupt as stop:
        number = next(iter(stop.args), signal.SIGINT)
        print(_line(), file=sys.stderr)
        sys.exit(128 + number)
    finally:
        _set(_leave)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    _set(_end)
    raise KeyboardInterrupt(number)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    os.write(2, f"{_line()}\n".encode())  # not print: the signal may have come while another print was at work
    _leave(number, frame)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)


def _line() -> str:
    return f"{os.path.basename(sys.argv[0])}: stopped; to go on, type {invocation.same_command()}"


def _set(handler: Handler) -> None:
    for one in _BOTH:
        signal.signal(one, handler)
