"""The latent space: where noise comes from, and pictures for given noise."""

import tensorflow as tf

SAMPLES = -1  # the stream of noise that is looked at; training's streams are its steps, from 0 on
_BATCH = 64


def noise(count, noise_dim, seed, stream=SAMPLES):
    """z from N(0, 1), [count, noise_dim] float32: the same for the same arguments, on every device."""
    # philox: what the default algorithm is depends on the device.
    return tf.random.stateless_normal([count, noise_dim], seed=[seed, stream], alg="philox")


def sample(generator, z):
    """The generator's images for z: [N, noise_dim] -> [N, H, W, C] float32 in [-1, 1], as a NumPy array.

    With training=False: batch normalisation by its moving averages, so that a picture depends on its own z alone.
    """
    parts = [generator(z[start : start + _BATCH], training=False) for start in range(0, len(z), _BATCH)]
    return tf.concat(parts, axis=0).numpy()
