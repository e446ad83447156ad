"""The learning rate at each step of a run, as a Keras schedule."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule, PiecewiseConstantDecay


def learning_rate(
    lr: float, steps: int, epochs: int, lr_drops: Sequence[int] = (), lr_decay: float = 0.0
) -> LearningRateSchedule:
    """A function of the run's step (0 is the first) that gives the learning rate. It is constant within an epoch.

    lr: the rate of the first epoch. steps: in an epoch. epochs: in the run. lr_drops: after each of these epochs the rate is
    divided by 10. lr_decay: the share of the epochs, at the end, in which the rate also falls linearly (see LinearFall).

    Call it with the run's own step. An optimizer's `iterations` can be smaller, because critic_steps and a LossScaleOptimizer
    skip updates.
    """
    drops = [epoch for epoch in sorted(lr_drops) if epoch < epochs] or [epochs]  # Keras wants at least one
    schedule = PiecewiseConstantDecay(
        # At step == boundary PiecewiseConstantDecay still gives the old rate, so the boundary is an epoch's last step.
        boundaries=[epoch * steps - 1 for epoch in drops],
        values=[lr / 10**count for count in range(len(drops) + 1)],
    )
    return LinearFall(schedule, steps, epochs, round(epochs * lr_decay)) if lr_decay else schedule


class LinearFall(LearningRateSchedule):
    """Another schedule's rate, times a factor that falls linearly over the run's last `falling` epochs. The factor would be 0
    in the epoch after the last. It is constant within an epoch, as in Zhu et al. 2017 (CycleGAN): 100 epochs at the full rate,
    then 100 epochs at 100/101, 99/101, ... 1/101 of it."""

    def __init__(self, schedule: LearningRateSchedule, steps: int, epochs: int, falling: int) -> None:
        """steps: in an epoch. epochs: in the run."""
        self.schedule, self.steps, self.epochs, self.falling = schedule, steps, epochs, falling

    def __call__(self, step: Any) -> Any:
        epoch = ops.floor_divide(step, self.steps) + 1
        fallen = ops.maximum(0, epoch - (self.epochs - self.falling))
        return self.schedule(step) * (1 - ops.cast(fallen, "float32") / (self.falling + 1))


def rate_at(schedule: LearningRateSchedule, step: int) -> float:
    """The rate at a step as a Python number, without the rounding of float32: 0.0002, and not 0.00019999999494757503."""
    return float(str(np.float32(schedule(step))))
