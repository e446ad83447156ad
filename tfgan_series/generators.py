"""Reads a saved generator, and what it can be asked for."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from tfgan_series import invocation, runs, series
from tfgan_series.data.conditions import Conditions
from tfgan_series.errors import UserError, reason_of


def load_generator(path: Path | str) -> keras.Model:
    """A saved generator.

        generator = tg.load_generator("runs/dcgan/mnist-64")
        images = generator(numpy.random.normal(size=(16, 100)))    # [16, 64, 64, 1], in [-1, 1]

    path: its .keras file, or the folder of a run that has only one generator. Raises UserError if the file is missing or is no
    Keras model, for a folder that is no run, and for a run that has several.
    """
    path = runs.generator_file(path)
    if not path.is_file():
        train = invocation.command("train")
        if path.suffix not in (".keras", ".h5"):
            raise UserError(runs.no_run(path, train))
        own = path.name in {runs.saved_name(name) for model in series.MODELS.values() for name in model.saved}
        raise UserError(f"{path} is not there{f': {train} writes it after the first epoch' if own else ''}")
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras passes on all kinds of errors from its zip, HDF5 and JSON readers
        raise UserError(f"{path} cannot be read as a Keras model ({reason_of(error)})") from error


def load_asked(path: Path | str, labels: Sequence[str] = ()) -> tuple[keras.Model, dict[str, np.ndarray]]:
    """A saved generator, and what it shall draw, {label: condition [K]}; {} if it is not conditional. Without labels, these are
    all that there are.

    The names are those in experiment.json beside the file. Without this file, conditions have their numbers for names. Raises
    UserError as load_generator does, for a label that does not exist, and for labels if nothing can be asked for.
    """
    path = runs.generator_file(path)
    generator = load_generator(path)
    _, *condition = generator.inputs
    if condition:
        return generator, _conditions_beside(path, condition[0].shape[-1]).of_labels(labels)
    if labels:
        conditional = " or ".join(f"--model={name}" for name, model in series.MODELS.items() if model.settings.conditional)
        raise UserError(
            f"--label={','.join(labels)}: {path} is not conditional, so nothing can be asked for: give {conditional}, or leave "
            "--label out"
        )
    return generator, {}


def _conditions_beside(path: Path, count: int) -> Conditions:
    found = runs.read_experiment(path.parent).conditions if (path.parent / runs.EXPERIMENT).is_file() else Conditions()
    return found if len(found.names) == count else Conditions(tuple(map(str, range(count))))
