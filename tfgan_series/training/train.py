"""Training from records to a run folder: the state, its checkpoint, the loop and its hooks."""

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfgan_series import files, networks, runs, series
from tfgan_series.data import pipeline
from tfgan_series.data.records import Records
from tfgan_series.errors import UserError
from tfgan_series.series import Experiment
from tfgan_series.training import devices, hooks, loop
from tfgan_series.training.checkpoints import Checkpoints
from tfgan_series.training.state import TrainState, create_state


def train(experiment: Experiment, found: Records, folder: Path, strategy: tf.distribute.Strategy) -> None:
    """Train an experiment on its records until the last epoch. Start from the run folder's last checkpoint if there is one.

    folder: an open run folder, new or of this experiment. After each epoch it gets the files of hooks.py and a checkpoint.
    Raises UserError if the run cannot go on, loop.Interrupted after Ctrl-C or SIGTERM, and Diverged if a loss diverges.
    """
    algorithm, steps = series.MODELS[experiment.model].load_algorithm(), pipeline.steps_per_epoch(found, experiment)
    state = create_state(experiment, strategy, algorithm.measures(experiment), steps, algorithm.buffers(experiment))
    checkpoints = Checkpoints(state, folder / runs.CHECKPOINTS, devices.is_chief(strategy))
    with devices.together(strategy):
        print(_restore(checkpoints, state, steps, experiment, found, folder))
    _check_same_run(strategy, experiment, state, found)
    with devices.together(strategy):
        after_epoch = _hooks(experiment, found, folder, state, steps) if devices.is_chief(strategy) else []

    def batches(epoch: int, first_step: int) -> Iterator[Any]:
        dataset = strategy.experimental_distribute_dataset(pipeline.batches(found, experiment, epoch, first_step))
        return pipeline.damage_named(dataset, found)

    loop.run_epochs(
        loop.course_of(experiment, steps),
        state,
        algorithm.make_step(experiment, state, strategy),
        batches,
        checkpoints.save,
        after_epoch,
        alone=not devices.several_workers(strategy),
        together=functools.partial(devices.together, strategy),
    )


def _restore(
    checkpoints: Checkpoints, state: TrainState, steps: int, experiment: Experiment, found: Records, folder: Path
) -> str:
    """Restore the state from the last checkpoint, if there is one. Returns a line that says where training begins."""
    resumed = checkpoints.restore()
    if not resumed and len(runs.read_log(folder)) > 1:  # one row: the run was killed before its first checkpoint
        raise UserError(f"{folder} has a log and no checkpoint to go on from: --overwrite starts the run over")
    epochs_done, steps_in = divmod(state.steps_done(), steps)
    if epochs_done >= experiment.epochs:
        return f"{folder} is finished, {epochs_done} epochs. Give a larger --epochs to train on, or --overwrite to start over."
    if resumed:
        return f"Going on from epoch {epochs_done + 1}, step {steps_in + 1} of {steps}, in {folder}."
    pictures = f"{found.count_of(experiment):,} pictures of {found.folder}"
    return f"Training {experiment.model} on {pictures}, {steps} steps an epoch, into {folder}."


def _check_same_run(strategy: tf.distribute.Strategy, experiment: Experiment, state: TrainState, found: Records) -> None:
    """Raises UserError, on every worker, if the workers have different settings, or see different records or checkpoints."""
    settings = files.digest(json.dumps(series.to_dict(experiment)))[:8]
    seen = devices.exchange(strategy, f"settings {settings}, records {found.identity}, checkpoint of step {state.steps_done()}")
    if len(set(seen)) > 1:
        raise UserError(
            f"the workers differ ({'; '.join(dict.fromkeys(seen))}): give all of them the same flags, and a --TFRecordPath and a "
            "--run_dir in a folder that they share"
        )


def _hooks(
    experiment: Experiment, found: Records, folder: Path, state: TrainState, steps: int
) -> list[Callable[[loop.Row], None]]:
    """The hooks that write after each epoch, in their order."""
    model = series.MODELS[experiment.model]
    built = networks.build(experiment.change(precision="float32"))
    twins = {name: built[name] for name in model.saved}
    look = model.load_algorithm().make_look(experiment, found)
    return [
        hooks.save_generators(twins, state, folder),
        hooks.save_grid(twins, look, folder),
        hooks.write_steps(state, folder),
        hooks.write_log(folder, state.steps_done() // steps),  # after the files that are read together with it
        hooks.write_tensorboard(folder),
    ]
