"""The run folder: what is in it, and how each file is read and written.

runs/<model>/<ImageType>-<image_size>[-<preset and changes>]/
    experiment.json  flags.txt  log.csv  steps/epoch-001.csv ...  checkpoints/  tensorboard/
    images/epoch-000.png  images/step-000100.png ...  images/epoch-001.png ...
    generator.keras (a CycleGAN's: generator_ab.keras  generator_ba.keras)  generator-best.keras  training.gif  loss.png
    probability.png or logits.png
    report.html  diverged.txt (if the run diverged)  warnings.txt (if training warns of something)
    scores.jsonl    the scores of evaluate.py
    generated/  explored/  translated/    the pictures of generate.py, explore.py and translate.py
    exported/       the files of export.py
"""

import contextlib
import csv
import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan_series import files, invocation, naming, series
from tfgan_series.data import records
from tfgan_series.data.records import Records
from tfgan_series.errors import UserError, reason_of
from tfgan_series.series import Experiment

ROOT = Path("runs")
COMPARED = "compare"  # folder below ROOT for the runs of compare.py
EXPERIMENT, FLAGS, LOG, GENERATOR = "experiment.json", "flags.txt", "log.csv", "generator.keras"
DIVERGED = "diverged.txt"  # why the run diverged, if it did
WARNINGS = "warnings.txt"  # what training warns of, a line each; only there while it holds
_RECORDS = "--TFRecordPath="  # the line of flags.txt that says where the records are
_LISTED = 10  # runs that a message names
_PROBE = ".writable"
_OF_PICTURES = {"image_size", "bbox"}  # the settings that _pictures has in a run's name
_COLUMNS = ("epoch", "Gen_loss", "Dis_loss", "lr", "images_per_second", "steps")  # that every log has
_FIRST = ("epoch", "step", "Real_P", "Fake_P", "Real_logit", "Fake_logit", *_COLUMNS[1:-1])
CHECKPOINTS, IMAGES, STEPS, TENSORBOARD = "checkpoints", "images", "steps", "tensorboard"
GENERATED, EXPLORED, TRANSLATED, EXPORTED = "generated", "explored", "translated", "exported"
TRANSLATION = "translated.json"  # beside translated pictures: their names and the folder of their originals


def default_folder(experiment: Experiment, tfrecord_path: Path | str = "tfrecords") -> Path:
    """The folder of an experiment's run if the user names none. It carries what a run cannot change when it goes on, so runs that
    differ in that have different folders. experiment: as the user asked for it, so that the same flags find the run again."""
    name = "-".join(filter(None, [_pictures(experiment), variation(experiment, tfrecord_path)]))
    return ROOT / experiment.model / name


def member_folder(experiment: Experiment, root: Path | str) -> Path:
    """The folder of the run of a comparison's member. It is named by what the member changes, or `default` if this is nothing.

    Other than in default_folder, this includes the run's length: a longer comparison does not lengthen the runs of a shorter one.
    """
    usual = series.resolve(experiment.image_type, experiment.model, experiment.preset)
    length = word(*experiment.length) if experiment.length != usual.length else ""
    name = naming.as_name("-".join(filter(None, [variation(experiment), length])))
    return Path(root) / experiment.model / _pictures(experiment) / (name or "default")


def _pictures(experiment: Experiment) -> str:
    """What the folder of an experiment's run is named after first."""
    return f"{experiment.image_type}{'-bbox' if experiment.bbox else ''}-{experiment.image_size}"


def variation(experiment: Experiment, tfrecord_path: Path | str = "tfrecords") -> str:
    """What tells an experiment's run from the plain run of its pictures and model, as a part of a folder's name (naming.as_name).

    It names the preset, the changes and the root folder of the records, as strong-base_filters=32. It is "" for the plain run.
    What a run may change when it goes on, as its length, is never in it.
    """
    words = [] if experiment.preset == "article" else [experiment.preset]
    words += [word(name, value) for name, value in series.changes(experiment).items() if name not in _OF_PICTURES]
    if Path(tfrecord_path) != Path("tfrecords"):
        words.append(f"TFRecordPath={Path(tfrecord_path).as_posix()}")
    return naming.as_name("-".join(words))


def word(name: str, value: Any) -> str:
    """A setting's value as a part of a name: base_filters=32, nobbox, lr_drops=10+20."""
    if isinstance(value, bool):
        return f"{'' if value else 'no'}{series.flag_name(name)}"
    return f"{series.flag_name(name)}={'+'.join(map(str, value)) if isinstance(value, tuple) else value}"


def given_folder(run_dir: Path | None, name: str | None) -> Path | None:
    """The run's folder if the user gives it, by its path or by a name; else None. Raises UserError if both are given, and as
    named_folder does."""
    if name is None:
        return run_dir
    if run_dir is not None:
        raise UserError("--run_dir and --name both name the run's folder: give one of them")
    return named_folder(name)


def named_folder(name: str) -> Path:
    """The folder of a run that the user names. Raises UserError for a name that cannot be a folder's."""
    if name in (*series.MODELS, COMPARED):
        raise UserError(f"--name={name}: {ROOT / name} is for runs without a name: choose another")
    if not name or name != naming.as_name(name, len(name)):
        raise UserError(f"--name={name}: a name has letters, digits and . _ = + - alone; for a folder elsewhere give --run_dir")
    return ROOT / name


def all_runs() -> list[Path]:
    """The folders of the runs below `runs`, those of compare.py too. The run that was begun or has gone on last comes first."""
    # A hidden folder is what is left of a run that --overwrite was removing.
    found = [path for depth in ("[!.]*", "*/[!.]*", f"{COMPARED}/*/*/[!.]*") for path in ROOT.glob(f"{depth}/{EXPERIMENT}")]
    return [path.parent for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def open_folder(folder: Path, overwrite: bool = False) -> None:
    """Make the run folder; with overwrite, empty it first. Raises UserError as check_folder, and if it cannot be written."""
    check_folder(folder)
    try:
        folder = folder.resolve()  # if it is a link, --overwrite empties the folder behind it, and the link stays
        if overwrite and (folder / EXPERIMENT).is_file():
            files.discard(folder)
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / _PROBE
        probe.unlink(missing_ok=True)  # a link would be followed
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"run folder {folder} cannot be written ({error.strerror or error}): give another --run_dir") from error


def check_folder(folder: Path, flag: str = "--run_dir") -> None:
    """Raises UserError if no run can be in this folder: for its name, or because it has other files. flag: gives another one."""
    naming.check_local(folder, flag)
    naming.check_utf8(folder, flag)
    naming.check_pattern(folder, flag)
    try:
        foreign = folder.exists() and not (folder / EXPERIMENT).is_file() and not all(map(_is_of_a_beginning, folder.iterdir()))
    except OSError as error:
        raise UserError(f"run folder {folder} cannot be read ({error.strerror or error}): give another {flag}") from error
    if foreign:
        raise UserError(f"{folder.resolve()} has files in it and is not a run: give another {flag}")


def _is_of_a_beginning(path: Path) -> bool:
    """Whether a file may be there because a run was killed at its very start."""
    return path.name == _PROBE or files.is_partial(path, EXPERIMENT)


class RunInfo(NamedTuple):
    """What experiment.json says of a run: its Experiment, the number of records that it trains on, and their identity."""

    experiment: Experiment
    record_count: int
    records_identity: str


def read_info(folder: Path | str) -> RunInfo:
    """What a run began with. Raises UserError where the folder is no run, or a run of another version, also if its ImageType had
    other pictures then."""
    path = Path(folder) / EXPERIMENT
    try:
        record = files.parse_json(path.read_text(encoding="utf-8"))
        info = RunInfo(series.from_dict(record["experiment"]), record["records"], record["records_identity"])
        had = record.get("records_type", info.experiment.image_type)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(no_run(folder, invocation.command("train"))) from error
    except (OSError, ValueError, KeyError, TypeError, UserError) as error:
        raise UserError(
            f"{path} cannot be read ({reason_of(error)}): it is damaged or from another version; "
            f"{invocation.command('train')} --overwrite, with the run's ImageType, model and settings, starts it over"
        ) from error
    if had != info.experiment.records_type:
        raise UserError(
            f"{folder} is from an earlier version, in which {info.experiment.image_type} had other pictures: give another "
            f"--run_dir, or start over with {invocation.command('train')} --overwrite and the run's ImageType, model and settings"
        )
    return info


def read_experiment(folder: Path | str, draws_from: str | None = None) -> Experiment:
    """The Experiment of a run. draws_from: what its model must draw from, "noise" or "pictures"; None: either. Raises UserError
    as read_info does, and if its model draws from something else."""
    experiment = read_info(folder).experiment
    fitting = series.drawing_from(draws_from)
    if experiment.model not in fitting:
        raise UserError(f"{folder} is a run of {experiment.model}; this is for {' and '.join(fitting)}: give another run")
    return experiment


def generator_file(path: Path | str) -> Path:
    """A generator's file: the path itself, or that of the only generator of a run folder. Raises UserError if the folder is no
    run, and if the run has several."""
    path = Path(path)
    if not path.is_dir():
        return path
    saved = series.MODELS[read_experiment(path).model].saved
    if len(saved) > 1:
        raise UserError(f"{path} has {' and '.join(f'{name}.keras' for name in saved)}: name one of these files")
    return path / saved_name(saved[0])


def no_run(folder: Path | str, train: str, models: Collection[str] = tuple(series.MODELS)) -> str:
    """What to say of a folder that is no run. train: the command that trains it. models: the runs of these models are offered
    instead."""
    found = [naming.quoted(path) for path in all_runs() if _model(path) in models]
    instead = f"or, if you have trained it already, go to the folder of its runs (here is {Path.cwd()})"
    if found:
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        instead = f"or give the --run_dir of one that there is: {', '.join(found[:_LISTED])}{more}"
    return f"{folder} is not a run (no {EXPERIMENT}): train one with {train}, {instead}"


def _model(folder: Path) -> str | None:
    with contextlib.suppress(UserError):
        return read_experiment(folder).model
    return None


def find_records(folder: Path | str, tfrecord_path: Path | str | None = None) -> Records:
    """The records that a run trains on. tfrecord_path: None: as the run was trained.

    Raises UserError if they are not there, or if others are in their place.
    """
    info, tfrecord_path = read_info(folder), tfrecord_path or records_path(folder) or "tfrecords"
    found = records.find_records(tfrecord_path, info.experiment)
    if found is None:
        raise UserError(
            f"{records.records_folder(tfrecord_path, info.experiment)} is not there: give the --TFRecordPath that the run was "
            f"trained with ({Path(folder) / FLAGS} has it)"
        )
    if found.identity != info.records_identity:
        raise UserError(
            f"{found.folder} does not hold the records that {folder} was trained on: "
            + (
                records.beside(found, info.records_identity)
                or f"give the --TFRecordPath of these ({Path(folder) / FLAGS} has it), or convert the same pictures again"
            )
        )
    return found


def write_experiment(
    folder: Path, experiment: Experiment, record_count: int, records_identity: str, tfrecord_path: Path | str
) -> None:
    """Write experiment.json and flags.txt, and make the folders of the grids and steps. train.py --flagfile=flags.txt goes on
    with this run. With another --run_dir it starts a new run of the same settings."""
    record = {
        "experiment": series.values(experiment),
        "records": record_count,
        "records_identity": records_identity,
        "records_type": experiment.records_type,
    }
    files.write_whole(folder / EXPERIMENT, json.dumps(record, indent=2) + "\n")
    lines = [*series.flag_lines(experiment), f"{_RECORDS}{tfrecord_path}", f"--run_dir={folder}"]
    files.write_whole(folder / FLAGS, "\n".join(lines) + "\n")
    for name in (IMAGES, STEPS):
        (folder / name).mkdir(exist_ok=True)


def read_flags(folder: Path | str) -> str:
    """The text of flags.txt. Raises UserError if it cannot be read."""
    path = Path(folder) / FLAGS
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read ({reason_of(error)}): {invocation.command('train')} with the run's --run_dir and "
            "--TFRecordPath writes it anew when it goes on with the run"
        ) from error


def read_lines(path: Path) -> list[str]:
    """The lines of WARNINGS or DIVERGED; none if the file is not there. A byte that is no UTF-8 becomes a question mark."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def records_path(folder: Path | str) -> Path | None:
    """The --TFRecordPath in a run's flags.txt; None if there is no such file or line. Raises UserError as read_flags."""
    if not (Path(folder) / FLAGS).is_file():
        return None
    paths = [line.removeprefix(_RECORDS) for line in read_flags(folder).splitlines() if line.startswith(_RECORDS)]
    return Path(paths[-1]) if paths else None


def is_settled(folder: Path | str, experiment: Experiment) -> bool:
    """Whether a folder has a run of the experiment that is finished or has diverged."""
    if not (Path(folder) / EXPERIMENT).is_file():
        return False
    run = read_experiment(folder)
    ended = is_finished(read_log(folder), experiment) or (Path(folder) / DIVERGED).is_file()
    return ended and not series.differences(run, experiment)


def is_finished(log: Sequence[Mapping[str, float]], experiment: Experiment) -> bool:
    """Whether a run with this log has come to the experiment's end."""
    return bool(log) and log[-1]["step"] >= experiment.steps_in_all(int(log[-1]["steps"]))


def last_step(folder: Path | str) -> int | None:
    """The step of a run's generator: that of the last row of its log. None if there is no log. Raises UserError as read_log."""
    log = read_log(folder)
    return int(log[-1]["step"]) if log else None


def saved_name(generator: str) -> str:
    """The file of a run's generator, of which GENERATOR is the usual one. The model's `saved` names the generators."""
    return f"{generator}.keras"


def best_name(generator: str) -> str:
    """The file of a generator's best weights, by the scores in training."""
    return f"{generator}-best.keras"


def moment(step: float, steps: float) -> str:
    """The moment after a step of a run, in words: "epoch 3" at the end of an epoch, else "step 1,900". steps: in an epoch."""
    return f"step {step:,.0f}" if step % steps else f"epoch {step // steps:.0f}"


def grid_path(folder: Path | str, step: float, steps: float) -> Path:
    """The picture grid drawn after a step of the run, named by its moment; step 0 is before the first. steps: in an epoch."""
    name = f"step-{step:06.0f}" if step % steps else f"epoch-{step // steps:03.0f}"
    return Path(folder) / IMAGES / f"{name}.png"


def find_grids(folder: Path | str, log: Sequence[Mapping[str, float]]) -> dict[float, Path]:
    """{step of the run: path} of the picture grids that are there, for each row of the log and before the first step."""
    if not log:
        return {}
    paths = {step: grid_path(folder, step, log[0]["steps"]) for step in (0.0, *(row["step"] for row in log))}
    return {step: path for step, path in paths.items() if path.is_file()}


def read_log(folder: Path | str) -> list[dict[str, float]]:
    """log.csv as one dict of numbers per row; empty if there is no log yet. A number may be NaN.

    A row has the means over the steps since the row before it. epoch: epochs done, with a fraction between two epochs. step:
    steps done in all. steps: in an epoch. Raises UserError if the file is damaged, or if a row of it comes twice or is lost.
    """
    path = Path(folder) / LOG
    if not path.is_file():
        return []
    try:
        names, numbers = _read_numbers(path)
        if missing := set(_COLUMNS) - set(names):
            raise ValueError(f"no column {min(missing)}")
        rows = [dict(zip(names, row, strict=True)) for row in numbers]
        log = [{"step": row["epoch"] * row["steps"], **row} for row in rows]  # older logs have rows of whole epochs, no step
        _check_rows(log)
        return log
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({reason_of(error)}): bring back a copy of it, or start the run over") from error


def _read_numbers(path: Path) -> tuple[list[str], list[list[float]]]:
    """A CSV file of numbers: its columns' names and its rows. Raises OSError and ValueError."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, quoting=csv.QUOTE_NONE))  # we write no quotes: a stray one must not take the rest
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if not rows:
        raise ValueError("it is empty")
    names, *texts = rows
    for line, texts_of_row in enumerate(texts, 2):
        if len(texts_of_row) != len(names):
            raise ValueError(f"line {line} has {len(texts_of_row)} values, and there are {len(names)} columns")
    return names, [[float(text) for text in row] for row in texts]


def _check_rows(log: Sequence[Mapping[str, float]]) -> None:
    """Raises ValueError for a log in which a row comes twice or is lost. Every epoch ends with a row, and may have others."""
    last = 0.0
    for line, row in enumerate(log, 2):
        step, steps = row["step"], row["steps"]
        rounded = 1e-6 * steps  # an epoch's fraction has six digits
        if not (steps >= 1 and steps == log[0]["steps"] and abs(row["epoch"] * steps - step) < max(0.5, rounded)):
            raise ValueError(f"line {line}: epoch {row['epoch']:g}, step {step:.10g} and {steps:g} steps an epoch do not fit")
        if step <= last:
            raise ValueError(f"line {line}: step {step:.10g} after step {last:.10g}: a row comes twice, or two runs wrote it")
        if step > (end := (last // steps + 1) * steps):
            raise ValueError(f"line {line}: the row of step {end:.10g}, an epoch's end, is missing before it")
        last = step


def write_log(folder: Path | str, rows: Sequence[Mapping[str, float]]) -> None:
    """Write log.csv. The article's columns come first. If a row lacks a column, its value is nan."""
    if rows:
        found = dict.fromkeys(name for row in rows for name in row)
        names = [*(name for name in _FIRST if name in found), *(name for name in found if name not in _FIRST)]
        files.write_rows(Path(folder) / LOG, [names, *([f"{row.get(name, math.nan):.10g}" for name in names] for row in rows)])


def write_steps(folder: Path | str, epoch: int, first: int, names: Sequence[str], history: np.ndarray) -> None:
    """Write an epoch's numbers step by step: history [steps so far, len(names)]. first: the number of its first step in the run.

    Each epoch has its own file, so a run that goes on does not change the earlier files.
    """
    rows = ([str(step), *(f"{value:.6g}" for value in row)] for step, row in enumerate(history, first))
    files.write_rows(Path(folder) / STEPS / f"epoch-{epoch:03d}.csv", [["step", *names], *rows])


def read_steps(folder: Path | str, epochs: int | None = None) -> dict[str, np.ndarray]:
    """All steps of a run's first epochs as {name: array [steps in all]}. A number may be NaN.

    epochs: None: all that the log has, also of an epoch that has only begun.
    Raises UserError if a file is missing or damaged, if its columns differ from those of the first file, or if a step comes
    twice or is lost.
    """
    if epochs is None:
        log = read_log(folder)
        epochs = math.ceil(log[-1]["step"] / log[-1]["steps"]) if log else 0
    columns: list[str] = []
    found: list[list[float]] = []
    for epoch in range(1, epochs + 1):
        path = Path(folder) / STEPS / f"epoch-{epoch:03d}.csv"
        try:
            names, rows = _read_numbers(path)
            columns = columns or names
            if names != columns:
                raise ValueError(f"its columns are {', '.join(names)}, those of the files before are {', '.join(columns)}")
            if not rows:
                raise ValueError("it has no steps")
            for wanted, (step, *_) in enumerate(rows, len(found) + 1):
                if step != wanted:
                    raise ValueError(f"it has step {step:.10g} where step {wanted} comes: a step is there twice, or lost")
            found += rows
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path} cannot be read ({reason_of(error)}): the run must be trained again to have its steps"
            ) from error
    return dict(zip(columns, np.array(found).T, strict=True)) if found else {}


def images_per_second(log: Sequence[Mapping[str, float]]) -> float:
    """The median over the rows of a log. So slow steps, in which the machine did other work, hardly matter."""
    return float(np.median([row["images_per_second"] for row in log]))
