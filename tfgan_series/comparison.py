"""Compares several runs: one figure, tables of their scores and losses, and a page of the runs side by side."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan_series import colours, files, pictures, preparation, progress, report, runs, series, workflow
from tfgan_series.data import pipeline, records
from tfgan_series.data.records import Records
from tfgan_series.errors import Diverged, UserError
from tfgan_series.evaluation import evaluate, features, scores
from tfgan_series.evaluation.scores import Score
from tfgan_series.report import Table, plots
from tfgan_series.series import Experiment
from tfgan_series.training import devices, resume, workers
from tfgan_series.training import train as training

_COLUMNS = 4
_LOW = 0.05  # where a logarithmic axis of losses begins
_USUAL = 99.5  # percentile of the losses at which the axes of the figure end: single spikes would make all else flat
_COLOURS = {loss: colours.PALETTE[place] for loss, place in colours.places(["Gen_loss", "Dis_loss"]).items()}

_SCORES = ("fid", "kid", "precision", "recall", "as_asked")  # those of the table


class Result(NamedTuple):
    """A run's data for the figure and the tables.

    scores: of its generators, those of the table. caution: what to say of them, or "". formula: of its losses. steps: in an
    epoch. diverged: it ended so. curves: {loss: its number at each step}. rows: {loss: its mean in each row of the log}. ends:
    the epochs done at the end of each row. grid: the path of its last grid. If the run diverged in its first row, curves, rows
    and ends are empty, and grid is None.
    """

    scores: Sequence[Score]
    caution: str
    formula: str
    steps: int
    diverged: bool
    curves: Mapping[str, np.ndarray]
    rows: Mapping[str, Sequence[float]]
    ends: Sequence[float]
    grid: Path | None


@dataclass(frozen=True)
class Run:
    """A run of a comparison. label: of its member. records: None if they are not there. settled: it is finished or has diverged.
    left: the steps that it still needs, or None if only its records could say."""

    label: str
    experiment: Experiment
    folder: Path
    records: Records | None
    settled: bool
    left: int | None

    def __str__(self) -> str:
        return f"{self.label}, seed {self.experiment.seed}"


def compare(
    members: Mapping[str, Sequence[Experiment]],
    name: str,
    question: str,
    *,
    root: str | Path = runs.ROOT / runs.COMPARED,
    tfrecord_path: str | Path = "tfrecords",
    count: int = scores.COUNT,
) -> Path:
    """Train the members {label: Experiments, one for each seed} that are not trained yet and measure their scores. Then draw all
    of them, make the table, and make the page of each member's first run.

    All members belong to one row. Each Experiment is an ordinary run below ROOT/<model>/<ImageType>-<image_size>/. Its folder is
    named by the settings that differ from the row, so comparisons can share runs. NAME.png, NAME.html and NAME.md are written
    beside these folders. count: pictures of each run that are measured; 0: no scores. Returns the path of NAME.md.
    Before the first training, a few steps of each member are measured, and how long all will take is printed.
    A run that diverges counts as a result. Other errors (UserError, loop.Interrupted) are raised as by workflow.train. UserError
    is also raised if runs would share a folder. The settings, records and earlier runs of all members are checked before the
    first training. If several workers train (TF_CONFIG), each of them calls this function, and only the chief measures and draws.
    """
    strategy = devices.choose_strategy()
    with workers.together(strategy):  # all workers must see which runs are missing before the first run changes
        plan = _plan(members, root, tfrecord_path, count, lambda one: preparation.prepare(one, strategy, tfrecord_path)[1])
    _train(plan, strategy, tfrecord_path)
    page = plan[0].folder.parent / f"{name}.md"
    with workers.together(strategy):
        if workers.is_chief(strategy):
            results: dict[str, list[Result]] = {}
            for run, found in zip(plan, _measure(plan, count), strict=True):
                results.setdefault(run.label, []).append(_result(run, found))
            tables = _write_page(page, results, question)
            first = {run.label: run for run in reversed(plan) if runs.read_log(run.folder)}  # of each member, its first
            if shown := [first[label] for label in members if label in first]:
                without = [label for label in members if label not in first]
                report.make(
                    [run.folder for run in shown],
                    page.with_suffix(".html"),
                    names=[run.label if len(members[run.label]) == 1 else str(run) for run in shown],
                    heading=question,
                    note=_note(page, without, several=max(map(len, members.values())) > 1),
                    tables=tables,
                )
    return page


def _note(page: Path, without: Sequence[str], several: bool) -> str:
    """What the page says first. without: members that have nothing to show. several: whether a member has several seeds."""
    figure = page.with_suffix(".png").name
    lines = [f"The curves are means over each row of log.csv. {figure} beside this page has every step, of the first seeds."]
    if several:
        lines.append("One seed of each run is shown here. The tables have all seeds.")
    if without:
        lines.append(f"Diverged before the first row of log.csv, and so not shown: {'; '.join(without)}.")
    return " ".join(lines)


def describe(
    members: Mapping[str, Sequence[Experiment]],
    *,
    root: str | Path = runs.ROOT / runs.COMPARED,
    tfrecord_path: str | Path = "tfrecords",
    count: int = scores.COUNT,
) -> list[str]:
    """What compare would do, and how long it would take, as lines to print; nothing is made or trained. Raises UserError."""
    strategy = devices.choose_strategy(alone=True)
    plan = _plan(members, root, tfrecord_path, count, lambda one: preparation.look(one, strategy, tfrecord_path)[1])
    expected = {} if devices.several_machines() else _expected(plan, strategy)
    done = sum(run.settled for run in plan)
    lines = [f"{series.counted(len(plan), 'runs')}: {len(plan) - done} to train, {done} finished"]
    for run in plan:
        unit, length = run.experiment.length if run.left is None else ("steps", run.left)
        steps = series.counted(length, unit)
        took = f", {_in_words(expected[run.folder])}" if run.folder in expected else ""
        lines.append(f"  {run}: {'finished' if run.settled else f'{steps} to train'}{took}; {run.folder}")
    if all(run.settled for run in plan):
        return [*lines, "No run needs training: all are only drawn again."]
    if without := [run for run in plan if run.records is None and not run.settled]:
        first = without[0].experiment
        folder, command = records.records_folder(tfrecord_path, first), preparation.convert_line(first, tfrecord_path)
        return [*lines, f"No records yet in {folder}, so no step can be measured and no time said. This makes them: {command}"]
    return [*lines, _told(expected) if expected else "Several workers measure no step, so no time is said."]


def _plan(
    members: Mapping[str, Sequence[Experiment]],
    root: str | Path,
    tfrecord_path: str | Path,
    count: int,
    find: Callable[[Experiment], Records | None],
) -> list[Run]:
    """The runs of a comparison, member by member. find(experiment): its records, which may make them; it is called for runs that
    are not settled. Raises UserError if runs would share a folder, if a folder has another run or other files, and if there are
    not count real pictures."""
    labels, asked = zip(*((label, one) for label, of_seeds in members.items() for one in of_seeds), strict=True)
    folders = [runs.member_folder(one, root) for one in asked]
    experiments = [resume.resolve_precision(one, folder) for one, folder in zip(asked, folders, strict=True)]
    if len(set(experiments)) < len(experiments):
        twice = [label for label, one in zip(labels, experiments, strict=True) if experiments.count(one) > 1]
        raise UserError(
            f"some of {', '.join(dict.fromkeys(twice))} are the same run twice: give each value and each seed once, and "
            "pictures, a model and a preset that do not have a value of the comparison already"
        )
    if len(set(folders)) < len(folders):
        raise UserError(
            f"some of {', '.join(members)} have the same run folder: a run may change the varied setting when it goes on; "
            "vary another setting"
        )
    plan = []
    for label, one, folder in zip(labels, experiments, folders, strict=True):
        runs.check_folder(folder, "--out")
        settled = runs.is_settled(folder, one)
        found = records.find_records(tfrecord_path, one) if settled else find(one)
        left: int | None = 0 if settled else None
        if found and not settled:
            left = one.steps_in_all(pipeline.steps_per_epoch(found, one)) - (runs.last_step(folder) or 0)
        if found:  # what is only drawn again needs no records
            resume.check(folder, one, found)
            if count:
                evaluate.choose(found, one, count)
        plan.append(Run(label, one, folder, found, settled, left))
    return plan


def _train(plan: Sequence[Run], strategy: tf.distribute.Strategy, tfrecord_path: str | Path) -> None:
    """Train the runs that are not settled, and print before each how far the comparison is."""
    todo = [run for run in plan if not run.settled]
    expected = _expected(plan, strategy)
    if expected:
        print(_told(expected), flush=True)
    if workers.is_chief(strategy):
        advised = [
            line
            for run in todo
            if run.records and not (run.folder / runs.EXPERIMENT).is_file()
            for line in preparation.advice(run.experiment, run.records)
        ]
        print("".join(f"{line}\n" for line in dict.fromkeys(advised)), end="", flush=True)
    spent = planned = 0.0  # seconds that the runs so far took, and those that were expected of them
    for number, run in enumerate(todo):
        # Pictures, checkpoints and compiling take time too: the runs so far say how much.
        left = sum(expected.get(one.folder, 0) for one in todo[number:]) * (spent / planned if planned else 1)
        told = f"; {_in_words(left)} left for all" if expected else ""
        place = f"run {len(plan) - len(todo) + number + 1} of {len(plan)}"
        print(f"{place.capitalize()}: {run}{told}", flush=True)
        keras.utils.clear_session()
        start = time.monotonic()
        try:
            with progress.within(place):
                workflow.train(run.experiment, tfrecord_path=tfrecord_path, run_dir=run.folder, advise=False)
            spent, planned = spent + time.monotonic() - start, planned + expected.get(run.folder, 0)
        except Diverged as error:
            print(f"{run} diverged: {error.reason}. That is a result too, and the comparison goes on.")


def _expected(plan: Sequence[Run], strategy: tf.distribute.Strategy) -> dict[Path, float]:
    """{folder of a run: the seconds that its missing steps will take}, of the runs that can be measured.

    Runs of one member that differ in their seed are measured once. Several workers measure nothing.
    """
    if workers.several_workers(strategy):
        return {}
    seconds: dict[Experiment, float] = {}
    found = {}
    for run in plan:
        if run.left and run.records:
            alike = run.experiment.change(seed=0)
            if alike not in seconds:
                print(f"Measuring a few steps of {run.label}", flush=True)
                keras.utils.clear_session()
                seconds[alike] = training.seconds_per_step(alike.fitted(run.records), run.records, strategy)
            found[run.folder] = run.left * seconds[alike]
    return found


def _told(expected: Mapping[Path, float]) -> str:
    return (
        f"The training of {series.counted(len(expected), 'runs')} will take {_in_words(sum(expected.values()))}. The pictures, "
        "checkpoints and scores come on top."
    )


def _in_words(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    return f"about {seconds / 3600:.1f} hours" if seconds >= 5400 else f"about {series.counted(round(seconds / 60), 'minutes')}"


def _measure(plan: Sequence[Run], count: int) -> Iterator[list[Score]]:
    """The scores of each run's generators at its last step, in scores.jsonl already or measured now. Real pictures are measured
    once for all runs that share them. Without records, a run has the scores that it has. count: 0: there are no scores."""
    seen: dict[tuple, evaluate.Reference] = {}
    for number, run in enumerate(plan, 1):
        step, has = runs.last_step(run.folder), scores.of_run(run.folder, run.experiment)
        kept = [one for one in has if one.step == step] if step and count else []
        if not (run.records and step and count):
            yield kept
            continue
        experiment = run.experiment.fitted(run.records)
        key = (run.records.folder, experiment.partition, experiment.image_size, experiment.fit, experiment.conditions)
        if key not in seen:
            network = features.load(None, run.records, experiment)
            seen[key] = evaluate.reference(run.records, experiment, network, count=count)
        kept = [one for one in kept if evaluate.is_of(one, seen[key])]
        if not kept:
            print(f"Measuring the scores of run {number} of {len(plan)}: {run}", flush=True)
            kept = evaluate.evaluate(evaluate.load_generators(run.folder, experiment), seen[key], step=step)
            scores.add(run.folder, kept)
        yield kept


def _result(run: Run, found: Sequence[Score]) -> Result:
    log, numbers = runs.read_log(run.folder), runs.read_steps(run.folder)
    steps = int(log[-1]["steps"]) if log else 1
    kept = [score for score in scores.latest(found) if score.metric.startswith(_SCORES) and not score.of]
    return Result(
        scores=kept,
        caution=scores.caution(run.experiment, kept),
        formula=run.experiment.loss,
        steps=steps,
        diverged=(run.folder / runs.DIVERGED).is_file(),
        curves={loss: numbers[loss] for loss in _COLOURS if log},
        rows={loss: [row[loss] for row in log] for loss in _COLOURS if log},
        ends=[row["epoch"] for row in log],
        grid=runs.grid_path(run.folder, log[-1]["step"], steps) if log else None,
    )


def _write_page(page: Path, results: Mapping[str, Sequence[Result]], question: str) -> list[Table]:
    """The figure and the tables, NAME.png beside NAME.md. The figure is of each member's first seed. Returns the tables."""
    figure = page.with_suffix(".png")
    with files.whole(figure) as partial:
        _draw({label: of_seeds[0] for label, of_seeds in results.items()}, question, partial)
    seeds = max(map(len, results.values()))
    shown = (
        "Each run has one seed." if seeds == 1 else f"The figure shows the first of {seeds} seeds. The tables have all of them."
    )
    measured = {label: [result.scores for result in of_seeds] for label, of_seeds in results.items()}
    table, told = (
        score_table(measured),
        scores.cautions({label: max(one.caution for one in of_seeds) for label, of_seeds in results.items()}),
    )
    if table and told:
        table = table._replace(text=f"{table.text} {told}")
    tables = [one for one in (table, loss_table(results)) if one]
    words = [f"# {question}", "", f"![loss curves and final grids]({figure.name})", "", shown, ""]
    files.write_whole(page, "\n".join([*words, *(one.in_markdown() for one in tables)]))
    return tables


def score_table(measured: Mapping[str, Sequence[Sequence[Score]]]) -> Table | None:
    """A table of the scores {member: those of each seed}: the median over the seeds and, of several, the smallest and largest.
    The first line has the scores of real pictures. Its text warns if the runs were measured in different ways. None if nothing
    was measured."""
    every = [score for of_seeds in measured.values() for found in of_seeds for score in found]
    metrics = list(dict.fromkeys(score.metric for score in every))
    if not metrics:
        return None
    floors = {metric: sorted({score.floor for score in every if score.metric == metric}) for metric in metrics}
    lines = [["run", "seeds", *metrics]]
    ends = [(f"{of[0]:.3g}", f"{of[-1]:.3g}") for of in floors.values()]
    lines.append(["real pictures", "", *(" to ".join(dict.fromkeys(both)) for both in ends)])
    for label, of_seeds in measured.items():
        values = [[score.value for found in of_seeds for score in found if score.metric == metric] for metric in metrics]
        has = max(map(len, values))  # a run that diverged in its first row has no scores
        lines.append([label, f"{has} of {len(of_seeds)}" if has < len(of_seeds) else str(has), *map(_spread, values)])
    return Table("Scores", lines, scores.how_to_compare(every), numbers=2)


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.3g}" if values else "-"
    return f"{np.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def loss_table(results: Mapping[str, Sequence[Result]]) -> Table:
    """The losses, as _spread over a member's seeds. start: the first step; highest: of the first epoch and of all;
    end and swing: mean and standard deviation of the last steps, as many as an epoch has."""
    lines = [["run", "epochs", "loss", "start", "highest in the first epoch", "highest", "end", "swing"]]
    for label, of_seeds in results.items():
        done = sorted(max(result.ends, default=0) for result in of_seeds)
        diverged = sum(result.diverged for result in of_seeds)
        epochs = " to ".join(dict.fromkeys(f"{number:.4g}" for number in (done[0], done[-1])))
        told = f"{epochs}; {diverged} of {series.counted(len(of_seeds), 'runs')} diverged" if diverged else epochs
        for loss in _COLOURS:
            numbers = [_summary(result.curves[loss], result.steps) for result in of_seeds if loss in result.curves]
            lines.append([label, told, loss, *(map(_spread, zip(*numbers, strict=True)) if numbers else ["-"] * 5)])
    text = (
        "Losses are per step: the median over the seeds, and of several seeds the smallest and the largest. start: the first "
        "step. end and swing: mean and standard deviation over the last steps, as many as an epoch has (of a shorter run: over "
        "all)."
    )
    return Table("Losses", lines, text, numbers=3)


def _summary(curve: np.ndarray, steps: int) -> Sequence[float]:
    return curve[0], curve[:steps].max(), curve.max(), curve[-steps:].mean(), curve[-steps:].std()


def _title(label: str, result: Result) -> str:
    distances = [f"{score.metric} {score.value:.3g}" for score in result.scores if scores.is_distance(score)]
    return "\n".join([f"{label}{' (diverged)' if result.diverged else ''}", *distances])


def _draw(results: Mapping[str, Result], question: str, path: Path) -> None:
    """Draw each run's losses above its last grid. The losses are drawn step by step and as means by row of the log. Runs with the
    same formula have the same axes; numbers of other formulas cannot be compared."""
    # The object interface needs no display, and leaves a notebook's own pyplot figures alone.
    from matplotlib.figure import Figure

    rows = math.ceil(len(results) / _COLUMNS)
    columns = math.ceil(len(results) / rows)
    figure = Figure(figsize=(3.4 * columns, 6 * rows), layout="constrained")
    figure.suptitle(question)
    axes = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[0.8, 1] * rows)
    firsts: dict[str, Any] = {}  # {formula: the plot whose y axis the others with it share}
    named = next((label for label, result in results.items() if result.curves), None)  # its plot has the legend
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        plot, picture = axes[2 * row, column], axes[2 * row + 1, column]
        picture.axis("off")
        if place >= len(results):
            plot.axis("off")
            continue
        label, result = list(results.items())[place]
        if place:
            plot.sharex(axes[0, 0])
        if firsts.setdefault(result.formula, plot) is not plot:
            plot.sharey(firsts[result.formula])
        for loss, curve in result.curves.items():
            epochs = np.arange(1, curve.size + 1) / result.steps
            ends = np.array(result.ends)
            pale = ends.size > 1  # behind the curve of the means; a single mean is a point, which is no curve
            plot.plot(epochs, curve, color=_COLOURS[loss], alpha=0.25 if pale else 1, linewidth=0.3)
            plot.plot(ends - np.diff(ends, prepend=0) / 2, result.rows[loss], color=_COLOURS[loss], label=loss)
        plot.set_title(_title(label, result))
        plot.set_xlabel("epoch")
        plot.grid(alpha=0.3)
        if label == named:
            plot.legend()
        if result.grid:
            picture.imshow(np.asarray(pictures.read(result.grid).convert("RGB")))
    for formula, plot in firsts.items():
        alike = [result.curves for result in results.values() if result.formula == formula and result.curves]
        _limit(plot, [np.concatenate(list(curves.values())) for curves in alike])
    figure.savefig(path, dpi=150, format="png")


def _limit(axes: Any, losses: Sequence[np.ndarray]) -> None:
    """Set the y axis that these runs share, at the end, because it does not grow afterwards. losses: the numbers of each run."""
    if not losses:
        return
    tops = [float(np.percentile(numbers, _USUAL)) for numbers in losses]
    low = min(float(np.percentile(numbers, 100 - _USUAL)) for numbers in losses)
    positive = min(map(np.min, losses)) >= 0
    if positive and plots.far_apart(tops):  # a run that stands at a bound, far above the others
        axes.set_yscale("log")
        axes.set_ylim(_LOW, 1.5 * max(tops))
    elif max(tops) > low:
        axes.set_ylim(0 if positive else low, 1.05 * max(tops))
