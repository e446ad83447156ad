"""The losses of the two players, by their right names: pure functions of the discriminator's logits.

Each is a pair (discriminator, generator). Logits are of any shape, positive for "real"; losses are means over all
logits. The discriminator's loss is the sum, not the mean, of its real and its fake part.
"""

import tensorflow as tf


def _cross_entropy(logits, target):
    """-log sigmoid(logits) for target 1, -log(1 - sigmoid(logits)) for target 0, from logits: no overflow."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(logits), target), logits))


def discriminator_cross_entropy(real_logits, fake_logits):
    """-E log D(x) - E log(1 - D(G(z))): Goodfellow et al. 2014, equation 1, as a loss."""
    return _cross_entropy(real_logits, 1.0) + _cross_entropy(fake_logits, 0.0)


def generator_non_saturating(fake_logits):
    """-E log D(G(z)): Goodfellow et al. 2014, section 3. Its gradient lives where the discriminator wins."""
    return _cross_entropy(fake_logits, 1.0)


def generator_minimax(fake_logits):
    """E log(1 - D(G(z))): Goodfellow et al. 2014, equation 1. Negative; flat where the discriminator wins."""
    return -_cross_entropy(fake_logits, 0.0)


# --loss -> (discriminator's loss of real and fake logits, generator's loss of fake logits)
LOSSES = {
    "non_saturating": (discriminator_cross_entropy, generator_non_saturating),
    "minimax": (discriminator_cross_entropy, generator_minimax),
}
