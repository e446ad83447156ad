"""The step of the CycleGAN: two generators, two discriminators, two sets of pictures (Zhu et al. 2017; Bai 8)."""

import numpy as np
import tensorflow as tf

from tfgan_series import losses, pictures
from tfgan_series.data import pipeline
from tfgan_series.inference import in_batches
from tfgan_series.training import image_pool
from tfgan_series.training.players import Players

_ROWS = 4  # of an epoch's grid
_MEASURED = 16  # test pictures of each set whose cycle loss is followed


def reported(experiment):
    """Names of the numbers that a step notes."""
    identity = ("Identity_loss",) if experiment.identity_weight else ()
    return (
        *("Real_P", "Fake_P", "Gen_loss", "Dis_loss", "Gen_ab_loss", "Gen_ba_loss", "Cycle_loss"),
        *identity,
        *("Dis_a_loss", "Dis_b_loss", "Gen_grad"),
    )


def buffers(experiment):
    """{name: shape} of what a run carries beside its networks: past fakes of both sets."""
    size = experiment.image_size
    shape = [experiment.pool, size, size, experiment.channels]
    return {"pool_a": shape, "pool_b": shape} if experiment.pool else {}


def make_step(experiment, state, strategy):
    """The training step: a function of two batches of real pictures, each [B, H, W, C] in [-1, 1].

    Both generators move, then both discriminators, from the same fakes (or past ones from the pool). state.history gets
    Real_P and Fake_P (means of sigmoid(logit) over both discriminators' patches), Gen_loss (all that the generators
    minimise), Dis_loss (both discriminators'), each part by its name (Cycle_loss and Identity_loss before their weights,
    both ways together) and Gen_grad (the norm of both generators' gradient).
    """
    own = experiment
    networks = state.networks
    g_ab, g_ba = networks["generator_ab"], networks["generator_ba"]
    d_a, d_b = networks["discriminator_a"], networks["discriminator_b"]
    discriminator_loss, generator_loss = losses.of_players(experiment)
    # losses.py has least squares with the halves of Mao et al.; the weights of the CycleGAN are for Zhu et al.'s without.
    scale = 2.0 if experiment.loss == "least_squares" else 1.0
    distance = losses.CYCLE_LOSSES[own.cycle_loss]
    players = Players(experiment, state, strategy)
    pools = [state.buffers[name] for name in ("pool_a", "pool_b")] if own.pool else []

    def replica_step(real_a, real_b, drawn):
        with tf.GradientTape() as tape:
            fake_b, fake_a = g_ab(real_a, training=True), g_ba(real_b, training=True)
            cycle = distance(real_a, g_ba(fake_b, training=True)) + distance(real_b, g_ab(fake_a, training=True))
            g_ab_loss = scale * generator_loss(d_b(fake_b, training=True))
            g_ba_loss = scale * generator_loss(d_a(fake_a, training=True))
            g_loss = g_ab_loss + g_ba_loss + own.cycle_weight * cycle
            if own.identity_weight:
                identity = distance(real_b, g_ab(real_b, training=True)) + distance(real_a, g_ba(real_a, training=True))
                g_loss += own.cycle_weight * own.identity_weight * identity
            g_scaled = players.scaled("generator", g_loss)
        norm = players.move_and_measure("generator", tape, g_scaled)
        fakes = [fake_a, fake_b]
        # Without a pool nothing is drawn, and the new fakes are seen.
        seen = [image_pool.mix(*map(players.own_part, one), fake) for one, fake in zip(drawn, fakes, strict=False)] or fakes
        with tf.GradientTape() as tape:
            logits = {
                "discriminator_a": (d_a(real_a, training=True), d_a(seen[0], training=True)),
                "discriminator_b": (d_b(real_b, training=True), d_b(seen[1], training=True)),
            }
            d_losses = {name: scale * discriminator_loss(*pair) for name, pair in logits.items()}
            d_loss = sum(d_losses.values())
            d_scaled = players.scaled("discriminator", d_loss)
        players.move("discriminator", tape, d_scaled)
        real_p, fake_p = ([tf.reduce_mean(tf.sigmoid(pair[one])) for pair in logits.values()] for one in (0, 1))
        numbers = {
            "Real_P": tf.reduce_mean(real_p),
            "Fake_P": tf.reduce_mean(fake_p),
            "Gen_loss": g_loss,
            "Dis_loss": d_loss,
            "Gen_ab_loss": g_ab_loss,
            "Gen_ba_loss": g_ba_loss,
            "Cycle_loss": cycle,
            **({"Identity_loss": identity} if own.identity_weight else {}),
            "Dis_a_loss": d_losses["discriminator_a"],
            "Dis_b_loss": d_losses["discriminator_b"],
            "Gen_grad": norm,
        }
        return numbers, fakes

    if experiment.jit_compile:
        replica_step = tf.function(replica_step, jit_compile=True)

    @tf.function
    def step(real):
        draws = [
            image_pool.draw(pool, experiment.batch_size, experiment.seed, state.step, stream) for stream, pool in enumerate(pools)
        ]
        numbers, fakes = strategy.run(replica_step, args=(*real, [(one.old, one.swap) for one in draws]))
        for pool, drawn, fake in zip(pools, draws, fakes, strict=False):
            image_pool.keep(pool, drawn, strategy.gather(fake, axis=0))
        state.finish_step({name: strategy.reduce("mean", value, axis=None) for name, value in numbers.items()})

    return step


def make_look(experiment, records):
    """What an epoch's grid shows: a function of the generators -> (pictures [4 * 6, H, W, C] uint8, columns, what is measured).

    A row is a picture of A, its translation, that one's translation back, and the same of B: always from the same test
    pictures (of train where there is no test). Measured is Cycle_test, the cycle loss over up to 16 test pictures of each set.
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
