import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit

from tfgan_series import series
from tfgan_series.losses import LOSSES, gradient_penalty, of_players, zero_centred_penalty

REAL, FAKE = np.array([2.0, -1.0, 0.5]), np.array([-3.0, 0.25, 1.0])


def reference(name):
    """The formulas as the papers write them; for cross entropy in probabilities."""
    real, fake = expit(REAL), expit(FAKE)
    entropy = -np.log(real).mean() - np.log(1 - fake).mean()
    return {
        "non_saturating": (entropy, -np.log(fake).mean()),
        "minimax": (entropy, np.log(1 - fake).mean()),
        "clamped": (entropy, -np.log(fake).mean()),
        "least_squares": (((REAL - 1) ** 2).mean() / 2 + (FAKE**2).mean() / 2, ((FAKE - 1) ** 2).mean() / 2),
        "hinge": ((0 + 2 + 0.5) / 3 + (0 + 1.25 + 2) / 3, -FAKE.mean()),
        "wasserstein": (FAKE.mean() - REAL.mean(), -FAKE.mean()),
        "relativistic": (-np.log(expit(REAL - FAKE)).mean(), -np.log(expit(FAKE - REAL)).mean()),
    }[name]


@pytest.mark.parametrize("name", LOSSES)
def test_against_the_papers_formulas(name):
    losses, wanted = LOSSES[name], reference(name)
    real, fake = tf.constant(REAL, tf.float32), tf.constant(FAKE, tf.float32)
    assert float(losses.discriminator(real, fake)) == pytest.approx(wanted[0], rel=1e-6)
    assert float(losses.generator(fake - real if losses.relative else fake)) == pytest.approx(wanted[1], rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_against_finite_differences(name):
    discriminator, generator = LOSSES[name].discriminator, LOSSES[name].generator
    fake = tf.constant(FAKE, tf.float32)
    for function, at in ((lambda logits: discriminator(logits, fake), REAL), (generator, FAKE)):
        logits = tf.Variable(at, dtype=tf.float32)
        with tf.GradientTape() as tape:
            loss = function(logits)
        gradient, step = tape.gradient(loss, logits).numpy(), 1e-2
        for index in range(len(at)):
            shift = np.eye(len(at))[index] * step
            ahead, behind = (float(function(tf.constant(at + sign * shift, tf.float32))) for sign in (1, -1))
            assert gradient[index] == pytest.approx((ahead - behind) / (2 * step), abs=2e-4)


def test_minimax_gradient_dies_where_the_discriminator_wins():
    gradients = {}
    for name in ("minimax", "non_saturating"):
        logits = tf.Variable([-10.0])
        with tf.GradientTape() as tape:
            loss = LOSSES[name].generator(logits)
        gradients[name] = float(tape.gradient(loss, logits)[0])
    # d/dl log(1 - s(l)) = -s(l); d/dl -log s(l) = s(l) - 1
    assert gradients["minimax"] == pytest.approx(-expit(-10.0), rel=1e-5)
    assert gradients["non_saturating"] == pytest.approx(expit(-10.0) - 1, rel=1e-5)


# What torch 2.15 gives for torch.nn.BCELoss()(torch.sigmoid(logit), target): (target, logit): (loss, gradient)
OF_TORCH = {
    (1.0, -200): (100, 0),
    (1.0, -88): (88, 0),
    (1.0, -30): (30, -0.0935762),
    (1.0, -28): (28, -0.691440),
    (1.0, -20): (20, -1),
    (1.0, 3): (0.0485873, -0.0474259),
    (1.0, 20): (0, 0),
    (0.0, -3): (0.0485874, 0.0474259),
    (0.0, 16): (15.94238, 1),
    (0.0, 20): (100, 0),
    (0.9, -28): (25.2, -0.622296),
    (0.9, 3): (0.348587, 0.0525742),
}


@pytest.mark.parametrize(("target", "logit"), OF_TORCH)
def test_the_clamped_loss_is_pytorchs_with_its_gradient(target, logit):
    logits, losses = tf.Variable([float(logit)]), LOSSES["clamped"]
    with tf.GradientTape() as tape:
        # The part that is left out has p = 1 or 0: it costs nothing.
        if target:
            loss = losses.discriminator(logits, tf.constant([-200.0]), real_label=target)
        else:
            loss = losses.discriminator(tf.constant([200.0]), logits)
    assert (float(loss), float(tape.gradient(loss, logits)[0])) == pytest.approx(OF_TORCH[target, logit], rel=1e-5, abs=1e-7)
    if target == 1:
        assert float(losses.generator(logits)) == float(loss)


def test_one_sided_smoothing_by_hand():
    # Where every logit is 0, every target costs log 2; at l = 2 the target t costs log(1 + e^2) - 2 t.
    entropy, squares = LOSSES["non_saturating"].discriminator, LOSSES["least_squares"].discriminator
    two, zero = tf.constant([2.0]), tf.constant([0.0])
    assert float(entropy(two, zero, real_label=0.9)) == pytest.approx(np.log(1 + np.exp(2)) - 1.8 + np.log(2), rel=1e-6)
    assert float(squares(two, zero, real_label=0.9)) == pytest.approx(1.1**2 / 2, rel=1e-6)


def test_penalties_by_hand():
    gradients = tf.constant([[[3.0], [4.0]], [[0.0], [1.0]]])  # norms 5 and 1
    assert float(gradient_penalty(gradients)) == pytest.approx((16 + 0) / 2)
    assert float(zero_centred_penalty(gradients)) == pytest.approx((25 + 1) / 2 / 2)


def test_no_overflow():
    for losses in LOSSES.values():
        assert np.isfinite(losses.discriminator(tf.constant([-1e4]), tf.constant([1e4])))
        assert np.isfinite(losses.generator(tf.constant([-1e4])))


@pytest.mark.parametrize("name", LOSSES)
def test_where_the_best_discriminators_logit_is_a_log_odds(name):
    """If a picture is three times as often real as fake, its log-odds are log 3. The loss must be flat at this logit, whatever
    the logits of the pictures beside it."""
    logit, other = tf.Variable([np.log(3)], dtype=tf.float32), tf.ones([1])
    judge = LOSSES[name].discriminator
    with tf.GradientTape() as tape:
        loss = 3 * judge(logit, other) + judge(other, logit)
    assert series.LOSSES[name].log_odds == (abs(float(tape.gradient(loss, logit)[0])) < 1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_the_losses_come_near_their_bounds_and_not_beyond(name):
    """Logits from surely fake to surely real. A loss without a bound goes far below 0."""
    logits = [tf.constant([value]) for value in np.linspace(-1e3, 1e3, 2001, dtype=np.float32)]
    discriminator = [float(LOSSES[name].discriminator(one, -one)) for one in logits]
    generator = [float(LOSSES[name].generator(one)) for one in logits]
    if name == "least_squares":  # the best logits: 1 for real, 0 for fake
        discriminator.append(float(LOSSES[name].discriminator(tf.constant([1.0]), tf.constant([0.0]))))
    if name == "minimax":  # the generator's bound is an upper one: there the discriminator has won
        generator = [-value for value in generator]
    for values, bound in ((discriminator, LOSSES[name].d_bound), (generator, LOSSES[name].g_bound)):
        assert min(values) == bound if bound == 0 else min(values) < -100


def test_an_experiments_losses_have_its_label():
    smooth = of_players(series.resolve("digits", loss="non_saturating", real_label=0.9))
    two, zero = tf.constant([2.0]), tf.constant([0.0])
    wanted = LOSSES["non_saturating"].discriminator(two, zero, real_label=0.9)
    assert float(smooth.discriminator(two, zero)) == float(wanted)
    assert smooth.generator == LOSSES["non_saturating"].generator
    assert of_players(series.resolve("digits", loss="hinge")) == LOSSES["hinge"]
