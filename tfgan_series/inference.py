"""Uses a network without training it."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf


class Network(Protocol):
    """The part of a Keras model that is needed to use it: pictures or z [N, ...] in, a tensor [N, ...] out. A conditional network
    takes a pair: z or pictures, and their conditions [N, K]."""

    @property
    def input_shape(self) -> Any: ...

    def __call__(self, inputs: Any, /, *, training: bool) -> tf.Tensor: ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Fixed:
    """A network of two inputs, one of which never changes: a network of the other input.

    place: of the fixed input, 0 or 1. value: what it always is, [its size].
    """

    network: Network
    place: int
    value: np.ndarray

    @property
    def input_shape(self) -> tuple:
        """The shape of the free input."""
        return input_shapes(self.network)[1 - self.place]

    def __call__(self, inputs: np.ndarray | tf.Tensor, /, *, training: bool) -> tf.Tensor:
        both = [tf.convert_to_tensor(inputs)] * 2
        both[self.place] = tf.repeat(self.value[None], tf.shape(inputs)[0], axis=0)
        return self.network(both, training=training)


def of_each(conditions: Mapping[str, np.ndarray], z: np.ndarray | tf.Tensor) -> Any:
    """The inputs of a generator that draws the same z [N, noise_dim] for each of the conditions {label: [K]}.

    These are two arrays with N rows for each label, one label after the other. Without conditions: z.
    """
    if not conditions:
        return z
    return [np.tile(z, (len(conditions), 1)), np.repeat(list(conditions.values()), len(z), axis=0)]


def input_shapes(network: Network) -> list[tuple]:
    """The shapes of a network's inputs: one, or two if it is conditional."""
    shape = network.input_shape
    return [shape] if isinstance(shape, tuple) else list(shape)


def with_condition(first: Any, condition: Sequence[Any]) -> Any:
    """The inputs of a network as Keras takes them: the first alone, or a list. condition: [] or [conditions [N, K]]."""
    return [first, *condition] if condition else first


def in_batches(network: Network, inputs: Any, size: int) -> np.ndarray:
    """The network's outputs for inputs [N, ...], as one NumPy array [N, ...]. The rest as in each_batch."""
    return np.concatenate(list(each_batch(network, inputs, size)))


def each_batch(network: Network, inputs: Any, size: int) -> Iterator[np.ndarray]:
    """The network's outputs for inputs [N, ...], `size` at a time, as NumPy arrays. inputs: an array, or a list of two.

    The network runs with training=False: batch normalisation uses its moving averages, so each output depends only on its input.
    The last batch is filled up with its last input, because a layer may add its numbers in another order for another size, and
    round differently. So an output has the same bits whatever the other inputs are.
    """
    run, inputs = _compiled(network), tf.nest.map_structure(np.asarray, inputs)
    count = len(tf.nest.flatten(inputs)[0])
    for first in range(0, count, size):
        part = np.minimum(np.arange(first, first + size), count - 1)
        yield run(tf.nest.map_structure(itemgetter(part), inputs)).numpy()[: count - first]


# Kept, because to compile takes longer than a grid. Only for the last few networks: what is kept here keeps their weights too.
@functools.lru_cache(maxsize=4)
def _compiled(network: Network) -> Callable[[Any], tf.Tensor]:
    return tf.function(lambda inputs: network(inputs, training=False), autograph=False)


def weights_digest(network: keras.Model) -> str:
    """12 hexadecimal digits that differ if a weight of the network differs."""
    found = hashlib.sha256()
    for weight in network.get_weights():
        found.update(f"{weight.dtype} {weight.shape} ".encode() + weight.tobytes())
    return found.hexdigest()[:12]
