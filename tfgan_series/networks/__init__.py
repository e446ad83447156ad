"""Keras models by name: each module's build(experiment) returns {name: model}, and check(experiment) refuses sizes
that it cannot build, in a line."""

import contextlib

import keras

from tfgan_series.networks import cyclegan, dcgan, gan

MODELS = {"dcgan": dcgan, "gan": gan, "cyclegan": cyclegan}


def check(experiment):
    """Raises UserError where the experiment's networks cannot be built."""
    MODELS[experiment.model].check(experiment)


def build(experiment, synchronized=False):
    """The experiment's networks, {name: keras.Model}, with initial weights drawn from its seed.

    synchronized: batch statistics over all replicas. They compute in the experiment's precision; inputs and outputs
    are float32. Raises UserError where they cannot be built.
    """
    check(experiment)
    keras.utils.set_random_seed(experiment.seed)
    with _dtype_policy(experiment.precision):
        return MODELS[experiment.model].build(experiment, synchronized)


@contextlib.contextmanager
def _dtype_policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
