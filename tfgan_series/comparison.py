"""Compares several runs: one figure and one table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from tfgan_series import files, preparation, runs, series, workflow
from tfgan_series.data import records
from tfgan_series.errors import Diverged, UserError
from tfgan_series.series import Experiment
from tfgan_series.training import devices, resume

_COLUMNS = 5
_LONGEST = 200  # letters of a folder's name; file systems take 255 bytes
_LOSSES = {"Gen_loss": "tab:orange", "Dis_loss": "tab:blue"}

Result = dict[str, Any]  # see _result


def compare(
    members: Mapping[str, Experiment],
    name: str,
    question: str,
    *,
    root: str | Path = "runs/compare",
    tfrecord_path: str | Path = "tfrecords",
) -> Path:
    """Train the members {label: Experiment} that are not trained yet, then draw all of them and make the table.

    All members belong to one row. A member is an ordinary run below ROOT/<model>/<records folder>-<image_size>/. Its folder is
    named by the settings that differ from the row, so comparisons can share runs. NAME.png and NAME.md are written beside
    these folders. Returns the path of NAME.md. A member that diverges counts as a result. Other errors (UserError,
    loop.Interrupted) are raised as by workflow.train. UserError is also raised if members would share a folder. The settings,
    records and earlier runs of all members are checked before the first training. If several workers train (TF_CONFIG), each of
    them calls this function, and only the chief draws.
    """
    folders = {label: member_folder(experiment, root) for label, experiment in members.items()}
    if len(set(folders.values())) < len(folders):
        raise UserError(
            f"some of {', '.join(folders)} have the same run folder: a run may change the varied setting when it goes on; "
            "vary another setting"
        )
    strategy = devices.choose_strategy()
    with devices.together(strategy):  # all workers must see which runs are missing before the first run changes
        missing = {label: one for label, one in members.items() if not runs.is_settled(folders[label], one)}
        for label, experiment in members.items():
            if label in missing:
                resume.check(folders[label], experiment, preparation.prepare(experiment, strategy, tfrecord_path))
            elif found := records.find_records(tfrecord_path, experiment):  # what is only drawn again needs no records
                resume.check(folders[label], experiment, found)
    for number, (label, experiment) in enumerate(missing.items(), 1):
        print(f"[{number}/{len(missing)}] {label}", flush=True)
        keras.utils.clear_session()
        try:
            workflow.train(experiment, tfrecord_path=tfrecord_path, run_dir=folders[label])
        except Diverged as error:
            print(error)
    page = next(iter(folders.values())).parent / f"{name}.md"
    with devices.together(strategy):
        if devices.is_chief(strategy):
            _write_page(page, {label: _result(folder) for label, folder in folders.items()}, question)
    return page


def member_folder(experiment: Experiment, root: str | Path) -> Path:
    """The folder of a member's run. It is named by the member's changes, or `default` if there are none."""
    changed = ",".join(f"{name}={value}" for name, value in series.changes(experiment).items())
    if len(changed) > _LONGEST:
        changed = f"{changed[:_LONGEST]}-{files.digest(changed)[:16]}"
    return runs.default_folder(experiment, root) / (changed or "default")


def _result(folder: Path) -> Result:
    """The data of a run for the figure and the table. steps: in an epoch. curves: {loss: its number at each step}. rows: {loss:
    its mean in each row of the log}. ends: the epochs done at the end of each row. If the run diverged in its first row, they
    are empty."""
    log = runs.read_log(folder)
    steps = int(log[-1]["steps"]) if log else 1
    numbers = runs.read_steps(folder, -(-int(log[-1]["step"]) // steps) if log else 0)
    return {
        "steps": steps,
        "diverged": (folder / runs.DIVERGED).is_file(),
        "curves": {loss: numbers[loss] for loss in _LOSSES if log},
        "rows": {loss: [row[loss] for row in log] for loss in _LOSSES},
        "ends": [row["epoch"] for row in log],
        "grid": runs.grid_path(folder, log[-1]["step"], steps) if log else None,
        "images_per_second": runs.images_per_second(log) if log else 0.0,
    }


def _write_page(page: Path, results: Mapping[str, Result], question: str) -> None:
    """The figure and the table, NAME.png beside NAME.md."""
    figure = page.with_suffix(".png")
    with files.whole(figure) as partial:
        _draw(results, question, partial)
    files.write_whole(page, f"# {question}\n\n![loss curves and final grids]({figure.name})\n\n{table(results)}")


def table(results: Mapping[str, Result]) -> str:
    """The results as Markdown. start: the first step; end and spread: mean and standard deviation of the last steps, as many as
    an epoch has."""
    names = [f"{player} {what}" for player in ("G", "D") for what in ("start", "highest", "end", "spread")]
    lines = [["run", "epochs", *names, "images/s"]]
    lines.append(["---", *["---:"] * (len(names) + 2)])
    for label, result in results.items():
        epochs = f"{max(result['ends'], default=0):.4g}{', then diverged' if result['diverged'] else ''}"
        numbers = [f"{number:.2f}" for curve in result["curves"].values() for number in _summary(curve, result["steps"])]
        lines.append([label, epochs, *(numbers or ["-"] * len(names)), f"{result['images_per_second']:,.0f}"])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + (
        "\nLosses are per step. start: the first step; end and spread: mean and standard deviation over the last steps, as many "
        "as an epoch has.\n"
    )


def _summary(curve: np.ndarray, steps: int) -> Sequence[float]:
    return curve[0], curve.max(), curve[-steps:].mean(), curve[-steps:].std()


def _draw(results: Mapping[str, Result], question: str, path: Path) -> None:
    """Draw each run's losses above its last grid. The losses are drawn step by step and as means by row of the log, on the same
    axes for all runs."""
    # The object interface needs no display, and leaves a notebook's own pyplot figures alone.
    from matplotlib.figure import Figure

    rows = -(-len(results) // _COLUMNS)
    columns = -(-len(results) // rows)
    figure = Figure(figsize=(3.4 * columns, 6 * rows), layout="constrained")
    figure.suptitle(question)
    axes = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[0.8, 1] * rows)
    shared: Any = None
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        plot, picture = axes[2 * row, column], axes[2 * row + 1, column]
        picture.axis("off")
        if place >= len(results):
            plot.axis("off")
            continue
        label, result = list(results.items())[place]
        if shared is not None:
            plot.sharex(shared)
            plot.sharey(shared)
        shared = plot
        for loss, curve in result["curves"].items():
            epochs = np.arange(1, curve.size + 1) / result["steps"]
            plot.plot(epochs, curve, color=_LOSSES[loss], alpha=0.25, linewidth=0.3)
            ends = np.array(result["ends"])
            plot.plot(ends - np.diff(ends, prepend=0) / 2, result["rows"][loss], color=_LOSSES[loss], label=loss)
        plot.set_title(f"{label}{' (diverged)' if result['diverged'] else ''}")
        plot.set_xlabel("epoch")
        plot.grid(alpha=0.3)
        if place == 0:
            plot.legend()
        if result["grid"]:
            with Image.open(result["grid"]) as grid:
                picture.imshow(np.asarray(grid.convert("RGB")))
    if min((curve.min() for result in results.values() for curve in result["curves"].values()), default=0) >= 0:
        axes[0, 0].set_ylim(bottom=0)  # of all; at the end, because afterwards the axes do not grow with further runs
    figure.savefig(path, dpi=100, format="png")
