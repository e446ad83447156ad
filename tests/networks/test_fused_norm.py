"""Tests the fused batch and instance normalisations against Keras' own."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import networks, series
from tfgan_series.networks import fused_norm

PICTURES = np.random.default_rng(0).normal(1, 3, (6, 4, 4, 5)).astype("float32")
BATCH, INSTANCE = keras.layers.BatchNormalization, functools.partial(keras.layers.GroupNormalization, groups=-1)


def network(fused, shape=PICTURES.shape[1:], dtype="float32", norm=BATCH, **how):
    """A convolution (or a Dense layer), a normalisation and a nonlinearity, of the same weights each time."""
    keras.utils.set_random_seed(0)
    kind = keras.layers.Conv2D(7, 3, padding="same", dtype=dtype) if len(shape) == 3 else keras.layers.Dense(7, dtype=dtype)
    layers = [keras.Input(shape), kind, norm(dtype=dtype, **how), keras.layers.Activation("tanh", dtype="float32")]
    model = keras.Sequential(layers)
    for weight in model.layers[1].trainable_variables:
        weight.assign(np.linspace(0.5, 2, 7))
    return fused_norm.fuse(model) if fused else model


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
        # The weights stand for a layer before: with equal ones Keras' fault cancels out.
        weights = tf.cast(np.linspace(0, 1, PICTURES.size).reshape(PICTURES.shape), inputs.dtype)
        penalty = tf.reduce_mean((weights * tape.gradient(answers, inputs)) ** 2)
    return outer.gradient(penalty, inputs).numpy()


def test_a_penalty_on_gradients_has_the_exact_gradient():
    """Keras' own is a little wrong here: tf.nn.moments takes the mean in the variance for a constant."""

    def formula(inputs):
        mean = tf.reduce_mean(inputs, [0, 1, 2])
        return (inputs - mean) / tf.sqrt(tf.reduce_mean((inputs - mean) ** 2, [0, 1, 2]) + 1e-3)

    exact = penalty_gradient(formula, tf.constant(PICTURES.astype("float64")))
    model = keras.Sequential([keras.Input(PICTURES.shape[1:]), keras.layers.BatchNormalization()])
    fused = penalty_gradient(lambda inputs: fused_norm.fuse(model)(inputs, training=True), tf.constant(PICTURES))
    np.testing.assert_allclose(fused, exact, atol=1e-5 * np.abs(exact).max())


@pytest.mark.parametrize("norm", [BATCH, INSTANCE])
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_in_a_reduced_precision_it_is_as_near_to_float32_as_keras_is(dtype, norm):
    exact = trained(network(False, norm=norm), PICTURES)[0]

    def error(fused):
        return np.abs(trained(network(fused, dtype=dtype, norm=norm), PICTURES)[0] - exact).mean()

    assert error(True) < 1.5 * error(False)


@pytest.mark.parametrize(
    "how",
    [
        {"synchronized": True},
        {"scale": False},
        {"center": False},
        {"renorm": True},
        {"norm": keras.layers.GroupNormalization, "groups": 1},
    ],
)
def test_what_the_operation_cannot_do_keras_does(how):
    assert_same(trained(network(True, **how), PICTURES), trained(network(False, **how), PICTURES), rtol=0, atol=0)


def test_vectors_and_frozen_layers_are_left_to_keras():
    vectors = PICTURES[:, 0, 0]
    assert_same(*(trained(network(fused, vectors.shape[1:]), vectors) for fused in (True, False)), rtol=0, atol=0)
    models = [network(fused) for fused in (True, False)]
    for model in models:
        model.layers[1].trainable = False
    assert_same(*(trained(model, PICTURES) for model in models), rtol=0, atol=0)


def test_inference_is_that_of_keras():
    assert_same(*(trained(network(fused), PICTURES, training=False) for fused in (True, False)), rtol=0, atol=0)


def test_the_packages_networks_are_fused_and_their_files_are_plain_keras(tmp_path):
    generator = networks.build(series.resolve("mnist", image_size=8, base_filters=2))["generator"]
    assert "FusedBatchNormV3" in operations(generator, tf.zeros([2, 100]))
    generator.save(tmp_path / "generator.keras")
    kinds = {layer["registered_name"] or layer["module"] for layer in generator.get_config()["layers"]}
    assert kinds == {"keras.layers"}
    opened = keras.models.load_model(tmp_path / "generator.keras")
    z = np.ones((2, 100), "float32")
    np.testing.assert_array_equal(opened(z), generator(z))
    translator = networks.build(series.resolve("horse2zebra", image_size=16, base_filters=2))["generator_ab"]
    assert "FusedBatchNormV3" in operations(translator, tf.zeros([1, 16, 16, 3]))


def operations(model, inputs):
    graph = tf.function(model, autograph=False).get_concrete_function(inputs, training=True).graph
    return {operation.type for operation in graph.get_operations()}
