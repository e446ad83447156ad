"""Makes one HTML page of a run: pictures and curves by epoch, settings, and how to repeat it. Several runs stand side by side.

tfgan report --ImageType=mnist              # runs/dcgan/mnist-64/report.html
tfgan report --run_dir=RUN                  # also while it trains
tfgan report --runs=RUN,RUN --out=FILE.html
"""

from pathlib import Path

from absl import flags

from tfgan_series import naming, runs
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS
from tfgan_series.errors import UserError

FINDS_A_RUN = True


def define() -> None:
    command_line.define_settings()
    command_line.define_run("the run to show")
    command_line.define_records()
    flags.DEFINE_list("runs", None, "runs to show side by side, by their folders or names: RUN,RUN,...")
    command_line.define_path(
        "out", None, "the page (default: report.html in the run; of several runs, beside the first, with their names)"
    )


def main() -> None:
    from tfgan_series import report

    if FLAGS.runs is not None:
        command_line.refuse_run_beside("runs")
        folders = [_folder(name) for name in FLAGS.runs if name]
        if not folders:
            raise UserError("--runs names no run: give --runs=RUN,RUN")
    else:
        folders = [command_line.run_folder()]
    usual = folders[0] / report.NAME
    if len(folders) > 1:
        places = [folder.resolve() for folder in folders]
        names = [part for name in report.distinct_names(places) for part in Path(name).parts]
        usual = places[0].with_name(f"{naming.as_name('-'.join(names))}.html")
    page = report.make(folders, command_line.path("out") or usual)
    print(f"Open {page}")


def _folder(run: str) -> Path:
    """The folder of a run that the user gives, by its path or by the name that --name gave it."""
    path = command_line.home(run)
    named = runs.ROOT / run
    return named if named.is_dir() and not (path / runs.EXPERIMENT).is_file() else path
