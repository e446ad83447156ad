"""Uses a network without training it."""

import functools
import hashlib
from collections.abc import Callable
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf


class Network(Protocol):
    """The part of a Keras model that is needed to use it: pictures or z [N, ...] in, a tensor [N, ...] out."""

    @property
    def input_shape(self) -> tuple: ...

    def __call__(self, inputs: np.ndarray | tf.Tensor, /, *, training: bool) -> tf.Tensor: ...

    def __hash__(self) -> int: ...


def in_batches(network: Network, inputs: np.ndarray | tf.Tensor, size: int) -> np.ndarray:
    """The network's outputs for inputs [N, ...], `size` at a time, as a NumPy array [N, ...].

    The network runs with training=False: batch normalisation uses its moving averages, so each output depends only on its input.
    """
    run = _compiled(network)
    return np.concatenate([run(inputs[first : first + size]) for first in range(0, len(inputs), size)])


# Kept, because to compile takes longer than a grid. Only for the last few networks: what is kept here keeps their weights too.
@functools.lru_cache(maxsize=4)
def _compiled(network: Network) -> Callable[[np.ndarray | tf.Tensor], tf.Tensor]:
    return tf.function(lambda inputs: network(inputs, training=False), autograph=False)


def digest(network: keras.Model) -> str:
    """12 hexadecimal digits that differ if a weight of the network differs."""
    found = hashlib.sha256()
    for weight in network.get_weights():
        found.update(f"{weight.dtype} {weight.shape} ".encode() + weight.tobytes())
    return found.hexdigest()[:12]
