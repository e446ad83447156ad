"""Tests the fused batch and instance normalisations against Keras' own."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import series
from tfgan_series.training import fused_norm
from tfgan_series.training.state import create_state

PICTURES = np.random.default_rng(0).normal(1, 3, (6, 4, 4, 5)).astype("float32")
BATCH = functools.partial(keras.layers.BatchNormalization, momentum=0.8, epsilon=0.1)
GROUP = functools.partial(keras.layers.GroupNormalization, epsilon=0.1)
INSTANCE = functools.partial(GROUP, groups=-1)


def network(fused, shape=PICTURES.shape[1:], dtype="float32", norm=BATCH, **how):
    """A convolution (or a Dense layer), a normalisation and a nonlinearity, of the same weights each time."""
    keras.utils.set_random_seed(0)
    kind = keras.layers.Conv2D(7, 3, padding="same", dtype=dtype) if len(shape) == 3 else keras.layers.Dense(7, dtype=dtype)
    layers = [keras.Input(shape), kind, norm(dtype=dtype, **how), keras.layers.Activation("tanh", dtype="float32")]
    model = keras.Sequential(layers)
    for weight in model.layers[1].trainable_variables:
        weight.assign(np.linspace(0.5, 2, weight.shape[0]))
    if fused:
        fused_norm.fuse(model)
    return model


def trained(model, inputs, training=True):
    """Everything that a step leaves: the outputs, the gradients of the inputs and of the weights, and all weights after it."""

    @tf.function(autograph=False)
    def step(inputs):
        weights = [weight.value for weight in model.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = model(inputs, training=training)
            loss = tf.reduce_sum(outputs**3)
        return [outputs, *tape.gradient(loss, [inputs, *weights])]

    return [value.numpy() for value in step(tf.constant(inputs))] + [weight.numpy() for weight in model.weights]


def assert_same(fused, reference, **tolerance):
    assert len(fused) == len(reference)
    for ours, theirs in zip(fused, reference, strict=True):
        np.testing.assert_allclose(ours, theirs, **tolerance)


@pytest.mark.parametrize("inputs", [PICTURES, PICTURES[:1, :1, :1], PICTURES[:2, :1, :1]], ids=["many", "one", "two"])
@pytest.mark.parametrize("norm", [BATCH, INSTANCE])
def test_it_trains_as_keras_does(inputs, norm):
    fused, reference = (trained(network(fused, inputs.shape[1:], norm=norm), inputs) for fused in (True, False))
    assert_same(fused, reference, rtol=2e-4, atol=2e-5)


def penalty_gradient(norm, inputs):
    """The gradient of a penalty on the gradient of the inputs, as R1 needs it."""
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            answers = tf.tanh(norm(inputs))
        # The weights stand for a layer before: with equal ones the error of a constant mean cancels out.
        weights = tf.cast(np.linspace(0, 1, PICTURES.size).reshape(PICTURES.shape), inputs.dtype)
        penalty = tf.reduce_mean((weights * tape.gradient(answers, inputs)) ** 2)
    return outer.gradient(penalty, inputs).numpy()


@pytest.mark.parametrize(("norm", "axes"), [(BATCH, [0, 1, 2]), (INSTANCE, [1, 2])])
def test_a_penalty_on_gradients_has_the_gradient_of_the_formula(norm, axes):
    def formula(inputs):
        mean = tf.reduce_mean(inputs, axes, keepdims=True)
        return (inputs - mean) / tf.sqrt(tf.reduce_mean((inputs - mean) ** 2, axes, keepdims=True) + 0.1)

    exact = penalty_gradient(formula, tf.constant(PICTURES.astype("float64")))
    model = keras.Sequential([keras.Input(PICTURES.shape[1:]), norm()])
    fused_norm.fuse(model)
    fused = penalty_gradient(lambda inputs: model(inputs, training=True), tf.constant(PICTURES))
    np.testing.assert_allclose(fused, exact, atol=1e-5 * np.abs(exact).max())


@pytest.mark.parametrize("norm", [BATCH, INSTANCE])
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_in_a_reduced_precision_it_is_as_near_to_float32_as_keras_is(dtype, norm):
    exact = trained(network(False, norm=norm), PICTURES)
    fused, reference = (trained(network(fused, dtype=dtype, norm=norm), PICTURES) for fused in (True, False))
    for ours, theirs, value in zip(fused, reference, exact, strict=True):
        scale = np.abs(value).mean()
        assert np.abs(ours - value).mean() <= 1.5 * np.abs(theirs - value).mean() + 2e-3 * scale


@pytest.mark.parametrize(
    "how",
    [
        {"synchronized": True},
        {"scale": False},
        {"center": False},
        {"renorm": True},
        {"axis": 2},
        {"dtype": "float64"},
        {"norm": GROUP, "groups": 1},
        {"norm": INSTANCE, "shape": (5,)},
        {"shape": (5,)},
    ],
    ids=str,
)
def test_all_else_keras_does(how):
    inputs = PICTURES if "shape" not in how else PICTURES[:, 0, 0]
    assert_same(*(trained(network(fused, **how), inputs) for fused in (True, False)), rtol=0, atol=0)


def test_a_mask_and_a_frozen_layer_are_left_to_keras():
    models = [network(fused) for fused in (True, False)]
    between, mask = np.repeat(PICTURES[..., :1], 7, axis=-1), np.arange(96).reshape(6, 4, 4) % 3 > 0
    np.testing.assert_array_equal(*(model.layers[1](between, training=True, mask=tf.constant(mask)) for model in models))
    for model in models:
        model.layers[1].trainable = False
    assert_same(*(trained(model, PICTURES) for model in models), rtol=0, atol=0)


def test_inference_of_batch_normalisation_is_that_of_keras():
    assert_same(*(trained(network(fused), PICTURES, training=False) for fused in (True, False)), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("given", "name", "shape"),
    [
        ({"image_type": "mnist", "image_size": 8, "base_filters": 2}, "generator", [2, 100]),
        ({"image_type": "horse2zebra", "image_size": 16, "base_filters": 2}, "generator_ab", [1, 16, 16, 3]),
    ],
)
def test_training_fuses_its_networks_but_not_for_xla(given, name, shape, tmp_path):
    """XLA makes NaN of the operation for pictures of one colour."""
    inputs = tf.random.stateless_normal(shape, seed=[0, 0])
    experiments = [series.resolve(**given, jit_compile=compiled) for compiled in (False, True)]
    fused, for_xla = (create_state(one, tf.distribute.get_strategy(), (), 1, {}).networks[name] for one in experiments)
    assert "FusedBatchNormV3" in operations(fused, inputs)
    assert "FusedBatchNormV3" not in operations(for_xla, inputs)
    fused.save(tmp_path / "network.keras")
    assert "FusedBatchNormV3" not in operations(keras.models.load_model(tmp_path / "network.keras"), inputs)


def operations(model, inputs):
    graph = tf.function(model, autograph=False).get_concrete_function(inputs, training=True).graph
    return {operation.type for operation in graph.get_operations()}
