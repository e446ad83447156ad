"""Adam as one operation for each weight."""

from typing import Any

import keras
import tensorflow as tf


class FusedAdam(keras.optimizers.Adam):
    """Keras' Adam (Kingma and Ba 2015), with the same variables and the same formula. It runs TensorFlow's own operation.

    Keras writes a dozen operations for each weight. With one, a training step compiles in two thirds of the time, and a small
    network trains up to a fifth faster (benchmarks/step.py).
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one weight along its gradient."""
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )
