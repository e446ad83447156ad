"""All that a run keeps from step to step."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_series import networks
from tfgan_series.series import MODELS, Experiment
from tfgan_series.training import fused_norm
from tfgan_series.training.fused_adam import FusedAdam


@dataclass(frozen=True)
class TrainState:
    """networks: by name. players: the names of the networks that each player moves. optimizers: one for each player. step:
    steps done in all, counted here because a LossScaleOptimizer skips steps. measures: names of the numbers that a step notes.
    history: those numbers for each step of the epoch, [steps, len(measures)] float32. buffers: the algorithm's other
    variables. averages: {network: moving averages of its trainable weights}, for the networks that a run keeps; empty
    without an average. ema: the averages' decay. rates: {player: its learning rate as a multiple of the run's}."""

    networks: dict[str, keras.Model]
    players: Mapping[str, tuple[str, ...]]
    optimizers: dict[str, keras.Optimizer]
    step: tf.Variable
    measures: tuple[str, ...]
    history: tf.Variable
    buffers: dict[str, tf.Variable]
    averages: dict[str, list[tf.Variable]]
    ema: float
    rates: Mapping[str, float]

    def steps_done(self) -> int:
        """Steps done in all, as a Python number."""
        return int(self.step.numpy())  # int(variable) fails for a mirrored one

    def trainable_variables(self, player: str) -> list[Any]:
        """The variables that a player's optimizer updates."""
        return _variables_of(self.networks, self.players[player])

    def finish_step(self, numbers: Mapping[str, tf.Tensor]) -> None:
        """Note the numbers of a step, {name: scalar}, and count the step. Call this inside a tf.function."""
        row = [tf.cast(numbers[name], tf.float32) for name in self.measures]
        self.history.scatter_nd_update([[self.step % self.history.shape[0]]], [row])
        self.step.assign_add(1)

    def average(self) -> None:
        """Move the averages towards the weights. Call this inside a tf.function, after a step that moved the generator.

        The decay grows with the step t to `ema`: min(ema, (1 + t) / (10 + t)), as in tf.train.ExponentialMovingAverage. So the
        initial weights are forgotten soon.
        """
        done = tf.cast(self.step, tf.float32)
        decay = tf.minimum(self.ema, (1 + done) / (10 + done))
        for name, averages in self.averages.items():
            for average, weight in zip(averages, self.networks[name].trainable_variables, strict=True):
                average.assign(decay * average + (1 - decay) * weight)

    def weights(self, name: str) -> list[np.ndarray]:
        """The weights of a network as a run keeps them: their averages, or the last ones if there is no average.

        The statistics of batch normalisation are always the last ones. On MNIST this gives a lower Frechet distance than
        averages of them (docs/recipe.md).
        """
        network = self.networks[name]
        averages = dict(zip(map(id, network.trainable_variables), self.averages.get(name, ()), strict=False))
        return [averages.get(id(weight), weight.value).numpy() for weight in network.weights]

    def broken(self) -> list[str]:
        """The names of the networks that have a weight which is NaN or infinite."""
        return [
            name
            for name, network in self.networks.items()
            if not all(bool(tf.reduce_all(tf.math.is_finite(weight.value))) for weight in network.weights)
        ]

    def epoch_history(self, steps: int) -> np.ndarray:
        """The numbers that the epoch's first `steps` steps noted, [steps, len(measures)] float64. Gen_grad is NaN at steps that
        did not update the generator. Beyond the epoch's steps so far, the numbers are those of the epoch before."""
        return self.history.numpy()[:steps].astype("float64")

    def means(self, steps: int, skip: int = 0) -> dict[str, float]:
        """The means of the numbers that the epoch's first `steps` steps noted, without those of its first `skip` steps. The mean
        of Gen_grad is over the steps that updated the generator, and NaN if none did. One NaN of another number makes its mean
        NaN."""
        columns = self.epoch_history(steps)[skip:].T
        return {name: _mean(name, column) for name, column in zip(self.measures, columns, strict=True)}

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate for the next steps."""
        for player, optimizer in self.optimizers.items():
            optimizer.learning_rate = rate * self.rates[player]


def create_state(
    experiment: Experiment,
    strategy: tf.distribute.Strategy,
    measures: Sequence[str],
    steps: int,
    buffers: Mapping[str, Sequence[int]],
) -> TrainState:
    """A fresh state; the strategy places its variables. measures: names of the numbers that a step notes. steps: number in an
    epoch. buffers: {name: shape} of the algorithm's other variables."""
    model = MODELS[experiment.model]
    with strategy.scope():
        models = networks.build(experiment, synchronized=strategy.num_replicas_in_sync > 1)
        if not experiment.jit_compile:
            for network in models.values():
                fused_norm.fuse(network)
        optimizers = {player: _optimizer(experiment, _variables_of(models, names)) for player, names in model.players.items()}
        step = tf.Variable(0, dtype=tf.int64, trainable=False)
        averages = {name: _copies(models[name]) for name in model.saved} if experiment.ema else {}
    # These belong to all replicas together, so they are not mirrored.
    history = tf.Variable(tf.zeros([steps, len(measures)]), trainable=False)
    kept = {name: tf.Variable(tf.zeros(shape), trainable=False) for name, shape in buffers.items()}
    rates = {"generator": 1.0, "discriminator": experiment.d_lr_factor}
    return TrainState(models, model.players, optimizers, step, tuple(measures), history, kept, averages, experiment.ema, rates)


def _mean(name: str, column: np.ndarray) -> float:
    if name.endswith("_grad"):
        column = column[~np.isnan(column)]
    return float(column.mean()) if column.size else math.nan


def _copies(network: keras.Model) -> list[tf.Variable]:
    return [tf.Variable(weight.value, trainable=False) for weight in network.trainable_variables]


def _variables_of(models: Mapping[str, keras.Model], names: Sequence[str]) -> list[Any]:
    return [variable for name in names for variable in models[name].trainable_variables]


def _optimizer(experiment: Experiment, variables: list[tf.Variable]) -> keras.Optimizer:
    if experiment.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(experiment.lr)
    else:
        optimizer = FusedAdam(experiment.lr, beta_1=experiment.beta_1, beta_2=experiment.beta_2)
    if experiment.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(variables)
    return optimizer
