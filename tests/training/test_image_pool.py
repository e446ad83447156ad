import numpy as np
import pytest
import tensorflow as tf

from tfgan_series.training import image_pool


def play(steps, size=6, batch=2):
    """Do steps of a pool, with fakes numbered 1, 2, 3 ... Returns what was shown at each step, and the pool."""
    pool = tf.Variable(tf.zeros([size, 1, 1, 1]))
    shown = []
    for step in range(steps):
        fakes = tf.reshape(tf.range(batch, dtype=tf.float32) + step * batch + 1, [batch, 1, 1, 1])
        drawn = image_pool.draw(pool, batch, seed=0, step=tf.constant(step, tf.int64), stream=0)
        shown.append(image_pool.mix(drawn.old, drawn.swap, fakes).numpy().ravel().tolist())
        image_pool.keep(pool, drawn, fakes)
    return shown, pool.numpy().ravel().tolist()


def test_until_it_is_full_every_fake_is_shown_and_kept():
    shown, pool = play(steps=3)
    assert shown == [[1, 2], [3, 4], [5, 6]]
    assert pool == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("size", [5, 6])
def test_once_full_half_of_what_is_shown_is_old(size):
    steps = 400
    shown, _ = play(steps, size)
    first_full = 3
    old = [fake <= 2 * step for step, batch in enumerate(shown) for fake in batch if step >= first_full]
    assert np.mean(old) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(old)))  # four standard deviations


def test_an_old_fake_that_is_shown_makes_room_for_the_new_one():
    """So no fake is shown twice, and exactly those that were not shown are kept."""
    shown, pool = play(steps=200)
    seen = [fake for batch in shown[3:] for fake in batch]
    assert len(set(seen)) == len(seen)
    assert set(pool).isdisjoint(seen)
    assert set(pool) | set(seen) == set(range(1, 401))


def test_two_pools_of_a_step_draw_apart():
    pool = tf.Variable(tf.zeros([50, 1, 1, 1]))
    step = tf.constant(100, tf.int64)
    one, other = (image_pool.draw(pool, 8, seed=0, step=step, stream=stream) for stream in (0, 1))
    assert one.slots.numpy().tolist() != other.slots.numpy().tolist()
