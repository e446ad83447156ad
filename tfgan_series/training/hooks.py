"""The files that training writes after each row of the log.

Each public function makes a hook: a function of a row of the log. train.py puts the hooks in order, and loop.py calls them and
then saves a checkpoint. A run killed before that checkpoint trains the row's steps again, so each hook overwrites what it wrote
for the same step before.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_series import files, pictures, runs
from tfgan_series.evaluation import evaluate, scores
from tfgan_series.training import health
from tfgan_series.training.loop import Row
from tfgan_series.training.sheet import Look
from tfgan_series.training.state import TrainState

Hook = Callable[[Row], None]


def set_twins(twins: Mapping[str, keras.Model], state: TrainState) -> Hook:
    """Give the twins the trained weights, for the hooks after this one.

    twins: the generators, built once more in float32. A .keras file keeps its network's precision policy, so a trained network
    itself may have another precision.
    """

    def hook(row: Row) -> None:
        for name, twin in twins.items():
            twin.set_weights(state.weights(name))

    return hook


def save_generators(twins: Mapping[str, keras.Model], folder: Path) -> Hook:
    """Save each twin as NAME.keras."""

    def hook(row: Row) -> None:
        for name, twin in twins.items():
            _save(twin, folder / runs.saved_name(name))

    return hook


def _save(network: keras.Model, path: Path) -> None:
    with files.whole(path) as partial:
        network.save(partial)


def save_grid(twins: Mapping[str, keras.Model], look: Look, folder: Path) -> Hook:
    """Save the grid, with its moment on it: an epoch or a step. look: from the algorithm's make_look; the numbers that it
    measures are added to the row."""

    def hook(row: Row) -> None:
        sheet = look(twins)
        row |= sheet.measured
        moment = row["step"], row["steps"]
        with files.whole(runs.grid_path(folder, *moment)) as partial:
            caption = runs.moment(*moment)
            pictures.grid(sheet.images, sheet.columns, caption, rows=sheet.rows, heads=sheet.heads).save(partial)

    return hook


def save_scores(twins: Mapping[str, keras.Model], real: evaluate.Reference, every: int, total: int, folder: Path) -> Hook:
    """After every `every`-th epoch and at the run's end: measure the generators' scores, add them to the row and to scores.jsonl,
    and keep each generator of the best row as NAME-best.keras.

    real: what the generators are compared with. total: steps of the run. The best row has the lowest Fréchet distance, the mean
    over the generators. Raises UserError, before any training, if the best ones so far or the scores cannot be read.
    """
    kept = evaluate.best_distances(folder, real)

    def hook(row: Row) -> None:
        nonlocal kept
        if row["step"] % (every * row["steps"]) and row["step"] < total:
            return
        found = evaluate.evaluate(twins, real, step=row["step"])
        scores.add(folder, found)
        row |= {score.metric: score.value for score in found if not score.of}
        distances = [score for score in found if scores.is_distance(score)]
        # <=: a row that is trained again after a kill may find its own generators kept.
        if not kept or np.mean([one.value for one in distances]) <= np.mean([one.value for one in kept]):
            kept, best = distances, "the best so far"
            for name, twin in twins.items():
                _save(twin, folder / runs.best_name(name))
        else:
            before = "before" if kept[0].step is None else f"after {runs.moment(kept[0].step, row['steps'])}"
            best = f"the best so far was {before}"
        print(f"Scores after {runs.moment(row['step'], row['steps'])}: {scores.told(distances)}; {best}")

    return hook


def write_steps(state: TrainState, folder: Path) -> Hook:
    """Write the epoch's numbers so far step by step, as the lab report plots them."""

    def hook(row: Row) -> None:
        epoch, last = divmod(row["step"] - 1, row["steps"])
        history = state.epoch_history(last + 1)
        runs.write_steps(folder, epoch + 1, row["step"] - last, state.measures, history)

    return hook


def write_log(folder: Path, steps_done: int) -> Hook:
    """Add a row to log.csv. steps_done: the steps in the last checkpoint. Rows of later steps are dropped: a killed run logged
    them, but did not save their checkpoint."""
    rows = [row for row in runs.read_log(folder) if row["step"] <= steps_done]

    def hook(row: Row) -> None:
        rows.append(row)
        runs.write_log(folder, rows)

    return hook


def write_tensorboard(folder: Path, steps_done: int) -> Hook:
    """Write the row's numbers and its grid as TensorBoard events, each row to a file of its own. steps_done: the steps in the
    last checkpoint. The files of later steps are removed."""
    for path in (folder / runs.TENSORBOARD).glob("*.step-*.v2"):
        found = re.search(r"\.step-(\d+)\.v2$", path.name)  # a copy made by hand is none of ours
        if found and int(found[1]) > steps_done:
            path.unlink()

    def hook(row: Row) -> None:
        ending = f".step-{row['step']:06d}.v2"
        writer = tf.summary.create_file_writer(str(folder / runs.TENSORBOARD), filename_suffix=ending)
        with writer.as_default(step=row["step"]):
            for name, value in row.items():
                if name != "step":
                    tf.summary.scalar(name, value)
            picture = pictures.read(runs.grid_path(folder, row["step"], row["steps"]))
            tf.summary.image("grid", np.atleast_3d(np.asarray(picture))[None])
        writer.close()

    return hook


def warn(state: TrainState, bounds: Mapping[str, float], advice: str, folder: Path, steps_done: int) -> Hook:
    """Print what is wrong with the run, once until it ends, and keep it in warnings.txt. bounds, advice: see health.warnings.
    steps_done: the steps in the last checkpoint."""
    path = folder / runs.WARNINGS
    before: Row = next((row for row in reversed(runs.read_log(folder)) if row["step"] <= steps_done), {})

    def hook(row: Row) -> None:
        nonlocal before
        # After an epoch or more, the history has the last `steps` steps, wherever the run is in its epoch.
        epoch_means = state.means(row["steps"]) if row["step"] >= row["steps"] else {}
        known = runs.read_lines(path)
        found = health.warnings(row, before, epoch_means, bounds, advice)
        before = row
        for line in found:
            if line not in known:
                print(f"Warning: {line}")
        if found:
            files.write_whole(path, "".join(f"{line}\n" for line in found))
        else:
            path.unlink(missing_ok=True)

    return hook
