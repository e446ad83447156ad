"""Moving a player along its gradient, on one replica or several, in any precision."""

import tensorflow as tf


class Players:
    """The players of a state, "generator" and "discriminator", as a step inside strategy.run needs them."""

    def __init__(self, experiment, state, strategy):
        self._experiment, self._state = experiment, state
        self._replicas = strategy.num_replicas_in_sync

    def own_part(self, whole):
        """This replica's part of what is drawn for the whole batch: what one device would draw, divided."""
        share = self._experiment.batch_size // self._replicas
        first = tf.distribute.get_replica_context().replica_id_in_sync_group * share
        return whole[first : first + share]

    def scaled(self, name, loss):
        """What is differentiated for a player: replicas' gradients are added up, and float16 needs its loss scale."""
        return self._state.optimizers[name].scale_loss(loss / self._replicas)

    def move(self, name, tape, loss):
        """Move a player along its gradient. loss: scaled. Returns the gradient, still scaled."""
        variables = self._state.trainable_variables(name)
        gradients = tape.gradient(loss, variables)
        self._state.optimizers[name].apply(gradients, variables)
        return gradients

    def move_and_measure(self, name, tape, loss):
        """Move a player. Returns the norm of its gradient, over all replicas together."""
        scale = self._state.optimizers[name].scale_loss(1.0)  # before the move, which may change it
        gradients = self.move(name, tape, loss)
        if self._replicas > 1:
            gradients = tf.distribute.get_replica_context().all_reduce("sum", gradients)
        norm = tf.linalg.global_norm(gradients) / scale
        if self._experiment.precision == "mixed_float16":  # an overflow is no news: the optimizer skips it, lowers its scale
            norm = tf.where(tf.math.is_finite(norm), norm, 0.0)
        return norm
