"""Uses a network without training it."""

from typing import Protocol

import numpy as np
import tensorflow as tf


class Network(Protocol):
    """The part of a Keras model that is needed to use it: pictures or z [N, ...] in, a tensor [N, ...] out."""

    @property
    def input_shape(self) -> tuple: ...

    def __call__(self, inputs: np.ndarray | tf.Tensor, /, *, training: bool) -> tf.Tensor: ...


def in_batches(network: Network, inputs: np.ndarray | tf.Tensor, size: int) -> np.ndarray:
    """The network's outputs for inputs [N, ...], `size` at a time, as a NumPy array [N, ...].

    The network runs with training=False: batch normalisation uses its moving averages, so each output depends only on its input.
    """
    return np.concatenate([network(inputs[first : first + size], training=False) for first in range(0, len(inputs), size)])
