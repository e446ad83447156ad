"""A run's log as curves: plain numbers in the units of the page's SVG, for the template to draw."""

import math
from dataclasses import dataclass

WIDTH, HEIGHT = 340, 194  # of the drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 42, 14, 8, 26  # margins, for the numbers beside the axes


@dataclass(frozen=True, kw_only=True)
class Group:
    """Columns of the log that share a plot: those whose names end in one of `endings`, and in none of an earlier group."""

    title: str
    endings: tuple[str, ...]
    text: str
    log_axis: bool = False
    limits: tuple[float, float] | None = None  # None: what the numbers take up, and zero


GROUPS = (
    Group(title="There and back", endings=("Cycle_loss", "Cycle_test", "Identity_loss"), text="how far from home"),
    Group(title="Loss", endings=("_loss",), text="what each network minimises"),
    Group(title="Probability", endings=("_P",), text="that D takes a picture for real", limits=(0.0, 1.0)),
    Group(title="Mean logit", endings=("_logit",), text="of D: the larger, the more it takes a picture for real"),
    Group(title="Gradient", endings=("_grad",), text="its norm over all weights"),
    Group(title="Learning rate", endings=("lr",), text="", log_axis=True),
)


def plots(logs):
    """For each of several logs its plots, all on the same axes, so that plots of one group compare.

    logs: lists of {column: number} by epoch, none of them empty. Returns a list of plots for each log. A plot is a dict:
    title, text, summary (its content in words), x_ticks and y_ticks (pairs of place and text), x (the place of each
    epoch), lines (dicts of name, path, y: the place at each epoch or None, and values: the numbers as text).
    """
    last = max(row["epoch"] for log in logs for row in log)
    axes = {group: _y_axis(group, [value for log in logs for value in _values(group, log)]) for group in GROUPS}
    return [[_plot(group, *axes[group], log, last) for group in GROUPS if _lines(group, log)] for log in logs]


def _lines(group, log):
    earlier = tuple(ending for one in GROUPS[: GROUPS.index(group)] for ending in one.endings)
    names = [name for name in log[0] if name.endswith(group.endings) and not name.endswith(earlier)]
    return {name: [row[name] for row in log] for name in names}


def _values(group, log):
    return [value for line in _lines(group, log).values() for value in line]


def _plot(group, to_y, ticks, log, last):
    epochs = [row["epoch"] for row in log]
    x = [_x(epoch, last) for epoch in epochs]
    lines = [
        {"name": name, "path": _path(x, y), "y": y, "values": [f"{value:.3g}" for value in values]}
        for name, values in _lines(group, log).items()
        for y in [[to_y(value) for value in values]]
    ]
    return {
        "title": group.title,
        "text": group.text,
        "summary": "; ".join(_in_words(line, int(epochs[0]), int(epochs[-1])) for line in lines),
        "x_ticks": [(_x(tick, last), f"{tick:g}") for tick in nice_ticks(1, last, whole=True)],
        "y_ticks": ticks,
        "x": x,
        "lines": lines,
    }


def _in_words(line, first, last):
    return f"{line['name']} is {line['values'][0]} in epoch {first} and {line['values'][-1]} in epoch {last}"


def _x(epoch, last):
    share = (epoch - 1) / (last - 1) if last > 1 else 0.5
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y_axis(group, values):
    """(function from a number to its place or None, the ticks as pairs of place and text)."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    if group.log_axis and min(finite) > 0:
        low, high = math.floor(math.log10(min(finite))), math.ceil(math.log10(max(finite)))
        low, high = (low, high) if low < high else (low - 1, high + 1)
        scale = math.log10
        ticks = [10.0**power for power in range(low, high + 1, -(-(high - low) // 5))]
    else:
        low, high = group.limits or (min(0.0, *finite), max(0.0, *finite))
        ticks = nice_ticks(low, high if high > low else low + 1, outward=True)
        low, high = ticks[0], ticks[-1]

        def scale(value):
            return value

    def to_y(value):
        if not math.isfinite(value):
            return None
        return round(HEIGHT - BOTTOM - (scale(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    return to_y, [(to_y(tick), f"{tick:g}") for tick in ticks]


def nice_ticks(low, high, whole=False, outward=False):
    """Some five round numbers from low to high, or outward: from the one before to the one after."""
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-12) / 5))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 5.001)
    step = max(1.0, round(step)) if whole else step
    first, last = (math.floor, math.ceil) if outward else (math.ceil, math.floor)
    places = range(first(round(low / step, 9)), last(round(high / step, 9)) + 1)
    return [round(place * step, 12) for place in places]


def _path(x, y):
    """SVG path of the points; a point that is not there leaves a gap."""
    words, pen = [], "M"
    for one, other in zip(x, y, strict=True):
        if other is None:
            pen = "M"
            continue
        words.append(f"{pen}{one:g} {other:g}")
        pen = "L"
    return "".join(words)
