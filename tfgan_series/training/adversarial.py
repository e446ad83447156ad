"""The training step of the GANs that draw from noise: one discriminator, one generator, and two ways to update them."""

import functools
import itertools
import math
from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from tfgan_series import latent, losses, pictures
from tfgan_series.data import pipeline
from tfgan_series.data.records import Records
from tfgan_series.series.models import FromNoise
from tfgan_series.training import diff_augment, players
from tfgan_series.training.state import TrainState

_GRID = 16  # pictures in a grid, 4x4
_SMALLEST = 1e-6  # spread of the real pictures, which may all be the same
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


def make_step(experiment: FromNoise, state: TrainState, strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], None]:
    """The training step: a function of a batch of real pictures [B, H, W, C] in [-1, 1].

    Each step updates the discriminator. Every critic_steps-th step updates the generator too. A step notes these numbers in
    state.history: the discriminator's mean answers (players.mean_answers), Gen_loss, Dis_loss (with its penalty) and Gen_grad.
    Gen_grad is the norm of the generator's gradient over all its weights, and NaN at steps that do not update the generator.
    All noise is drawn from (seed, step).
    """
    on_replica = _Replica(experiment, state, strategy).step
    if experiment.jit_compile:
        on_replica = tf.function(on_replica, jit_compile=True, autograph=False)

    @tf.function(autograph=False)
    def step(real: tf.Tensor, both: bool) -> None:
        # Drawn outside XLA: it makes other numbers from the same seed, and a run may go on with or without XLA.
        drawn = _draw(experiment, state.step, both)
        numbers = strategy.run(on_replica, args=(real, drawn, both))
        if both:
            state.average()
        state.finish_step({name: strategy.reduce("mean", value, axis=None) for name, value in numbers.items()})

    if experiment.critic_steps == 1:
        return functools.partial(step, both=True)
    calls = itertools.count(state.steps_done() + 1)  # counted here: reading state.step would wait for the device
    return lambda real: step(real, both=next(calls) % experiment.critic_steps == 0)


def _draw(experiment: FromNoise, step: tf.Tensor, both: bool) -> dict[str, tf.Tensor]:
    """{name: tensor} of the random numbers that the step needs. z: [B, noise_dim]. fresh_z: the same shape, for the generator's
    own update. share: [B] in [0, 1); the gradient penalty takes each point at this share of the way from real to fake.
    changes: [B, 3, diff_augment.DRAWS] in [0, 1), for the real, the fake and the fresh fake pictures."""
    size, seed = experiment.batch_size, experiment.seed
    drawn = {"z": latent.noise(size, experiment.noise_dim, seed, 3 * step + _Z)}
    if experiment.update == "alternating" and both:
        drawn["fresh_z"] = latent.noise(size, experiment.noise_dim, seed, 3 * step + _FRESH_Z)
    if experiment.gradient_penalty:
        drawn["share"] = tf.random.stateless_uniform([size], seed=[seed, 3 * step + _SHARE], alg="philox")
    if experiment.diff_augment:
        shape = [size, 3, diff_augment.DRAWS]
        drawn["changes"] = tf.random.stateless_uniform(shape, seed=[seed, _CHANGES - step], alg="philox")
    return drawn


class _Replica:
    """What one replica does with its part of a batch."""

    def __init__(self, experiment: FromNoise, state: TrainState, strategy: tf.distribute.Strategy) -> None:
        self._experiment = experiment
        self._generator, self._discriminator = state.networks["generator"], state.networks["discriminator"]
        self._losses = losses.of_players(experiment)
        self._players = players.Players(experiment, state, strategy)
        self._update = {"simultaneous": self._simultaneous, "alternating": self._alternating}[experiment.update]

    def step(self, real: tf.Tensor, drawn: Mapping[str, tf.Tensor], both: bool) -> dict[str, tf.Tensor]:
        """Update the discriminator, and with `both` the generator too. drawn: _draw's, for the whole batch. Returns the numbers
        to note, {name: scalar}."""
        own = {name: self._players.own_part(whole) for name, whole in drawn.items()}
        real_logits, fake_logits, g_loss, d_loss, g_norm = self._update(real, own, both)
        answers = players.mean_answers(self._experiment, real_logits, fake_logits)
        return {**answers, "Gen_loss": g_loss, "Dis_loss": d_loss, "Gen_grad": g_norm}

    def _simultaneous(self, real, drawn, both):
        """Update both networks on one shared fake batch (the Chinese article)."""
        real = self._seen(real, drawn, _REAL)
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = self._seen(self._generator(drawn["z"], training=True), drawn, _FAKE)
            real_logits, fake_logits, d_loss = self._judge(real, fake, drawn)
            g_loss = self._generator_loss(real_logits, fake_logits)
            d_scaled = self._players.scaled("discriminator", d_loss)
            g_scaled = self._players.scaled("generator", g_loss)
        self._players.move("discriminator", d_tape, d_scaled)
        g_norm = self._players.move_and_measure("generator", g_tape, g_scaled) if both else tf.constant(math.nan)
        return real_logits, fake_logits, g_loss, d_loss, g_norm

    def _alternating(self, real, drawn, both):
        """Update the discriminator. Then update the generator, with fresh z, against the new discriminator (theory post, lab
        report)."""
        real = self._seen(real, drawn, _REAL)
        fake = self._seen(self._generator(drawn["z"], training=True), drawn, _FAKE)
        with tf.GradientTape() as tape:
            real_logits, fake_logits, d_loss = self._judge(real, fake, drawn)
            d_scaled = self._players.scaled("discriminator", d_loss)
        self._players.move("discriminator", tape, d_scaled)
        if not both:
            return real_logits, fake_logits, self._generator_loss(real_logits, fake_logits), d_loss, tf.constant(math.nan)
        against = self._discriminator(real, training=True) if self._losses.relative else real_logits
        with tf.GradientTape() as tape:
            fresh = self._seen(self._generator(drawn["fresh_z"], training=True), drawn, _FRESH)
            g_loss = self._generator_loss(against, self._discriminator(fresh, training=True))
            g_scaled = self._players.scaled("generator", g_loss)
        return real_logits, fake_logits, g_loss, d_loss, self._players.move_and_measure("generator", tape, g_scaled)

    def _seen(self, images, drawn, whose):
        """The images as the discriminator sees them."""
        return diff_augment.diff_augment(images, drawn["changes"][:, whose]) if "changes" in drawn else images

    def _judge(self, real, fake, drawn):
        """The logits of the real and of the fake pictures, and the discriminator's loss with its penalties."""
        experiment = self._experiment
        real_logits, real_penalty = self._logits_and_penalty(real, experiment.r1)
        fake_logits, fake_penalty = self._logits_and_penalty(fake, experiment.r2)
        loss = self._losses.discriminator(real_logits, fake_logits) + real_penalty + fake_penalty
        if weight := experiment.gradient_penalty:
            share = tf.reshape(drawn["share"], [-1, 1, 1, 1])
            between = real + share * (tf.stop_gradient(fake) - real)
            loss += weight * losses.gradient_penalty(self._logits_and_gradients(between)[1])
        return real_logits, fake_logits, loss

    def _logits_and_penalty(self, images, weight):
        """The logits of the images, and `weight` times the zero-centred penalty on their gradients."""
        if not weight:
            return self._discriminator(images, training=True), 0.0
        logits, gradients = self._logits_and_gradients(images)
        return logits, weight * losses.zero_centred_penalty(gradients)

    def _logits_and_gradients(self, images):
        """The logits, and the gradient of each with respect to its picture, [B, H, W, C]."""
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = self._discriminator(images, training=True)
        return logits, tape.gradient(logits, images)

    def _generator_loss(self, real_logits, fake_logits):
        return self._losses.generator(fake_logits - real_logits if self._losses.relative else fake_logits)


def make_look(
    experiment: FromNoise, records: Records
) -> Callable[[Mapping[str, keras.Model]], tuple[np.ndarray, int, dict[str, float]]]:
    """A function that draws a grid: generators -> (pictures [16, H, W, C] uint8, columns of the grid, {name: number measured}).

    The 16 z are the same in every grid. The number measured is Variety: how much the 16 pictures differ, relative to 16 real
    ones. It is about 1 for good pictures, and 0 if all are equal.
    """
    z = latent.noise(_GRID, experiment.noise_dim, experiment.seed)
    (side,) = experiment.sides
    real = _spread(pipeline.first_images(records, experiment, experiment.partition, side, _GRID))

    def look(generators):
        images = latent.sample(generators["generator"], z)
        return pictures.to_uint8(images), 4, {"Variety": _spread(images) / max(real, _SMALLEST)}

    return look


def _spread(images: np.ndarray) -> float:
    """The standard deviation of each number across the pictures [N, H, W, C], and the mean of these over all numbers."""
    return float(images.std(axis=0).mean())
