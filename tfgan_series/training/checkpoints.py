"""Checkpoints: all of a TrainState on disk, and back, in the same bits."""

import tempfile

import tensorflow as tf

from tfgan_series.errors import UserError

_KEEP = 2


class Checkpoints:
    """The checkpoints of a run: the last two, each named by its step."""

    def __init__(self, state, folder, chief=True):
        """chief: the other workers of a multi-worker run save along with the chief, but to a folder nobody reads."""
        self._state = state
        self._folder = folder
        self._checkpoint = tf.train.Checkpoint(
            step=state.step,
            sums=state.sums,
            # variables and not weights: Dropout's random state is among them, and Keras would leave it out.
            networks={name: _variables(model) for name, model in state.networks.items()},
            optimizers={name: _variables(optimizer) for name, optimizer in state.optimizers.items()},
        )
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(folder) if chief else tempfile.mkdtemp(), max_to_keep=_KEEP, checkpoint_name="step"
        )

    def save(self):
        """Write a checkpoint of the state as it is."""
        self._manager.save(checkpoint_number=self._state.steps_done())

    def restore(self):
        """Bring the state to the last checkpoint. Returns whether there was one. Raises UserError if it is damaged."""
        path = tf.train.latest_checkpoint(str(self._folder))
        if path is None:
            return False
        try:
            self._checkpoint.restore(path).assert_consumed()
        except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:  # the last one: a file cut short
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise UserError(f"checkpoint {path} cannot be read ({reason}): --overwrite starts the run over") from error
        return True


def _variables(thing):
    return [variable.value for variable in thing.variables]
