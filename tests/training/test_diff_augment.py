import numpy as np
import pytest
import tensorflow as tf

from tfgan_series.training.diff_augment import DRAWS, diff_augment

SAME = [0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0]  # no change of colour, no shift, and the square in the upper left corner


def changed(images, **given):
    """The images after draws that change nothing but what is given: {number of the draw: its value}."""
    drawn = np.tile(np.array(SAME, np.float32), (len(images), 1))
    for place, value in given.items():
        drawn[:, int(place[1:])] = value
    return diff_augment(tf.constant(images), tf.constant(drawn)).numpy()


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(-1, 1, (3, 16, 16, 3)).astype(np.float32)


def outside_the_corner(images):
    return np.where(np.add.outer(np.arange(16) >= 4, np.arange(16) >= 4)[None, :, :, None], images, 0)


def test_the_square_is_half_as_wide_and_may_lie_partly_outside(images):
    np.testing.assert_allclose(changed(images), outside_the_corner(images), atol=1e-6)
    odd = changed(images[:, :15, :15], d5=0.5, d6=0.5)  # the authors: int(15 / 2 + 0.5) = 8
    assert (odd == 0).sum() == 3 * 8 * 8 * 3
    middle = changed(images, d5=0.5, d6=0.5)
    assert (middle[:, 4:12, 4:12] == 0).all()
    assert (middle == 0).sum() == 3 * 8 * 8 * 3


def test_colours_by_their_formulas(images):
    mean, grey = images.mean((1, 2, 3), keepdims=True), images.mean(3, keepdims=True)
    for place, value, wanted in (
        ("d0", 0.75, images + 0.25),
        ("d1", 0.0, np.repeat(grey, 3, axis=3)),
        ("d2", 0.0, (images - mean) / 2 + mean),
    ):
        np.testing.assert_allclose(changed(images, **{place: value}), outside_the_corner(wanted), atol=1e-5)


@pytest.mark.parametrize(("share", "shift"), [(0.0, -2), (0.3, -1), (0.999, 2)])
def test_a_shift_is_filled_with_zero(images, share, shift):
    wanted = np.zeros_like(images)
    wanted[:, max(shift, 0) : 16 + min(shift, 0)] = images[:, max(-shift, 0) : 16 - max(shift, 0)]
    np.testing.assert_allclose(changed(images, d3=share), outside_the_corner(wanted), atol=1e-6)
    wanted = wanted.swapaxes(1, 2)
    np.testing.assert_allclose(changed(images.swapaxes(1, 2), d4=share), outside_the_corner(wanted), atol=1e-6)


def test_gradients_reach_the_pictures(images):
    pictures = tf.constant(images)
    drawn = tf.random.stateless_uniform([3, DRAWS], [0, 0])
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        total = tf.reduce_sum(diff_augment(pictures, drawn) ** 2)
    assert (np.abs(tape.gradient(total, pictures)).sum((1, 2, 3)) > 0).all()
