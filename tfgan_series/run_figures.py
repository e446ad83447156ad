"""The pictures of a whole run: its curves, and training.gif from its grids."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfgan_series import files, pictures, runs
from tfgan_series.errors import UserError

# File, its y label and its columns of the log. Every log has either probabilities or logits: see training/players.py.
_PLOTS = (
    ("loss.png", "loss", "Gen_loss", "Dis_loss"),
    ("probability.png", "P(real)", "Real_P", "Fake_P"),
    ("logits.png", "mean logit", "Real_logit", "Fake_logit"),
)


def plots(log: Sequence[Mapping[str, float]]) -> dict[str, Callable[[Any], None]]:
    """The plots of a log with at least one row, {file: function}. Each function draws its plot as a PNG into a path or an open
    file."""
    epochs = [row["epoch"] for row in log]
    lines = {name: [row[name] for row in log] for _, _, *names in _PLOTS for name in names if name in log[-1]}
    return {
        file: functools.partial(pictures.curves, epochs, {name: lines[name] for name in names}, x_label="epoch", y_label=y_label)
        for file, y_label, *names in _PLOTS
        if lines.keys() >= set(names)
    }


def draw(folder: Path) -> list[str]:
    """Make training.gif from a run's grids, and the curves of the losses and of the discriminator's answers from its log. Only
    files that are missing or older than the log are made. Returns the names of all of them. Raises UserError if there is no
    log."""
    log = runs.read_log(folder)
    if not log:
        raise UserError(f"{folder / runs.LOG} is not there: bring back a copy of it, or start the run over with --overwrite")
    grids = list(runs.find_grids(folder, log).values())
    makers: dict[str, Callable[[Any], None]] = {
        **({"training.gif": lambda path: pictures.animation(grids, path)} if grids else {}),
        **plots(log),
    }
    written = (folder / runs.LOG).stat().st_mtime_ns
    for name, make in makers.items():
        path = folder / name
        if not path.exists() or path.stat().st_mtime_ns < written:
            with files.whole(path) as partial:
                make(partial)
    return list(makers)
