"""Training from records to a run folder: the state, its checkpoint, the loop and its hooks."""

import contextlib
import functools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfgan_series import invocation, naming, networks, runs, series
from tfgan_series.data import pipeline
from tfgan_series.data.records import Records, check_unchanged
from tfgan_series.errors import UserError
from tfgan_series.evaluation import evaluate, features
from tfgan_series.series import Experiment
from tfgan_series.training import devices, health, hooks, loop, workers
from tfgan_series.training.checkpoints import Checkpoints
from tfgan_series.training.state import TrainState, create_state

_TIMED_STEPS = 10


def train(experiment: Experiment, records: Records, folder: Path, strategy: tf.distribute.Strategy) -> None:
    """Train an experiment on its records until its last step. Start from the run folder's last checkpoint if there is one.

    folder: an open run folder, new or of this experiment. After each row of the log it gets the files of hooks.py and a
    checkpoint.
    Raises UserError if the run cannot go on or its records change, loop.Interrupted after Ctrl-C or SIGTERM, and Diverged if a
    loss diverges.
    """
    steps = pipeline.steps_per_epoch(records, experiment)
    algorithm, state = _begin(experiment, strategy, steps)
    checkpoints = Checkpoints(state, folder / runs.CHECKPOINTS, workers.is_chief(strategy))
    with workers.together(strategy):
        _restore(checkpoints, folder)
        done = state.steps_done()
        slow = [] if done else devices.if_slow(experiment, state.networks)
        for line in [_beginning(experiment, records, folder, steps, done), *slow]:
            print(line)
        last_row = _last_row(folder, done, steps)
    _check_same_run(strategy, experiment, state, records)
    with workers.together(strategy):
        after_row = _hooks(algorithm, experiment, records, folder, state, steps) if workers.is_chief(strategy) else []

    @contextlib.contextmanager
    def together() -> Iterator[None]:
        with workers.together(strategy):
            check_unchanged(records)  # before the files and the checkpoint are written: the last ones stay good
            yield

    quick, own = series.resolve(), (experiment.image_type, experiment.model) not in series.ROWS
    training = loop.Training(
        loop.course_of(experiment, steps),
        state,
        in_one_call(algorithm.make_step(experiment, state, strategy)),
        functools.partial(_batches, experiment, records, strategy),
        checkpoints.save,
        after_row,
        if_long="" if own or experiment == quick else f" To draw {quick.image_type} in minutes: {invocation.command('train')}",
        agree=functools.partial(workers.largest, strategy) if workers.several_workers(strategy) else None,
        together=together,
    )
    with pipeline.damage_named(records):
        loop.run(training, last_row)


def seconds_per_step(experiment: Experiment, records: Records, strategy: tf.distribute.Strategy) -> float:
    """How long a training step of an experiment on its records takes: the mean of some steps of new networks, after those in
    which they compile. The reading of the records is a part of it. What is written after each row is no part of it."""
    steps = pipeline.steps_per_epoch(records, experiment)
    algorithm, state = _begin(experiment, strategy, steps)
    train = in_one_call(algorithm.make_step(experiment, state, strategy))
    untimed = loop.course_of(experiment, steps).untimed
    feed = iter(strategy.experimental_distribute_dataset(pipeline.batches(records, experiment, epoch=1).repeat()))

    def run(count: int) -> None:
        with pipeline.damage_named(records):
            train(feed, count)
        state.means(1)  # waits for the device

    run(untimed)
    start, timed = time.perf_counter(), untimed * max(1, _TIMED_STEPS // untimed)
    run(timed)
    return (time.perf_counter() - start) / timed


def in_one_call(step: Callable[[Any], object]) -> Callable[[Iterator[Any], int], None]:
    """A function that takes the next `count` batches of an iterator and does a step with each, all in one call.

    To call a step of small networks from Python takes longer than the step. One graph does any number of steps, so how they are
    put into calls changes no bit.
    """

    @tf.function(autograph=False)
    def call(batches: Iterator[Any], count: tf.Tensor) -> None:
        def one(done: tf.Tensor) -> list[tf.Tensor]:
            step(next(batches))
            return [done + 1]

        tf.while_loop(lambda done: done < count, one, [0], parallel_iterations=1)

    return lambda batches, count: call(batches, tf.constant(count))


def _begin(experiment: Experiment, strategy: tf.distribute.Strategy, steps: int) -> tuple[Any, TrainState]:
    """The algorithm of an experiment, and a new state. steps: in an epoch."""
    algorithm = series.MODELS[experiment.model].load_algorithm()
    return algorithm, create_state(experiment, strategy, algorithm.measures(experiment), steps, algorithm.buffers(experiment))


def _batches(
    experiment: Experiment, records: Records, strategy: tf.distribute.Strategy, epoch: int, first_step: int
) -> Iterator[Any]:
    return iter(strategy.experimental_distribute_dataset(pipeline.batches(records, experiment, epoch, first_step)))


def _restore(checkpoints: Checkpoints, folder: Path) -> None:
    """Restore the state from the last checkpoint, if there is one. Raises UserError if there must be one."""
    if not checkpoints.restore() and len(runs.read_log(folder)) > 1:  # one row: the run was killed before its first checkpoint
        raise UserError(f"{folder} has a log and no checkpoint to go on from: --overwrite starts the run over")


def _beginning(experiment: Experiment, records: Records, folder: Path, steps: int, done: int) -> str:
    """A line that says where training begins. steps: in an epoch. done: steps done in all."""
    total, (unit, length) = experiment.steps_in_all(steps), experiment.length
    if done >= total:
        finished = f"{folder} is finished, {series.counted(length, unit)}."
        return f"{finished} Give a larger --{unit} to train on, or --overwrite to start over."
    if done:
        return f"Going on from epoch {done // steps + 1}, step {done + 1:,} of {total:,}, in {folder}."
    pictures = f"{records.count_of(experiment):,} pictures of {records.folder}"
    course = f"{series.counted(length, unit)} with {series.counted(steps, 'steps')} an epoch"
    line = f"Training {experiment.model} on {pictures}, {course}, into {folder}."
    if total > 1 and loop.course_of(experiment, steps).row_end(0) == total:
        line += f" The curves will have a single point: --grid_every={max(1, total // 10)} gives more."
    return line


def _last_row(folder: Path, done: int, steps: int) -> int:
    """The step of the log's last row that the checkpoint, of step `done`, has too; 0 if there is none. steps: in an epoch.

    Raises UserError if the row of an epoch's end is missing.
    """
    last = max((int(row["step"]) for row in runs.read_log(folder) if row["step"] <= done), default=0)
    if done >= (end := (last // steps + 1) * steps):
        raise UserError(
            f"{folder / runs.LOG} has no row of step {end:,}, and the checkpoint is of step {done:,}: bring back a copy of the "
            "file, or start the run over with --overwrite"
        )
    return last


def _check_same_run(strategy: tf.distribute.Strategy, experiment: Experiment, state: TrainState, records: Records) -> None:
    """Raises UserError, on every worker, if the workers have different settings, or see different records or checkpoints."""
    settings = naming.digest(json.dumps(series.values(experiment)))[:8]
    seen = workers.exchange(
        strategy,
        f"settings {settings} with --precision={experiment.precision}, records {records.identity}, checkpoint of step "
        f"{state.steps_done()}",
    )
    if len(set(seen)) > 1:
        raise UserError(
            f"the workers differ ({'; '.join(dict.fromkeys(seen))}): give all of them the same flags (auto can be another "
            "precision on another processor), and a --TFRecordPath and a --run_dir in a folder that they share"
        )


def _hooks(
    algorithm: Any, experiment: Experiment, records: Records, folder: Path, state: TrainState, steps: int
) -> list[Callable[[loop.Row], None]]:
    """The hooks that write after each row of the log, in their order. Before the first step the grid of epoch 0 is drawn."""
    model = series.MODELS[experiment.model]
    built = networks.build(experiment.change(precision="float32"))
    twins = {name: built[name] for name in model.saved}
    save_grid = hooks.save_grid(twins, algorithm.make_look(experiment, records), folder)
    done = state.steps_done()
    if not done:  # the twins have the weights that the run begins with: the same seed draws them
        save_grid({"step": 0, "steps": steps})
    total, measured = experiment.steps_in_all(steps), []
    if experiment.evaluate_every and done < total:
        real = _reference(experiment, records)
        measured = [hooks.save_scores(twins, real, experiment.evaluate_every, total, folder)]
    return [
        hooks.set_twins(twins, state),
        save_grid,
        *measured,
        hooks.write_steps(state, folder),
        hooks.warn(state, algorithm.bounds(experiment), health.advice(experiment), folder, done),
        # The generators' step is that of the log's last row, so nothing that takes long comes between the two. The log is written
        # after the files that are read together with it.
        hooks.save_generators(twins, folder),
        hooks.write_log(folder, done),
        hooks.write_tensorboard(folder, done),
    ]


def _reference(experiment: Experiment, records: Records) -> evaluate.Reference:
    """What the generators are compared with during training."""
    network = features.load(None, records, experiment)
    against = evaluate.partition_while_training(records)
    return evaluate.reference(records, experiment, network, count=experiment.evaluate_count, against=against)
