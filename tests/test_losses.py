import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit

from tfgan_series.losses import LOSSES

REAL, FAKE = np.array([2.0, -1.0, 0.5]), np.array([-3.0, 0.25, 1.0])


def reference(name):
    """The formulas as the papers write them, in probabilities."""
    real, fake = expit(REAL), expit(FAKE)
    discriminator = -np.log(real).mean() - np.log(1 - fake).mean()
    generator = {"non_saturating": -np.log(fake).mean(), "minimax": np.log(1 - fake).mean()}[name]
    return discriminator, generator


@pytest.mark.parametrize("name", LOSSES)
def test_against_the_papers_formulas(name):
    discriminator, generator = LOSSES[name]
    wanted = reference(name)
    assert float(discriminator(tf.constant(REAL, tf.float32), tf.constant(FAKE, tf.float32))) == pytest.approx(
        wanted[0], rel=1e-6
    )
    assert float(generator(tf.constant(FAKE, tf.float32))) == pytest.approx(wanted[1], rel=1e-6)


def test_by_hand_at_the_undecided_discriminator():
    # Where every logit is 0, D says 1/2: 2 log 2 for the discriminator, log 2 and -log 2 for the generator.
    zero = tf.zeros([4])
    assert float(LOSSES["minimax"][0](zero, zero)) == pytest.approx(2 * np.log(2))
    assert float(LOSSES["non_saturating"][1](zero)) == pytest.approx(np.log(2))
    assert float(LOSSES["minimax"][1](zero)) == pytest.approx(-np.log(2))


def test_minimax_gradient_dies_where_the_discriminator_wins():
    gradients = {}
    for name, (_, generator) in LOSSES.items():
        logits = tf.Variable([-10.0])
        with tf.GradientTape() as tape:
            loss = generator(logits)
        gradients[name] = float(tape.gradient(loss, logits)[0])
    # d/dl log(1 - s(l)) = -s(l); d/dl -log s(l) = s(l) - 1
    assert gradients["minimax"] == pytest.approx(-expit(-10.0), rel=1e-5)
    assert gradients["non_saturating"] == pytest.approx(expit(-10.0) - 1, rel=1e-5)


def test_no_overflow():
    for discriminator, generator in LOSSES.values():
        assert np.isfinite(discriminator(tf.constant([-1e4]), tf.constant([1e4])))
        assert np.isfinite(generator(tf.constant([-1e4])))
