"""Checks whether a run may go on: the settings and the records must be the same."""

from pathlib import Path

from tfgan_series import runs, series
from tfgan_series.data.records import Records
from tfgan_series.errors import UserError
from tfgan_series.series import Experiment


def check(folder: Path, experiment: Experiment, found: Records) -> None:
    """Raises UserError if the folder's run has other settings than the experiment, or other records than those found. A folder
    without a run passes."""
    if not (folder / runs.EXPERIMENT).is_file():
        return
    run, count_before = runs.read_experiment(folder)
    other = series.differences(run, experiment)
    count, identity_before = found.count_of(experiment), runs.read_records_identity(folder)
    if count != count_before:
        other.append(f"records: {count_before} in the run, {count} now")
    elif identity_before != found.identity:
        other.append(f"records: {found.folder} was made again, from other pictures")
    if other:
        raise UserError(
            f"{folder} holds another run ({'; '.join(other)}): to go on, give its settings and its records; else give another "
            "--run_dir (compare.py: --out), or start over with train.py --overwrite"
        )
