import contextlib
import itertools
import math
import os
import signal

import pytest

from tfgan_series import progress, series
from tfgan_series.errors import Diverged, UserError
from tfgan_series.training import loop


class Counter:
    """A state that counts steps. Its only loss is 1, or the number that `losses` has for a step."""

    def __init__(self, losses=None, an_epoch=4):
        self.steps, self.seen, self.rates, self.losses, self.spoiled = 0, {}, [], losses or {}, []
        self.an_epoch = an_epoch

    def step(self, batch):
        self.seen[self.steps % self.an_epoch] = self.losses.get(self.steps, 1.0)
        self.steps += 1

    def steps_done(self):
        return self.steps

    def means(self, steps, skip=0):
        return {"Gen_loss": sum(self.seen[step] for step in range(skip, steps)) / (steps - skip)}

    def broken(self):
        return self.spoiled

    def set_learning_rate(self, rate):
        self.rates.append(rate)


def course(an_epoch=4, **length):
    """Steps of 10 pictures, three epochs if no length is given; the rate falls after the first."""
    return loop.course_of(series.resolve("mnist", lr_drops=(1,), batch_size=10, **(length or {"epochs": 3})), an_epoch)


def train(plan, state, step, *arguments, last_row=0, **given):
    def steps(batches, count):
        for batch in itertools.islice(batches, count):
            step(batch)

    loop.run(loop.Training(plan, state, steps, *arguments, **given), last_row)


def walk(state, plan=None, step=None, **given):
    """Run the loop; returns the rows that a hook gets and the step count at each save."""
    rows, saves = [], []
    train(
        plan or course(), state, step or state.step, lambda epoch, first: range(first, state.an_epoch),
        lambda: saves.append(state.steps), [rows.append], **given,
    )  # fmt: skip
    return rows, saves


ROWS = course(steps=10, grid_every=3)  # its rows end after the steps 3, 4, 6, 8, 9 and 10


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


def test_rows_end_at_every_so_many_steps_at_epochs_and_at_the_runs_end():
    """A row's loss is the mean over its own steps. The rate follows the epochs, of which the last is cut short."""
    state = Counter({step: float(step) for step in range(10)})
    rows, saves = walk(state, ROWS)
    assert saves == [row["step"] for row in rows] == [3, 4, 6, 8, 9, 10]
    assert [row["epoch"] for row in rows] == [0.75, 1, 1.5, 2, 2.25, 2.5]
    assert [row["Gen_loss"] for row in rows] == [1, 3, 4.5, 6.5, 8, 9]
    assert [row["lr"] for row in rows] == pytest.approx([2e-4] * 2 + [2e-5] * 4)
    assert ROWS.epochs == 3


@pytest.mark.parametrize("together", [False, True])
def test_a_checkpoint_within_a_row_when_it_is_due(together):
    """A step takes a minute. Several workers save at every tenth step, where they agree; the other one wants no checkpoint."""
    for minutes, saves in ((0, [40]), (15, [20, 40] if together else [15, 30, 40])):
        state, agree = Counter(an_epoch=40), int if together else None
        plan = course(an_epoch=40, epochs=1, checkpoint_minutes=minutes)
        rows, saved = walk(state, plan, now=lambda state=state: 60 * state.steps, agree=agree)
        assert saved == saves
        assert [row["step"] for row in rows] == [40]


def test_a_row_that_was_stopped_goes_on_as_one_row():
    """The run stopped after step 8 of 10, where the last row had ended after step 6."""
    through, stopped = (Counter({step: float(step) for step in range(12)}) for _ in range(2))
    stopped.steps, stopped.seen = 7, {0: 4.0, 1: 5.0, 2: 6.0}
    wanted, _ = walk(through, ROWS)
    rows, saves = walk(stopped, ROWS, last_row=6)
    assert saves == [8, 9, 10]
    same = [{**row, "images_per_second": 0} for row in wanted[3:]]
    assert [{**row, "images_per_second": 0} for row in rows] == same
    other = course(steps=10)
    stopped.steps, stopped.seen = 7, {0: 4.0, 1: 5.0, 2: 6.0}
    assert [row["Gen_loss"] for row in walk(stopped, other, last_row=6)[0]] == [6.5, 8.5]


def test_the_length_of_the_run_is_said_once(capsys):
    """A step takes 100 s, so one tells enough. The first, which compiles, takes 1,000 s and is not counted."""

    def lines(plan):
        state = Counter()
        walk(state, plan, now=lambda: 900 * (state.steps > 0) + 100 * state.steps, if_long=" Try this.")
        return [line for line in capsys.readouterr().out.splitlines() if line.startswith("About")]

    assert lines(course(epochs=30)) == ["About 06:40 an epoch, and 3:16:40 to the end. Try this."]
    assert lines(course(epochs=2)) == ["About 06:40 an epoch, and 10:00 to the end."]
    assert lines(course(epochs=1)) == ["About 06:40 an epoch, and 03:20 to the end."]


@pytest.mark.parametrize(("begun", "compiled"), [(0, {1, 3}), (10, {11, 12}), (11, {12, 13})])
def test_the_first_step_that_updates_the_generator_is_not_timed_either(begun, compiled, capsys):
    """Every third step updates the generator, so the process compiles twice, for 900 s each. Any other step takes 100 s."""
    state = Counter(an_epoch=10)
    state.steps, state.seen = begun, dict.fromkeys(range(begun % 10), 1.0)

    def now():
        return 100 * state.steps + 900 * sum(step <= state.steps for step in compiled)

    rows, _ = walk(state, course(an_epoch=10, epochs=4, critic_steps=3), now=now)
    assert {row["images_per_second"] for row in rows} == {0.1}
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("About"))
    assert line.startswith("About 16:40 an epoch, and ")


@pytest.mark.signals
@pytest.mark.parametrize(
    ("number", "at", "plan", "saved"),
    [
        (signal.SIGINT, 6, course(), [4, 6]),
        (signal.SIGTERM, 8, course(), [4, 8]),
        (signal.SIGINT, 7, ROWS, [3, 4, 6, 7]),
        (signal.SIGINT, 6, ROWS, [3, 4, 6]),
        (signal.SIGTERM, 12, course(), [4, 8, 12]),
    ],
)
def test_a_signal_saves_and_says_where(number, at, plan, saved):
    """A step takes a second. Within a row the loop stops at once. At the last step of a row it finishes the row first. It stops
    after the last row too: a comparison must not begin its next run."""
    state, rows, saves = Counter(), [], []

    def step(batch):
        state.step(batch)
        if state.steps == at:
            os.kill(os.getpid(), number)

    with pytest.raises(loop.Interrupted, match=f"epoch {-(-at // 4)} of 3, after step {at} of {plan.total}") as stop:
        train(
            plan, state, step, lambda epoch, first: range(first, 4), lambda: saves.append(state.steps), [rows.append],
            now=lambda: state.steps,
        )  # fmt: skip
    assert stop.value.number == number
    assert saves == saved
    assert [row["step"] for row in rows] == [step for step in saved if plan.row_end(step - 1) == step]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.signals
def test_a_second_ctrl_c_stops_at_once():
    """Nothing is saved."""
    state, saves = Counter(), []

    def step(batch):
        state.step(batch)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(course(), state, step, lambda epoch, first: range(first, 4), lambda: saves.append(state.steps), [])
    assert (state.steps, saves) == (1, [])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.signals
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(("at", "saved"), [(13, [20]), (98, [100]), (100, [100]), (103, [100, 110])])
def test_processes_that_train_together_stop_at_the_same_step(at, saved, own):
    """They agree at every tenth step and at the end of a row, also where the signal came to another process."""
    state, saves, blocks = Counter(), [], []
    state.means = lambda steps, skip=0: {"Gen_loss": 1.0}

    def step(batch):
        state.steps += 1
        if own and state.steps == at:
            os.kill(os.getpid(), signal.SIGTERM)

    def agree(number):
        assert number == (signal.SIGTERM if own and state.steps >= at else 0)
        return signal.SIGTERM if state.steps >= at else 0

    @contextlib.contextmanager
    def together():
        yield
        blocks.append(state.steps)

    with pytest.raises(loop.Interrupted) as stop:
        train(
            course(an_epoch=100, epochs=2), state, step, lambda epoch, first: range(first, 100),
            lambda: saves.append(state.steps), [], agree=agree, together=together,
        )  # fmt: skip
    assert stop.value.number == signal.SIGTERM
    assert saves == blocks == saved


@pytest.mark.parametrize("loss", [math.nan, math.inf, -1e7])
def test_a_diverged_run_is_one_line_and_is_not_saved(loss):
    state = Counter({5: loss})
    with pytest.raises(UserError, match=r"the run diverged: Gen_loss is (nan|inf|-2.5e\+06) in epoch 2; .* smaller --lr"):
        walk(state)


def test_only_a_gradient_may_be_missing():
    def rows(**numbers):
        state = Counter()
        state.means = lambda steps, skip=0: numbers
        return walk(state, course(epochs=1))[0]

    (row,) = rows(Gen_loss=1.0, Gen_grad=math.nan)
    assert math.isnan(row["Gen_grad"])
    for numbers in ({"Gen_loss": math.nan}, {"Real_logit": math.nan}, {"Gen_loss": 1.0, "Gen_grad": math.inf}):
        with pytest.raises(Diverged, match=f"{list(numbers)[-1]} is"):
            rows(**numbers)


def test_weights_that_a_rows_last_step_spoiled_are_not_saved():
    """The losses are of before the step, so they are as ever."""
    state = Counter()

    def step(batch):
        state.step(batch)
        state.spoiled = ["discriminator"] if state.steps == 8 else []

    saved = []
    with pytest.raises(Diverged, match="a weight of the discriminator is not finite in epoch 2"):
        train(course(), state, step, lambda epoch, first: range(4), lambda: saved.append(state.steps), [])
    assert saved == [4]


@pytest.mark.parametrize("clock", ["stands", "runs"])
def test_a_long_epoch_that_flies_apart_ends_at_a_step_and_not_at_a_time(clock):
    """Processes that train together have clocks of their own, and must end at the same step."""
    state = Counter()
    state.means = lambda steps, skip=0: {"Gen_loss": math.inf if steps > 70 else 1.0}
    now = {"stands": lambda: 1.0, "runs": itertools.count(0, 1000).__next__}[clock]
    with pytest.raises(Diverged):
        train(course(an_epoch=1000), state, state.step, lambda epoch, first: range(1000), lambda: None, [], agree=int, now=now)
    assert state.steps == 80


@pytest.mark.signals
@pytest.mark.parametrize(("agree", "calls"), [(None, [1] * 6 + [5, 1] * 2), (int, [1] * 18)])
def test_fast_steps_share_a_call_of_a_tenth_of_a_second(agree, calls):
    """A step takes 20 ms, as the first epoch tells. No call goes beyond a row. Several workers must stop at the same step."""
    state, seen = Counter(an_epoch=6), []

    def steps(batches, count):
        seen.append(count)
        for batch in itertools.islice(batches, count):
            state.step(batch)

    given = {"now": lambda: 0.0199 * state.steps, "agree": agree}
    loop.run(loop.Training(course(an_epoch=6), state, steps, lambda epoch, first: range(6), lambda: None, [], **given))
    assert seen == calls


def test_a_process_that_trains_alone_looks_every_second():
    state = Counter()
    state.means = lambda steps, skip=0: {"Gen_loss": math.inf if steps > 4 else 1.0}
    seconds = itertools.count(0, 0.3).__next__
    with pytest.raises(Diverged):
        train(course(an_epoch=1000), state, state.step, lambda epoch, first: range(1000), lambda: None, [], now=seconds)
    assert state.steps < 20


def test_hooks_and_save_run_together():
    """They run in one block: if one process fails in it, it ends the others too."""
    state, seen = Counter(), []

    @contextlib.contextmanager
    def together():
        seen.append("begin")
        yield
        seen.append("end")

    train(
        course(epochs=2), state, state.step, lambda epoch, first: range(first, 4), lambda: seen.append("save"),
        [lambda row: seen.append(row["epoch"])], together=together,
    )  # fmt: skip
    assert seen == ["begin", 1, "save", "end", "begin", 2, "save", "end"]


def test_an_epoch_that_ends_early_is_an_error():
    state = Counter()
    with pytest.raises(RuntimeError, match="epoch 1 ended after step 3 of the run, and not after 4"):
        train(course(), state, state.step, lambda epoch, first: range(3), lambda: None, [])


def test_speed_is_images_of_timed_steps_per_second():
    """A step takes 2 s, but for the very first. That one takes 100 s, because it compiles, and is not timed."""
    state = Counter()
    rows, _ = walk(state, now=lambda: 98 + 2 * state.steps if state.steps else 0)
    assert [row["images_per_second"] for row in rows] == [10 / 2] * 3


def test_the_time_left_is_that_of_the_steps_before():
    clock = loop.Clock(images=10, now=itertools.count(0, 2).__next__)
    assert clock.left(5) == 0
    clock.tick()
    clock.tick()
    assert clock.left(5) == 5.0  # 2 s for 2 steps


def test_a_step_of_two_sets_takes_a_batch_of_each():
    assert loop.course_of(series.resolve("mnist", batch_size=3), steps=4).images == 3
    assert loop.course_of(series.resolve("horse2zebra", batch_size=3), steps=4).images == 6


def test_a_log_file_gets_a_line_every_30_seconds(capsys):
    """A step takes 7 s. The lines have the means and the speed so far. None comes just before the row's own line."""
    state = Counter()
    state.means = lambda steps, skip=0: {"Gen_loss": float(steps)}
    plan = course(an_epoch=20, epochs=2)
    train(plan, state, state.step, lambda epoch, first: range(20), lambda: None, [], now=lambda: 7.0 * state.steps)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert lines[0] == "epoch 0.3, step 6 of 40  Gen_loss 6.000  1 images/s  03:58 left"
    assert [line.split(" of ")[0].split()[-1] for line in lines] == ["6", "10", "14", "20", "25", "29", "33", "38", "40"]


def test_a_line_of_a_comparison_says_which_run_it_is_of(capsys):
    state = Counter()
    with progress.within("run 3 of 8"):
        train(course(epochs=1), state, state.step, lambda epoch, first: range(4), lambda: None, [])
    train(course(epochs=2), state, state.step, lambda epoch, first: range(4), lambda: None, [])
    first, second = (line for line in capsys.readouterr().out.splitlines() if "Gen_loss" in line)
    assert first.startswith("run 3 of 8, epoch 1, step 4 of 4 ")
    assert second.startswith("epoch 2, step 8 of 8 ")


def test_a_terminal_gets_a_bar_and_no_such_lines(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    state = Counter()
    train(course(epochs=1), state, state.step, lambda epoch, first: range(4), lambda: None, [], now=lambda: 40.0 * state.steps)
    printed = capsys.readouterr()
    assert [line.split(",")[0] for line in printed.out.splitlines()] == ["About 02:40 an epoch", "epoch 1"]
    assert "epoch 1/1" in printed.err
