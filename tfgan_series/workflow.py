"""What the command `train` does: it finds or makes the records, opens the run folder, trains, and makes the page."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from tfgan_series import files, invocation, preparation, report, run_figures, runs
from tfgan_series.data.records import Records
from tfgan_series.errors import Diverged, UserError
from tfgan_series.series import Experiment
from tfgan_series.training import devices, loop, resume, workers
from tfgan_series.training import train as training


def train(
    experiment: Experiment,
    *,
    tfrecord_path: str | Path = "tfrecords",
    run_dir: str | Path | None = None,
    overwrite: bool = False,
    advise: bool = True,
) -> Path:
    """Train an experiment until its last step, from its last checkpoint if there is one. Returns the run folder.

    Missing records are made first, if this needs no files of the user. If several workers train (TF_CONFIG), each of them calls
    this function, and only the chief writes into the run folder. advise: print preparation.advice before a new run. Raises
    UserError for problems that the user can solve, also if another process trains into the same folder. Raises loop.Interrupted
    after Ctrl-C or SIGTERM.
    """
    invocation.note_overwritten(False)
    if experiment.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = devices.choose_strategy()
    folder = Path(run_dir) if run_dir else runs.default_folder(experiment, tfrecord_path)
    asked = experiment
    experiment = resume.resolve_precision(asked, folder, overwrite)
    if experiment != asked:
        print(f"--precision=auto is {experiment.precision} in this run.")
    chief = workers.is_chief(strategy)
    with contextlib.ExitStack() as claim, _failures_in_a_line(folder, strategy):
        with workers.together(strategy):
            experiment, records = preparation.prepare(experiment, strategy, tfrecord_path)
        with workers.together(strategy):  # only now: --overwrite empties the folder, so no worker may be refused any more
            if chief:
                claim.enter_context(files.claimed(folder))
                if advise and (overwrite or not (folder / runs.EXPERIMENT).is_file()):
                    for line in preparation.advice(experiment, records):
                        print(line)
                _open_run(folder, experiment, records, tfrecord_path, overwrite)
        invocation.note_overwritten(overwrite)  # on all workers: each may be the one that says how to go on
        try:
            training.train(experiment, records, folder, strategy)
        except loop.Interrupted:
            with workers.together(strategy):
                if chief and runs.read_log(folder):
                    report.refresh(folder)
            raise
        except Diverged as error:
            with workers.together(strategy):
                if chief:
                    _close_diverged(folder, error)
            raise
        with workers.together(strategy):
            if chief:
                _close_finished(folder)
    invocation.note_overwritten(False)
    return folder


def _open_run(folder: Path, experiment: Experiment, records: Records, tfrecord_path: str | Path, overwrite: bool) -> None:
    """Open the folder for this experiment's run, a new one or one that goes on. Raises UserError if it holds another run."""
    runs.open_folder(folder, overwrite)
    resume.check(folder, experiment, records)
    if line := resume.warm_restart(folder, experiment):
        print(line)
    runs.write_experiment(folder, experiment, records.count_of(experiment), records.identity, tfrecord_path)
    (folder / runs.DIVERGED).unlink(missing_ok=True)


def _close_diverged(folder: Path, error: Diverged) -> None:
    """Write down why the run stopped. Its page shows what was logged before, if anything was."""
    files.write_whole(folder / runs.DIVERGED, f"{error}\n")
    if runs.read_log(folder):
        report.refresh(folder)


def _close_finished(folder: Path) -> None:
    """Make the pictures of the whole run, and its page."""
    figures = run_figures.draw(folder)
    page = [report.NAME] if report.refresh(folder) else []
    saved = sorted(path.name for path in folder.glob("[!.]*.keras"))
    print(f"Done: {folder}/ has {', '.join([*page, 'images/ (the grids)', *figures, *saved])}.")


@contextlib.contextmanager
def _failures_in_a_line(folder: Path, strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns TensorFlow's errors about full memory, a full disk or a lost worker into a UserError."""
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        if "No space left" in error.message:
            raise UserError(f"the disk of {folder} is full: make room, and type {invocation.same_command()}") from error
        raise UserError(
            "out of memory: give a smaller --batch_size, --base_filters or --image_size, or on a GPU --precision=mixed_bfloat16"
        ) from error
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError) as error:
        # A killed worker, and one that stood still: TensorFlow gives it up, and it is told when it wakes.
        if not workers.several_workers(strategy):
            raise
        raise UserError(
            "another worker has ended or cannot be reached: what it printed says why. To go on from the last checkpoint, on all "
            f"workers type {invocation.same_command()}"
        ) from error
