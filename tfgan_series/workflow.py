"""What train.py does from start to end: records found or made, the run folder opened, trained, and made fit to look at."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from tfgan_series import files, preparation, report, runs
from tfgan_series.data.records import Records
from tfgan_series.errors import Diverged, UserError
from tfgan_series.series import Experiment
from tfgan_series.training import devices, hooks, resume
from tfgan_series.training import train as training


def train(
    experiment: Experiment,
    *,
    tfrecord_path: str | Path = "tfrecords",
    run_dir: str | Path | None = None,
    overwrite: bool = False,
) -> Path:
    """Train an experiment to its last epoch, from its last checkpoint if there is one. Returns the run folder.

    Records that are missing are made first, if that takes no files of the user's. Where several workers train (TF_CONFIG), each
    calls this; the chief alone writes into the run folder. Raises UserError for what the user can mend, another process that
    trains into the same folder among it, and loop.Interrupted after Ctrl-C or SIGTERM.
    """
    if experiment.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = devices.choose_strategy()
    chief = devices.is_chief(strategy)
    folder = Path(run_dir) if run_dir else runs.default_folder(experiment)
    with contextlib.ExitStack() as claim, _failures_in_a_line(folder, strategy):
        with devices.together(strategy):
            found = preparation.prepare(experiment, strategy, tfrecord_path)
            if chief:
                claim.enter_context(files.claimed(folder))
                _open_run(folder, experiment, found, tfrecord_path, overwrite)
        try:
            training.train(experiment, found, folder, strategy)
        except Diverged as error:
            with devices.together(strategy):
                if chief:
                    _close_diverged(folder, error)
            raise
        with devices.together(strategy):
            if chief:
                _close_finished(folder)
    return folder


def _open_run(folder: Path, experiment: Experiment, found: Records, tfrecord_path: str | Path, overwrite: bool) -> None:
    """Make the folder this experiment's run, new or going on. Raises UserError where it is another's."""
    runs.open_folder(folder, overwrite)
    resume.check(folder, experiment, found)
    runs.write_experiment(folder, experiment, found.count_of(experiment), found.identity, tfrecord_path)
    (folder / runs.DIVERGED).unlink(missing_ok=True)


def _close_diverged(folder: Path, error: Diverged) -> None:
    """Note why the run stopped; its page shows the epochs before, if there are any."""
    files.write_whole(folder / runs.DIVERGED, f"{error}\n")
    if runs.read_log(folder):
        _make_report(folder)


def _close_finished(folder: Path) -> None:
    """The pictures of the whole run and its page."""
    figures = hooks.finish(folder)
    _make_report(folder)
    saved = sorted(path.name for path in folder.glob("[!.]*.keras"))
    print(f"Done: {folder}/ has report.html, images/ (a grid for each epoch), {', '.join([*figures, *saved])}.")


def _make_report(folder: Path) -> None:
    """The run's page. What keeps it from being made is told, and leaves the training what it is: finished."""
    try:
        print(f"To see the run, open {report.make([folder], folder / report.NAME)}")
    except (UserError, OSError) as error:
        print(f"{folder / report.NAME} was not made ({error}). To try again: report.py --run_dir={files.quoted(folder)}")


@contextlib.contextmanager
def _failures_in_a_line(folder: Path, strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns what TensorFlow raises where memory, disk or a worker is gone into a UserError."""
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        if "No space left" in error.message:
            raise UserError(f"the disk of {folder} is full: make room, and type the same again") from error
        raise UserError(
            "out of memory: give a smaller --batch_size, --base_filters or --image_size, or on a GPU --precision=mixed_bfloat16"
        ) from error
    except tf.errors.UnavailableError as error:
        if not devices.several_workers(strategy):
            raise
        raise UserError(
            "another worker has ended or cannot be reached: what it printed says why. The same command on all goes on from the "
            "last checkpoint"
        ) from error
