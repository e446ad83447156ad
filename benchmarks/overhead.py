"""Which share of the training takes what is written after each row of the log: generators, grid, log, TensorBoard, checkpoint?

    python benchmarks/overhead.py            # --ImageType=digits: a row every 100 steps

Trains some rows, and times each part of each. The first two rows are left out: in them TensorFlow compiles. The share of a part
is the median over the rows of its seconds, against the seconds from one row to the next.
"""

import argparse
import functools
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import turns

from tfgan_series import preparation, series, workflow
from tfgan_series.training import hooks
from tfgan_series.training.checkpoints import Checkpoints

PARTS = (
    "set_twins",
    "save_grid",
    "write_steps",
    "warn",
    "save_generators",
    "write_log",
    "write_tensorboard",
)  # of training/hooks.py
Noted = dict[str, list[tuple[float, float]]]  # {part: (seconds, seconds of the processor) of each call}


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def timed(noted: Noted, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which notes the seconds of each call."""

    @functools.wraps(function)
    def noting(*arguments: Any, **named: Any) -> Any:
        start = now()
        result = function(*arguments, **named)
        noted[name].append(tuple(after - before for before, after in zip(start, now(), strict=True)))
        return result

    return noting


def train(experiment: series.Experiment, tfrecord_path: str) -> tuple[Noted, list[tuple[float, float]]]:
    """The seconds of each part in each row, and the moments at which the rows ended."""
    noted: Noted = defaultdict(list)
    ends: list[tuple[float, float]] = []
    makers, save = {name: getattr(hooks, name) for name in PARTS}, Checkpoints.save

    def timed_hook(name: str, *arguments: Any) -> Callable[[Any], None]:
        return timed(noted, name, makers[name](*arguments))

    def save_and_end(checkpoints: Checkpoints) -> None:
        timed(noted, "checkpoint", save)(checkpoints)
        ends.append(now())

    for name in PARTS:
        setattr(hooks, name, functools.partial(timed_hook, name))
    Checkpoints.save = save_and_end  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as folder:
            workflow.train(experiment, tfrecord_path=tfrecord_path, run_dir=f"{folder}/run")
    finally:
        for name, maker in makers.items():
            setattr(hooks, name, maker)
        Checkpoints.save = save  # type: ignore[method-assign]
    return noted, ends


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--every", type=int, default=100, help="steps in a row")
    parser.add_argument("--ImageType", default="digits")
    parser.add_argument("--TFRecordPath", default="tfrecords")
    arguments = parser.parse_args()
    experiment = series.resolve(arguments.ImageType, grid_every=arguments.every, steps=arguments.rows * arguments.every)
    preparation.find_or_make(experiment, arguments.TFRecordPath)
    noted, ends = train(experiment, arguments.TFRecordPath)

    rows = [tuple(after - before for before, after in zip(*pair, strict=True)) for pair in zip(ends[1:], ends[2:], strict=False)]
    whole = [statistics.median(kind) for kind in zip(*rows, strict=True)]
    print(f"{turns.processor()}; a row of {arguments.every} steps: {whole[0]:.2f} s, {whole[1]:.2f} s of the processor\n")
    turns.table("part", "milliseconds", "of the processor", "share", "share of the processor")
    sums = [0.0, 0.0]
    for name, calls in noted.items():
        parts = [statistics.median(kind) for kind in zip(*calls[-len(rows) :], strict=True)]
        sums = [total + part for total, part in zip(sums, parts, strict=True)]
        _print(name, parts, whole)
    _print("all", sums, whole)


def _print(name: str, parts: list[float], whole: list[float]) -> None:
    shares = [f"{part / one:.2%}" for part, one in zip(parts, whole, strict=True)]
    turns.row(name, *(f"{part * 1000:.1f}" for part in parts), *shares)


if __name__ == "__main__":
    main()
