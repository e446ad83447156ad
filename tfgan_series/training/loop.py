"""The loop over epochs, rows of the log and steps: it knows neither the networks nor what the hooks do."""

import contextlib
import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from keras.optimizers.schedules import LearningRateSchedule
from tqdm.auto import tqdm

from tfgan_series import invocation, progress, series, signals
from tfgan_series.errors import Diverged
from tfgan_series.series import Experiment
from tfgan_series.training import schedule

_LOOK_SECONDS = 1.0  # between two looks at the losses within a row
_LOOK_STEPS = 10  # the same if several processes train: they must stop at the same step, and their clocks differ
_CALL_SECONDS = 0.1  # that the steps of one call take together; a signal waits so long
_LINE_SECONDS = 30  # between two lines within a row, if there is no bar
_LARGEST_LOSS = 1e6  # cross-entropy of logits does not overflow, so the losses of a diverged run can stay finite for ever
_TIMED_STEPS = 20  # before the loop says how long the run will take
_LONG = 3600  # seconds of a run that is called long
_SAVE = 1  # what processes agree on if a checkpoint is due; signals that stop them have larger numbers

Row = dict[str, Any]  # of the log: the numbers of some steps


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came, and the run was saved. number: the signal's."""

    def __init__(self, number: int, where: str) -> None:
        super().__init__(where)
        self.number = number

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows (IPython asks for this method)."""
        return [f"Stopped and saved in {self}. To go on, run {invocation.same_cell()}."]


class State(Protocol):
    """The part of a TrainState that the loop needs."""

    def steps_done(self) -> int:
        """Steps done in all."""

    def means(self, steps: int, skip: int = 0) -> dict[str, float]:
        """The means of the noted numbers over the epoch's first `steps` steps, without those of its first `skip` steps."""

    def broken(self) -> list[str]:
        """The names of the networks that have a weight which is NaN or infinite."""

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate for the next steps."""


@dataclass(frozen=True)
class Course:
    """The length of a run and its parts. total: steps in the run. steps: in an epoch. every: steps from one row of the log to the
    next, counted from the start of the run (an epoch's end ends a row too); 0: an epoch is one row. save_seconds: from one
    checkpoint to the next within a row; 0: none. images: pictures that a step takes, from all sets together. rate: the learning
    rate at each step of the run. untimed: the first steps of a process whose time says nothing about the later ones, because the
    training step compiles in them."""

    total: int
    steps: int
    every: int
    save_seconds: float
    images: int
    rate: LearningRateSchedule
    untimed: int

    @property
    def epochs(self) -> int:
        """Epochs in the run. The last one may be cut short."""
        return math.ceil(self.total / self.steps)

    def row_end(self, done: int) -> int:
        """The step after which the next row of the log comes, if `done` steps are done."""
        lengths = [self.steps, self.every] if self.every else [self.steps]
        return min(self.total, *((done // length + 1) * length for length in lengths))


def course_of(experiment: Experiment, steps: int) -> Course:
    """The Course of an experiment whose epochs have `steps` steps."""
    total = experiment.steps_in_all(steps)
    return Course(
        total=total,
        steps=steps,
        every=experiment.grid_every,
        save_seconds=60 * experiment.checkpoint_minutes,
        images=experiment.batch_size * len(experiment.sides),
        rate=schedule.learning_rate(experiment.lr, steps, math.ceil(total / steps), experiment.lr_drops, experiment.lr_decay),
        untimed=series.values(experiment).get("critic_steps", 1),  # a step that also updates the generator is compiled apart
    )


@dataclass(frozen=True)
class Training:
    """What the loop works with.

    train(batches, count): trains the state on the next `count` batches, in one call. batches(epoch, first_step): the batches of
    an epoch from a step on. save(): saves the state. hooks: functions of a row of the log; they are called at the end of each
    row, before the state is saved. A row has the means over the steps since the row before it, and none of an earlier epoch.
    if_long: what to say if the rest of the run takes more than an hour.
    agree(number): given if other processes train the same run. A signal reaches one process, or each at another step, and all
    must stop at the same step. So at every tenth step, and at the end of a row, each process calls this with the number of its
    signal, with 1 if a checkpoint is due, or with 0; it returns the largest number of all processes. together(): a context for
    the hooks and save(); if one process fails in it, all processes end. now(): the time in seconds.
    """

    course: Course
    state: State
    train: Callable[[Iterator[Any], int], object]
    batches: Callable[[int, int], Iterable]
    save: Callable[[], None]
    hooks: Sequence[Callable[[Row], None]]
    if_long: str = ""
    agree: Callable[[int], int] | None = None
    together: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext
    now: Callable[[], float] = time.monotonic


def run(training: Training, last_row: int = 0) -> None:
    """Train from the state's step to the course's last step. last_row: the step of the last row that an earlier process logged.

    Raises Interrupted after Ctrl-C or SIGTERM, of whichever process, and Diverged if a loss diverges.
    """
    course, state = training.course, training.state
    done, watch, stop = state.steps_done(), _Watch(training), _StopSignal(training.agree)
    with signals.handled_by(stop.note):
        feed = iter(training.batches(done // course.steps + 1, done % course.steps))
        for epoch in range(done // course.steps + 1, course.epochs + 1):
            before = (epoch - 1) * course.steps
            while done < min(before + course.steps, course.total):
                rate, skip = schedule.rate_at(course.rate, done), max(last_row - before, 0)
                state.set_learning_rate(rate)
                done = _run_row(training, done, skip, feed, watch, stop)
                means = _sound(state.means(done - before, skip), epoch, state)
                speed = watch.row.images_per_second()
                if done == before + course.steps:
                    watch.tell(done)
                    if done < course.total:
                        feed = iter(training.batches(epoch + 1, 0))  # before the hooks: the next epoch need not wait for it
                row = {"epoch": round(done / course.steps, 6), "step": done, **means, "lr": rate}
                row |= {"images_per_second": speed, "steps": course.steps}
                with training.together():
                    for hook in training.hooks:
                        hook(row)
                    training.save()
                last_row = done
                print(_line(course, done, means, speed, watch.left(done)), flush=True)
                if (number := stop.agreed(True)) > _SAVE:  # after the last row too: a comparison must not begin its next run
                    raise Interrupted(number, _place(course, done))


def _run_row(training: Training, done: int, skip: int, feed: Iterator, watch: "_Watch", stop: "_StopSignal") -> int:
    """Do the steps to the end of the row. skip: the epoch's steps before the row. Returns the number of steps done in all."""
    course, state = training.course, training.state
    epoch, first = done // course.steps + 1, done // course.steps * course.steps
    end, length = course.row_end(done), min(course.steps, course.total - first)
    watch.row.restart()
    watch.saved.restart()
    lines = 0.0
    bar = progress.bar(total=length * course.images, initial=(done - first) * course.images, unit=" images", leave=False)
    with bar:
        bar.set_description(f"epoch {epoch}/{course.epochs}")
        while done < end:
            count = min(watch.steps_in_a_call(), end - done)
            training.train(feed, count)
            done += count
            watch.end_call(done, count, lambda: state.means(1))
            bar.update(count * course.images)
            due = watch.look_is_due(done)
            if due:
                means = _sound(state.means(done - first, skip), epoch)
                # All of the numbers would leave no room for the bar.
                bar.set_postfix({name: f"{means[name]:.3f}" for name in ("Gen_loss", "Dis_loss") if name in means})
                # A line just before the row's own would tell nothing new.
                soon = watch.row.left(end - done) < _LINE_SECONDS / 3
                if bar.disable and not soon and watch.row.seconds() // _LINE_SECONDS > lines:
                    lines = watch.row.seconds() // _LINE_SECONDS
                    print(_line(course, done, means, watch.row.images_per_second(), watch.left(done)), flush=True)
            if done < end and (number := stop.agreed(due, watch.save_is_due())):
                _sound(state.means(done - first, skip), epoch, state)
                with training.together():
                    training.save()
                if number > _SAVE:
                    raise Interrupted(number, _place(course, done))
                watch.saved.restart()
    if state.steps_done() != end:
        raise RuntimeError(f"the batches of epoch {epoch} ended after step {state.steps_done()} of the run, and not after {end}")
    return end


def _sound(means: Mapping[str, float], epoch: int, state: State | None = None) -> Mapping[str, float]:
    """Check the means and return them. Raises Diverged if one is NaN or infinite, or if a loss is beyond _LARGEST_LOSS.

    state: given before it is saved. The means do not show what the last step did to the weights, so they are checked too.
    """
    wrong = [
        f"{name} is {value:.4g}"
        for name, value in means.items()
        # A gradient is NaN if no step updated the generator; one that is not finite is noted as infinite.
        if not (math.isfinite(value) or (math.isnan(value) and name.endswith("_grad")))
        or (name.endswith("_loss") and abs(value) > _LARGEST_LOSS)
    ]
    if not wrong and state and (names := state.broken()):
        wrong = [f"a weight of the {' and the '.join(names)} is not finite"]
    if wrong:
        raise Diverged(f"{wrong[0]} in epoch {epoch}")
    return means


def _place(course: Course, done: int) -> str:
    return f"epoch {(done - 1) // course.steps + 1} of {course.epochs}, after step {done:,} of {course.total:,}"


def _line(course: Course, done: int, means: Mapping[str, float], speed: float, seconds: float) -> str:
    numbers = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
    left = f"  {tqdm.format_interval(seconds)} left" if seconds else ""
    place = f"epoch {round(done / course.steps, 3):g}, step {done:,} of {course.total:,}"
    return f"{progress.place()}{place}  {numbers}  {speed:,.0f} images/s{left}"


class Clock:
    """Measures the seconds per step since it was made or restarted. steps: the steps since then."""

    def __init__(self, images: int, now: Callable[[], float] = time.monotonic) -> None:
        """images: number in a step. now(): the time in seconds."""
        self._images, self._now = images, now
        self.restart()

    def restart(self) -> None:
        """Forget the steps before."""
        self.steps, self._start = 0, self._now()

    def tick(self, steps: int = 1) -> None:
        """Count steps."""
        self.steps += steps

    def seconds(self) -> float:
        """The seconds since it was made or restarted."""
        return self._now() - self._start

    def images_per_second(self) -> float:
        """The mean speed; 0 if no step was timed (as in a first row of one step)."""
        return round(self.steps * self._images / self.seconds(), 1) if self.steps else 0.0

    def left(self, steps: int) -> float:
        """The seconds that `steps` more steps will take; 0 if no step was timed."""
        return steps * self.seconds() / self.steps if self.steps else 0.0


class _Watch:
    """Times the steps, says once how long the run will take, and says when to look at the losses: every second, or every 10 steps
    if the process does not train alone. row: the clock of the row. saved: the clock since the last checkpoint."""

    def __init__(self, training: Training) -> None:
        self._course, self._if_long, self._now = training.course, training.if_long, training.now
        self._alone = training.agree is None
        self.row, self.saved, self._process = (Clock(self._course.images, self._now) for _ in range(3))
        self._untimed, self._told = self._course.untimed, False
        self._step_seconds = 0.0  # of one step, without what the hooks take; 0 while it is not known
        self._looked = self._now()

    def save_is_due(self) -> bool:
        """Whether a checkpoint within the row is due."""
        return 0 < self._course.save_seconds <= self.saved.seconds()

    def look_is_due(self, done: int) -> bool:
        """Whether to look at the losses after the run's step `done`."""
        if not self._alone:
            return done % _LOOK_STEPS == 0
        if self._now() - self._looked < _LOOK_SECONDS:
            return False
        self._looked = self._now()
        self._step_seconds = self.row.left(1) if self._told else 0.0
        return True

    def steps_in_a_call(self) -> int:
        """The steps for the next call: one until the time of a step is known, and if several processes must stop together."""
        return max(1, int(_CALL_SECONDS / self._step_seconds)) if self._step_seconds and self._alone else 1

    def end_call(self, done: int, count: int, wait: Callable[[], object]) -> None:
        """Count the steps of a call. done: steps done in all. wait(): returns when the device has done them; only then is a clock
        read."""
        for clock in (self.row, self._process):
            clock.tick(count)
        if self._untimed:
            wait()
            self.row.restart()
            self._process.restart()
            self._untimed -= 1
        elif self._process.steps == _TIMED_STEPS or (self._alone and self._process.seconds() > _LINE_SECONDS and not self._told):
            wait()
            self.tell(done)

    def tell(self, done: int) -> None:
        """Say how long the run will take, once. done: steps done in all, also by the device."""
        left = self.left(done)
        if self._told or not left:
            return
        self._told, self._step_seconds = True, self._process.left(1)
        epoch, rest = (tqdm.format_interval(one) for one in (self._process.left(self._course.steps), left))
        with tqdm.external_write_mode():
            print(f"About {epoch} an epoch, and {rest} to the end.{self._if_long if left > _LONG else ''}", flush=True)

    def left(self, done: int) -> float:
        """The seconds to the end of the run; 0 if no step was timed. They include what the hooks have taken so far."""
        return self._process.left(self._course.total - done)


class _StopSignal:
    """Notes Ctrl-C or SIGTERM, and the process runs on. A second Ctrl-C stops it at once. agree: see Training."""

    def __init__(self, agree: Callable[[int], int] | None) -> None:
        self._number = 0  # the signal's
        self._agree = agree

    def note(self, number: int, frame: FrameType | None) -> None:
        """The handler of the signals."""
        if self._number and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._number = number

    def agreed(self, due: bool, save: bool = False) -> int:
        """The number of the signal at which all processes stop now, _SAVE if they save a checkpoint, or 0. due: whether all of
        them are at this step, and ask. save: whether this process wants a checkpoint."""
        number = self._number or _SAVE * save
        if self._agree is None:
            return number
        return self._agree(number) if due else 0
