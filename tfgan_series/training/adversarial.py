"""The training step of the GANs that draw from noise: one discriminator, one generator, and two ways to update them."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_series import latent, losses, pictures
from tfgan_series.data import pipeline
from tfgan_series.data.records import Records
from tfgan_series.inference import of_each, with_condition
from tfgan_series.series.models import FromNoise
from tfgan_series.training import diff_augment, players
from tfgan_series.training.sheet import Look, Sheet
from tfgan_series.training.state import TrainState

_GRID, _COLUMNS = 16, 4  # pictures in a grid, 4x4
_ROWS, _IN_ROW = 10, 8  # rows of a grid of pictures that can be asked for, at most; and pictures in each of them
_Z, _FRESH_Z, _SHARE = range(3)  # what a step may draw; step s uses the noise streams 3 s, 3 s + 1 and 3 s + 2
_CHANGES = latent.SAMPLES - 1  # step s draws the changes of diff_augment from the stream _CHANGES - s
_REAL, _FAKE, _FRESH = range(3)  # whose changes


def measures(experiment: FromNoise) -> tuple[str, ...]:
    """Names of the numbers that a step notes."""
    return (*players.answer_names(experiment), "Gen_loss", "Dis_loss", "Gen_grad")


def bounds(experiment: FromNoise) -> dict[str, float]:
    """{name of a loss: its bound}, see losses.Losses."""
    own = losses.of_players(experiment)
    return {"Gen_loss": own.g_bound, "Dis_loss": own.d_bound}


def buffers(experiment: FromNoise) -> dict[str, list[int]]:
    """{name: shape} of the variables that a run needs besides its networks: none."""
    return {}


def make_step(experiment: FromNoise, state: TrainState, strategy: tf.distribute.Strategy) -> Callable[[Any], None]:
    """The training step: a function of a batch of real pictures [B, H, W, C] in [-1, 1]. If the pictures can be asked for, the
    batch is a pair: the pictures, and their conditions [B, K]. Each fake is drawn for the condition of a real one.

    Each step updates the discriminator. Every critic_steps-th step updates the generator too. A step notes these numbers in
    state.history: the discriminator's mean answers (players.mean_answers), Gen_loss, Dis_loss (with its penalty) and Gen_grad.
    Gen_grad is the norm of the generator's gradient over all its weights, and NaN at steps that do not update the generator.
    All noise is drawn from (seed, step).
    """
    on_replica = _Replica(experiment, state, strategy).step
    if experiment.jit_compile:
        on_replica = tf.function(on_replica, jit_compile=True, autograph=False)

    def update(batch: Any, moves_generator: bool) -> None:
        # Drawn outside XLA: it makes other numbers from the same seed, and a run may go on with or without XLA.
        random = _random_numbers(experiment, state.step, moves_generator)
        numbers = strategy.run(on_replica, args=(batch, random, moves_generator))
        if moves_generator:
            state.average()
        state.finish_step({name: strategy.reduce("mean", value, axis=None) for name, value in numbers.items()})

    @tf.function(autograph=False)
    def step(batch: Any) -> None:
        if experiment.critic_steps == 1:
            update(batch, True)
        else:
            moves_generator = (state.step + 1) % experiment.critic_steps == 0
            tf.cond(moves_generator, lambda: update(batch, True), lambda: update(batch, False))

    return step


def _random_numbers(experiment: FromNoise, step: tf.Tensor, moves_generator: bool) -> dict[str, tf.Tensor]:
    """{name: tensor} of the random numbers that the step needs. z: [B, noise_dim]. fresh_z: the same shape, for the generator's
    own update. share: [B] in [0, 1); the gradient penalty takes each point at this share of the way from real to fake.
    changes: [B, 3, diff_augment.DRAWS] in [0, 1), for the real, the fake and the fresh fake pictures."""
    size, seed = experiment.batch_size, experiment.seed
    random = {"z": latent.noise(size, experiment.noise_dim, seed, 3 * step + _Z)}
    if experiment.update == "alternating" and moves_generator:
        random["fresh_z"] = latent.noise(size, experiment.noise_dim, seed, 3 * step + _FRESH_Z)
    if experiment.gradient_penalty:
        random["share"] = tf.random.stateless_uniform([size], seed=[seed, 3 * step + _SHARE], alg="philox")
    if experiment.diff_augment:
        shape = [size, 3, diff_augment.DRAWS]
        random["changes"] = tf.random.stateless_uniform(shape, seed=[seed, _CHANGES - step], alg="philox")
    return random


class _Replica:
    """What one replica does with its part of a batch."""

    def __init__(self, experiment: FromNoise, state: TrainState, strategy: tf.distribute.Strategy) -> None:
        self._experiment = experiment
        self._generator, self._discriminator = state.networks["generator"], state.networks["discriminator"]
        self._losses = losses.of_players(experiment)
        self._players = players.Players(experiment, state, strategy)
        self._update = {"simultaneous": self._simultaneous, "alternating": self._alternating}[experiment.update]

    def step(self, batch: Any, random: Mapping[str, tf.Tensor], moves_generator: bool) -> dict[str, tf.Tensor]:
        """Update the discriminator, and with `moves_generator` the generator too. random: _random_numbers for the whole batch.
        Returns the numbers to note, {name: scalar}."""
        own = {name: self._players.own_part(whole) for name, whole in random.items()}
        real, *condition = tf.nest.flatten(batch)
        real_logits, fake_logits, g_loss, d_loss, g_norm = self._update(real, condition, own, moves_generator)
        answers = players.mean_answers(self._experiment, real_logits, fake_logits)
        return {**answers, "Gen_loss": g_loss, "Dis_loss": d_loss, "Gen_grad": g_norm}

    def _simultaneous(self, real, condition, random, moves_generator):
        """Update both networks on one shared fake batch (the Chinese article)."""
        real = self._seen(real, random, _REAL)
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = self._seen(self._fakes(random["z"], condition), random, _FAKE)
            real_logits, fake_logits, d_loss = self._judge(real, fake, condition, random)
            g_loss = self._generator_loss(real_logits, fake_logits)
            d_scaled = self._players.scaled("discriminator", d_loss)
            g_scaled = self._players.scaled("generator", g_loss)
        self._players.move("discriminator", d_tape, d_scaled)
        g_norm = self._players.move_and_measure("generator", g_tape, g_scaled) if moves_generator else tf.constant(math.nan)
        return real_logits, fake_logits, g_loss, d_loss, g_norm

    def _alternating(self, real, condition, random, moves_generator):
        """Update the discriminator. Then update the generator, with fresh z, against the new discriminator (theory post, lab
        report)."""
        real = self._seen(real, random, _REAL)
        fake = self._seen(self._fakes(random["z"], condition), random, _FAKE)
        with tf.GradientTape() as tape:
            real_logits, fake_logits, d_loss = self._judge(real, fake, condition, random)
            d_scaled = self._players.scaled("discriminator", d_loss)
        self._players.move("discriminator", tape, d_scaled)
        if not moves_generator:
            return real_logits, fake_logits, self._generator_loss(real_logits, fake_logits), d_loss, tf.constant(math.nan)
        against = self._logits(real, condition) if self._losses.relative else real_logits
        with tf.GradientTape() as tape:
            fresh = self._seen(self._fakes(random["fresh_z"], condition), random, _FRESH)
            g_loss = self._generator_loss(against, self._logits(fresh, condition))
            g_scaled = self._players.scaled("generator", g_loss)
        return real_logits, fake_logits, g_loss, d_loss, self._players.move_and_measure("generator", tape, g_scaled)

    def _fakes(self, z, condition):
        """The generator's pictures. condition: [] or [conditions [B, K]]."""
        return self._generator(with_condition(z, condition), training=True)

    def _logits(self, images, condition):
        return self._discriminator(with_condition(images, condition), training=True)

    def _seen(self, images, random, whose):
        """The images as the discriminator sees them."""
        return diff_augment.diff_augment(images, random["changes"][:, whose]) if "changes" in random else images

    def _judge(self, real, fake, condition, random):
        """The logits of the real and of the fake pictures, and the discriminator's loss with its penalties."""
        experiment = self._experiment
        real_logits, real_penalty = self._logits_and_penalty(real, condition, experiment.r1)
        fake_logits, fake_penalty = self._logits_and_penalty(fake, condition, experiment.r2)
        loss = self._losses.discriminator(real_logits, fake_logits) + real_penalty + fake_penalty
        if weight := experiment.gradient_penalty:
            share = tf.reshape(random["share"], [-1, 1, 1, 1])
            between = real + share * (tf.stop_gradient(fake) - real)
            loss += weight * losses.gradient_penalty(self._logits_and_gradients(between, condition)[1])
        return real_logits, fake_logits, loss

    def _logits_and_penalty(self, images, condition, weight):
        """The logits of the images, and `weight` times the zero-centred penalty on their gradients."""
        if not weight:
            return self._logits(images, condition), 0.0
        logits, gradients = self._logits_and_gradients(images, condition)
        return logits, weight * losses.zero_centred_penalty(gradients)

    def _logits_and_gradients(self, images, condition):
        """The logits, and the gradient of each with respect to its picture, [B, H, W, C]."""
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = self._logits(images, condition)
        return logits, tape.gradient(logits, images)

    def _generator_loss(self, real_logits, fake_logits):
        return self._losses.generator(fake_logits - real_logits if self._losses.relative else fake_logits)


def make_look(experiment: FromNoise, records: Records) -> Look:
    """A function that draws a grid of 16 pictures. If pictures can be asked for, each of the first 10 labels has a row of 8.

    The z are the same in every grid, and in every row. The number measured is Variety: how much the pictures of one label
    differ, relative to 16 real ones. It is about 1 for good pictures (a little less within a class), and 0 if all are equal.
    With several labels also Label_effect: how much the pictures of one z differ from label to label, relative to the same. It is
    0 if the label changes nothing.
    """
    asked = dict(itertools.islice(experiment.conditions.of_labels().items(), _ROWS))
    columns, count = (_IN_ROW, _IN_ROW) if asked else (_COLUMNS, _GRID)
    z = latent.noise(count, experiment.noise_dim, experiment.seed)
    (side,) = experiment.sides
    real = _spread(pipeline.first_images(records, experiment, side, _GRID))

    def look(generators):
        images = latent.sample(generators["generator"], of_each(asked, z))
        rows = np.split(images, len(asked) or 1)
        measured = {"Variety": _relative(rows)}
        if len(asked) > 1:
            measured["Label_effect"] = _relative(np.stack(rows, axis=1))
        return Sheet(pictures.to_uint8(images), columns, measured, tuple(asked))

    def _relative(groups: Sequence[np.ndarray] | np.ndarray) -> float:
        return float(np.mean([_spread(group) for group in groups])) / real if real else math.nan

    return look


def _spread(images: np.ndarray) -> float:
    """The standard deviation of each number across the pictures [N, H, W, C], and the mean of these over all numbers."""
    return float(images.std(axis=0).mean())
