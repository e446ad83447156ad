"""The latent space: where noise comes from, and pictures for given noise."""

import numpy as np
import tensorflow as tf

from tfgan_series.errors import UserError
from tfgan_series.inference import in_batches

SAMPLES = -1  # the stream of noise that is looked at; training's streams count from 0 on
LARGEST = 100_000  # samples of a seed that have a number


def noise(count, noise_dim, seed, stream=SAMPLES):
    """z from N(0, 1), [count, noise_dim] float32: the same for the same arguments, on every device.

    A smaller count gives the first rows of a larger one, so that a sample keeps its number.
    """
    # philox: what the default algorithm is depends on the device; and it counts, so that row k comes of k alone.
    return tf.random.stateless_normal([count, noise_dim], seed=[seed, stream], alg="philox")


def numbered(numbers, noise_dim, seed):
    """z of samples of a seed by their numbers (the first is 1), [len(numbers), noise_dim] float32 as a NumPy array.

    Raises UserError for a number that is none.
    """
    for number in numbers:
        if not 1 <= number <= LARGEST:
            raise UserError(
                f"there is no sample {number}: samples are numbered from 1 to {LARGEST}; generate.py --numbered shows them"
            )
    return noise(max(numbers), noise_dim, seed).numpy()[np.asarray(numbers) - 1]


def sample(generator, z, batch=1):
    """The generator's images for z: [N, noise_dim] -> [N, H, W, C] float32 in [-1, 1], as a NumPy array.

    A picture depends on its own z alone; one at a time to the last bit, as in other batches the sums of a layer run in
    other orders. A larger batch is faster.
    """
    return in_batches(generator, z, batch)
