"""Uses a network without training it."""

import hashlib
from typing import Protocol

import keras
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


def digest(network: keras.Model) -> str:
    """12 hexadecimal digits that differ if a weight of the network differs."""
    found = hashlib.sha256()
    for weight in network.get_weights():
        found.update(f"{weight.dtype} {weight.shape} ".encode() + weight.tobytes())
    return found.hexdigest()[:12]
