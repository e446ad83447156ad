"""The step of the GANs that draw from noise: one discriminator, one generator, two ways to move them."""

import tensorflow as tf

from tfgan_series import latent
from tfgan_series.losses import LOSSES

REPORTED = ("Real_P", "Fake_P", "Gen_loss", "Dis_loss")


def make_step(experiment, state, strategy):
    """The training step: a tf.function of a batch of real pictures [B, H, W, C] in [-1, 1].

    It moves both networks, adds Real_P and Fake_P (means of sigmoid(logit)), Gen_loss and Dis_loss to state.sums and
    1 to state.step. All its noise is drawn from (seed, step).
    """
    generator, discriminator = state.networks["generator"], state.networks["discriminator"]
    discriminator_loss, generator_loss = LOSSES[experiment.loss]
    replicas = strategy.num_replicas_in_sync

    def own_part(z):
        """This replica's part of the z of the whole batch: what one device would draw, divided."""
        share = experiment.batch_size // replicas
        first = tf.distribute.get_replica_context().replica_id_in_sync_group * share
        return z[first : first + share]

    def move(name, tape, loss):
        optimizer, variables = state.optimizers[name], state.networks[name].trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    def scaled(name, loss):
        """What is differentiated: replicas' gradients are added up, and float16 needs its loss scale."""
        return state.optimizers[name].scale_loss(loss / replicas)

    def simultaneous(real, z):
        """Both networks move from one shared fake batch (the Chinese article)."""
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = generator(z[0], training=True)
            real_logits = discriminator(real, training=True)
            fake_logits = discriminator(fake, training=True)
            d_loss, g_loss = discriminator_loss(real_logits, fake_logits), generator_loss(fake_logits)
            d_scaled, g_scaled = scaled("discriminator", d_loss), scaled("generator", g_loss)
        move("discriminator", d_tape, d_scaled)
        move("generator", g_tape, g_scaled)
        return real_logits, fake_logits, g_loss, d_loss

    def alternating(real, z):
        """The discriminator moves, then the generator with fresh z against the moved one (theory post, lab report)."""
        fake = generator(z[0], training=True)
        with tf.GradientTape() as tape:
            real_logits = discriminator(real, training=True)
            fake_logits = discriminator(fake, training=True)
            d_loss = discriminator_loss(real_logits, fake_logits)
            d_scaled = scaled("discriminator", d_loss)
        move("discriminator", tape, d_scaled)
        with tf.GradientTape() as tape:
            g_loss = generator_loss(discriminator(generator(z[1], training=True), training=True))
            g_scaled = scaled("generator", g_loss)
        move("generator", tape, g_scaled)
        return real_logits, fake_logits, g_loss, d_loss

    update, draws = {"simultaneous": (simultaneous, [0]), "alternating": (alternating, [0, 1])}[experiment.update]

    def replica_step(real, z):
        real_logits, fake_logits, g_loss, d_loss = update(real, [own_part(one) for one in z])
        probability = [tf.reduce_mean(tf.sigmoid(logits)) for logits in (real_logits, fake_logits)]
        return dict(zip(REPORTED, (*probability, g_loss, d_loss), strict=True))

    if experiment.jit_compile:
        replica_step = tf.function(replica_step, jit_compile=True)

    @tf.function
    def step(real):
        # Drawn out here: under XLA the same seed gives other numbers, and a run may go on with or without it.
        z = [latent.noise(experiment.batch_size, experiment.noise_dim, experiment.seed, 2 * state.step + draw) for draw in draws]
        reported = strategy.run(replica_step, args=(real, z))
        for name, value in reported.items():
            state.sums[name].assign_add(tf.cast(strategy.reduce("mean", value, axis=None), tf.float64))
        state.step.assign_add(1)

    return step
