"""All that a run carries from step to step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from tfgan_series import networks
from tfgan_series.series import Experiment

PLAYERS = ("generator", "discriminator")


@dataclass(frozen=True)
class TrainState:
    """networks by name, and one optimizer for each player: "generator" moves every network whose name begins so (a CycleGAN
    has two), "discriminator" likewise. step: steps done in all, counted here because a LossScaleOptimizer skips steps.
    reported: names of the numbers the step reports. history: those numbers for each step of the epoch,
    [steps, len(reported)] float32. buffers: what else the algorithm remembers."""

    networks: dict[str, keras.Model]
    optimizers: dict[str, keras.Optimizer]
    step: tf.Variable
    reported: tuple[str, ...]
    history: tf.Variable
    buffers: dict[str, tf.Variable]

    def steps_done(self) -> int:
        """Steps done in all, as a Python number."""
        return int(self.step.numpy())  # int(variable) fails for a mirrored one

    def trainable_variables(self, player: str) -> list[tf.Variable]:
        """What a player's optimizer moves."""
        return _variables_of(self.networks, player)

    def finish_step(self, numbers):
        """Note the numbers of a step, {name: scalar}, and count it. For inside a tf.function."""
        row = [tf.cast(numbers[name], tf.float32) for name in self.reported]
        self.history.scatter_nd_update([[self.step % self.history.shape[0]]], [row])
        self.step.assign_add(1)

    def epoch_history(self, steps):
        """The reported numbers of the epoch's first `steps` steps, [steps, len(reported)] float64."""
        return self.history.numpy()[:steps].astype("float64")

    def means(self, steps):
        """The reported numbers' means over the epoch's first `steps` steps, as Python numbers."""
        return dict(zip(self.reported, self.epoch_history(steps).mean(axis=0).tolist(), strict=True))

    def set_learning_rate(self, rate: float) -> None:
        """The rate for the steps to come."""
        for optimizer in self.optimizers.values():
            optimizer.learning_rate = rate


def create_state(
    experiment: Experiment,
    strategy: tf.distribute.Strategy,
    reported: Sequence[str],
    steps: int,
    buffers: Mapping[str, Sequence[int]],
) -> TrainState:
    """A fresh state, its variables placed by the strategy. reported: names of the numbers that the step reports. steps: of
    an epoch. buffers: {name: shape} of what else is remembered."""
    with strategy.scope():
        models = networks.build(experiment, synchronized=strategy.num_replicas_in_sync > 1)
        optimizers = {player: _optimizer(experiment, _variables_of(models, player)) for player in PLAYERS}
        step = tf.Variable(0, dtype=tf.int64, trainable=False)
    # Of all replicas together: not mirrored.
    history = tf.Variable(tf.zeros([steps, len(reported)]), trainable=False)
    buffers = {name: tf.Variable(tf.zeros(shape), trainable=False) for name, shape in buffers.items()}
    return TrainState(models, optimizers, step, tuple(reported), history, buffers)


def _variables_of(models: Mapping[str, keras.Model], player: str) -> list[tf.Variable]:
    return [variable for name, model in models.items() if name.startswith(player) for variable in model.trainable_variables]


def _optimizer(experiment: Experiment, variables: list[tf.Variable]) -> keras.Optimizer:
    if experiment.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(experiment.lr)
    else:
        optimizer = keras.optimizers.Adam(experiment.lr, beta_1=experiment.beta_1)
    if experiment.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(variables)
    return optimizer
