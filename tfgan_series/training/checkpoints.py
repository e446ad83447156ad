"""Checkpoints: they save a whole TrainState to disk and restore it, exactly to the last bit."""

import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from tfgan_series.errors import UserError
from tfgan_series.training.state import TrainState

_KEEP = 2


class Checkpoints:
    """The checkpoints of a run: the last two, each named by its step."""

    def __init__(self, state: TrainState, folder: Path, chief: bool = True) -> None:
        """chief: whether this process is the one whose checkpoints are kept."""
        self._state = state
        self._folder = folder
        self._checkpoint = tf.train.Checkpoint(
            step=state.step,
            history=state.history,
            buffers=state.buffers,
            averages=state.averages,
            # `variables` and not `weights`: Keras does not count Dropout's random state among the weights.
            networks={name: _variables(model) for name, model in state.networks.items()},
            optimizers={name: _variables(optimizer) for name, optimizer in state.optimizers.items()},
        )
        # The other workers must save too. They save to a temporary folder, which is removed when the process ends.
        self._aside = None if chief else tempfile.TemporaryDirectory()
        where = self._aside.name if self._aside else str(folder)
        self._manager = tf.train.CheckpointManager(self._checkpoint, where, max_to_keep=_KEEP, checkpoint_name="step")

    def save(self) -> None:
        """Write a checkpoint of the state as it is. Raises UserError if it cannot be written."""
        try:
            self._manager.save(checkpoint_number=self._state.steps_done())
        except tf.errors.OpError as error:
            raise UserError(f"no checkpoint can be written to {self._folder} ({error.message}); the last one is kept") from error

    def restore(self) -> bool:
        """Restore the state from the last checkpoint that can be read. Returns whether there was any checkpoint.

        Raises UserError if there are checkpoints and none can be read: the run must not silently start from scratch.
        """
        # Found by name: the file `checkpoint`, which lists them, can be damaged too.
        paths = sorted(self._folder.glob("step-*.index"), key=lambda path: int(path.stem.split("-")[1]), reverse=True)
        for path in paths:
            try:
                self._checkpoint.restore(str(path.with_suffix(""))).assert_consumed()
                return True
            except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:  # IndexError: a file cut short
                reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
                print(f"Checkpoint {path.with_suffix('')} cannot be read ({reason}).")
        if paths:
            raise UserError(f"no checkpoint in {self._folder} can be read: --overwrite starts the run over")
        return False


def _variables(thing: keras.Model | keras.Optimizer) -> list[tf.Variable]:
    return [variable.value for variable in thing.variables]
