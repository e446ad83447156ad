"""The pool of past fakes that keeps a discriminator from forgetting them (Shrivastava et al. 2017; Zhu et al. 2017).

Until the pool is full, every new fake is shown to the discriminator and kept. Once it is full, half of the new fakes are
shown and not kept. Each of the others takes the place of a past fake in the pool, and this past fake is shown instead. All
choices are drawn from (seed, step), so a run that goes on makes the same choices. The pictures are in the state's buffers.
"""

from typing import NamedTuple

import tensorflow as tf


class Draw(NamedTuple):
    """What a step draws from a pool for its batch of new fakes."""

    slots: tf.Tensor  # [B] int64: the place in the pool that belongs to each new fake
    old: tf.Tensor  # [B, H, W, C]: the pictures in these places
    swap: tf.Tensor  # [B] bool: whether the old picture is shown in place of the new one
    keep: tf.Tensor  # [B] bool: whether the new one is put into its place


def draw(pool: tf.Variable, batch_size: int, seed: int, step: tf.Tensor, stream: int) -> Draw:
    """The Draw of a step. pool: [N, H, W, C] with N >= batch_size. step: int64, the first is 0. stream: 0 or 1, for the two
    pools of one step."""
    size = pool.shape[0]
    mine = tf.stack([tf.cast(seed, tf.int64), 2 * step + stream])
    order = tf.argsort(tf.random.stateless_uniform([size], seed=mine, alg="philox"))  # no slot twice
    chance = tf.random.stateless_uniform([batch_size], seed=mine + [1, 0], alg="philox")
    position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    full = step * batch_size >= size
    swap = tf.logical_and(full, chance < 0.5)
    slots = tf.where(full, tf.cast(order[:batch_size], tf.int64), tf.minimum(position, size - 1))
    return Draw(slots, tf.gather(pool, slots), swap, tf.logical_or(swap, position < size))


def mix(old: tf.Tensor, swap: tf.Tensor, fakes: tf.Tensor) -> tf.Tensor:
    """The pictures [B, H, W, C] that the discriminator sees: the past picture if `swap` is true, else the new fake."""
    return tf.where(tf.reshape(swap, [-1, 1, 1, 1]), old, fakes)


def keep(pool: tf.Variable, drawn: Draw, fakes: tf.Tensor) -> None:
    """Put those of the new fakes [B, H, W, C] that are kept into their slots."""
    pool.scatter_nd_update(
        tf.boolean_mask(drawn.slots, drawn.keep)[:, None], tf.boolean_mask(tf.cast(fakes, pool.dtype), drawn.keep)
    )
