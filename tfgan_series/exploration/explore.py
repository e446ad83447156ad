"""Explores a run: from its generator and its records it makes pictures and numbers.

Each function takes a run's folder, writes pictures and NAME.json into `out`, and returns the Finding. All raise UserError
if the folder is no run or has no generator yet, and for a number that no sample has.

labels: what a conditional run is asked for, one label (interpolate takes several); () for another run. All raise UserError for
labels that do not fit the run.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfgan_series import classifier, latent, runs
from tfgan_series.errors import UserError
from tfgan_series.exploration import arithmetic, equation, findings, interpolation, neighbours
from tfgan_series.inference import Fixed, Network


def interpolate(
    run: Path | str, out: Path | str, numbers: Sequence[int], *, labels: Sequence[str] = (), **options: Any
) -> findings.Finding:
    """Walks from sample to sample, or, with several labels and one sample, from label to label: interpolate.png and
    interpolate.gif. options: those of interpolation.interpolate."""
    if len(labels) > 1:
        if len(numbers) > 1:
            raise UserError(f"--label={','.join(labels)}: a walk between labels keeps its z: give one number in --samples")
        generator, asked = _load(run, labels)
        found = interpolation.between_labels(generator, asked, *numbers, seed=options["seed"], steps=options["steps"])
    elif len(labels) == len(numbers) == 1:
        raise UserError(
            f"--label={labels[0]} --samples={numbers[0]}: a walk has two ends: give a second sample, or a second label "
            f"(--label={labels[0]},OTHER)"
        )
    else:
        found = interpolation.interpolate(_generator(run, labels), numbers, **options)
    findings.write(found, "interpolate", out, runs.last_step(run))
    return found


def add_samples(
    run: Path | str, out: Path | str, terms: arithmetic.Numbers, *, labels: Sequence[str] = (), seed: int = 0
) -> findings.Finding:
    """An equation of chosen samples, [(1 or -1, numbers)]: arithmetic.png."""
    found = arithmetic.by_number(_generator(run, labels), terms, seed=seed)
    findings.write(found, "arithmetic", out, runs.last_step(run))
    return found


def add_attributes(
    run: Path | str,
    out: Path | str,
    text: str,
    *,
    labels: Sequence[str] = (),
    tfrecord_path: Path | str = "tfrecords",
    **options: Any,
) -> findings.Finding:
    """An equation of the records' attributes: equation.png. options: those of arithmetic.by_name.

    Raises UserError if the equation cannot be read, if the records have no attributes, or if the equation names an attribute
    that they do not have.
    """
    generator = _generator(run, labels)
    experiment, found_records = runs.read_experiment(run), runs.find_records(run, tfrecord_path)
    names = found_records.attribute_names
    if not names:
        raise UserError(
            f"--equation={text!r}: {found_records.folder} has no attributes (CelebA's records have); "
            "choose samples by number with --plus and --minus"
        )
    equation.known(equation.parse(text), text, names)  # checked before a classifier is trained for it
    judge = classifier.find_or_train(found_records, experiment)
    found = arithmetic.by_name(generator, judge, text, **options)
    findings.write(found, "equation", out, runs.last_step(run))
    return found


def find_neighbours(
    run: Path | str,
    out: Path | str,
    numbers: Sequence[int],
    *,
    labels: Sequence[str] = (),
    tfrecord_path: Path | str = "tfrecords",
    seed: int = 0,
) -> findings.Finding:
    """The training pictures nearest to samples: neighbours.png."""
    generator = _generator(run, labels)
    experiment, found_records = runs.read_experiment(run), runs.find_records(run, tfrecord_path)
    latent.numbered(numbers, 1, seed)  # checked before a classifier is trained for them
    judge = classifier.find_or_train(found_records, experiment) if classifier.names(found_records) else None
    found = neighbours.neighbours(generator, found_records, experiment, numbers, seed=seed, judge=judge)
    findings.write(found, "neighbours", out, runs.last_step(run))
    return found


def _load(run: Path | str, labels: Sequence[str]) -> tuple[keras.Model, dict[str, np.ndarray]]:
    runs.read_experiment(run)
    return runs.load_asked(Path(run) / runs.GENERATOR, labels)


def _generator(run: Path | str, labels: Sequence[str]) -> Network:
    """The run's generator as a network of z alone, at the one label that is asked for if the run is conditional."""
    generator, asked = _load(run, labels)
    if len(asked) > 1:
        raise UserError(f"{run} is conditional: give one --label of {', '.join(asked)}")
    return Fixed(generator, 1, *asked.values()) if asked else generator
