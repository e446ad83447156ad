"""A score and its row in scores.jsonl: one JSON object a line, with the protocol that the number comes from."""

import dataclasses
import itertools
import json
import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfgan_series import files, invocation, runs
from tfgan_series.errors import UserError, nearest, printable, reason_of
from tfgan_series.series import MODELS, Experiment

NAME = "scores.jsonl"  # in the run folder
COUNT = 10_000  # pictures on each side, at most, unless told otherwise
BATCH = 64  # pictures that a generator makes at a time, unless told otherwise
KINDS = ("classifier", "random", "inception")  # of features
HOW_TO_READ = (
    "The smaller fid and kid are, the better; the larger precision, recall, density and coverage. A kid may be a little below 0: "
    "that is as good as 0. A high precision or density is no praise if recall is near 0: then the pictures are nearly all alike, "
    "or blurred."
)


@dataclass(frozen=True, kw_only=True)
class Score:
    """One score of one generator, and all that it depends on.

    metric: its name with its protocol, for example fid10k_test_classifier (see protocol_name). value. error: the standard
    error of value, or None. floor, floor_error: the same with real pictures in place of the generated ones. n_real, n_fake,
    n_floor: the numbers of pictures. partition: where the real pictures are from. features: the kind of network (KINDS), and
    features_digest its weights. checkpoint: the generator's file; checkpoint_digest: its weights; step: of the run, if known.
    seed: of the noise. versions: {package: version}. of: the class that the pictures were asked for, "" for all pictures.
    """

    metric: str
    value: float
    error: float | None
    floor: float
    n_real: int
    n_fake: int
    n_floor: int
    partition: str
    features: str
    features_digest: str
    checkpoint: str
    checkpoint_digest: str
    step: int | None
    seed: int
    versions: dict[str, str]
    of: str = ""
    floor_error: float | None = None  # older scores have none

    def __str__(self) -> str:
        return f"{self.metric} {as_text(self.value, self.error)} (real pictures {as_text(self.floor, self.floor_error)})"


def how_to_compare(found: Iterable[Score]) -> str:
    """How to read the scores of several runs in one table: a warning, if some of one name were measured in different ways."""
    if apart := _measured_apart(found):
        return (
            f"The runs were measured through other networks or against other real pictures ({', '.join(apart)}): do not compare "
            "their scores."
        )
    return HOW_TO_READ


def _measured_apart(found: Iterable[Score]) -> list[str]:
    """The names of the scores that were measured in different ways."""
    by_metric: dict[str, list[Score]] = {}
    for score in found:
        by_metric.setdefault(score.metric, []).append(score)
    return [metric for metric, alike in by_metric.items() if not all(_comparable(alike[0], one) for one in alike)]


def _comparable(one: Score, other: Score) -> bool:
    """Whether two scores of one name were measured alike. Another processor rounds the same floor otherwise."""
    return one.features_digest == other.features_digest and math.isclose(one.floor, other.floor, rel_tol=1e-3, abs_tol=1e-5)


def caution(experiment: Experiment, found: Sequence[Score]) -> str:
    """What to say of a run's scores if they look through random features, or if the real pictures are among those that it was
    trained on; else ""."""
    lines = []
    draws = MODELS[experiment.model].draws_from == "noise"
    if draws and found and experiment.partition in {"all", *(score.partition for score in found)}:
        lines.append(
            "The real pictures are pictures that the generator was trained on. Copies of them score better than other real "
            f"pictures do, so look at {invocation.command('explore')} neighbours too."
        )
    if any(score.features == "random" for score in found):
        lines.append(
            "Through random features, pictures can score like real ones and still look poor. Compare only runs on the same "
            "pictures, and look at their pictures too."
        )
    return " ".join(lines)


def caution_of_changes(found: Iterable[Score]) -> str:
    """What to say of a run whose scores of one name were measured through several networks while it was trained; else ""."""
    changed = _measured_apart(score for score in found if score.step is not None and not score.of)
    if not changed:
        return ""
    return (
        f"Some scores ({', '.join(changed)}) were measured through one network up to some step and through another after it, as "
        "after the classifier was trained anew: do not compare those before with those after, also not in the curves."
    )


def cautions(found: Mapping[str, str]) -> str:
    """The cautions {run: its caution} in one text, each with the names of its runs."""
    runs_of: dict[str, list[str]] = {}
    for name, one in found.items():
        runs_of.setdefault(one, []).append(name)
    return " ".join(f"{', '.join(names)}: {one}" for one, names in runs_of.items() if one)


def protocol_name(metric: str, direction: str, count: int, partition: str, features: str) -> str:
    """A score's name: the metric, the direction of a translation, the number of generated pictures, where the real pictures are
    from, the features. For example fid10k_test_classifier, kid512_val_random, fid_ab60_train_random, fid_of_7_980_test_random.
    direction: of a translation "_ab" or "_ba", else ""."""
    number = f"{count // 1000}k" if count % 1000 == 0 else str(count)
    return f"{metric}{direction}{number}_{partition}_{features}"


def is_distance(score: Score) -> bool:
    """Whether a score is a Fréchet distance of all pictures, by which generators are compared."""
    return score.metric.startswith("fid") and not score.of


def told(found: Iterable[Score]) -> str:
    """The scores in a line."""
    return ", ".join(map(str, found))


def read(folder: Path | str) -> list[Score]:
    """The scores of a run, in the order of their file; empty if there are none. Raises UserError if the file is damaged."""
    path = Path(folder) / NAME
    try:
        return [_parse(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (FileNotFoundError, NotADirectoryError):  # the latter: a file was given as the run, which is refused later
        return []
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({reason_of(error)}): remove it, and measure again with {invocation.command('evaluate')}"
        ) from error


def of_run(folder: Path | str, experiment: Experiment) -> list[Score]:
    """The scores of the run's own generators, without those of other files. Raises UserError as read."""
    own = {runs.saved_name(name) for name in MODELS[experiment.model].saved}
    return [score for score in read(folder) if score.checkpoint in own]


def _parse(line: str) -> Score:
    """Raises ValueError or TypeError for a line that is no score."""
    score = Score(**files.parse_json(line))
    numbers = (score.value, score.floor, score.error or 0, score.floor_error or 0, score.step or 0)
    if not isinstance(score.metric, str) or not all(isinstance(number, (int, float)) for number in numbers):
        raise ValueError("a score has a name, and its value, floor, error and step are numbers")
    return score


def add(folder: Path | str, scores: Sequence[Score]) -> None:
    """Add scores to a run's file, and remove earlier ones with the same name, number of real pictures, features, generator (file
    and weights) and seed.

    Raises UserError if the file is damaged.
    """
    new, path = set(map(_measured, scores)), Path(folder) / NAME
    with files.claimed(path, f"Another process writes {path}: waiting for it."):  # evaluate may run beside a training
        kept = [*(score for score in read(folder) if _measured(score) not in new), *scores]
        rows = "".join(json.dumps(dataclasses.asdict(score), default=operator.index) + "\n" for score in kept)
        files.write_whole(path, rows)


def check_kind(kind: str | None, weights: object) -> None:
    """Raises UserError if there are no features of this kind (None: the usual ones), and if weights are given for others than
    those of InceptionV3."""
    if kind not in (None, *KINDS):
        raise UserError(f"--features={kind}: choose one of {', '.join(KINDS)}{nearest(kind, KINDS)}")
    if weights is not None and kind != "inception":
        raise UserError("--weights is for --features=inception: give both, or leave it out")


def _measured(score: Score) -> tuple:
    """What was measured: two scores that are equal in this are the same score."""
    return score.metric, score.n_real, score.features_digest, score.checkpoint, score.checkpoint_digest, score.seed


def latest(scores: Iterable[Score]) -> list[Score]:
    """The last score of each name; the last measured comes last."""
    found: dict[str, Score] = {}
    for score in scores:
        found.pop(score.metric, None)
        found[score.metric] = score
    return list(found.values())


def as_text(value: float, error: float | None = None) -> str:
    """A score's value with its standard error, as 12.3 ± 0.45."""
    return f"{value:.4g}" + ("" if error is None else f" ± {error:.2g}")


def of_classes(scores: Sequence[Score]) -> list[Score]:
    """The scores of single classes of the last measurement, in which they come after the scores of all pictures."""
    return list(itertools.takewhile(lambda score: score.of, reversed(scores)))[::-1]


def by_class(scores: Sequence[Score]) -> list[list[str]]:
    """The scores of single classes as a table of texts: a head, then a row for each class with the value of each metric, and in
    brackets that of real pictures. Only the head's first cell if there are none."""
    found = {(score.of, score.metric.partition("_of_")[0]): score for score in of_classes(scores)}
    classes, metrics = (list(dict.fromkeys(names)) for names in (zip(*found, strict=True) if found else ((), ())))
    cells = {key: f"{score.value:.3g} ({score.floor:.3g})" for key, score in found.items()}
    return [["class", *metrics], *([one, *(cells.get((one, metric), "–") for metric in metrics)] for one in classes)]


def table(scores: Sequence[Score]) -> str:
    """The scores as lines of text: name, value with its standard error, and the same for real pictures. If there are scores of
    single classes, a table of them follows."""
    rows = [["score", "value", "of real pictures"]]
    for score in scores:
        if not score.of:
            rows.append([score.metric, as_text(score.value, score.error), as_text(score.floor, score.floor_error)])
    classes = by_class(scores)
    more = ["", "by class, in brackets the score of real pictures:", _aligned(classes)] if len(classes) > 1 else []
    return "\n".join([_aligned(rows), *more])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
