"""The loop over epochs and steps: it knows neither the networks nor what the hooks do."""

import math
import signal
import threading
import time

from tqdm import tqdm

from tfgan_series.errors import Diverged
from tfgan_series.training.schedule import learning_rate

_REFRESH_SECONDS = 1.0
_LARGEST_LOSS = 1e6  # cross-entropy takes logits, so a run that has flown apart can go on for ever without an infinity


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came, and the run was saved. number: of the signal."""

    def __init__(self, number, where):
        super().__init__(where)
        self.number = number


def run_epochs(experiment, state, step, batches, steps, save, hooks, alone=True):
    """Train from where the state stands to the end of experiment.epochs.

    step: moves the state by one batch. batches(epoch, first_step): the batches of an epoch from a step on. steps: per
    epoch. save(): keeps the state. hooks: functions of the epoch's row of the log, called after each epoch, before it is
    saved. alone: False where other processes train along; they get a signal at different steps, and one that stopped
    at its own would leave the others waiting.
    Raises Interrupted after Ctrl-C or SIGTERM, and Diverged where a loss has flown apart.
    """
    warm = False
    with _StopSignal(alone) as stop:
        for epoch in range(state.steps_done() // steps + 1, experiment.epochs + 1):
            rate = learning_rate(experiment, epoch)
            state.set_learning_rate(rate)
            clock = _run_epoch(experiment, epoch, state, step, batches, steps, save, stop, warm)
            warm = True
            means = _sound(state.means(steps), epoch)
            row = {"epoch": epoch, **means, "lr": rate, "images_per_second": clock.images_per_second(), "steps": steps}
            for hook in hooks:
                hook(row)
            save()
            print(_line(experiment, row, clock.left((experiment.epochs - epoch) * steps)), flush=True)
            if stop.number and epoch < experiment.epochs:
                raise Interrupted(stop.number, f"the end of epoch {epoch} of {experiment.epochs}")


def _run_epoch(experiment, epoch, state, step, batches, steps, save, stop, warm):
    """The epoch's steps, from where the state stands. warm: whether a step was done before. Returns its clock."""
    size, first = experiment.batch_size * len(experiment.sides), state.steps_done() % steps
    clock, refreshed = _Clock(size), time.monotonic()
    bar = tqdm(total=steps * size, initial=first * size, unit=" images", leave=False, disable=None)
    with bar:
        bar.set_description(f"epoch {epoch}/{experiment.epochs}")
        for done, batch in enumerate(batches(epoch, first), first + 1):
            step(batch)
            if warm:
                clock.tick()
            else:
                state.means(done)  # waits for the step: the first one compiles, and is not timed
                clock, warm = _Clock(size), True
            bar.update(size)
            if time.monotonic() - refreshed > _REFRESH_SECONDS:
                means = _sound(state.means(done), epoch)
                bar.set_postfix({name: f"{value:.3f}" for name, value in means.items()})
                refreshed = time.monotonic()
            if stop.number and done < steps:
                _sound(state.means(done), epoch)
                save()
                raise Interrupted(stop.number, f"epoch {epoch} of {experiment.epochs}, after step {done} of {steps}")
    if state.steps_done() != epoch * steps:
        raise RuntimeError(f"epoch {epoch} ended after {state.steps_done()} steps in all, {epoch * steps} were promised")
    return clock


def _sound(means, epoch):
    for name, value in means.items():
        if math.isnan(value) and name.endswith("_grad"):
            continue  # no step moved the player; a gradient that is not finite is noted as infinite
        if not math.isfinite(value) or (name.endswith("_loss") and abs(value) > _LARGEST_LOSS):
            raise Diverged(
                f"the run diverged: {name} is {value:.4g} in epoch {epoch}; nothing after its last checkpoint is kept. "
                "Start over with a smaller --lr or another --seed (train.py does so with --overwrite)"
            )
    return means


def _line(experiment, row, seconds):
    numbers = "  ".join(f"{name} {row[name]:.3f}" for name in row if name not in ("epoch", "lr", "images_per_second", "steps"))
    left = f"  {int(seconds) // 60}:{int(seconds) % 60:02d} left" if seconds else ""
    return f"epoch {row['epoch']:3d}/{experiment.epochs}  {numbers}  {row['images_per_second']:,.0f} images/s{left}"


class _Clock:
    """Seconds per step since it was made."""

    def __init__(self, images):
        """images: of a step."""
        self._images, self._steps, self._start = images, 0, time.monotonic()

    def tick(self):
        self._steps += 1

    def images_per_second(self):
        """0 where no step was timed (an epoch of one step, the first)."""
        return round(self._steps * self._images / (time.monotonic() - self._start), 1)

    def left(self, steps):
        return steps * (time.monotonic() - self._start) / self._steps if self._steps else 0


class _StopSignal:
    """Notes Ctrl-C and SIGTERM instead of dying of them; a second Ctrl-C is the usual one. number: of the signal, or 0."""

    def __init__(self, enabled):
        self.number = 0
        self._enabled = enabled and threading.current_thread() is threading.main_thread()

    def __enter__(self):
        if self._enabled:
            self._before = {one: signal.signal(one, self._note) for one in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _note(self, number, frame):
        if self.number and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = number

    def __exit__(self, *_):
        if self._enabled:
            for one, handler in self._before.items():
                signal.signal(one, handler)
