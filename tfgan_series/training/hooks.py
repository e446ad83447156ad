"""What is written after each epoch and at the end: each hook is a function of an EpochReport."""

import os

import tensorflow as tf
from PIL import Image

from tfgan_series import latent, networks, pictures, runs, series

GRID = 16  # pictures in an epoch's grid, 4x4


def save_generator(experiment, state, folder):
    """Hook: generator.keras in float32, whatever the training precision and devices. Returns (hook, the model)."""
    # A .keras file keeps its precision policy, so the exported network is a float32 twin of the trained one.
    twin = networks.build(series.change(experiment, precision="float32"))["generator"]

    def hook(report):
        twin.set_weights(state.networks["generator"].get_weights())
        partial = folder / "partial.keras"
        twin.save(partial)
        os.replace(partial, folder / runs.GENERATOR)

    return hook, twin


def save_grid(experiment, generator, folder):
    """Hook: the epoch's 4x4 grid, always from the same 16 z, with the epoch's number on it."""
    z = latent.noise(GRID, experiment.noise_dim, experiment.seed)

    def hook(report):
        images = pictures.to_uint8(latent.sample(generator, z))
        pictures.grid(images, columns=4, caption=f"epoch {report.epoch}").save(runs.grid_path(folder, report.epoch))

    return hook


def write_log(folder, epochs_done):
    """Hook: a row of log.csv; rows of epochs that a killed run logged but did not save are dropped."""
    rows = [row for row in runs.read_log(folder) if row["epoch"] <= epochs_done]

    def hook(report):
        rows.append(report.row)
        runs.write_log(folder, rows)

    return hook


def write_tensorboard(folder):
    """Hook: the row's numbers and the grid as TensorBoard events."""
    writer = tf.summary.create_file_writer(str(folder / runs.TENSORBOARD))

    def hook(report):
        with writer.as_default(step=report.epoch):
            for name, value in report.row.items():
                if name != "epoch":
                    tf.summary.scalar(name, value)
            with Image.open(runs.grid_path(folder, report.epoch)) as picture:
                tf.summary.image("grid", tf.keras.utils.img_to_array(picture, dtype="uint8")[None])
        writer.flush()

    return hook


def finish(folder):
    """training.gif, loss.png and probability.png from a run's grids and log."""
    log = runs.read_log(folder)
    epochs = [int(row["epoch"]) for row in log]
    grids = [Image.open(path) for path in (runs.grid_path(folder, epoch) for epoch in epochs) if path.is_file()]
    if grids:
        pictures.animation(grids, folder / "training.gif")
    for file, label, names in (("loss", "loss", ("Gen_loss", "Dis_loss")), ("probability", "P(real)", ("Real_P", "Fake_P"))):
        lines = {name: [row[name] for row in log] for name in names}
        pictures.curves(epochs, lines, folder / f"{file}.png", x_label="epoch", y_label=label)
