"""Progress bars, in a terminal and in a notebook, and what a line of progress begins with."""

import contextlib
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from tqdm.auto import tqdm

_place = ContextVar("_place", default="")


@contextlib.contextmanager
def within(place: str) -> Iterator[None]:
    """A context in which the lines of a training say where in a larger work it is, as "run 3 of 8"."""
    before = _place.set(f"{place}, ")
    try:
        yield
    finally:
        _place.reset(before)


def place() -> str:
    """The place in the larger work, for the beginning of a line: "run 3 of 8, ", or "" if there is none."""
    return _place.get()


def bar(*iterable: Any, **options: Any) -> tqdm:
    """tqdm's bar: text in a terminal, a widget in a notebook. A log file gets none, and then the bar's `disable` is True."""
    seen = "ipykernel" in sys.modules  # a notebook's output says that it is no terminal
    return tqdm(*iterable, disable=not (seen or sys.stderr.isatty()), **options)
