"""The files that training writes after each epoch and at the end.

Each function except the last makes a hook: a function of the epoch's row of the log. loop.py calls the hooks in this order,
and then saves a checkpoint. A run killed before that checkpoint trains the epoch again, so each hook overwrites what it wrote
for the same epoch before.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from tfgan_series import files, pictures, runs
from tfgan_series.errors import UserError
from tfgan_series.training.loop import Row
from tfgan_series.training.state import TrainState

Hook = Callable[[Row], None]
# The generators -> (pictures [n, H, W, C] uint8, columns of their grid, {name: number measured on them}).
Look = Callable[[Mapping[str, keras.Model]], tuple[np.ndarray, int, Mapping[str, float]]]

# File, its y label and its columns of the log. Every log has either probabilities or logits: see training/players.py.
_CURVES = (
    ("loss.png", "loss", "Gen_loss", "Dis_loss"),
    ("probability.png", "P(real)", "Real_P", "Fake_P"),
    ("logits.png", "mean logit", "Real_logit", "Fake_logit"),
)


def save_generators(twins: Mapping[str, keras.Model], state: TrainState, folder: Path) -> Hook:
    """Save each generator as NAME.keras, in float32.

    twins: the same networks, built in float32; they get the trained weights and are saved. A .keras file keeps its network's
    precision policy, so a trained network itself may have another precision.
    """

    def hook(row: Row) -> None:
        for name, twin in twins.items():
            twin.set_weights(state.weights(name))
            with files.whole(folder / f"{name}.keras") as partial:
                twin.save(partial)

    return hook


def save_grid(twins: Mapping[str, keras.Model], look: Look, folder: Path) -> Hook:
    """Save the epoch's grid, with the epoch's number on it. look: from the algorithm's make_look; the numbers that it measures
    are added to the row."""

    def hook(row: Row) -> None:
        images, columns, measured = look(twins)
        row |= measured
        with files.whole(runs.grid_path(folder, row["epoch"])) as partial:
            pictures.grid(images, columns=columns, caption=f"epoch {row['epoch']}").save(partial)

    return hook


def write_steps(state: TrainState, folder: Path) -> Hook:
    """Write the epoch's numbers step by step, as the lab report plots them."""

    def hook(row: Row) -> None:
        runs.write_steps(folder, row["epoch"], state.measures, state.epoch_history(row["steps"]))

    return hook


def write_log(folder: Path, epochs_done: int) -> Hook:
    """Add a row to log.csv. epochs_done: the epochs in the last checkpoint. Rows of later epochs are dropped: a killed run
    logged them, but did not save their checkpoint."""
    rows = [row for row in runs.read_log(folder) if row["epoch"] <= epochs_done]

    def hook(row: Row) -> None:
        rows.append(row)
        runs.write_log(folder, rows)

    return hook


def write_tensorboard(folder: Path) -> Hook:
    """Write the row's numbers and the epoch's grid as TensorBoard events. Each epoch has its own file, so an epoch that is
    trained again replaces its file."""

    def hook(row: Row) -> None:
        ending = f".epoch-{row['epoch']:03d}.v2"
        before = list((folder / runs.TENSORBOARD).glob(f"*{ending}"))
        writer = tf.summary.create_file_writer(str(folder / runs.TENSORBOARD), filename_suffix=ending)
        with writer.as_default(step=row["epoch"]):
            for name, value in row.items():
                if name != "epoch":
                    tf.summary.scalar(name, value)
            with Image.open(runs.grid_path(folder, row["epoch"])) as picture:
                tf.summary.image("grid", tf.keras.utils.img_to_array(picture, dtype="uint8")[None])
        writer.close()
        for path in before:
            path.unlink()

    return hook


def finish(folder: Path) -> list[str]:
    """Make training.gif from a run's grids, and the curves of the losses and of the discriminator's answers from its log. Only
    files that are missing or older than the log are made. Returns the names of all of them."""
    log = runs.read_log(folder)
    if not log:
        raise UserError(f"{folder / runs.LOG} is not there: bring back a copy of it, or start the run over with --overwrite")
    epochs = [int(row["epoch"]) for row in log]

    def curves(*names: str, y_label: str) -> Callable[[Path], None]:
        lines = {name: [row[name] for row in log] for name in names}
        return lambda path: pictures.curves(epochs, lines, path, x_label="epoch", y_label=y_label)

    grids = [path for path in (runs.grid_path(folder, epoch) for epoch in epochs) if path.is_file()]
    makers = {
        **({"training.gif": lambda path: pictures.animation(grids, path)} if grids else {}),
        **{name: curves(*columns, y_label=label) for name, label, *columns in _CURVES if log[-1].keys() >= set(columns)},
    }
    written = (folder / runs.LOG).stat().st_mtime_ns
    for name, make in makers.items():
        path = folder / name
        if not path.exists() or path.stat().st_mtime_ns < written:
            with files.whole(path) as partial:
                make(partial)
    return list(makers)
