"""The pool of past fakes that keeps a discriminator from forgetting them (Shrivastava et al. 2017; Zhu et al. 2017).

Once it is full, a new fake is shown to the discriminator half of the time; else it takes the place of a past one, which
is shown instead. Until then every fake is shown, and kept. Everything is drawn from (seed, step), so a run that goes on
draws what it would have drawn; the pictures themselves are in the state's buffers.
"""

from typing import NamedTuple

import tensorflow as tf


class Draw(NamedTuple):
    """What a step takes from a pool for its batch: slots [B], their pictures old [B, H, W, C], and for which of the batch
    these are shown (swap) and the new fake is kept (keep), both [B] bool."""

    slots: tf.Tensor
    old: tf.Tensor
    swap: tf.Tensor
    keep: tf.Tensor


def draw(pool, batch_size, seed, step, stream):
    """The Draw of a step. pool: variable [N, H, W, C] with N >= batch_size. stream: tells pools of one step apart."""
    size = pool.shape[0]
    mine = tf.stack([tf.cast(seed, tf.int64), 2 * step + stream])
    order = tf.argsort(tf.random.stateless_uniform([size], seed=mine, alg="philox"))  # no slot twice
    chance = tf.random.stateless_uniform([batch_size], seed=mine + [1, 0], alg="philox")
    position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    full = step * batch_size >= size
    swap = tf.logical_and(full, chance < 0.5)
    slots = tf.where(full, tf.cast(order[:batch_size], tf.int64), tf.minimum(position, size - 1))
    return Draw(slots, tf.gather(pool, slots), swap, tf.logical_or(swap, position < size))


def mix(old, swap, fakes):
    """What the discriminator sees: the past picture where it is swapped in, the new fake elsewhere. [B, H, W, C]."""
    return tf.where(tf.reshape(swap, [-1, 1, 1, 1]), old, fakes)


def keep(pool, drawn, fakes):
    """Put the new fakes [B, H, W, C] into their slots."""
    pool.scatter_nd_update(
        tf.boolean_mask(drawn.slots, drawn.keep)[:, None], tf.boolean_mask(tf.cast(fakes, pool.dtype), drawn.keep)
    )
