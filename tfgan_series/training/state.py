"""All that a run carries from step to step."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from tfgan_series import networks


@dataclass(frozen=True)
class TrainState:
    """networks and optimizers: one optimizer per network, by its name. step: steps done in all, counted here because
    a LossScaleOptimizer skips steps. sums: over the epoch so far, of each number the step reports."""

    networks: dict[str, keras.Model]
    optimizers: dict[str, keras.Optimizer]
    step: tf.Variable
    sums: dict[str, tf.Variable]

    def steps_done(self):
        """Steps done in all, as a Python number."""
        return int(self.step.numpy())  # int(variable) fails for a mirrored one

    def means(self, steps):
        """The reported numbers' means over the epoch's first `steps` steps, as Python numbers."""
        return {name: float(total.numpy()) / steps for name, total in self.sums.items()}

    def set_learning_rate(self, rate):
        """The rate for the steps to come."""
        for optimizer in self.optimizers.values():
            optimizer.learning_rate = rate

    def reset_sums(self):
        """Begin an epoch's sums."""
        for total in self.sums.values():
            total.assign(0.0)


def create_state(experiment, strategy, reported):
    """A fresh state, its variables placed by the strategy. reported: names of the numbers the step reports."""
    with strategy.scope():
        models = networks.build(experiment, synchronized=strategy.num_replicas_in_sync > 1)
        optimizers = {name: _optimizer(experiment, model) for name, model in models.items()}
        step = tf.Variable(0, dtype=tf.int64, trainable=False)
        sums = {name: tf.Variable(0.0, dtype=tf.float64, trainable=False) for name in reported}
    return TrainState(models, optimizers, step, sums)


def _optimizer(experiment, model):
    if experiment.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(experiment.lr)
    else:
        optimizer = keras.optimizers.Adam(experiment.lr, beta_1=experiment.beta_1)
    if experiment.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(model.trainable_variables)
    return optimizer
