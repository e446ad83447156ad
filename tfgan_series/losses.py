"""The losses of the two players, by their right names: pure functions of the discriminator's logits.

Logits are float tensors of any shape, larger for "real". A loss is a scalar, the mean over all logits. The discriminator's
loss is the sum, not the mean, of its real and its fake part.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf
from scipy.special import entr

from tfgan_series import series
from tfgan_series.series import Experiment


def _cross_entropy(logits: tf.Tensor, target: float) -> tf.Tensor:
    """-t log s(l) - (1 - t) log(1 - s(l)) for logits l and the target t, s the sigmoid. Large logits do not overflow."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(logits), target), logits))


def discriminator_cross_entropy(real_logits: tf.Tensor, fake_logits: tf.Tensor, real_label: float = 1.0) -> tf.Tensor:
    """-E log D(x) - E log(1 - D(G(z))): Goodfellow et al. 2014, equation 1, as a loss. A real_label below 1 is
    one-sided label smoothing (Salimans et al. 2016)."""
    return _cross_entropy(real_logits, real_label) + _cross_entropy(fake_logits, 0.0)


def generator_non_saturating(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E log D(G(z)): Goodfellow et al. 2014, section 3. Its gradient stays large when the discriminator wins."""
    return _cross_entropy(fake_logits, 1.0)


def generator_minimax(fake_logits: tf.Tensor) -> tf.Tensor:
    """E log(1 - D(G(z))): Goodfellow et al. 2014, equation 1. It is negative, and flat when the
    discriminator wins."""
    return -_cross_entropy(fake_logits, 0.0)


def _clamped_cross_entropy(logits: tf.Tensor, target: float) -> tf.Tensor:
    """-t log p - (1 - t) log(1 - p) for p = sigmoid(l), no logarithm below -100: PyTorch's BCELoss after a sigmoid, with its
    gradient. That is p - t where the discriminator is in doubt. It dies where p (1 - p) falls below 1e-12: below logits of -28,
    and above 17, where float32 rounds p to 1."""

    @tf.custom_gradient
    def of_each(logits: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        p = tf.sigmoid(logits)
        # log_sigmoid, because TensorFlow rounds a p below 1e-38 to 0, and PyTorch does not.
        low, high = tf.maximum(tf.math.log_sigmoid(logits), -100.0), tf.maximum(tf.math.log1p(-p), -100.0)
        doubt = p * (1 - p)
        slope = (p - target) * doubt / tf.maximum(doubt, 1e-12)
        return -target * low - (1 - target) * high, lambda upstream: upstream * slope

    return tf.reduce_mean(of_each(logits))


def discriminator_clamped(real_logits: tf.Tensor, fake_logits: tf.Tensor, real_label: float = 1.0) -> tf.Tensor:
    """-E log D(x) - E log(1 - D(G(z))) from clamped probabilities: the lab report."""
    return _clamped_cross_entropy(real_logits, real_label) + _clamped_cross_entropy(fake_logits, 0.0)


def generator_clamped(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E log D(G(z)) from clamped probabilities: the lab report."""
    return _clamped_cross_entropy(fake_logits, 1.0)


def discriminator_least_squares(real_logits: tf.Tensor, fake_logits: tf.Tensor, real_label: float = 1.0) -> tf.Tensor:
    """E (D(x) - 1)^2 / 2 + E D(G(z))^2 / 2: Mao et al. 2017, equation 2 with a = 0, b = 1. D is the logit itself."""
    return (tf.reduce_mean(tf.square(real_logits - real_label)) + tf.reduce_mean(tf.square(fake_logits))) / 2


def generator_least_squares(fake_logits: tf.Tensor) -> tf.Tensor:
    """E (D(G(z)) - 1)^2 / 2: Mao et al. 2017, equation 2 with c = 1."""
    return tf.reduce_mean(tf.square(fake_logits - 1)) / 2


def discriminator_hinge(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))): Lim and Ye 2017; Miyato et al. 2018, equation 16."""
    return tf.reduce_mean(tf.nn.relu(1 - real_logits)) + tf.reduce_mean(tf.nn.relu(1 + fake_logits))


def discriminator_wasserstein(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E D(G(z)) - E D(x): Arjovsky et al. 2017. It needs gradient_penalty beside it."""
    return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)


def generator_linear(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E D(G(z)): the generator's loss beside the hinge and the Wasserstein discriminator (the same papers)."""
    return -tf.reduce_mean(fake_logits)


def discriminator_relativistic(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E log(1 + exp(D(G(z)) - D(x))), each fake paired with one real picture: Jolicoeur-Martineau 2019. Huang et al. 2024
    (R3GAN) add R1 and R2."""
    return generator_non_saturating(real_logits - fake_logits)


def gradient_penalty(gradients: tf.Tensor) -> tf.Tensor:
    """E (|g| - 1)^2: Gulrajani et al. 2017, equation 3. gradients: [B, ...], of each logit at a point between a real and a
    fake picture."""
    return tf.reduce_mean(tf.square(tf.sqrt(_squared_norms(gradients) + 1e-12) - 1))


def zero_centred_penalty(gradients: tf.Tensor) -> tf.Tensor:
    """E |g|^2 / 2: Mescheder et al. 2018, equation 9. gradients: [B, ...], of each logit at its picture: a real one for R1, a
    generated one for R2."""
    return tf.reduce_mean(_squared_norms(gradients)) / 2


def _squared_norms(gradients: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.square(gradients), axis=list(range(1, gradients.shape.rank)))


def cycle_l2(images: tf.Tensor, back: tf.Tensor) -> tf.Tensor:
    """E (x - F(G(x)))^2 over all numbers of all pictures x [B, H, W, C], back their F(G(x)): Bai 8."""
    return tf.reduce_mean(tf.math.squared_difference(images, back))


def cycle_l1(images: tf.Tensor, back: tf.Tensor) -> tf.Tensor:
    """E |x - F(G(x))| over all numbers of all pictures x [B, H, W, C], back their F(G(x)): Zhu et al. 2017, equation 2."""
    return tf.reduce_mean(tf.abs(images - back))


CYCLE_LOSSES = {"l2": cycle_l2, "l1": cycle_l1}


class Losses(NamedTuple):
    """The two losses of one kind of GAN. series.LOSSES says what is known of them besides.

    discriminator: of (real_logits, fake_logits). generator: of fake_logits. relative: whether the generator's loss is of
    fake_logits - real_logits instead of fake_logits. d_bound, g_bound: the number that the discriminator's and the generator's
    loss come near when one player has won. There the loss is flat. -inf: the loss has no such number.
    """

    discriminator: Callable[..., tf.Tensor]
    generator: Callable[[tf.Tensor], tf.Tensor]
    relative: bool = False
    d_bound: float = -math.inf
    g_bound: float = -math.inf


# by --loss
LOSSES = {
    "non_saturating": Losses(discriminator_cross_entropy, generator_non_saturating, d_bound=0.0, g_bound=0.0),
    "minimax": Losses(discriminator_cross_entropy, generator_minimax, d_bound=0.0, g_bound=0.0),
    "clamped": Losses(discriminator_clamped, generator_clamped, d_bound=0.0, g_bound=0.0),
    "least_squares": Losses(discriminator_least_squares, generator_least_squares, d_bound=0.0, g_bound=0.0),
    "hinge": Losses(discriminator_hinge, generator_linear, d_bound=0.0),
    "wasserstein": Losses(discriminator_wasserstein, generator_linear),
    "relativistic": Losses(discriminator_relativistic, generator_non_saturating, relative=True, d_bound=0.0, g_bound=0.0),
}


def of_players(experiment: Experiment) -> Losses:
    """The losses of an experiment. The discriminator's loss uses the experiment's real_label."""
    losses, label = LOSSES[experiment.loss], experiment.real_label
    if label == 1:
        return losses
    # An Experiment refuses other labels for losses without a target for real pictures.
    discriminator = functools.partial(losses.discriminator, real_label=label)
    # The least cross-entropy is the entropy of its target (-inf for a target above 1); a squared distance can always be 0.
    bound = float(entr(label) + entr(1 - label)) if series.LOSSES[experiment.loss].log_odds else losses.d_bound
    return losses._replace(discriminator=discriminator, d_bound=bound)
