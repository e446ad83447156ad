"""The training step of the CycleGAN: two generators, two discriminators, two sets of pictures (Zhu et al. 2017; Bai 8)."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfgan_series import losses, pictures
from tfgan_series.data import pipeline
from tfgan_series.data.records import Records
from tfgan_series.inference import in_batches
from tfgan_series.series.models import CycleGAN
from tfgan_series.training import image_pool, players
from tfgan_series.training.sheet import Look, Sheet
from tfgan_series.training.state import TrainState

_ROWS = 4  # rows of a grid
_HEADS = ("A", "A to B", "back to A", "B", "B to A", "back to B")  # of its columns
_MEASURED = 16  # test pictures of each set, on which the cycle loss is measured at each grid
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


def bounds(experiment: CycleGAN) -> dict[str, float]:
    """{name of a loss: its bound}, see losses.Losses. Gen_loss has none: the cycle loss is a part of it."""
    own = losses.of_players(experiment)
    return {
        **dict.fromkeys(("Gen_ab_loss", "Gen_ba_loss"), own.g_bound),
        **dict.fromkeys(("Dis_a_loss", "Dis_b_loss"), own.d_bound),
    }


def buffers(experiment: CycleGAN) -> dict[str, list[int]]:
    """{name: shape} of the variables that a run needs besides its networks: past fakes of both sets if it has a pool."""
    size, pool = experiment.image_size, experiment.pool
    return {name: [pool, size, size, experiment.channels] for name in _POOLS} if pool else {}


def make_step(
    experiment: CycleGAN, state: TrainState, strategy: tf.distribute.Strategy
) -> Callable[[tuple[tf.Tensor, tf.Tensor]], None]:
    """The training step: a function of two batches of real pictures, each [B, H, W, C] in [-1, 1].

    Each step updates both generators. Then it updates both discriminators, on the same fakes or on past fakes from the pool.
    It notes these numbers in state.history: the discriminators' mean answers (players.mean_answers, over the patches of both),
    Gen_loss (all that the generators minimise), Dis_loss (the sum of both discriminators' losses), each part of these losses,
    and Gen_grad (the norm of both generators' gradient together). Cycle_loss and Identity_loss are sums over both directions,
    without their weights.
    """
    on_replica = _Replica(experiment, state, strategy).step
    if experiment.jit_compile:
        on_replica = tf.function(on_replica, jit_compile=True, autograph=False)
    pools = [state.buffers[name] for name in buffers(experiment)]

    @tf.function(autograph=False)
    def step(real: tuple[tf.Tensor, tf.Tensor]) -> None:
        size, seed = experiment.batch_size, experiment.seed
        draws = [image_pool.draw(pool, size, seed, state.step, stream) for stream, pool in enumerate(pools)]
        numbers, fakes = strategy.run(on_replica, args=(*real, [(drawn.old, drawn.swap) for drawn in draws]))
        for pool, drawn, fake in zip(pools, draws, fakes, strict=False):  # without pools there is nothing to keep
            image_pool.keep(pool, drawn, strategy.gather(fake, axis=0))
        state.average()
        state.finish_step({name: strategy.reduce("mean", value, axis=None) for name, value in numbers.items()})

    return step


class _Replica:
    """What one replica does with its part of both batches."""

    def __init__(self, experiment: CycleGAN, state: TrainState, strategy: tf.distribute.Strategy) -> None:
        self._experiment = experiment
        self._g_ab, self._g_ba = state.networks["generator_ab"], state.networks["generator_ba"]
        self._d_a, self._d_b = state.networks["discriminator_a"], state.networks["discriminator_b"]
        self._losses = losses.of_players(experiment)
        # losses.py has least squares with the factor 1/2 of Mao et al. Zhu et al. choose their weights without this factor.
        self._scale = 2.0 if experiment.loss == "least_squares" else 1.0
        self._distance = losses.CYCLE_LOSSES[experiment.cycle_loss]
        self._cycle_weight = experiment.cycle_weight
        self._identity_weight = experiment.cycle_weight * experiment.identity_weight
        self._players = players.Players(experiment, state, strategy)

    def step(
        self, real_a: tf.Tensor, real_b: tf.Tensor, drawn: Sequence[tuple[tf.Tensor, tf.Tensor]]
    ) -> tuple[dict[str, tf.Tensor], list[tf.Tensor]]:
        """Update the generators, then the discriminators. drawn: (old, swap) of each pool, for the whole batch; empty if there
        are no pools. Returns the numbers to note, {name: scalar}, and the new fakes of A and of B."""
        fakes, of_generators = self._move_generators(real_a, real_b)
        of_discriminators = self._move_discriminators((real_a, real_b), self._shown(fakes, drawn))
        return {**of_generators, **of_discriminators}, fakes

    def _move_generators(self, real_a, real_b):
        """Update the generators. Returns the fakes of A and of B, made before the update, and the generators' numbers."""
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
        """The fakes of A and of B that the discriminators see: new ones, or past ones from the pools."""
        if not drawn:
            return fakes
        own = [map(self._players.own_part, one) for one in drawn]
        return [image_pool.mix(old, swap, fake) for (old, swap), fake in zip(own, fakes, strict=True)]

    def _move_discriminators(self, real, fakes):
        """Update the discriminators. Returns their numbers. real, fakes: the pictures of A and those of B."""
        (real_a, real_b), (fake_a, fake_b) = real, fakes
        with tf.GradientTape() as tape:
            real_logits = self._d_a(real_a, training=True), self._d_b(real_b, training=True)
            fake_logits = self._d_a(fake_a, training=True), self._d_b(fake_b, training=True)
            a, b = (self._scale * self._losses.discriminator(*pair) for pair in zip(real_logits, fake_logits, strict=True))
            scaled = self._players.scaled("discriminator", a + b)
        self._players.move("discriminator", tape, scaled)
        answers = players.mean_answers(self._experiment, tf.stack(real_logits), tf.stack(fake_logits))
        return {**answers, "Dis_a_loss": a, "Dis_b_loss": b, "Dis_loss": a + b}


def make_look(experiment: CycleGAN, records: Records) -> Look:
    """A function that draws a grid of 4 rows and 6 columns, with a name above each column.

    A row shows a picture of A, its translation, and the translation back; then the same for a picture of B. The pictures are
    the same in every grid: test pictures, or training pictures if there are no test pictures. The number measured is
    Cycle_test, the cycle loss over up to 16 of these pictures from each set.
    """
    tested = "testA" in records.counts and "testB" in records.counts
    chosen = experiment.change(partition="test") if tested else experiment
    real = [pipeline.first_images(records, chosen, side, _MEASURED) for side in experiment.sides]
    distance = losses.CYCLE_LOSSES[experiment.cycle_loss]

    def look(generators):
        there_and_back = ("generator_ab", "generator_ba")
        shown, cycle = [], 0.0
        for images, way in zip(real, (there_and_back, there_and_back[::-1]), strict=True):
            # In batches of training's size: they fit into memory.
            there = in_batches(generators[way[0]], images, experiment.batch_size)
            back = in_batches(generators[way[1]], there, experiment.batch_size)
            cycle += float(distance(images, back))
            shown += [images[:_ROWS], there[:_ROWS], back[:_ROWS]]
        rows = min(map(len, shown))
        sheet = np.stack([images[:rows] for images in shown], axis=1)  # [rows, 6, H, W, C]
        images = pictures.to_uint8(sheet.reshape(-1, *sheet.shape[2:]))
        return Sheet(images, len(shown), {"Cycle_test": cycle}, heads=_HEADS)

    return look
