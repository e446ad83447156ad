"""Tests how a player moves: the loss is `factor` times the sum of its weights, so every gradient is `factor`."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import series
from tfgan_series.training.players import Players
from tfgan_series.training.state import create_state

SCALE = 2.0**15  # LossScaleOptimizer's first scale


def make(strategy, precision="float32"):
    """A vanilla GAN under SGD, and one step of its generator: a function of each replica's factor -> Gen_grad."""
    experiment = series.resolve(
        "mnist", model="gan", image_size=2, base_filters=2, batch_size=2, noise_dim=3, precision=precision, lr=0.5
    )
    state = create_state(experiment, strategy, ["Gen_grad"], 4, {})
    players = Players(experiment, state, strategy)

    def on_replica(factor):
        with tf.GradientTape() as tape:
            total = tf.add_n([tf.reduce_sum(variable) for variable in state.trainable_variables("generator")])
            loss = players.scaled("generator", factor * total)
        return players.move_and_measure("generator", tape, loss)

    @tf.function
    def on_replicas(factors):
        return strategy.reduce("mean", strategy.run(on_replica, args=(factors,)), axis=None)

    def step(*factors):
        return float(
            on_replicas(
                strategy.experimental_distribute_values_from_function(
                    lambda context: tf.constant(factors[context.replica_id_in_sync_group])
                )
            )
        )

    return state, step


def copies(strategy, state):
    """The generator's weights as each replica has them: an array for each replica."""
    variables = [variable.value for variable in state.trainable_variables("generator")]
    rows = zip(*(strategy.experimental_local_results(variable) for variable in variables), strict=True)
    return [np.concatenate([one.numpy().ravel() for one in row]) for row in rows]


@pytest.mark.parametrize("factors", [(1.0, math.inf), (math.inf, 1.0), (math.nan, math.inf)])
def test_an_overflow_on_any_replica_skips_the_step_on_all(two_devices, factors):
    state, step = make(two_devices, "mixed_float16")
    (before, _) = copies(two_devices, state)
    noted = step(*factors)
    for copy in copies(two_devices, state):
        np.testing.assert_array_equal(copy, before)
    scale = state.optimizers["generator"].dynamic_scale.value
    assert [float(one) for one in two_devices.experimental_local_results(scale)] == [SCALE / 2] * 2
    assert math.isnan(noted)  # no norm: nothing moved

    # The next step has finite gradients: SGD moves every weight by lr times the mean of both gradients.
    assert step(1.0, 3.0) == pytest.approx(2 * math.sqrt(len(before)))
    for copy in copies(two_devices, state):
        np.testing.assert_allclose(copy, before - 0.5 * 2, rtol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_a_finite_gradient_moves_both_replicas_by_its_mean(two_devices, precision):
    state, step = make(two_devices, precision)
    (before, _) = copies(two_devices, state)
    assert step(-1.0, 4.0) == pytest.approx(1.5 * math.sqrt(len(before)))
    for copy in copies(two_devices, state):
        np.testing.assert_allclose(copy, before - 0.5 * 1.5, rtol=1e-6)


@pytest.mark.parametrize("factor", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_noted_as_infinite(factor):
    """In float32 an infinite gradient moves the weights. NaN would mean that nothing moved."""
    state, step = make(tf.distribute.get_strategy())
    assert step(factor) == math.inf
    assert not np.isfinite(state.trainable_variables("generator")[0].numpy()).any()
