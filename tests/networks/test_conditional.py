import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import networks, series

TINY = {"image_size": 16, "base_filters": 4, "classes": ("cat", "cow", "dog")}
Z, CONDITION = tf.constant(np.random.default_rng(0).normal(size=(3, 100)), tf.float32), tf.eye(3)


@pytest.mark.parametrize(
    "given", [{"model": "cgan"}, {"model": "cdcgan"}, {"model": "cdcgan", "stem": "dense", "d_norm": "spectral"}]
)
def test_both_networks_take_a_condition(given):
    built = networks.build(series.resolve("folder", **TINY, **given))
    images = built["generator"]([Z, CONDITION])
    assert images.shape == (3, 16, 16, 3)
    logits = built["discriminator"]([images, CONDITION])
    assert logits.shape == (3,)
    other = tf.gather(CONDITION, [1, 2, 0])
    assert (np.abs(np.asarray(built["generator"]([Z, other]) - images)).max(axis=(1, 2, 3)) > 0).all()
    assert (np.asarray(built["discriminator"]([images, other]) - logits) != 0).all()


def test_the_logit_is_a_score_for_real_and_one_for_the_class():
    """By hand, from the last layer's outputs."""
    judge = networks.build(series.resolve("folder", "cgan", **TINY))["discriminator"]
    images = np.random.default_rng(1).uniform(-1, 1, (3, 16, 16, 3)).astype("float32")
    first, last = (layer.get_weights() for layer in judge.layers if layer.get_weights())
    hidden = images.reshape(3, -1) @ first[0] + first[1]
    scores = np.where(hidden > 0, hidden, 0.2 * hidden) @ last[0] + last[1]
    assert scores.shape == (3, 4)
    for condition, wanted in (
        ([1, 0, 0], scores[:, 0] + scores[:, 1]),
        ([0, 1, 1], scores[:, 0] + scores[:, 2] + scores[:, 3]),
        ([0, 0, 0], scores[:, 0]),
    ):
        found = judge([images, np.array([condition] * 3, "float32")])
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_bfloat16_takes_a_condition_too():
    built = networks.build(series.resolve("folder", "cdcgan", precision="mixed_bfloat16", **TINY))
    images = built["generator"]([Z, CONDITION])
    assert images.dtype == built["discriminator"]([images, CONDITION]).dtype == "float32"
