"""Prepares a training: finds or makes its records, and describes what it would do."""

import math
from pathlib import Path

import keras
import tensorflow as tf

from tfgan_series import invocation, naming, networks, runs, series
from tfgan_series.data import conversion, pipeline, records
from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.records import Records
from tfgan_series.errors import NeedsFiles, UserError
from tfgan_series.evaluation import evaluate
from tfgan_series.inference import input_shapes
from tfgan_series.series import Experiment
from tfgan_series.training import devices, resume, workers

_FEW_PICTURES = 5000


def prepare(
    experiment: Experiment, strategy: tf.distribute.Strategy, tfrecord_path: str | Path = "tfrecords"
) -> tuple[Experiment, Records]:
    """Check the experiment, and find its records or make them. Returns the experiment, fitted to the records, and the records.

    Raises UserError if train would refuse the experiment. The run folder is not checked here.
    """
    networks.check(experiment)
    devices.check(experiment, strategy)
    # Several workers may not make records: all of them would write the same files.
    found = find_or_make(experiment, tfrecord_path, may_make=not workers.several_workers(strategy))
    return _fitted(experiment, found), found


def look(
    experiment: Experiment, strategy: tf.distribute.Strategy, tfrecord_path: str | Path
) -> tuple[Experiment, Records | None]:
    """As prepare, but no records are made: they are None if they are not there."""
    networks.check(experiment)
    devices.check(experiment, strategy)
    found = records.find_records(tfrecord_path, experiment)
    return (_fitted(experiment, found) if found else experiment), found


def _fitted(experiment: Experiment, found: Records) -> Experiment:
    """The experiment, fitted to its records. Raises UserError if they are too few for a step, or for its scores."""
    pipeline.steps_per_epoch(found, experiment)
    fitted = experiment.fitted(found)
    if fitted.evaluate_every:
        evaluate.choose(found, fitted, fitted.evaluate_count, evaluate.partition_while_training(found))
    return fitted


def describe(
    experiment: Experiment,
    *,
    tfrecord_path: str | Path = "tfrecords",
    run_dir: str | Path | None = None,
    overwrite: bool = False,
) -> list[str]:
    """What train would do, as lines to print; nothing is made or trained. Raises UserError."""
    folder = Path(run_dir or runs.default_folder(experiment, tfrecord_path))
    runs.check_folder(folder)
    experiment = resume.resolve_precision(experiment, folder, overwrite)
    experiment, found = look(experiment, devices.choose_strategy(alone=True), tfrecord_path)
    if not overwrite:
        resume.check(folder, experiment, found)
    lines = [series.origin(experiment)]
    usual = series.values(series.resolve(experiment.image_type, experiment.model, experiment.preset))
    for name, value in series.values(experiment).items():
        changed = "" if value == usual[name] else f"  (changed: the usual value is {usual[name]})"
        lines.append(f"{series.flag_name(name)}: {value}{changed}")
    if experiment.conditional and not experiment.conditions.names:
        lines.append("networks: their sizes depend on the number of classes, which the records will say")
    else:
        built = networks.build(experiment)
        lines += [_line(name, network) for name, network in built.items()] + devices.if_slow(experiment, built)
    if found:
        steps = pipeline.steps_per_epoch(found, experiment)
        total = experiment.steps_in_all(steps)
        lines.append(f"{found} in {found.folder}")
        epochs = series.counted(float(f"{total / steps:.4g}"), "epochs")
        lines.append(f"length: {series.counted(total, 'steps')}, {epochs} of {series.counted(steps, 'steps')} each")
        lines += advice(experiment, found)
    else:
        command = convert_line(experiment, tfrecord_path)
        lines.append(f"no records yet in {records.records_folder(tfrecord_path, experiment)}; this makes them: {command}")
    return [*lines, f"run folder: {folder}"]


def _usual_steps(*pair: str) -> int:
    """The steps of a row (default: the demo's), or those of a pair without an article if the row's length is in epochs."""
    return series.resolve(*pair).steps or series.USUAL_STEPS


def advice(experiment: Experiment, found: Records) -> list[str]:
    """Lines to print before a training that will hardly give good pictures: it has few steps, or learns from few pictures."""
    steps = pipeline.steps_per_epoch(found, experiment)
    total = experiment.steps_in_all(steps)
    count, asked, lines = found.count_of(experiment), series.values(experiment), []
    few = _usual_steps()
    usual = max(few, _usual_steps(experiment.image_type, experiment.model))
    if total < few:
        unit, _ = experiment.length  # a run that has begun keeps its unit
        more = usual if unit == "steps" else math.ceil(usual / steps)
        lines.append(
            f"This run has {total:,} steps in all. That is few: even {series.DEFAULT_IMAGE_TYPE} take {few:,}, and "
            f"photographs need some thousand. To give it more, type --{unit}={more}."
        )
    if count < _FEW_PICTURES and not (asked.get("diff_augment", True) or experiment.augment):
        lines.append(
            f"{count:,} pictures are few: --augment gives more if they may be mirrored. If the discriminator learns them by "
            "heart (Real_P near 1, and the pictures get worse), try --diff_augment."
        )
    return lines


def _line(name: str, network: keras.Model) -> str:
    taken = " + ".join(str(shape[1:]) for shape in input_shapes(network))
    return f"{name}: {network.count_params():,} parameters, {taken} -> {network.output_shape[1:]}"


def find_or_make(experiment: Experiment, tfrecord_path: str | Path, *, may_make: bool = True) -> Records:
    """The experiment's records below tfrecord_path. If there are none, they are made. Raises UserError, with the command that
    makes them, if they cannot or may not be made here."""
    found = records.find_records(tfrecord_path, experiment)
    if found is not None:
        return found
    folder = records.records_folder(tfrecord_path, experiment)
    if not may_make:
        command = convert_line(experiment, tfrecord_path)
        raise UserError(f"no records in {folder}: make them before several workers train, with: {command}")
    try:
        return conversion.convert(experiment, tfrecord_path=tfrecord_path)
    except NeedsFiles as error:
        command = convert_line(experiment, tfrecord_path, with_folder=True)
        raise UserError(
            f"no records in {folder}{_beside(folder)}, and they cannot be made now ({error}). Type: {command}"
        ) from error


def _beside(folder: Path) -> str:
    """What to say of the records of the same pictures in other sizes."""
    sizes = sorted(int(path.name) for path in folder.parent.glob("*") if path.name.isdecimal() and path.is_dir())
    return f" (there are some of {' and '.join(f'--image_size={size}' for size in sizes)})" if sizes else ""


def convert_line(experiment: Experiment, tfrecord_path: str | Path, *, with_folder: bool = False) -> str:
    """The `convert` command line for an experiment's records. with_folder: with --DatasetPath also where a download would do."""
    row = series.resolve(experiment.image_type)  # the command's defaults
    words = [f"{invocation.command('convert')} --ImageType={experiment.image_type}"]
    if with_folder or DATASETS[experiment.image_type].needs_folder:
        words.append("--DatasetPath=FOLDER")
    asked, usual = series.values(experiment), series.values(row)
    words += [f"--{name}={asked[name]}" for name in ("image_size", "channels", "fit") if asked[name] != usual[name]]
    if experiment.bbox != row.bbox:
        words.append("--bbox" if experiment.bbox else "--nobbox")
    if str(tfrecord_path) != "tfrecords":
        words.append(f"--TFRecordPath={naming.quoted(tfrecord_path)}")
    return " ".join(words)
