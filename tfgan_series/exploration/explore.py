"""Explores a run: from its generator and its records it makes pictures and numbers.

Each function takes a run's folder, writes pictures and NAME.json into `out` (default: RUN/explored), and returns the Finding.
NAME says what was asked, as interpolate-3-17-40, so another walk has other files.

labels: what a conditional run is asked for, one label (interpolate takes several); () for another run. All functions raise
UserError if the folder is no run or has no generator yet, for a number that no sample has, and for labels that do not fit the
run.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfgan_series import classifier, latent, naming, runs
from tfgan_series.data.conditions import Labels, texts
from tfgan_series.errors import UserError
from tfgan_series.exploration import FIRST, SAMPLED, STEPS, arithmetic, equation, findings, interpolation, neighbours
from tfgan_series.generators import load_asked
from tfgan_series.inference import Fixed, Network

_USUAL = {"seed": 0, "steps": STEPS, "spherical": True, "count": SAMPLED}  # options that are not named in a file's name


def interpolate(
    run: Path | str,
    numbers: Sequence[int],
    *,
    out: Path | str | None = None,
    labels: Labels = (),
    seed: int = 0,
    steps: int = STEPS,
    spherical: bool = True,
) -> findings.Finding:
    """Walks from sample to sample, or, with several labels and one sample, from label to label: a picture with a
    row for each walk, and a GIF that goes there and back.

        tg.interpolate(run, [3, 17, 40]).picture    # a notebook shows it

    seed, steps and spherical as in interpolation.interpolate; a walk between labels is always on the straight line.
    """
    step, labels = runs.last_step(run), texts(labels)
    if steps < 2:
        raise UserError(f"steps={steps}: a walk has 2 pictures or more")
    if len(labels) > 1:
        if not spherical:
            raise UserError(f"--linear: the walk between --label={','.join(labels)} is on the straight line anyway: leave it out")
        if len(numbers) != 1:
            raise UserError(f"--label={','.join(labels)}: a walk between labels keeps its z: give one number in --samples")
        generator, asked = _load(run, labels)
        found = interpolation.between_labels(generator, asked, *numbers, seed=seed, steps=steps)
    elif len(labels) == len(numbers) == 1:
        raise UserError(
            f"--label={labels[0]} --samples={numbers[0]}: a walk has two ends: give a second sample, or a second label "
            f"(--label={labels[0]},OTHER)"
        )
    else:
        found = interpolation.interpolate(_generator(run, labels), numbers, seed=seed, steps=steps, spherical=spherical)
    options = {"seed": seed, "steps": steps, "spherical": spherical}
    return _written(found, step, run, out, ["interpolate", *map(str, numbers)], labels, options)


def add_samples(
    run: Path | str,
    terms: arithmetic.Numbers,
    *,
    out: Path | str | None = None,
    labels: Labels = (),
    seed: int = 0,
) -> findings.Finding:
    """An equation of chosen samples, [(1 or -1, numbers)].

    tg.add_samples(run, [(1, [29, 36, 51]), (-1, [37, 42, 47]), (1, [10, 22, 64])]).picture
    """
    step, labels = runs.last_step(run), texts(labels)
    found = arithmetic.by_number(_generator(run, labels), terms, seed=seed)
    sum_of = "".join(f"{'+' if sign > 0 else '-'}{'.'.join(map(str, numbers))}" for sign, numbers in terms)
    return _written(found, step, run, out, ["arithmetic", sum_of.removeprefix("+")], labels, {"seed": seed})


def add_attributes(
    run: Path | str,
    text: str,
    *,
    out: Path | str | None = None,
    labels: Labels = (),
    tfrecord_path: Path | str | None = None,
    seed: int = 0,
    count: int = SAMPLED,
) -> findings.Finding:
    """An equation of the records' attributes.

        found = tg.add_attributes(run, "Male & Smiling - Male")
        print(found.text)
        found.picture

    seed and count as in arithmetic.by_name.
    Raises UserError if the equation cannot be read, if the records have no attributes, or if the equation names an attribute
    that they do not have.
    """
    step, labels = runs.last_step(run), texts(labels)
    generator = _generator(run, labels)
    experiment, records = runs.read_experiment(run), runs.find_records(run, tfrecord_path)
    names = records.attribute_names
    if not names:
        raise UserError(
            f"--equation={text!r}: {records.folder} has no attributes (CelebA's records have); "
            "choose samples by number with --plus and --minus"
        )
    equation.known(equation.parse(text), text, names)  # checked before a classifier is trained for it
    judge = classifier.find_or_train(records, experiment)
    found = arithmetic.by_name(generator, judge, text, seed=seed, count=count)
    return _written(found, step, run, out, ["equation", text.replace(" ", "")], labels, {"seed": seed, "count": count})


def find_neighbours(
    run: Path | str,
    numbers: Sequence[int] = FIRST,
    *,
    out: Path | str | None = None,
    labels: Labels = (),
    tfrecord_path: Path | str | None = None,
    seed: int = 0,
) -> findings.Finding:
    """The training pictures nearest to samples: in pixels, and in the features of the records' classifier if it is trusted.

    tg.find_neighbours(run, [1, 2, 3]).picture
    """
    step, labels = runs.last_step(run), texts(labels)
    generator = _generator(run, labels)
    experiment, records = runs.read_experiment(run), runs.find_records(run, tfrecord_path)
    latent.numbered(numbers, 1, seed)  # checked before a classifier is trained for them
    judge = classifier.find_or_train(records, experiment) if classifier.names(records) else None
    if judge and not judge.trusted:  # folders may be albums, for example: its features say nothing of the pictures
        judge = None
    condition = generator.value if isinstance(generator, Fixed) else None
    found = neighbours.neighbours(generator, records, experiment, numbers, condition=condition, seed=seed, judge=judge)
    return _written(found, step, run, out, ["neighbours", *map(str, numbers)], labels, {"seed": seed})


def _written(
    found: findings.Finding,
    step: int | None,
    run: Path | str,
    out: Path | str | None,
    words: Sequence[str],
    labels: Sequence[str],
    options: Mapping[str, Any],
) -> findings.Finding:
    """Write the Finding, under a name made of the words and of what was asked beside them. Returns it with the files' names.
    step: of the run when its generator was read; a training may go on meanwhile."""
    kind, *words = words
    words += ["label", naming.joined(labels)] if labels else []
    words += [f"{option}-{value}" for option, value in options.items() if value != _USUAL.get(option)]
    name = f"{kind}-{naming.as_name('-'.join(words))}"
    found = dataclasses.replace(found, pictures={f"{name}{Path(file).suffix}": one for file, one in found.pictures.items()})
    findings.write(found, name, out or Path(run) / runs.EXPLORED, step)
    return found


def _load(run: Path | str, labels: Sequence[str]) -> tuple[keras.Model, dict[str, np.ndarray]]:
    runs.read_experiment(run, "noise")
    return load_asked(Path(run) / runs.GENERATOR, labels)


def _generator(run: Path | str, labels: Sequence[str]) -> Network:
    """The run's generator as a network of z alone, at the one label that is asked for if the run is conditional."""
    generator, asked = _load(run, labels)
    if len(asked) > 1:
        raise UserError(f"{run} is conditional: give one --label of {', '.join(asked)}")
    return Fixed(generator, 1, *asked.values()) if asked else generator
