"""The losses of the two players, by their right names: pure functions of the discriminator's logits.

Each is a pair (discriminator, generator). Logits are of any shape, larger for "real"; losses are means over all
logits. The discriminator's loss is the sum, not the mean, of its real and its fake part.
"""

import functools

import tensorflow as tf


def _cross_entropy(logits, target):
    """-t log s(l) - (1 - t) log(1 - s(l)) for target t, from logits: no overflow."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(logits), target), logits))


def discriminator_cross_entropy(real_logits, fake_logits, real_label=1.0):
    """-E log D(x) - E log(1 - D(G(z))): Goodfellow et al. 2014, equation 1, as a loss. real_label below 1: one-sided
    smoothing, Salimans et al. 2016."""
    return _cross_entropy(real_logits, real_label) + _cross_entropy(fake_logits, 0.0)


def generator_non_saturating(fake_logits):
    """-E log D(G(z)): Goodfellow et al. 2014, section 3. Its gradient lives where the discriminator wins."""
    return _cross_entropy(fake_logits, 1.0)


def generator_minimax(fake_logits):
    """E log(1 - D(G(z))): Goodfellow et al. 2014, equation 1. Negative; flat where the discriminator wins."""
    return -_cross_entropy(fake_logits, 0.0)


def discriminator_least_squares(real_logits, fake_logits, real_label=1.0):
    """E (D(x) - 1)^2 / 2 + E D(G(z))^2 / 2: Mao et al. 2017, equation 2 with a = 0, b = 1. D is the logit itself."""
    return (tf.reduce_mean(tf.square(real_logits - real_label)) + tf.reduce_mean(tf.square(fake_logits))) / 2


def generator_least_squares(fake_logits):
    """E (D(G(z)) - 1)^2 / 2: Mao et al. 2017, equation 2 with c = 1."""
    return tf.reduce_mean(tf.square(fake_logits - 1)) / 2


def discriminator_hinge(real_logits, fake_logits):
    """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))): Lim and Ye 2017; Miyato et al. 2018, equation 16."""
    return tf.reduce_mean(tf.nn.relu(1 - real_logits)) + tf.reduce_mean(tf.nn.relu(1 + fake_logits))


def discriminator_wasserstein(real_logits, fake_logits):
    """E D(G(z)) - E D(x): Arjovsky et al. 2017, to be used with gradient_penalty."""
    return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)


def generator_linear(fake_logits):
    """-E D(G(z)): the generator's loss beside the hinge and the Wasserstein discriminator (the same papers)."""
    return -tf.reduce_mean(fake_logits)


def gradient_penalty(gradients):
    """E (|g| - 1)^2 over pictures, g the logit's gradient at points between real and fake: Gulrajani et al. 2017,
    equation 3. gradients: [B, ...]."""
    return tf.reduce_mean(tf.square(tf.sqrt(_squared_norms(gradients) + 1e-12) - 1))


def r1_penalty(gradients):
    """E |g|^2 / 2 over pictures, g the logit's gradient at real pictures: Mescheder et al. 2018, equation 9."""
    return tf.reduce_mean(_squared_norms(gradients)) / 2


def _squared_norms(gradients):
    return tf.reduce_sum(tf.square(gradients), axis=list(range(1, gradients.shape.rank)))


def cycle_l2(images, back):
    """E (x - F(G(x)))^2 over all numbers of all pictures: Bai 8."""
    return tf.reduce_mean(tf.math.squared_difference(images, back))


def cycle_l1(images, back):
    """E |x - F(G(x))| over all numbers of all pictures: Zhu et al. 2017, equation 2."""
    return tf.reduce_mean(tf.abs(images - back))


CYCLE_LOSSES = {"l2": cycle_l2, "l1": cycle_l1}

# --loss -> (discriminator's loss of real and fake logits, generator's loss of fake logits)
LOSSES = {
    "non_saturating": (discriminator_cross_entropy, generator_non_saturating),
    "minimax": (discriminator_cross_entropy, generator_minimax),
    "least_squares": (discriminator_least_squares, generator_least_squares),
    "hinge": (discriminator_hinge, generator_linear),
    "wasserstein": (discriminator_wasserstein, generator_linear),
}


def of_players(experiment):
    """An experiment's pair of LOSSES, its real_label in the discriminator's."""
    discriminator, generator = LOSSES[experiment.loss]
    if experiment.real_label != 1:  # series.resolve sees to it that the loss has such a target
        discriminator = functools.partial(discriminator, real_label=experiment.real_label)
    return discriminator, generator
