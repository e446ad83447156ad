"""The step of the GANs that draw from noise: one discriminator, one generator, two ways to move them."""

import functools
import itertools

import tensorflow as tf

from tfgan_series import latent, losses, pictures
from tfgan_series.training.players import Players

_REPORTED = ("Real_P", "Fake_P", "Gen_loss", "Dis_loss", "Gen_grad")
_GRID = 16  # pictures in an epoch's grid, 4x4
_BETWEEN = 2  # draw of the points between real and fake; 0 and 1 are the draws of z


def reported(experiment):
    """Names of the numbers that a step notes: the same for every experiment."""
    return _REPORTED


def buffers(experiment):
    """{name: shape} of what a run carries beside its networks: nothing."""
    return {}


def make_step(experiment, state, strategy):
    """The training step: a function of a batch of real pictures [B, H, W, C] in [-1, 1].

    It moves the discriminator, and at every critic_steps-th step the generator too; notes in state.history Real_P and
    Fake_P (means of sigmoid(logit)), Gen_loss, Dis_loss (its penalty included) and Gen_grad (the norm of the generator's
    gradient over all its weights, 0 where it did not move). All its noise is drawn from (seed, step).
    """
    generator, discriminator = state.networks["generator"], state.networks["discriminator"]
    discriminator_loss, generator_loss = losses.of_players(experiment)
    players = Players(experiment, state, strategy)

    def penalty(real, fake, between):
        total = 0.0
        if experiment.gradient_penalty:
            share = tf.reshape(between, [-1, 1, 1, 1])
            total += experiment.gradient_penalty * losses.gradient_penalty(logit_gradients(real + share * (fake - real)))
        if experiment.r1:
            total += experiment.r1 * losses.r1_penalty(logit_gradients(real))
        return total

    def logit_gradients(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = discriminator(images, training=True)
        return tape.gradient(logits, images)

    def judge(real, fake, between):
        """Both pictures' logits, and the discriminator's loss."""
        real_logits, fake_logits = discriminator(real, training=True), discriminator(fake, training=True)
        loss = discriminator_loss(real_logits, fake_logits)
        return real_logits, fake_logits, loss + penalty(real, tf.stop_gradient(fake), between)

    def simultaneous(real, z, between, both):
        """Both networks move from one shared fake batch (the Chinese article)."""
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = generator(z[0], training=True)
            real_logits, fake_logits, d_loss = judge(real, fake, between)
            g_loss = generator_loss(fake_logits)
            d_scaled, g_scaled = players.scaled("discriminator", d_loss), players.scaled("generator", g_loss)
        players.move("discriminator", d_tape, d_scaled)
        g_norm = players.move_and_measure("generator", g_tape, g_scaled) if both else tf.zeros([])
        return real_logits, fake_logits, g_loss, d_loss, g_norm

    def alternating(real, z, between, both):
        """The discriminator moves, then the generator with fresh z against the moved one (theory post, lab report)."""
        fake = generator(z[0], training=True)
        with tf.GradientTape() as tape:
            real_logits, fake_logits, d_loss = judge(real, fake, between)
            d_scaled = players.scaled("discriminator", d_loss)
        players.move("discriminator", tape, d_scaled)
        if not both:
            return real_logits, fake_logits, generator_loss(fake_logits), d_loss, tf.zeros([])
        with tf.GradientTape() as tape:
            g_loss = generator_loss(discriminator(generator(z[1], training=True), training=True))
            g_scaled = players.scaled("generator", g_loss)
        return real_logits, fake_logits, g_loss, d_loss, players.move_and_measure("generator", tape, g_scaled)

    update = {"simultaneous": simultaneous, "alternating": alternating}[experiment.update]

    def replica_step(real, z, between, both):
        real_logits, fake_logits, *numbers = update(real, [players.own_part(one) for one in z], players.own_part(between), both)
        probability = [tf.reduce_mean(tf.sigmoid(logits)) for logits in (real_logits, fake_logits)]
        return dict(zip(_REPORTED, (*probability, *numbers), strict=True))

    if experiment.jit_compile:
        replica_step = tf.function(replica_step, jit_compile=True)

    @tf.function
    def step(real, both):
        # Drawn out here: under XLA the same seed gives other numbers, and a run may go on with or without it.
        size, seed = experiment.batch_size, experiment.seed
        z = [latent.noise(size, experiment.noise_dim, seed, 3 * state.step + draw) for draw in (0, 1)]
        between = tf.random.stateless_uniform([size], seed=[seed, 3 * state.step + _BETWEEN], alg="philox")
        reported = strategy.run(replica_step, args=(real, z, between, both))
        state.finish_step({name: strategy.reduce("mean", value, axis=None) for name, value in reported.items()})

    if experiment.critic_steps == 1:
        return functools.partial(step, both=True)
    calls = itertools.count(state.steps_done() + 1)  # counted here: reading state.step would wait for the device
    return lambda real: step(real, both=next(calls) % experiment.critic_steps == 0)


def make_look(experiment, records):
    """What an epoch's grid shows: a function of the generators -> (pictures [16, H, W, C] uint8, columns, what is measured
    on them). Always from the same 16 z."""
    z = latent.noise(_GRID, experiment.noise_dim, experiment.seed)
    return lambda generators: (pictures.to_uint8(latent.sample(generators["generator"], z)), 4, {})
