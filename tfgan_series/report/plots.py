"""A run's log as curves: plain numbers in the units of the page's SVG, for the template to draw."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from matplotlib.ticker import LogLocator, MaxNLocator

from tfgan_series import colours

WIDTH, HEIGHT = 340, 194  # of the drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 42, 14, 8, 26  # margins, for the numbers beside the axes


@dataclass(frozen=True, kw_only=True)
class Group:
    """Columns of the log that share a plot: their names match one of `names` (patterns with *), and none of an earlier group's.

    limits: of the y axis. None: the range of the numbers and zero. log_axis: always; without limits it is also logarithmic if one
    of several logs is far above the others. sparse: measured in some rows only, so the line goes on over rows without a number.
    varied: a plot only if its numbers change.
    """

    title: str
    names: tuple[str, ...]
    text: str
    log_axis: bool = False
    limits: tuple[float, float] | None = None
    sparse: bool = False
    varied: bool = False

    def has(self, column: str) -> bool:
        """Whether the column's name matches."""
        return any(fnmatchcase(column, name) for name in self.names)


Log = Sequence[Mapping[str, float]]  # {column: number} by row

_VALUES = MaxNLocator(nbins=5, steps=[1, 2, 5, 10])
_WHOLE = MaxNLocator(nbins=5, steps=[1, 2, 5, 10], integer=True)
_DECADES = LogLocator(numticks=6)
_FAR = 10  # if the largest number of a log is more than so many times that of another, the axis is logarithmic
_BELOW = 100  # such an axis begins below the smallest of these largest numbers, divided by this; numbers below stand on its end

GROUPS = (
    Group(
        title="Fréchet distance",
        names=("fid*_*_*",),
        text="from real pictures: smaller is better",
        log_axis=True,
        sparse=True,
    ),
    Group(
        title="Precision, recall, coverage",
        names=("precision*_*_*", "recall*_*_*", "coverage*_*_*"),
        text="larger is better",
        limits=(0.0, 1.0),
        sparse=True,
    ),
    Group(title="There and back", names=("Cycle_loss", "Cycle_test", "Identity_loss"), text="how far from the original"),
    Group(title="Loss", names=("*_loss",), text="what each network minimises"),
    Group(title="Probability", names=("*_P",), text="of being real, as D sees it", limits=(0.0, 1.0)),
    Group(title="Mean logit", names=("*_logit",), text="of D: a larger one means more surely real"),
    Group(title="Gradient", names=("*_grad",), text="its norm over all weights"),
    Group(title="Learning rate", names=("lr",), text="", log_axis=True, varied=True),
)


def lay_out(logs: Sequence[Log]) -> list[list[dict[str, Any]]]:
    """The plots of several logs. Plots of one group have the same axes in all logs, so that they can be compared.

    logs: none of them empty; a number that is NaN or infinite gets no place. Returns a list of plots for each log.
    A plot is a dict: title, text, summary (its content in words), x_ticks and y_ticks (pairs of place and text), x (the
    place of each row), lines (dicts of name, colour: its place in colours.PALETTE, path, y: the place at each row or None, and
    values: the numbers as text).
    """
    epochs = sorted(row["epoch"] for log in logs for row in log)
    axes = {group: _y_axis(group, [_values(group, log) for log in logs]) for group in GROUPS}
    shown = [group for group in GROUPS if not group.varied or any(len(set(_values(group, log))) > 1 for log in logs)]
    return [[_plot(group, *axes[group], log, epochs) for group in shown if _lines(group, log)] for log in logs]


def far_apart(tops: Sequence[float]) -> bool:
    """Whether a curve would lie on the line of zero of an axis that holds them all. tops: the largest number of each, not below
    0. One that is 0 lies there on every axis."""
    positive = [top for top in tops if top > 0]
    return bool(positive) and max(positive) > _FAR * min(positive)


def _lines(group: Group, log: Log) -> dict[str, list[float]]:
    earlier = GROUPS[: GROUPS.index(group)]
    names = [name for name in log[0] if group.has(name) and not any(one.has(name) for one in earlier)]
    return {name: [row[name] for row in log] for name in names}


def _values(group: Group, log: Log) -> list[float]:
    return [value for line in _lines(group, log).values() for value in line]


def _plot(
    group: Group,
    to_y: Callable[[float], float | None],
    y_ticks: list[tuple[float, str]],
    log: Log,
    epochs: Sequence[float],
) -> dict[str, Any]:
    """epochs: of all logs, sorted."""
    first, last = epochs[0], epochs[-1]
    locator = _WHOLE if all(float(epoch).is_integer() for epoch in epochs) else _VALUES
    x = [_x(row["epoch"], first, last) for row in log]
    found = _lines(group, log)
    places = colours.places(list(found))
    lines = [
        {
            "name": name,
            "colour": places[name],
            "path": _path(x, y, group.sparse),
            "y": y,
            "values": [_as_text(value, group.sparse) for value in values],
        }
        for name, values in found.items()
        for y in [[to_y(value) for value in values]]
    ]
    return {
        "title": group.title,
        "text": group.text,
        "summary": "; ".join(_in_words(line, log[0]["epoch"], log[-1]["epoch"]) for line in lines),
        "x_ticks": [(_x(tick, first, last), f"{tick:g}") for tick in locator.tick_values(first, last) if first <= tick <= last],
        "y_ticks": y_ticks,
        "x": x,
        "lines": lines,
    }


def _in_words(line: Mapping[str, Any], first: float, last: float) -> str:
    return f"{line['name']} is {line['values'][0]} in epoch {first:.4g} and {line['values'][-1]} in epoch {last:.4g}"


def _x(epoch: float, first: float, last: float) -> float:
    share = (epoch - first) / (last - first) if last > first else 0.5
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y_axis(group: Group, values: Sequence[Sequence[float]]) -> tuple[Callable[[float], float | None], list[tuple[float, str]]]:
    """(function from a number to its place or None, the ticks as pairs of place and text). The axis ends at its outer ticks.
    values: of each log."""
    of_logs = [found for one in values if (found := [value for value in one if math.isfinite(value)])] or [[0.0]]
    finite = [value for one in of_logs for value in one]
    tops = list(map(max, of_logs))
    lowest = min(finite)
    far = not (group.log_axis or group.limits) and lowest >= 0 and far_apart(tops)
    if far:
        lowest = max(lowest, min(top for top in tops if top > 0) / _BELOW)
    logarithmic = (far or group.log_axis) and lowest > 0
    if logarithmic:
        locations = _DECADES.tick_values(lowest, max(finite))
    else:
        low, high = group.limits or (min(0.0, *finite), max(0.0, *finite))
        locations = _VALUES.tick_values(low, high if high > low else low + 1)

    def scale(value: float) -> float:
        return math.log10(max(value, locations[0])) if logarithmic else value

    first, last = scale(locations[0]), scale(locations[-1])

    def place(value: float) -> float:
        return round(HEIGHT - BOTTOM - (scale(value) - first) / (last - first) * (HEIGHT - TOP - BOTTOM), 1)

    ticks = [(place(location), f"{location:g}") for location in locations]
    return lambda value: place(value) if math.isfinite(value) else None, ticks


def _as_text(value: float, sparse: bool) -> str:
    return "–" if sparse and math.isnan(value) else f"{value:.3g}"


def _path(x: Sequence[float], y: Sequence[float | None], sparse: bool) -> str:
    """SVG path of the points. A point that has no place leaves a gap, or with sparse is passed over."""
    words, pen = [], "M"
    for one, other in zip(x, y, strict=True):
        if other is None:
            pen = pen if sparse else "M"
            continue
        words.append(f"{pen}{one:g} {other:g}")
        pen = "L"
    return "".join(words)
