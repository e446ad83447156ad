"""The step of the CycleGAN: two generators, two discriminators, two sets of pictures (Zhu et al. 2017; Bai 8)."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgan_series import losses, pictures
from tfgan_series.data import pipeline
from tfgan_series.data.records import Records
from tfgan_series.inference import in_batches
from tfgan_series.series.models import CycleGAN
from tfgan_series.training import image_pool, players
from tfgan_series.training.state import TrainState

_ROWS = 4  # of an epoch's grid
_MEASURED = 16  # test pictures of each set whose cycle loss is followed
_POOLS = ("pool_a", "pool_b")


def measures(experiment: CycleGAN) -> tuple[str, ...]:
    """Names of the numbers that a step notes."""
    identity = ("Identity_loss",) if experiment.identity_weight else ()
    return (
        *players.answer_names(experiment),
        *("Gen_loss", "Dis_loss", "Gen_ab_loss", "Gen_ba_loss", "Cycle_loss"),
        *identity,
        *("Dis_a_loss", "Dis_b_loss", "Gen_grad"),
    )


def buffers(experiment: CycleGAN) -> dict[str, list[int]]:
    """{name: shape} of what a run carries beside its networks: past fakes of both sets, where it has a pool."""
    size, pool = experiment.image_size, experiment.pool
    return {name: [pool, size, size, experiment.channels] for name in _POOLS} if pool else {}


def make_step(
    experiment: CycleGAN, state: TrainState, strategy: tf.distribute.Strategy
) -> Callable[[tuple[tf.Tensor, tf.Tensor]], None]:
    """The training step: a function of two batches of real pictures, each [B, H, W, C] in [-1, 1].

    Both generators move. Then both discriminators move, on the same fakes or on past ones from the pool. state.history gets
    the discriminators' mean answers (players.mean_answers, over the patches of both), Gen_loss (all that the generators
    minimise), Dis_loss (both discriminators'), each part by its name (Cycle_loss and Identity_loss before their weights,
    both ways together) and Gen_grad (the norm of both generators' gradient).
    """
    on_replica = _Replica(experiment, state, strategy).step
    if experiment.jit_compile:
        on_replica = tf.function(on_replica, jit_compile=True)
    pools = [state.buffers[name] for name in buffers(experiment)]

    @tf.function
    def step(real: tuple[tf.Tensor, tf.Tensor]) -> None:
        size, seed = experiment.batch_size, experiment.seed
        draws = [image_pool.draw(pool, size, seed, state.step, stream) for stream, pool in enumerate(pools)]
        numbers, fakes = strategy.run(on_replica, args=(*real, [(drawn.old, drawn.swap) for drawn in draws]))
        for pool, drawn, fake in zip(pools, draws, fakes, strict=False):  # without pools there is nothing to keep
            image_pool.keep(pool, drawn, strategy.gather(fake, axis=0))
        state.finish_step({name: strategy.reduce("mean", value, axis=None) for name, value in numbers.items()})

    return step


class _Replica:
    """What one replica does with its part of both batches."""

    def __init__(self, experiment: CycleGAN, state: TrainState, strategy: tf.distribute.Strategy) -> None:
        self._experiment = experiment
        self._g_ab, self._g_ba = state.networks["generator_ab"], state.networks["generator_ba"]
        self._d_a, self._d_b = state.networks["discriminator_a"], state.networks["discriminator_b"]
        self._losses = losses.of_players(experiment)
        # losses.py has least squares with the halves of Mao et al.; Zhu et al. weigh their losses without them.
        self._scale = 2.0 if experiment.loss == "least_squares" else 1.0
        self._distance = losses.CYCLE_LOSSES[experiment.cycle_loss]
        self._cycle_weight = experiment.cycle_weight
        self._identity_weight = experiment.cycle_weight * experiment.identity_weight
        self._players = players.Players(experiment, state, strategy)

    def step(
        self, real_a: tf.Tensor, real_b: tf.Tensor, drawn: Sequence[tuple[tf.Tensor, tf.Tensor]]
    ) -> tuple[dict[str, tf.Tensor], list[tf.Tensor]]:
        """Move the generators, then the discriminators. drawn: for each pool (old, swap) for the whole batch; empty without
        pools. Returns the numbers to note, and the new fakes of A and of B."""
        fakes, of_generators = self._move_generators(real_a, real_b)
        of_discriminators = self._move_discriminators((real_a, real_b), self._shown(fakes, drawn))
        return {**of_generators, **of_discriminators}, fakes

    def _move_generators(self, real_a, real_b):
        """The fakes of A and of B from before the move, and the generators' numbers."""
        numbers = {}
        with tf.GradientTape() as tape:
            fake_b, fake_a = self._g_ab(real_a, training=True), self._g_ba(real_b, training=True)
            back_a, back_b = self._g_ba(fake_b, training=True), self._g_ab(fake_a, training=True)
            numbers["Cycle_loss"] = self._distance(real_a, back_a) + self._distance(real_b, back_b)
            numbers["Gen_ab_loss"] = self._scale * self._losses.generator(self._d_b(fake_b, training=True))
            numbers["Gen_ba_loss"] = self._scale * self._losses.generator(self._d_a(fake_a, training=True))
            loss = numbers["Gen_ab_loss"] + numbers["Gen_ba_loss"] + self._cycle_weight * numbers["Cycle_loss"]
            if self._identity_weight:
                same_b, same_a = self._g_ab(real_b, training=True), self._g_ba(real_a, training=True)
                numbers["Identity_loss"] = self._distance(real_b, same_b) + self._distance(real_a, same_a)
                loss += self._identity_weight * numbers["Identity_loss"]
            scaled = self._players.scaled("generator", loss)
        norm = self._players.move_and_measure("generator", tape, scaled)
        return [fake_a, fake_b], {**numbers, "Gen_loss": loss, "Gen_grad": norm}

    def _shown(self, fakes, drawn):
        """What the discriminators see of the fakes of A and of B."""
        if not drawn:
            return fakes
        own = [map(self._players.own_part, one) for one in drawn]
        return [image_pool.mix(old, swap, fake) for (old, swap), fake in zip(own, fakes, strict=True)]

    def _move_discriminators(self, real, fakes):
        """The discriminators' numbers. real, fakes: of A and of B."""
        (real_a, real_b), (fake_a, fake_b) = real, fakes
        with tf.GradientTape() as tape:
            real_logits = self._d_a(real_a, training=True), self._d_b(real_b, training=True)
            fake_logits = self._d_a(fake_a, training=True), self._d_b(fake_b, training=True)
            a, b = (self._scale * self._losses.discriminator(*pair) for pair in zip(real_logits, fake_logits, strict=True))
            scaled = self._players.scaled("discriminator", a + b)
        self._players.move("discriminator", tape, scaled)
        answers = players.mean_answers(self._experiment, tf.stack(real_logits), tf.stack(fake_logits))
        return {**answers, "Dis_a_loss": a, "Dis_b_loss": b, "Dis_loss": a + b}


def make_look(
    experiment: CycleGAN, records: Records
) -> Callable[[Mapping[str, keras.Model]], tuple[np.ndarray, int, dict[str, float]]]:
    """What an epoch's grid shows: a function of the generators -> (pictures [4 * 6, H, W, C] uint8, columns of the grid, what
    is measured on them).

    A row is a picture of A, its translation, that one's translation back, and the same of B. The test pictures are always
    the same (of train where there is no test). Measured is Cycle_test, the cycle loss over up to 16 test pictures of each set.
    """
    partition = "test" if "testA" in records.counts and "testB" in records.counts else experiment.partition
    real = [pipeline.first_images(records, experiment, partition, side, _MEASURED) for side in experiment.sides]
    distance = losses.CYCLE_LOSSES[experiment.cycle_loss]

    def look(generators):
        there_and_back = ("generator_ab", "generator_ba")
        shown, cycle = [], 0.0
        for images, way in zip(real, (there_and_back, there_and_back[::-1]), strict=True):
            # As many at a time as training has room for.
            there = in_batches(generators[way[0]], images, experiment.batch_size)
            back = in_batches(generators[way[1]], there, experiment.batch_size)
            cycle += float(distance(images, back))
            shown += [images[:_ROWS], there[:_ROWS], back[:_ROWS]]
        rows = min(map(len, shown))
        sheet = np.stack([images[:rows] for images in shown], axis=1)  # [rows, 6, H, W, C]
        return pictures.to_uint8(sheet.reshape(-1, *sheet.shape[2:])), len(shown), {"Cycle_test": cycle}

    return look
