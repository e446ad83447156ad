import math
import os
import signal
from types import SimpleNamespace

import pytest

from tfgan_series import series
from tfgan_series.errors import UserError
from tfgan_series.training import loop


class Counter:
    """A state that counts steps, four to an epoch; its one loss is 1, or what `losses` says at a step."""

    def __init__(self, losses=None):
        self.steps, self.seen, self.rates, self.losses = 0, {}, [], losses or {}

    def step(self, batch):
        self.seen[self.steps % 4] = self.losses.get(self.steps, 1.0)
        self.steps += 1

    def steps_done(self):
        return self.steps

    def means(self, steps):
        return {"Gen_loss": sum(self.seen[step] for step in range(steps)) / steps}

    def set_learning_rate(self, rate):
        self.rates.append(rate)


def walk(state, epochs=3, steps=4, step=None):
    """Run the loop; returns the rows that a hook gets and the step count at each save."""
    reports, saves = [], []
    experiment = series.resolve("digits", epochs=epochs, lr_drops=(1,), batch_size=10)
    loop.run_epochs(
        experiment, state, step or state.step, lambda epoch, first: range(first, steps), steps,
        lambda: saves.append(state.steps), [reports.append],
    )  # fmt: skip
    return reports, saves


def test_every_epoch_is_reported_then_saved():
    state = Counter()
    reports, saves = walk(state)
    assert [row["epoch"] for row in reports] == [1, 2, 3]
    assert saves == [4, 8, 12]
    assert [row["Gen_loss"] for row in reports] == [1, 1, 1]
    assert [row["lr"] for row in reports] == pytest.approx([2e-4, 2e-5, 2e-5])
    assert state.rates == [row["lr"] for row in reports]


def test_going_on_in_mid_epoch_and_after_the_last():
    state = Counter()
    state.steps, state.seen = 6, {0: 1.0, 1: 1.0}
    reports, saves = walk(state)
    assert [row["epoch"] for row in reports] == [2, 3]
    assert reports[0]["Gen_loss"] == 1
    assert saves == [8, 12]
    assert walk(state) == ([], [])


@pytest.mark.parametrize(("number", "at"), [(signal.SIGINT, 6), (signal.SIGTERM, 8)])
def test_a_signal_saves_and_says_where(number, at):
    """At step 6, in mid-epoch, it stops at once; at step 8, the epoch's last, the epoch is finished first."""
    state = Counter()
    saves = []

    def step(batch):
        state.step(batch)
        if state.steps == at:
            os.kill(os.getpid(), number)

    with pytest.raises(loop.Interrupted, match="epoch 2 of 3") as stop:
        loop.run_epochs(
            series.resolve("digits", epochs=3), state, step, lambda epoch, first: range(first, 4), 4,
            lambda: saves.append(state.steps), [],
        )  # fmt: skip
    assert stop.value.number == number
    assert saves == [4, at]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("loss", [math.nan, math.inf, -1e7])
def test_a_diverged_run_is_one_line_and_is_not_saved(loss):
    state = Counter({5: loss})
    with pytest.raises(UserError, match=r"the run diverged: Gen_loss is (nan|inf|-2.5e\+06) in epoch 2; .* smaller --lr"):
        walk(state)


def test_an_epoch_that_ends_early_is_an_error():
    state = Counter()
    with pytest.raises(RuntimeError, match="4 were promised"):
        loop.run_epochs(series.resolve("digits"), state, state.step, lambda epoch, first: range(3), 4, lambda: None, [])


def test_speed_is_images_of_timed_steps_per_second(monkeypatch):
    now = iter(range(0, 1000, 2))  # every look at the clock is 2 s after the one before
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: next(now)))
    clock = loop._Clock(images=10)
    clock.tick()
    clock.tick()
    assert clock.images_per_second() == 10.0  # 20 images in 2 s
    assert clock.left(5) == 10.0  # 4 s for 2 steps


def test_a_step_of_two_sets_takes_a_batch_of_each(monkeypatch):
    images, clock = set(), loop._Clock
    monkeypatch.setattr(loop, "_Clock", lambda size: images.add(size) or clock(size))
    state = Counter()
    experiment = series.resolve("horse2zebra", batch_size=3, epochs=1)
    loop.run_epochs(experiment, state, state.step, lambda epoch, first: range(4), 4, lambda: None, [])
    assert images == {6}
