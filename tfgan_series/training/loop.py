"""The loop over epochs and steps: it knows neither the networks nor what the hooks do."""

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from keras.optimizers.schedules import LearningRateSchedule
from tqdm import tqdm

from tfgan_series.errors import Diverged
from tfgan_series.series import Experiment
from tfgan_series.training import schedule

_LOOK_SECONDS = 1.0  # between two looks at the losses in mid-epoch
_LOOK_STEPS = 50  # the same if several processes train: they must stop at the same step, and their clocks differ
_LARGEST_LOSS = 1e6  # cross-entropy of logits does not overflow, so the losses of a diverged run can stay finite for ever

Row = dict[str, Any]  # of the log: the numbers of an epoch


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came, and the run was saved. number: the signal's."""

    def __init__(self, number: int, where: str) -> None:
        super().__init__(where)
        self.number = number


class State(Protocol):
    """The part of a TrainState that the loop needs."""

    def steps_done(self) -> int:
        """Steps done in all."""

    def means(self, steps: int) -> dict[str, float]:
        """The means of the noted numbers over the epoch's first `steps` steps."""

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate for the next steps."""


@dataclass(frozen=True)
class Course:
    """The length of a run. epochs: number in the run. steps: number in an epoch. images: pictures that a step takes, from all
    sets together. rate: the learning rate at each step of the run."""

    epochs: int
    steps: int
    images: int
    rate: LearningRateSchedule


def course_of(experiment: Experiment, steps: int) -> Course:
    """The Course of an experiment whose epochs have `steps` steps."""
    return Course(
        epochs=experiment.epochs,
        steps=steps,
        images=experiment.batch_size * len(experiment.sides),
        rate=schedule.learning_rate(experiment.lr, steps, experiment.epochs, experiment.lr_drops, experiment.lr_decay),
    )


def run_epochs(
    course: Course,
    state: State,
    step: Callable[[Any], object],
    batches: Callable[[int, int], Iterable],
    save: Callable[[], None],
    hooks: Sequence[Callable[[Row], None]],
    *,
    alone: bool = True,
    together: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Train from the state's step to the end of the course's last epoch.

    step: trains the state on one batch. batches(epoch, first_step): the batches of an epoch from a step on. save(): saves the
    state. hooks: functions of the epoch's row of the log; they are called after each epoch, before the state is saved.
    alone: False if other processes train the same run. Then signals and clocks are not heeded: they reach each process at a
    different step, and if one stopped there, the others would wait for it. together(): a context for the hooks and save(); if
    one process fails in it, all processes end. now(): the time in seconds.
    Raises Interrupted after Ctrl-C or SIGTERM, and Diverged if a loss diverges.
    """
    warm, looks = False, _Looks(alone, now)
    with _StopSignal(alone) as stop:
        for epoch in range(state.steps_done() // course.steps + 1, course.epochs + 1):
            rate = schedule.rate_at(course.rate, state.steps_done())
            state.set_learning_rate(rate)
            clock = _run_epoch(course, epoch, state, step, batches, save, stop, Clock(course.images, now), looks, warm)
            warm = True
            means = _sound(state.means(course.steps), epoch)
            row = {"epoch": epoch, **means, "lr": rate, "images_per_second": clock.images_per_second(), "steps": course.steps}
            with together():
                for hook in hooks:
                    hook(row)
                save()
            print(_line(course, row, clock.left((course.epochs - epoch) * course.steps)), flush=True)
            if stop.number and epoch < course.epochs:
                raise Interrupted(stop.number, f"the end of epoch {epoch} of {course.epochs}")


def _run_epoch(course, epoch, state, step, batches, save, stop, clock, looks, warm):
    """Do the rest of the epoch's steps. warm: whether this process has done a step before. Returns the clock."""
    first = state.steps_done() % course.steps
    bar = tqdm(total=course.steps * course.images, initial=first * course.images, unit=" images", leave=False, disable=None)
    with bar:
        bar.set_description(f"epoch {epoch}/{course.epochs}")
        for done, batch in enumerate(batches(epoch, first), first + 1):
            step(batch)
            if warm:
                clock.tick()
            else:
                state.means(done)  # waits until the first step is done: it compiles, so it is not timed
                clock.restart()
                warm = True
            bar.update(course.images)
            if looks.due(done):
                means = _sound(state.means(done), epoch)
                bar.set_postfix({name: f"{value:.3f}" for name, value in means.items()})
            if stop.number and done < course.steps:
                _sound(state.means(done), epoch)
                save()
                raise Interrupted(stop.number, f"epoch {epoch} of {course.epochs}, after step {done} of {course.steps}")
    if state.steps_done() != epoch * course.steps:
        raise RuntimeError(f"epoch {epoch} ended after {state.steps_done()} steps in all, {epoch * course.steps} were promised")
    return clock


def _sound(means: Mapping[str, float], epoch: int) -> Mapping[str, float]:
    """Check the means and return them. Raises Diverged if one is NaN or infinite, or if a loss is beyond _LARGEST_LOSS."""
    for name, value in means.items():
        if math.isnan(value) and name.endswith("_grad"):
            continue  # no step updated the generator; a gradient that is not finite is noted as infinite
        if not math.isfinite(value) or (name.endswith("_loss") and abs(value) > _LARGEST_LOSS):
            raise Diverged(
                f"the run diverged: {name} is {value:.4g} in epoch {epoch}; the steps after its last checkpoint are lost. "
                "Start over with a smaller --lr or another --seed (with train.py, give --overwrite too)"
            )
    return means


def _line(course, row, seconds):
    numbers = "  ".join(f"{name} {row[name]:.3f}" for name in row if name not in ("epoch", "lr", "images_per_second", "steps"))
    left = f"  {int(seconds) // 60}:{int(seconds) % 60:02d} left" if seconds else ""
    return f"epoch {row['epoch']:3d}/{course.epochs}  {numbers}  {row['images_per_second']:,.0f} images/s{left}"


class _Looks:
    """Says when to look at the losses: every second, or every 50 steps if the process does not train alone."""

    def __init__(self, alone: bool, now: Callable[[], float]) -> None:
        self._alone, self._now, self._last = alone, now, now()

    def due(self, done: int) -> bool:
        """Whether to look after the epoch's step `done`."""
        if not self._alone:
            return done % _LOOK_STEPS == 0
        if self._now() - self._last < _LOOK_SECONDS:
            return False
        self._last = self._now()
        return True


class Clock:
    """Measures the seconds per step since it was made or restarted."""

    def __init__(self, images: int, now: Callable[[], float] = time.monotonic) -> None:
        """images: number in a step. now(): the time in seconds."""
        self._images, self._now = images, now
        self.restart()

    def restart(self) -> None:
        """Forget the steps before."""
        self._steps, self._start = 0, self._now()

    def tick(self) -> None:
        """Count a step."""
        self._steps += 1

    def images_per_second(self) -> float:
        """The mean speed; 0 if no step was timed (as in a first epoch of one step)."""
        return round(self._steps * self._images / (self._now() - self._start), 1)

    def left(self, steps: int) -> float:
        """The seconds that `steps` more steps will take; 0 if no step was timed."""
        return steps * (self._now() - self._start) / self._steps if self._steps else 0.0


class _StopSignal:
    """Notes Ctrl-C or SIGTERM, and the process runs on. A second Ctrl-C stops it at once. number: the signal's, or 0."""

    def __init__(self, enabled: bool) -> None:
        self.number = 0
        self._enabled = enabled and threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "_StopSignal":
        if self._enabled:
            self._before = {one: signal.signal(one, self._note) for one in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = number

    def __exit__(self, *_: object) -> None:
        if self._enabled:
            for one, handler in self._before.items():
                signal.signal(one, handler)
