"""What the page shows, collected from the files of the runs."""

import csv
import datetime
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import jinja2
from PIL import Image

from tfgan_series import files, invocation, naming, pictures, runs, series
from tfgan_series.data import preprocess, records
from tfgan_series.errors import UserError, reason_of
from tfgan_series.evaluation import scores
from tfgan_series.report import inline, plots, reading
from tfgan_series.report.tables import Table
from tfgan_series.series import Experiment

NAME = "report.html"
ROOM = 10_000_000  # characters for all grids of a page; what was explored comes on top
_MOVING = 2_000_000  # bytes of the largest GIF that plays on the page
_PAIRS = 8  # translated pictures shown for each direction
_PAIR_WIDTH = 256
_REJECTED = 50  # rejected files that the page names


def make(
    folders: Sequence[Path | str],
    out: Path | str,
    *,
    names: Sequence[str] = (),
    heading: str = "",
    note: str = "",
    tables: Sequence[Table] = (),
) -> Path:
    """Write the page of one run, or of several runs side by side. Returns its path.

    names: of several runs, one for each (default: their paths without the folders that all begin with). heading: of the page
    (default: the model and the pictures, or the number of runs). note: a text below it. tables: they compare several runs
    (default: one of all their scores). Raises UserError for a folder that is no run or has no epoch yet, and for a file in it
    that cannot be read.
    """
    places, out = [Path(folder) for folder in folders], Path(out)
    infos = [runs.read_info(folder) for folder in places]
    logs = [_read_log(folder) for folder in places]
    if not names:
        names = [str(places[0])] if len(places) == 1 else distinct_names([folder.resolve() for folder in places])
    shown = [
        {"label": name, "plots": laid_out, "logged": [row["epoch"] for row in log]}
        | _shown(folder, info, log, ROOM // len(places))
        for folder, info, log, name, laid_out in zip(places, infos, logs, names, plots.lay_out(logs), strict=True)
    ]
    page = _template().render(
        runs=shown,
        tables=tables or (_score_tables(names, shown) if len(shown) > 1 else ()),
        heading=heading or (f"{len(shown)} runs side by side" if len(shown) > 1 else shown[0]["title"]),
        note=note,
        reading=reading.of_curves([run.experiment for run in infos]),
        how_to_read_scores=scores.HOW_TO_READ,
        drawing=plots,
        settings=_settings_rows([run.experiment for run in infos]),
        script=_for_script(shown),
        made=f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(out, page)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror or error}): give another --out") from error
    return out


def refresh(run: Path | str) -> bool:
    """Make a run's own page anew, RUN/report.html, and print where it is. If this fails, the reason is printed, and what was done
    before still counts. Returns whether the page was made."""
    page = Path(run) / NAME
    try:
        print(f"To see the run, open {make([run], page)}")
    except (UserError, OSError) as error:
        print(f"{page} was not made ({error}). To try again: {invocation.command('report')} --run_dir={naming.quoted(run)}")
        return False
    return True


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html")


def _read_log(folder: Path) -> plots.Log:
    log = runs.read_log(folder)
    if not log and (folder / runs.DIVERGED).is_file():
        raise UserError(f"{folder} has nothing to show: {' '.join(runs.read_lines(folder / runs.DIVERGED))}")
    if not log:
        raise UserError(f"{folder} has nothing to show yet: try again when training has written its first line of numbers")
    return log


def distinct_names(paths: Sequence[PurePath]) -> list[str]:
    """The paths without the folders that all of them begin with: short names that still differ."""
    common = len(os.path.commonprefix([path.parent.parts for path in paths]))
    return [str(type(path)(*path.parts[common:])) for path in paths]


def _shown(folder: Path, info: runs.RunInfo, log: plots.Log, room: int) -> dict[str, Any]:
    """What the page shows of a run, except its curves and settings. room: characters for its grids."""
    experiment = info.experiment
    paths = runs.find_grids(folder, log)
    grids = inline.encode_grids(paths, room)
    every = scores.of_run(folder, experiment)
    measured = scores.latest(every)
    return {
        "title": f"{experiment.model} on {experiment.image_type}",
        "path": str(folder),
        "state": _state(folder, experiment, log),
        "warnings": runs.read_lines(folder / runs.WARNINGS),
        "facts": _facts(experiment, info.record_count, log),
        "frames": _frames(log, grids),
        "size": pictures.read(next(iter(paths.values()))).size if paths else None,
        "thinned": f"{len(grids)} of {len(paths)} grids are here, evenly chosen" if len(grids) < len(paths) else "",
        "measured": measured,
        "scores": _scores(measured),
        "caution": " ".join(filter(None, [scores.caution(experiment, measured), scores.caution_of_changes(every)])),
        "by_class": scores.by_class(measured),
        "way_of_classes": _way(scores.of_classes(measured)),
        "explored": [_explored(path, log[-1]) for path in sorted((folder / runs.EXPLORED).glob("[!.]*.json"))],
        "translated": [_translated(path, log[-1]) for path in sorted((folder / runs.TRANSLATED).glob(f"*/{runs.TRANSLATION}"))],
        "rejected": _rejected(folder, info),
        "repeat": _repeat(folder),
    }


def _state(folder: Path, experiment: Experiment, log: plots.Log) -> str:
    if (folder / runs.DIVERGED).is_file():
        return " ".join(runs.read_lines(folder / runs.DIVERGED))
    return "" if runs.is_finished(log, experiment) else "still training, or stopped"


def _scores(measured: Sequence[scores.Score]) -> list[dict[str, str]]:
    """The scores of all pictures as texts: name, value with its standard error, floor, step."""
    return [
        {
            "name": score.metric,
            "value": scores.as_text(score.value, score.error),
            "floor": scores.as_text(score.floor, score.floor_error),
            "step": "–" if score.step is None else f"{score.step:,}",
        }
        for score in measured
        if not score.of
    ]


def _way(of_classes: Sequence[scores.Score]) -> str:
    """How the scores of single classes were measured."""
    if not of_classes:
        return ""
    one = of_classes[0]
    step = "" if one.step is None else f"after step {one.step:,}, "
    return f"Measured {step}against {one.partition} pictures, through {one.features} features."


def _score_tables(names: Sequence[str], shown: Sequence[Mapping[str, Any]]) -> list[Table]:
    """A table of the scores of several runs, a column for each; none if no run has scores."""
    columns, steps, measured = [], [], [run["measured"] for run in shown]
    for of_run in measured:
        found = _scores(of_run)
        at = list(dict.fromkeys(score["step"] for score in found))
        steps.append(at[0] if len(at) == 1 else "as said" if at else "")
        moments = [f", step {score['step']}" if len(at) > 1 else "" for score in found]
        columns.append(
            {score["name"]: f"{score['value']} ({score['floor']}){moment}" for score, moment in zip(found, moments, strict=True)}
        )
    metrics = list(dict.fromkeys(metric for column in columns for metric in column))
    rows = [[metric, *(column.get(metric, "–") for column in columns)] for metric in metrics]
    how = scores.how_to_compare(score for of_run in measured for score in of_run if not score.of)
    text = f"In brackets: the same score of real pictures. Compare scores of one name alone. {how}"
    if told := scores.cautions({name: run["caution"] for name, run in zip(names, shown, strict=True)}):
        text = f"{text} {told}"
    return [Table("Scores", [["score", *names], *rows, ["measured after step", *steps]], text)] if metrics else []


def _frames(log: plots.Log, grids: Mapping[float, str]) -> list[dict[str, Any]]:
    """What the slider shows of a run, a dict for each position: epoch; text, the moment in words; grid, its picture or None; row,
    the number of its row in the log or None. A run without grids has its rows."""
    steps, rows = log[0]["steps"], {row["step"]: number for number, row in enumerate(log)}
    return [
        {
            "epoch": log[rows[step]]["epoch"] if step in rows else step / steps,
            "text": runs.moment(step, steps),
            "grid": grids.get(step),
            "row": rows.get(step),
        }
        for step in grids or rows
    ]


def _facts(experiment: Experiment, count: int, log: plots.Log) -> list[str]:
    unit, length = experiment.length
    done = {"epochs": log[-1]["epoch"], "steps": log[-1]["step"]}[unit]
    return [
        f"{done:,.10g} of {series.counted(length, unit)}",
        f"{count:,} pictures of {experiment.image_size} × {experiment.image_size}, {_COLOURS[experiment.channels]}",
        f"{runs.images_per_second(log):,.0f} pictures a second",
    ]


_COLOURS = {1: "grey", 3: "colour"}


def _settings_rows(experiments: Sequence[Experiment]) -> list[dict[str, Any]]:
    """Every setting as a row of cells, one for each run. Settings that differ from the default or between runs come first."""
    usual = [series.values(series.resolve(experiment.image_type, experiment.model)) for experiment in experiments]
    values = [series.values(experiment) for experiment in experiments]
    fields = {name: field for experiment in experiments for name, field in series.fields(experiment).items()}
    rows = []
    for name, field in fields.items():
        cells = [_cell(value, default, name) for value, default in zip(values, usual, strict=True)]
        differs = any(cell["default"] for cell in cells) or len({cell["text"] for cell in cells}) > 1
        rows.append({"name": series.flag_name(name), "help": field.metadata["help"] or "", "cells": cells, "differs": differs})
    return sorted(rows, key=lambda row: not row["differs"])


def _cell(values: Mapping[str, Any], usual: Mapping[str, Any], name: str) -> dict[str, str | None]:
    """A setting of a run, and its default if that is different. A dash means that the run's model has no such setting."""
    if name not in values:
        return {"text": "–", "default": None}
    default = series.in_words(usual[name]) if values[name] != usual[name] else None
    return {"text": series.in_words(values[name]), "default": default}


def _explored(path: Path, last: Mapping[str, float]) -> dict[str, Any]:
    """The title, text and pictures that explore.py wrote. Missing pictures are left out. last: the last row of the log."""
    record = _read_json(path, title=str, text=str, pictures=list)
    found = [_picture(path.parent / name) for name in map(str, record["pictures"]) if (path.parent / name).is_file()]
    return {"title": record["title"], "text": record["text"], "pictures": found, "older": _older(record, last)}


def _older(record: Mapping[str, Any], last: Mapping[str, float]) -> str:
    """A note if pictures were drawn before the run's last row. record: what was noted beside them; an old one has no step."""
    step = record.get("step")
    if not isinstance(step, int) or step == last["step"]:
        return ""
    return f"Drawn after {runs.moment(step, last['steps'])}; the run has gone on since."


def _picture(path: Path) -> dict[str, Any]:
    """A picture, and a still of it. They differ only for a GIF that plays. A GIF that is too large for the page does not play."""
    picture = pictures.read(path).convert("RGB")
    still = inline.encode(picture)
    gif = path.suffix.lower() == ".gif"
    plays = gif and path.stat().st_size <= _MOVING
    return {
        "name": path.name,
        "size": picture.size,
        "still": still,
        "data": inline.data_uri(path.read_bytes(), "image/gif") if plays else still,
        "stopped": f"{path} is too large for this page to play: open the file itself" if gif and not plays else "",
    }


def _translated(path: Path, last: Mapping[str, float]) -> dict[str, Any]:
    """The first pictures that translate.py wrote, each with its original. If one of the two is missing, both are left out. last:
    the last row of the log."""
    record = _read_json(path, source=str, direction=str, names=list)
    pairs = [(name, Path(record["source"]) / name, path.parent / name) for name in map(str, record["names"])]
    there = [(name, before, after) for name, before, after in pairs if before.is_file() and after.is_file()]
    shown = [_pair(*pair) for pair in there[:_PAIRS]]
    return {"direction": record["direction"], "count": len(pairs), "pairs": shown, "older": _older(record, last)}


def _pair(name: str, before: Path, after: Path) -> dict[str, Any]:
    original, translated = _original(before), pictures.read(after).convert("RGB")
    size = inline.fitting(translated.size, _PAIR_WIDTH)
    return {
        "name": name,
        "size": size,
        "before": inline.encode(original.resize(size)),
        "after": inline.encode(translated.resize(size)),
    }


def _original(path: Path) -> Image.Image:
    """A user's picture as the generator got it: upright, in 8-bit colours, on white."""
    try:
        return preprocess.to_channels(preprocess.open_picture(path), 3)
    except preprocess.BadPicture as error:
        raise UserError(f"{path} cannot be read as a picture ({error}): bring it back, or translate again") from error


def _read_json(path: Path, **kinds: type) -> dict[str, Any]:
    """The values of a JSON file, by name. kinds: {name: its type} of those that must be there."""
    try:
        record = files.parse_json(path.read_text(encoding="utf-8"))
        for name, kind in kinds.items():
            if not isinstance(record[name], kind):
                raise TypeError(f"{name} is no {kind.__name__}")
        return record
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({reason_of(error)}): remove it, or make it again") from error


def _rejected(folder: Path, info: runs.RunInfo) -> dict[str, Any] | None:
    """What the conversion of the run's records rejected: count, and rows, the first [file, reason]. None: nothing, or unknown."""
    tfrecord_path = runs.records_path(folder) or "tfrecords"
    for store in info.experiment.stores:
        path = records.records_folder(tfrecord_path, info.experiment, store) / records.REJECTED
        if path.is_file() and records.known_of(path.parent).get("identity") == info.records_identity:
            rows = _read_rejected(path)
            return {"count": len(rows), "rows": rows[:_REJECTED]} if rows else None
    return None


def _read_rejected(path: Path) -> list[list[str]]:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        if any(len(row) != 2 for row in rows):
            raise ValueError("a row of it is no file with a reason")
        return rows
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} cannot be read ({reason_of(error)}): remove it, or make the records again") from error


def _repeat(folder: Path) -> dict[str, str]:
    flagfile = naming.quoted(folder / runs.FLAGS)
    named = folder if folder.name not in ("", "..") else folder.resolve()
    return {
        "command": f"{invocation.command('train')} --flagfile={flagfile} --run_dir={naming.quoted(f'{named}-again')}",
        "flags": runs.read_flags(folder),
    }


def _for_script(shown: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the page's script needs: the slider's moments, and for each run its frames and the places of its curves."""
    moments = {frame["epoch"]: frame["text"] for run in reversed(shown) for frame in run["frames"]}
    return {
        "moments": [{"epoch": epoch, "text": moments[epoch]} for epoch in sorted(moments)],
        "runs": [
            {
                "frames": run["frames"],
                "logged": run["logged"],
                "plots": [
                    {"x": plot["x"], "lines": [{"y": line["y"], "values": line["values"]} for line in plot["lines"]]}
                    for plot in run["plots"]
                ],
            }
            for run in shown
        ],
    }
