import itertools

import pytest
import tensorflow as tf

from tfgan_series import series
from tfgan_series.training import adversarial, loop, schedule
from tfgan_series.training.checkpoints import Checkpoints

from test_adversarial import make, pictures

STEPS = 7  # in an epoch


def rate(experiment, step, steps=STEPS):
    made = schedule.learning_rate(experiment.lr, steps, experiment.epochs, experiment.lr_drops, experiment.lr_decay)
    return schedule.rate_at(made, step)


@pytest.mark.parametrize(
    ("epoch", "expected"), [(1, 2e-4), (10, 2e-4), (11, 2e-5), (20, 2e-5), (21, 2e-6), (25, 2e-6), (26, 2e-7), (35, 2e-7)]
)
@pytest.mark.parametrize("steps", [1, 7, 1271])
def test_the_articles_rates_at_an_epochs_first_and_last_step(epoch, expected, steps):
    """CelebA has 1,271 steps an epoch. The rate changes at the first step of epochs 11, 21 and 26, and at no other step."""
    article = series.resolve("mnist")
    assert [rate(article, step, steps) for step in ((epoch - 1) * steps, epoch * steps - 1)] == [expected] * 2


def test_the_repositorys_rates():
    repository = series.resolve("img_celeba", preset="repository")
    assert [rate(repository, epoch * STEPS - 1) for epoch in (15, 16, 25, 26, 28, 29)] == [2e-4, 2e-5, 2e-5, 2e-6, 2e-6, 2e-7]


def test_without_drops_the_rate_stays():
    assert {rate(series.resolve("cifar10"), step) for step in range(0, 150 * STEPS, STEPS)} == {2e-4}


def test_the_papers_linear_fall():
    """Zhu et al. 2017: 100 epochs at 2e-4, then 100 epochs of a linear fall that would reach 0 in the epoch after the last."""
    paper = series.resolve("horse2zebra", preset="paper")
    firsts, lasts = ([rate(paper, (epoch - 1) * STEPS + at) for epoch in range(1, 201)] for at in (0, STEPS - 1))
    assert firsts == lasts
    assert set(firsts[:100]) == {2e-4}
    assert firsts[100:] == pytest.approx([2e-4 * left / 101 for left in range(100, 0, -1)], rel=1e-6)


def test_drops_and_fall_together():
    both = series.resolve("mnist", epochs=4, lr_drops=(1, 3), lr_decay=0.5)
    assert [rate(both, epoch * STEPS) for epoch in range(4)] == pytest.approx([2e-4, 2e-5, 2e-5 * 2 / 3, 2e-6 / 3], rel=1e-6)


def test_drops_in_any_order_and_twice_at_one_epoch():
    made = schedule.learning_rate(1.0, STEPS, 4, lr_drops=(2, 1, 2))
    assert [schedule.rate_at(made, epoch * STEPS) for epoch in range(3)] == pytest.approx([1, 0.1, 0.001])


def test_both_players_have_the_rate_of_the_runs_own_step(tmp_path):
    """The generator is updated at every other step, so its optimizer counts half as many. A run that goes on has the right rate
    at once."""
    seen = []

    def walk(epochs):
        experiment, state, _ = make(critic_steps=2, lr_drops=(1, 2), epochs=epochs)
        checkpoints = Checkpoints(state, tmp_path)
        checkpoints.restore()
        real_step = adversarial.make_step(experiment, state, tf.distribute.get_strategy())

        def train(batches, count):
            for batch in itertools.islice(batches, count):
                real_step(batch)
                seen.append({player: float(optimizer.learning_rate) for player, optimizer in state.optimizers.items()})

        plan = loop.course_of(experiment, steps=4)
        loop.run(loop.Training(plan, state, train, lambda epoch, first: [pictures()] * (4 - first), checkpoints.save, []))
        return state

    walk(epochs=2)
    state = walk(epochs=3)
    assert [int(state.optimizers[player].iterations.numpy()) for player in ("generator", "discriminator")] == [6, 12]
    for player in ("generator", "discriminator"):
        assert [rates[player] for rates in seen] == pytest.approx([2e-4] * 4 + [2e-5] * 4 + [2e-6] * 4)
