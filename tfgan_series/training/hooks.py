"""What is written after each epoch and at the end.

Each function but the last makes a hook: a function of the epoch's row of the log, called in the order given here.
"""

import tensorflow as tf
from PIL import Image

from tfgan_series import files, pictures, runs

# File, its y label and its columns of the log. Every log has either probabilities or logits: see training/players.py.
_CURVES = (
    ("loss.png", "loss", "Gen_loss", "Dis_loss"),
    ("probability.png", "P(real)", "Real_P", "Fake_P"),
    ("logits.png", "mean logit", "Real_logit", "Fake_logit"),
)


def save_generators(twins, state, folder):
    """NAME.keras for each generator: the trained weights in its twin of `twins`, built in float32.

    A .keras file keeps its precision policy, so the trained networks themselves will not do.
    """

    def hook(row):
        for name, twin in twins.items():
            twin.set_weights(state.networks[name].get_weights())
            with files.whole(folder / f"{name}.keras") as partial:
                twin.save(partial)

    return hook


def save_grid(twins, look, folder):
    """The epoch's grid, with its number on it. look: the algorithm's make_look; what it measures joins the row."""

    def hook(row):
        images, columns, measured = look(twins)
        row |= measured
        with files.whole(runs.grid_path(folder, row["epoch"])) as partial:
            pictures.grid(images, columns=columns, caption=f"epoch {row['epoch']}").save(partial)

    return hook


def write_log(folder, epochs_done):
    """A row of log.csv; rows of epochs that a killed run logged but did not save are dropped."""
    rows = [row for row in runs.read_log(folder) if row["epoch"] <= epochs_done]

    def hook(row):
        rows.append(row)
        runs.write_log(folder, rows)

    return hook


def write_steps(state, folder):
    """The epoch's numbers step by step, as the lab report plots them."""

    def hook(row):
        runs.write_steps(folder, row["epoch"], state.measures, state.epoch_history(row["steps"]))

    return hook


def write_tensorboard(folder):
    """The row's numbers and the epoch's grid as TensorBoard events."""
    writer = tf.summary.create_file_writer(str(folder / runs.TENSORBOARD))

    def hook(row):
        with writer.as_default(step=row["epoch"]):
            for name, value in row.items():
                if name != "epoch":
                    tf.summary.scalar(name, value)
            with Image.open(runs.grid_path(folder, row["epoch"])) as picture:
                tf.summary.image("grid", tf.keras.utils.img_to_array(picture, dtype="uint8")[None])
        writer.flush()

    return hook


def finish(folder):
    """training.gif, and the curves of loss and of the discriminator's answers, from a run's grids and log: those that are
    not newer than the log. Returns the names of all."""
    log = runs.read_log(folder)
    epochs = [int(row["epoch"]) for row in log]

    def curves(*names, y_label):
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
