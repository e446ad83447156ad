"""The latent space: draws noise z, and makes pictures from given z."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_series import invocation
from tfgan_series.errors import UserError
from tfgan_series.inference import Network, in_batches

SAMPLES = -1  # the stream of noise for pictures that people look at; training uses the streams from 0 on
BATCH = 16  # pictures that people look at are drawn so many at a time: a grid in training has 16
LARGEST = 100_000  # the largest number of a sample


def noise(count: int, noise_dim: int, seed: int, stream: int = SAMPLES) -> tf.Tensor:
    """z from N(0, 1), [count, noise_dim] float32: the same for the same arguments, on every device.

    A smaller count gives the first rows of a larger one, so that a sample keeps its number. Raises UserError for a seed that is
    no whole number from 0 to 2**32 - 1.
    """
    if isinstance(seed, bool) or not (isinstance(seed, (int, np.integer)) and 0 <= seed < 2**32):
        raise UserError(f"seed={seed!r}: give a whole number from 0 to 4,294,967,295")
    # philox, because the default algorithm depends on the device. Philox computes row k from the number k alone.
    return tf.random.stateless_normal([count, noise_dim], seed=[seed, stream], alg="philox")


def numbered(numbers: Sequence[int], noise_dim: int, seed: int) -> np.ndarray:
    """z of samples of a seed by their numbers (the first is 1), [len(numbers), noise_dim] float32 as a NumPy array.

    Raises UserError for a number that no sample has, and if there are no numbers.
    """
    if not len(numbers):
        raise UserError("no sample: give the number of one, or of several")
    for number in numbers:
        if not (isinstance(number, (int, np.integer)) and 1 <= number <= LARGEST):
            raise UserError(
                f"there is no sample {number}: samples are numbered from 1 to {LARGEST}; "
                f"{invocation.command('generate')} --numbered shows them"
            )
    return noise(max(numbers), noise_dim, seed).numpy()[np.asarray(numbers) - 1]


def sample(generator: Network, z: Any, batch: int = BATCH) -> np.ndarray:
    """The generator's images for z: [N, noise_dim] -> [N, H, W, C] float32 in [-1, 1], as a NumPy array. z: of a conditional
    generator a list of z and conditions (inference.of_each).

    A picture depends only on its own z. For one size of batch this holds to the last bit, wherever in a batch the z stands
    (inference.in_batches). With another size, pictures can differ in their last bits.
    """
    return in_batches(generator, z, batch)
