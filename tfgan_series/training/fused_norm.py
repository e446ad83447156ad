"""Batch and instance normalisation as one operation."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def fuse(network: keras.Model) -> None:
    """Make the network's batch normalisations (in training) and instance normalisations run TensorFlow's own operation, for
    pictures [B, H, W, C]. Everything else stays Keras' own, and so do the layers: a saved network opens without this package.

    The formulas are Keras' (Ioffe and Szegedy 2015, Ulyanov et al. 2016). Keras makes them of many operations, in float32 even if
    the network computes in bfloat16. With one, a step is up to a sixth faster (benchmarks/step.py).

    Do not compile such a network with XLA. There the operation's variance seems to be the mean of squares minus the square of the
    mean: for a picture of one colour the result can be NaN.
    """
    for layer in network.layers:
        if type(layer) in _CALLS and layer.axis in (-1, 3) and layer.scale and layer.center and layer.variable_dtype == "float32":
            layer.call = functools.partial(_CALLS[type(layer)], layer)


def _batch(layer: keras.layers.BatchNormalization, inputs: tf.Tensor, training: Any = None, mask: Any = None) -> tf.Tensor:
    possible = not layer.synchronized and not layer.renorm and mask is None and inputs.shape.rank == 4
    if not (possible and training and layer.trainable):
        return type(layer).call(layer, inputs, training=training, mask=mask)
    result = _normalise(inputs, layer.gamma.value, layer.beta.value, layer.epsilon)
    count = tf.cast(tf.size(inputs) // layer.gamma.shape[0], tf.float32)
    # The operation divides the sum of squares by count - 1 (by 1 if count is 1), Keras by count.
    variance = result.batch_variance * tf.maximum(count - 1, 1) / count
    for average, new in ((layer.moving_mean, result.batch_mean), (layer.moving_variance, variance)):
        average.assign(average * layer.momentum + new * (1 - layer.momentum))
    return tf.cast(result.y, layer.compute_dtype)


def _instance(layer: keras.layers.GroupNormalization, inputs: tf.Tensor) -> tf.Tensor:
    if layer.groups != inputs.shape[-1] or inputs.shape.rank != 4:
        return type(layer).call(layer, inputs)
    batch, height, width, channels = tf.unstack(tf.shape(inputs))
    # One picture whose channels are those of all pictures. With a batch of one, which CycleGAN trains with, nothing is copied.
    one = tf.reshape(tf.transpose(inputs, [1, 2, 0, 3]), [1, height, width, batch * channels])
    scale, offset = tf.tile(layer.gamma.value, [batch]), tf.tile(layer.beta.value, [batch])
    normalised = tf.reshape(_normalise(one, scale, offset, layer.epsilon).y, [height, width, batch, channels])
    return tf.cast(tf.transpose(normalised, [2, 0, 1, 3]), layer.compute_dtype)


def _normalise(inputs: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, epsilon: float) -> Any:
    return tf.raw_ops.FusedBatchNormV3(
        x=inputs, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True
    )


_CALLS: dict[type[keras.layers.Layer], Callable[..., tf.Tensor]] = {
    keras.layers.BatchNormalization: _batch,
    keras.layers.GroupNormalization: _instance,
}
