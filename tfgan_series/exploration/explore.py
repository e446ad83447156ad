"""Explores a run: from its generator and its records it makes pictures and numbers.

Each function takes a run's folder, writes pictures and NAME.json into `out`, and returns the Finding. All raise UserError
if the folder is no run or has no generator yet, and for a number that no sample has.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from tfgan_series import classifier, latent, runs
from tfgan_series.errors import UserError
from tfgan_series.exploration import arithmetic, equation, findings, interpolation, neighbours


def interpolate(run: Path | str, out: Path | str, numbers: Sequence[int], **options: Any) -> findings.Finding:
    """Walks from sample to sample: interpolate.png, walks.png, interpolate.gif. options: those of interpolation.interpolate."""
    found = interpolation.interpolate(_generator(run), numbers, **options)
    findings.write(found, "interpolate", out, runs.last_step(run))
    return found


def add_samples(run: Path | str, out: Path | str, terms: arithmetic.Numbers, *, seed: int = 0) -> findings.Finding:
    """An equation of chosen samples, [(1 or -1, numbers)]: arithmetic.png."""
    found = arithmetic.by_number(_generator(run), terms, seed=seed)
    findings.write(found, "arithmetic", out, runs.last_step(run))
    return found


def add_attributes(
    run: Path | str, out: Path | str, text: str, *, tfrecord_path: Path | str = "tfrecords", **options: Any
) -> findings.Finding:
    """An equation of the records' attributes: equation.png. options: those of arithmetic.by_name.

    Raises UserError if the equation cannot be read, if the records have no attributes, or if the equation names an attribute
    that they do not have.
    """
    generator = _generator(run)
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
    run: Path | str, out: Path | str, numbers: Sequence[int], *, tfrecord_path: Path | str = "tfrecords", seed: int = 0
) -> findings.Finding:
    """The training pictures nearest to samples: neighbours.png."""
    generator = _generator(run)
    experiment, found_records = runs.read_experiment(run), runs.find_records(run, tfrecord_path)
    latent.numbered(numbers, 1, seed)  # checked before a classifier is trained for them
    judge = classifier.find_or_train(found_records, experiment) if classifier.names(found_records) else None
    found = neighbours.neighbours(generator, found_records, experiment, numbers, seed=seed, judge=judge)
    findings.write(found, "neighbours", out, runs.last_step(run))
    return found


def _generator(run: Path | str) -> keras.Model:
    runs.read_experiment(run)
    return runs.load_generator(Path(run) / runs.GENERATOR)
