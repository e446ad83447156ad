"""Compares several runs: one figure, and tables of their scores and losses."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from tfgan_series import files, preparation, runs, series, workflow
from tfgan_series.data import records
from tfgan_series.data.records import Records
from tfgan_series.errors import Diverged, UserError
from tfgan_series.evaluation import evaluate, features, scores
from tfgan_series.evaluation.scores import Score
from tfgan_series.series import Experiment
from tfgan_series.training import devices, resume

_COLUMNS = 5
_LOSSES = {"Gen_loss": "tab:orange", "Dis_loss": "tab:blue"}

_SCORES = ("fid", "kid", "precision", "recall", "as_asked")  # those of the table

Result = dict[str, Any]  # see _result


def compare(
    members: Mapping[str, Sequence[Experiment]],
    name: str,
    question: str,
    *,
    root: str | Path = runs.ROOT / runs.COMPARED,
    tfrecord_path: str | Path = "tfrecords",
    count: int = evaluate.COUNT,
) -> Path:
    """Train the members {label: Experiments, one for each seed} that are not trained yet and measure their scores. Then draw all
    of them and make the table.

    All members belong to one row. Each Experiment is an ordinary run below ROOT/<model>/<ImageType>-<image_size>/. Its folder is
    named by the settings that differ from the row, so comparisons can share runs. NAME.png and NAME.md are written beside
    these folders. count: pictures of each run that are measured; 0: no scores. Returns the path of NAME.md.
    A run that diverges counts as a result. Other errors (UserError, loop.Interrupted) are raised as by workflow.train. UserError
    is also raised if runs would share a folder. The settings, records and earlier runs of all members are checked before the
    first training. If several workers train (TF_CONFIG), each of them calls this function, and only the chief measures and draws.
    """
    strategy = devices.choose_strategy()
    every = ((label, devices.resolve(one)) for label, of_seeds in members.items() for one in of_seeds)
    titles, experiments = zip(*every, strict=True)
    folders = [member_folder(one, root) for one in experiments]
    if len(set(folders)) < len(folders):
        raise UserError(
            f"some of {', '.join(members)} have the same run folder: a run may change the varied setting when it goes on; "
            "vary another setting"
        )
    with devices.together(strategy):  # all workers must see which runs are missing before the first run changes
        todo = [place for place, one in enumerate(experiments) if not runs.is_settled(folders[place], one)]
        found = [
            preparation.prepare(one, strategy, tfrecord_path)[1] if place in todo else records.find_records(tfrecord_path, one)
            for place, one in enumerate(experiments)
        ]
        for folder, one, its_records in zip(folders, experiments, found, strict=True):
            if its_records:  # what is only drawn again needs no records
                resume.check(folder, one, its_records)
    for number, place in enumerate(todo, 1):
        print(f"[{number}/{len(todo)}] {titles[place]}, seed {experiments[place].seed}", flush=True)
        keras.utils.clear_session()
        try:
            workflow.train(experiments[place], tfrecord_path=tfrecord_path, run_dir=folders[place])
        except Diverged as error:
            print(error)
    page = folders[0].parent / f"{name}.md"
    with devices.together(strategy):
        if devices.is_chief(strategy):
            measured = _measure(experiments, folders, found, count)
            results = iter([_result(*pair) for pair in zip(folders, measured, strict=True)])
            _write_page(page, {label: list(itertools.islice(results, len(one))) for label, one in members.items()}, question)
    return page


def _measure(
    experiments: Sequence[Experiment], folders: Sequence[Path], found: Sequence[Records | None], count: int
) -> Iterator[list[Score]]:
    """The scores of each run, in scores.jsonl already or measured now. Real pictures are measured once for all runs that share
    them. A run without records or without a generator has the scores that it has."""
    seen: dict[tuple, evaluate.Reference] = {}
    for experiment, folder, its_records in zip(experiments, folders, found, strict=True):
        log, has = runs.read_log(folder), scores.read(folder)
        if not (its_records and log and count):
            yield has
            continue
        experiment = experiment.fitted(its_records)
        key = (its_records.folder, experiment.partition, experiment.image_size, experiment.conditions)
        if key not in seen:
            network = features.load(None, its_records, experiment)
            seen[key] = evaluate.reference(its_records, experiment, network, count=count)
        step = int(log[-1]["step"])
        kept = [one for one in has if evaluate.is_of(one, seen[key]) and one.step == step]
        if not kept:
            kept = evaluate.evaluate(evaluate.load_generators(folder, experiment), seen[key], step=step)
            scores.add(folder, kept)
        yield kept


def member_folder(experiment: Experiment, root: str | Path) -> Path:
    """The folder of a member's run. It is named by what the member changes, or `default` if this is nothing."""
    return Path(root) / experiment.model / experiment.run_name / (series.variation(experiment) or "default")


def _result(folder: Path, found: Sequence[Score]) -> Result:
    """The data of a run for the figure and the tables. scores: {metric: its Score}. steps: in an epoch. curves: {loss: its number
    at each step}. rows: {loss: its mean in each row of the log}. ends: the epochs done at the end of each row. If the run
    diverged in its first row, they are empty."""
    log = runs.read_log(folder)
    steps = int(log[-1]["steps"]) if log else 1
    numbers = runs.read_steps(folder, -(-int(log[-1]["step"]) // steps) if log else 0)
    return {
        "scores": {score.metric: score for score in found if score.metric.startswith(_SCORES) and not score.of},
        "steps": steps,
        "diverged": (folder / runs.DIVERGED).is_file(),
        "curves": {loss: numbers[loss] for loss in _LOSSES if log},
        "rows": {loss: [row[loss] for row in log] for loss in _LOSSES},
        "ends": [row["epoch"] for row in log],
        "grid": runs.grid_path(folder, log[-1]["step"], steps) if log else None,
        "images_per_second": runs.images_per_second(log) if log else 0.0,
    }


def _write_page(page: Path, results: Mapping[str, Sequence[Result]], question: str) -> None:
    """The figure and the tables, NAME.png beside NAME.md. The figure and the losses are those of each member's first seed."""
    figure = page.with_suffix(".png")
    first = {label: of_seeds[0] for label, of_seeds in results.items()}
    with files.whole(figure) as partial:
        _draw(first, question, partial)
    tables = [score_table(results), table(first)]
    page_text = "\n".join([f"# {question}", "", f"![loss curves and final grids]({figure.name})", "", *filter(None, tables)])
    files.write_whole(page, page_text)


def score_table(results: Mapping[str, Sequence[Result]]) -> str:
    """The scores as Markdown: the median over a member's seeds and, of several, the smallest and the largest. The first line has
    the scores of real pictures. "" if nothing was measured."""
    every = [score for of_seeds in results.values() for result in of_seeds for score in result["scores"].values()]
    floors = {score.metric: score.floor for score in every}
    if not floors:
        return ""
    lines = [["run", "seeds", *floors], ["---", *["---:"] * (len(floors) + 1)]]
    lines.append(["real pictures", "", *(f"{floor:.3g}" for floor in floors.values())])
    for label, of_seeds in results.items():
        values = [[result["scores"][metric].value for result in of_seeds if metric in result["scores"]] for metric in floors]
        lines.append([label, str(len(of_seeds)), *map(_spread, values)])
    return _markdown(lines)


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.3g}" if values else "-"
    return f"{np.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def table(results: Mapping[str, Result]) -> str:
    """The losses as Markdown. start: the first step; end and spread: mean and standard deviation of the last steps, as many as
    an epoch has."""
    names = [f"{player} {what}" for player in ("G", "D") for what in ("start", "highest", "end", "spread")]
    lines = [["run", "epochs", *names, "images/s"]]
    lines.append(["---", *["---:"] * (len(names) + 2)])
    for label, result in results.items():
        epochs = f"{max(result['ends'], default=0):.4g}{', then diverged' if result['diverged'] else ''}"
        numbers = [f"{number:.2f}" for curve in result["curves"].values() for number in _summary(curve, result["steps"])]
        lines.append([label, epochs, *(numbers or ["-"] * len(names)), f"{result['images_per_second']:,.0f}"])
    return _markdown(lines) + (
        "\nLosses are per step. start: the first step; end and spread: mean and standard deviation over the last steps, as many "
        "as an epoch has.\n"
    )


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _summary(curve: np.ndarray, steps: int) -> Sequence[float]:
    return curve[0], curve.max(), curve[-steps:].mean(), curve[-steps:].std()


def _title(label: str, result: Result) -> str:
    distances = [f"{metric} {score.value:.3g}" for metric, score in result["scores"].items() if scores.is_distance(score)]
    return "\n".join([f"{label}{' (diverged)' if result['diverged'] else ''}", *distances])


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
        plot.set_title(_title(label, result))
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
