"""The records of an experiment: found, or made where that takes no files of the user's."""

import shlex
from pathlib import Path

from tfgan_series import series
from tfgan_series.data import conversion, records
from tfgan_series.data.records import Records
from tfgan_series.errors import NeedsFiles, UserError
from tfgan_series.series import Experiment


def find_or_make(experiment: Experiment, tfrecord_path: str | Path, *, may_make: bool = True) -> Records:
    """The experiment's records below tfrecord_path. Raises UserError, with the command that makes them, where there are none
    and they cannot or may not be made."""
    found = records.find_records(tfrecord_path, experiment)
    if found is not None:
        return found
    folder = records.records_folder(tfrecord_path, experiment)
    command = make_command(experiment, tfrecord_path)
    if not may_make:
        raise UserError(f"no records in {folder}: make them before several workers train, with: {command}")
    try:
        return conversion.convert(experiment, tfrecord_path=tfrecord_path)
    except NeedsFiles as error:
        raise UserError(f"no records in {folder}, and they cannot be made on the spot ({error}). Type: {command}") from error


def make_command(experiment: Experiment, tfrecord_path: str | Path) -> str:
    """The make_tfrecord.py command line for an experiment's records."""
    row = series.resolve(experiment.image_type)  # what the command would take by itself
    words = [f"python scripts/make_tfrecord.py --ImageType={experiment.image_type} --DatasetPath=FOLDER"]
    asked, usual = series.values(experiment), series.values(row)
    words += [f"--{name}={asked[name]}" for name in ("image_size", "channels", "fit") if asked[name] != usual[name]]
    if experiment.bbox != row.bbox:
        words.append("--bbox" if experiment.bbox else "--nobbox")
    if str(tfrecord_path) != "tfrecords":
        words.append(f"--TFRecordPath={shlex.quote(str(tfrecord_path))}")
    return " ".join(words)
