"""What is written after each epoch and at the end.

Each function but the last makes a hook: a function of the epoch's row of the log, called in the order given here.
"""

import tensorflow as tf
from PIL import Image

from tfgan_series import files, latent, pictures, runs

GRID = 16  # pictures in an epoch's grid, 4x4


def save_generator(twin, state, folder):
    """generator.keras: the trained weights in `twin`, a generator built in float32.

    A .keras file keeps its precision policy, so the trained network itself will not do.
    """

    def hook(row):
        twin.set_weights(state.networks["generator"].get_weights())
        with files.whole(folder / runs.GENERATOR) as partial:
            twin.save(partial)

    return hook


def save_grid(twin, experiment, folder):
    """The epoch's 4x4 grid, always from the same 16 z, with the epoch's number on it."""
    z = latent.noise(GRID, experiment.noise_dim, experiment.seed)

    def hook(row):
        images = pictures.to_uint8(latent.sample(twin, z))
        pictures.grid(images, columns=4, caption=f"epoch {row['epoch']}").save(runs.grid_path(folder, row["epoch"]))

    return hook


def write_log(folder, epochs_done):
    """A row of log.csv; rows of epochs that a killed run logged but did not save are dropped."""
    rows = [row for row in runs.read_log(folder) if row["epoch"] <= epochs_done]

    def hook(row):
        rows.append(row)
        runs.write_log(folder, rows)

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
    """training.gif, loss.png and probability.png from a run's grids and log: those that are not newer than the log."""
    log = runs.read_log(folder)
    epochs = [int(row["epoch"]) for row in log]

    def curves(*names, y_label):
        lines = {name: [row[name] for row in log] for name in names}
        return lambda path: pictures.curves(epochs, lines, path, x_label="epoch", y_label=y_label)

    grids = [path for path in (runs.grid_path(folder, epoch) for epoch in epochs) if path.is_file()]
    makers = {
        **({"training.gif": lambda path: pictures.animation(grids, path)} if grids else {}),
        "loss.png": curves("Gen_loss", "Dis_loss", y_label="loss"),
        "probability.png": curves("Real_P", "Fake_P", y_label="P(real)"),
    }
    written = (folder / runs.LOG).stat().st_mtime_ns
    for name, make in makers.items():
        path = folder / name
        if not path.exists() or path.stat().st_mtime_ns < written:
            with files.whole(path) as partial:
                make(partial)
