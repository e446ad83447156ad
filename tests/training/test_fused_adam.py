"""Tests FusedAdam against Keras' Adam, on one device and on two."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_series.training.fused_adam import FusedAdam


def trained(adam, strategy, scaled):
    """Two weights after 20 steps at a falling rate. scaled: inside a LossScaleOptimizer, as in float16."""
    with strategy.scope():
        weights = [keras.Variable(np.linspace(-1, 1, 5, dtype=np.float32)), keras.Variable(np.ones((2, 3), np.float32))]
        optimizer = adam(0.1, beta_1=0.5)
        if scaled:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(weights)

    def on_replica(factor):
        with tf.GradientTape() as tape:
            values = [weight.value for weight in weights]
            loss = optimizer.scale_loss(tf.reduce_sum(tf.sin(values[0] * factor)) + factor * tf.reduce_sum(values[1] ** 3))
        optimizer.apply(tape.gradient(loss, values), weights)

    step = tf.function(lambda factor: strategy.run(on_replica, args=(factor,)), autograph=False)
    for number in range(20):
        optimizer.learning_rate = 0.1 / (1 + number)
        step(tf.constant(1 + number / 10))
    return np.concatenate([weight.numpy().ravel() for weight in weights])


@pytest.mark.parametrize("scaled", [False, True])
def test_it_trains_as_keras_adam_does(two_devices, scaled):
    for strategy in (tf.distribute.get_strategy(), two_devices):
        reference = trained(keras.optimizers.Adam, strategy, scaled)
        assert trained(FusedAdam, strategy, scaled) == pytest.approx(reference, abs=1e-5)
