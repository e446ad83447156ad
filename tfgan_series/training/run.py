"""Puts a run together: train(experiment) and what it would do."""

import contextlib
import shlex
from pathlib import Path

import tensorflow as tf

from tfgan_series import files, networks, report, runs, series
from tfgan_series.data import conversion, pipeline, records
from tfgan_series.errors import Diverged, NeedsFiles, UserError
from tfgan_series.training import devices, hooks, loop
from tfgan_series.training.checkpoints import Checkpoints
from tfgan_series.training.state import create_state


def train(experiment, *, tfrecord_path="tfrecords", run_dir=None, overwrite=False):
    """Train an experiment to its last epoch, from its last checkpoint if there is one. Returns the run folder.

    Records that are missing are made first, if that takes no files of the user's. Raises UserError for what the user
    can mend, another process that trains into the same folder among it, and loop.Interrupted after Ctrl-C or SIGTERM.
    """
    if experiment.deterministic:
        tf.config.experimental.enable_op_determinism()
    found = prepare(experiment, tfrecord_path)
    strategy = devices.choose_strategy()
    folder = Path(run_dir) if run_dir else runs.default_folder(experiment)
    with files.claimed(folder) if devices.is_chief(strategy) else contextlib.nullcontext():
        try:
            return _train_into(folder, experiment, found, strategy, tfrecord_path, overwrite)
        except tf.errors.ResourceExhaustedError as error:
            if "No space left" in error.message:
                raise UserError(f"the disk of {folder} is full: make room, and type the same again") from error
            raise UserError(
                "out of memory: give a smaller --batch_size, --base_filters or --image_size, or on a GPU "
                "--precision=mixed_bfloat16"
            ) from error


def prepare(experiment, tfrecord_path="tfrecords"):
    """Check what train is asked for, and find the records or make them. Returns Records.

    Raises UserError where train would refuse the experiment, whatever its run folder holds.
    """
    networks.check(experiment)
    strategy = devices.choose_strategy()
    devices.check(experiment, strategy)
    found = _find_or_make_records(experiment, tfrecord_path, may_make=not devices.several_workers(strategy))
    pipeline.steps_per_epoch(found, experiment)
    return found


def _train_into(folder, experiment, found, strategy, tfrecord_path, overwrite):
    chief = devices.is_chief(strategy)
    steps, count = pipeline.steps_per_epoch(found, experiment), _count(found, experiment)
    if chief:
        runs.open_folder(folder, overwrite)
        check_resume(folder, experiment, found)
        runs.write_experiment(folder, experiment, count, tfrecord_path)
        (folder / runs.DIVERGED).unlink(missing_ok=True)

    algorithm = series.MODELS[experiment.model].load_algorithm()
    state = create_state(experiment, strategy, algorithm.measures(experiment), steps, algorithm.buffers(experiment))
    checkpoints = Checkpoints(state, folder / runs.CHECKPOINTS, chief)
    resumed = checkpoints.restore()
    epochs_done, steps_in = divmod(state.steps_done(), steps)
    if not resumed and len(runs.read_log(folder)) > 1:  # one row: killed before its first checkpoint
        raise UserError(f"{folder} has a log and no checkpoint to go on from: --overwrite starts the run over")
    if epochs_done >= experiment.epochs:
        if chief:
            hooks.finish(folder)
            _make_report(folder)
        print(f"{folder} is finished, {epochs_done} epochs. --epochs=N goes on to a larger N, --overwrite starts over.")
        return folder
    if resumed:
        print(f"Going on from epoch {epochs_done + 1}, step {steps_in + 1} of {steps}, in {folder}.")
    else:
        print(f"Training {experiment.model} on {count:,} pictures of {found.folder}, {steps} steps an epoch, into {folder}.")

    after_epoch = []
    if chief:
        twins = networks.build(experiment.change(precision="float32"))
        twins = {name: model for name, model in twins.items() if name.startswith("generator")}
        after_epoch = [
            hooks.save_generators(twins, state, folder),
            hooks.save_grid(twins, algorithm.make_look(experiment, found), folder),
            hooks.write_steps(state, folder),
            hooks.write_log(folder, epochs_done),  # after what is read beside it
            hooks.write_tensorboard(folder),
        ]

    def batches(epoch, first_step):
        dataset = strategy.experimental_distribute_dataset(pipeline.batches(found, experiment, epoch, first_step))
        return pipeline.damage_named(dataset, found, experiment)

    step = algorithm.make_step(experiment, state, strategy)
    alone = not devices.several_workers(strategy)
    try:
        loop.run_epochs(experiment, state, step, batches, steps, checkpoints.save, after_epoch, alone)
    except Diverged as error:
        if chief:
            files.write_whole(folder / runs.DIVERGED, f"{error}\n")
            if runs.read_log(folder):
                _make_report(folder)
        raise
    if chief:
        figures = hooks.finish(folder)
        _make_report(folder)
        saved = ", ".join([*figures, *(f"{name}.keras" for name in twins)])
        print(f"Done: {folder}/ has report.html, images/ (a grid for each epoch), {saved}.")
    return folder


def _make_report(folder):
    """The run's page. What keeps it from being made is told, and leaves the training what it is: finished."""
    try:
        print(f"To see the run, open {report.make([folder], folder / report.NAME)}")
    except (UserError, OSError) as error:
        print(f"{folder / report.NAME} was not made ({error}). To try again: report.py --run_dir={shlex.quote(str(folder))}")


def _find_or_make_records(experiment, tfrecord_path, may_make):
    found = records.find_records(tfrecord_path, experiment)
    if found is not None:
        return found
    folder = records.records_folder(tfrecord_path, experiment)
    command = conversion_command(experiment, tfrecord_path)
    if not may_make:  # several workers would write the same files
        raise UserError(f"no records in {folder}: make them before several workers train, with: {command}")
    try:
        return conversion.convert(experiment, tfrecord_path=tfrecord_path)
    except NeedsFiles as error:
        raise UserError(f"no records in {folder}, and they cannot be made on the spot ({error}). Type: {command}") from error


def conversion_command(experiment, tfrecord_path):
    """The make_tfrecord.py command for an experiment's records."""
    row = series.resolve(experiment.image_type)  # what the command would take by itself
    words = [f"python scripts/make_tfrecord.py --ImageType={experiment.image_type} --DatasetPath=FOLDER"]
    asked, usual = series.values(experiment), series.values(row)
    words += [f"--{name}={asked[name]}" for name in ("image_size", "channels", "fit") if asked[name] != usual[name]]
    if experiment.bbox != row.bbox:
        words.append("--bbox" if experiment.bbox else "--nobbox")
    if str(tfrecord_path) != "tfrecords":
        words.append(f"--TFRecordPath={shlex.quote(str(tfrecord_path))}")
    return " ".join(words)


def check_resume(folder, experiment, found):
    """Raises UserError where a run in the folder is another one than the experiment on the Records found."""
    if not (folder / runs.EXPERIMENT).is_file():
        return
    before, count_before = runs.read_experiment(folder)
    other = series.differences(before, experiment)
    if (count := _count(found, experiment)) != count_before:
        other.append(f"records: {count_before} in the run, {count} now")
    if other:
        raise UserError(
            f"{folder} holds another run ({'; '.join(other)}): give its settings to go on, another --run_dir (compare.py: "
            "--out), or start it over with train.py --overwrite"
        )


def _count(found, experiment):
    return sum(found.count(experiment.partition, side) for side in experiment.sides)


def describe(experiment, *, tfrecord_path="tfrecords", run_dir=None):
    """What train would do, as lines to print; nothing is made or trained. Raises UserError."""
    lines = [f"{series.flag_name(name)}: {value}" for name, value in series.values(experiment).items()]
    for name, model in networks.build(experiment).items():
        lines.append(f"{name}: {model.count_params():,} parameters, {model.input_shape[1:]} -> {model.output_shape[1:]}")
    found = records.find_records(tfrecord_path, experiment)
    if found:
        steps = pipeline.steps_per_epoch(found, experiment)
        lines.append(f"{found} in {found.folder}; {steps} steps an epoch, {steps * experiment.epochs:,} in all")
    else:
        lines.append(f"no records yet in {records.records_folder(tfrecord_path, experiment)}")
    return [*lines, f"run folder: {run_dir or runs.default_folder(experiment)}"]
