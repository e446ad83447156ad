"""Networks as Keras models, one file for each GAN. Its build(experiment, synchronized) returns {name: model}. Its
check(experiment) refuses sizes that it cannot build."""

import contextlib
from collections.abc import Iterator

import keras

from tfgan_series.series import MODELS, Experiment


def check(experiment: Experiment) -> None:
    """Raises UserError if the experiment's networks cannot be built."""
    MODELS[experiment.model].load_networks().check(experiment)


def build(experiment: Experiment, synchronized: bool = False) -> dict[str, keras.Model]:
    """The experiment's networks, {name: keras.Model}, with initial weights drawn from its seed.

    synchronized: batch statistics are taken over all replicas. The networks compute in the experiment's precision; inputs
    and outputs are float32. Raises UserError if they cannot be built.
    """
    check(experiment)
    keras.utils.set_random_seed(experiment.seed)
    with _dtype_policy(experiment.precision):
        return MODELS[experiment.model].load_networks().build(experiment, synchronized)


@contextlib.contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
