"""The run folder: what is in it, and how each file is read and written.

runs/<model>/<records folder>-<image_size>/
    experiment.json  flags.txt  log.csv  steps/epoch-001.csv ...  images/epoch-001.png ...  checkpoints/  tensorboard/
    generator.keras (a CycleGAN's: generator_ab.keras  generator_ba.keras)  training.gif  loss.png  probability.png
    report.html  diverged.txt (where it did)
    generated/  explored/  translated/    what generate.py, explore.py and translate.py draw
"""

import csv
import json
from pathlib import Path

import numpy as np

from tfgan_series import files, series
from tfgan_series.errors import UserError

EXPERIMENT, FLAGS, LOG, GENERATOR = "experiment.json", "flags.txt", "log.csv", "generator.keras"
DIVERGED = "diverged.txt"  # why the run stopped for good, if it did
_PROBE = ".writable"
_BEGINNINGS = {_PROBE, files.partial(Path(EXPERIMENT)).name}  # all there is in the folder of a run killed at its very start
_COLUMNS = ("epoch", "Real_P", "Fake_P", "Gen_loss", "Dis_loss", "lr", "images_per_second")
CHECKPOINTS, IMAGES, STEPS, TENSORBOARD = "checkpoints", "images", "steps", "tensorboard"
GENERATED, EXPLORED, TRANSLATED = "generated", "explored", "translated"
TRANSLATION = "translated.json"  # beside translated pictures: which ones, and from where


def default_folder(experiment, root="runs"):
    """Where an experiment's run lies unless --run_dir says otherwise."""
    return Path(root) / experiment.model / f"{experiment.records_name}-{experiment.image_size}"


def open_folder(folder, overwrite=False):
    """Make the run folder, or empty it. Raises UserError where it cannot be written or holds something else."""
    if set(folder.absolute().as_posix()) & set("[]*?\\"):
        raise UserError(
            f"run folder {folder.absolute()}: TensorFlow finds no checkpoint where a path has one of [ ] * ? \\ in it; "
            "give another --run_dir"
        )
    try:
        folder = folder.resolve()  # what a link points to goes, the link stays
        if folder.exists() and {path.name for path in folder.iterdir()} - _BEGINNINGS:
            if not (folder / EXPERIMENT).is_file():
                raise UserError(f"{folder} has files in it and is not a run: give another --run_dir")
            if overwrite:
                files.discard(folder)
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / _PROBE
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"run folder {folder} cannot be written ({error.strerror or error}): give another --run_dir") from error


def read_experiment(folder):
    """(Experiment, number of records) of a run. Raises UserError where the folder is none."""
    experiment, count, _ = _read_record(folder)
    return experiment, count


def read_records_identity(folder):
    """The identity of the Records that a run was trained on; None in a run of an older version. Raises UserError as
    read_experiment does."""
    return _read_record(folder)[2]


def _read_record(folder):
    """(Experiment, number of records, their identity) of a run."""
    path = Path(folder) / EXPERIMENT
    try:
        record = json.loads(path.read_text())
        return series.from_dict(record["experiment"]), record["records"], record.get("records_identity")
    except FileNotFoundError as error:
        raise UserError(f"{folder} is not a run (no {EXPERIMENT}): train one with train.py, or give another --run_dir") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}): it is damaged or from another version") from error


def write_experiment(folder, experiment, record_count, tfrecord_path, records_identity=None):
    """experiment.json, and flags.txt: train.py --flagfile=flags.txt is this run, and with --run_dir another like it."""
    record = {"experiment": series.to_dict(experiment), "records": record_count, "records_identity": records_identity}
    files.write_whole(folder / EXPERIMENT, json.dumps(record, indent=2) + "\n")
    lines = [*series.flag_lines(experiment), f"--TFRecordPath={tfrecord_path}", f"--run_dir={folder}"]
    files.write_whole(folder / FLAGS, "\n".join(lines) + "\n")
    for name in (IMAGES, STEPS):
        (folder / name).mkdir(exist_ok=True)


def read_flags(folder):
    """flags.txt. Raises UserError where it cannot be read."""
    path = Path(folder) / FLAGS
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}): train.py writes it anew when it goes on with the run") from error


def is_settled(folder, experiment):
    """Whether a folder has a run of the experiment that is finished, or has diverged."""
    if not (Path(folder) / EXPERIMENT).is_file():
        return False
    run, _ = read_experiment(folder)
    ended = len(read_log(folder)) >= experiment.epochs or (Path(folder) / DIVERGED).is_file()
    return ended and not series.differences(run, experiment)


def grid_path(folder, epoch):
    """The picture grid of an epoch (the first is 1)."""
    return Path(folder) / IMAGES / f"epoch-{epoch:03d}.png"


def read_log(folder):
    """log.csv as one dict of numbers per epoch; none where there is no log yet. Raises UserError where it is damaged."""
    path = Path(folder) / LOG
    if not path.is_file():
        return []
    try:
        with open(path, newline="") as file:
            reader = csv.DictReader(file)
            if missing := set(_COLUMNS) - set(reader.fieldnames or ()):
                raise ValueError(f"no column {min(missing)}")
            return [{name: float(value) for name, value in row.items()} for row in reader]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}): bring back a copy of it, or start the run over") from error


def write_log(folder, rows):
    """log.csv, whole; the columns that every model has come first."""
    if rows:
        names = [*_COLUMNS, *(name for name in rows[0] if name not in _COLUMNS)]
        lines = [",".join(names), *(",".join(f"{row[name]:.10g}" for name in names) for row in rows)]
        files.write_whole(Path(folder) / LOG, "\n".join(lines) + "\n")


def write_steps(folder, epoch, names, history):
    """An epoch's numbers step by step: history [steps, len(names)]. A file for each epoch, so that a run that goes on
    writes none of the earlier ones again."""
    first = (epoch - 1) * len(history) + 1
    lines = (f"{step}," + ",".join(f"{value:.6g}" for value in row) for step, row in enumerate(history, first))
    files.write_whole(Path(folder) / STEPS / f"epoch-{epoch:03d}.csv", "\n".join([",".join(["step", *names]), *lines]) + "\n")


def read_steps(folder, epochs):
    """All steps of a run's first epochs as {name: array [steps in all]}. Raises UserError where a file is missing."""
    names, parts = [], []
    for epoch in range(1, epochs + 1):
        path = Path(folder) / STEPS / f"epoch-{epoch:03d}.csv"
        try:
            with open(path) as file:
                names = file.readline().strip().split(",")
                parts.append(np.loadtxt(file, delimiter=",", ndmin=2))
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read ({error}): the run must be trained again to have its steps") from error
    return dict(zip(names, np.concatenate(parts).T, strict=True)) if parts else {}


def images_per_second(log):
    """The median over the epochs of a log: one in which the machine did something else counts no more than any other."""
    return float(np.median([row["images_per_second"] for row in log]))


def load_generator(path):
    """A saved generator. Raises UserError where the file is missing or none."""
    import keras

    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} is not there: train.py writes it after the first epoch")
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras lets through whatever its zip, HDF5 and JSON readers raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path} cannot be read as a Keras model ({reason})") from error
