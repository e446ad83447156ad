"""What the training steps of all GANs share: they move the players, and note the discriminator's answers.

To move a player is to update its weights along its gradient.
"""

import math

import tensorflow as tf

from tfgan_series import series
from tfgan_series.training.state import TrainState


def answer_names(experiment: series.Experiment) -> tuple[str, str]:
    """The names of the discriminator's answers to real and to fake pictures."""
    return ("Real_P", "Fake_P") if series.LOSSES[experiment.loss].log_odds else ("Real_logit", "Fake_logit")


def mean_answers(experiment: series.Experiment, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> dict[str, tf.Tensor]:
    """The discriminator's mean answers, with the names of answer_names. They are means of sigmoid(logit) if that is a
    probability (see series.experiment.Loss), and else means of the logits. The logits may have any shape."""
    answer = tf.sigmoid if series.LOSSES[experiment.loss].log_odds else tf.identity
    means = [tf.reduce_mean(answer(logits)) for logits in (real_logits, fake_logits)]
    return dict(zip(answer_names(experiment), means, strict=True))


class Players:
    """The players of a state, "generator" and "discriminator", as a step inside strategy.run needs them."""

    def __init__(self, experiment: series.Experiment, state: TrainState, strategy: tf.distribute.Strategy) -> None:
        self._state = state
        self._replicas = strategy.num_replicas_in_sync
        self._share = experiment.batch_size // self._replicas
        self._skips_overflows = experiment.precision == "mixed_float16"

    def own_part(self, whole: tf.Tensor) -> tf.Tensor:
        """This replica's rows of what is drawn for the whole batch: [B, ...] -> [B / replicas, ...]."""
        first = tf.distribute.get_replica_context().replica_id_in_sync_group * self._share
        return whole[first : first + self._share]

    def scaled(self, name: str, loss: tf.Tensor) -> tf.Tensor:
        """The loss to differentiate for a player. It is divided by the number of replicas, because the optimizer adds up their
        gradients. In float16 it is multiplied by the loss scale."""
        return self._state.optimizers[name].scale_loss(loss / self._replicas)

    def move(self, name: str, tape: tf.GradientTape, scaled_loss: tf.Tensor) -> list[tf.Tensor]:
        """Move a player along its gradient. Returns this replica's part of the gradient, still scaled.

        In float16 no replica moves the player if the gradient of any replica is not finite.
        """
        variables = self._state.trainable_variables(name)
        gradients = tape.gradient(scaled_loss, variables)
        if self._skips_overflows and self._replicas > 1:
            gradients = _spoiled_on_all(gradients)
        self._state.optimizers[name].apply(gradients, variables)
        return gradients

    def move_and_measure(self, name: str, tape: tf.GradientTape, scaled_loss: tf.Tensor) -> tf.Tensor:
        """Move a player. Returns the norm of its gradient, over all replicas together.

        NaN: float16 overflowed, and the player did not move. inf: the player moved along a gradient that is not finite.
        """
        scale = self._state.optimizers[name].scale_loss(1.0)  # before the move, which may change it
        gradients = self.move(name, tape, scaled_loss)
        if self._replicas > 1:  # the optimizer adds them up too, but does not return the sum
            gradients = tf.distribute.get_replica_context().all_reduce("sum", gradients)
        norm = tf.linalg.global_norm(gradients) / scale
        return tf.where(tf.math.is_finite(norm), norm, math.nan if self._skips_overflows else math.inf)


def _spoiled_on_all(gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    """The gradients. If they are not finite on one replica, they become NaN on every replica.

    LossScaleOptimizer looks only at the first replica to decide whether to skip the step. Without this function, infinities of
    the other replicas would enter the sum of the gradients.
    """
    finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients])
    spoil = tf.distribute.get_replica_context().all_reduce("sum", tf.where(finite, 0.0, math.nan))
    return [gradient + spoil for gradient in gradients]
