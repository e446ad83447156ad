"""Progress bars, in a terminal and in a notebook."""

import sys
from typing import Any

from tqdm.auto import tqdm


def bar(*iterable: Any, **options: Any) -> tqdm:
    """tqdm's bar: text in a terminal, a widget in a notebook. A log file gets none, and then the bar's `disable` is True."""
    seen = "ipykernel" in sys.modules  # a notebook's output says that it is no terminal
    return tqdm(*iterable, disable=not (seen or sys.stderr.isatty()), **options)
