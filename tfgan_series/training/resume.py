"""How a run goes on: its settings and its records must be the same."""

from pathlib import Path

from tfgan_series import invocation, runs, series
from tfgan_series.data import records as record_files
from tfgan_series.data.records import Records
from tfgan_series.errors import UserError
from tfgan_series.series import Experiment
from tfgan_series.training import devices


def resolve_precision(experiment: Experiment, folder: Path, overwrite: bool = False) -> Experiment:
    """The experiment, with --precision=auto replaced: by what it was when the folder's run began, or by what it is here if there
    is no run, or it is overwritten. Raises UserError as runs.read_info."""
    if experiment.precision == "auto" and not overwrite and (folder / runs.EXPERIMENT).is_file():
        return experiment.change(precision=runs.read_experiment(folder).precision)
    return devices.resolve_precision(experiment)


def warm_restart(folder: Path, experiment: Experiment) -> str:
    """What to say if the folder's run goes on with another length, and its learning rate falls over the length; else ""."""
    if not (experiment.lr_decay and (folder / runs.EXPERIMENT).is_file()):
        return ""
    (unit, before), (_, now) = runs.read_experiment(folder).length, experiment.length
    if before == now:
        return ""
    return (
        f"Note: with --lr_decay the learning rate falls over the whole length. With {now:,} {unit} in place of {before:,} it is "
        "higher again than at the end of the run so far."
    )


def check(folder: Path, experiment: Experiment, records: Records | None) -> None:
    """Raises UserError if the folder's run has other settings than the experiment, or other records than these (None: there are
    none yet). A folder without a run passes."""
    if not (folder / runs.EXPERIMENT).is_file():
        return
    run = runs.read_info(folder)
    other = series.differences(run.experiment, experiment)
    if not other and records:  # other settings often mean other records
        if (count := records.count_of(experiment)) != run.record_count:
            other.append(f"records: {run.record_count} in the run, {count} now")
        elif run.records_identity != records.identity:
            why = record_files.beside(records, run.records_identity) or "made again, or kept in another way"
            other.append(f"records: those in {records.folder} are not the run's ({why})")
    if other:
        raise UserError(
            f"{folder} holds another run ({'; '.join(other)}). To go on with it, give its settings and its records (--name or "
            "--run_dir alone takes them). To begin another run, give another --name or --run_dir "
            f"({invocation.command('compare')}: --out). To start this run over, add --overwrite to {invocation.command('train')}"
        )
