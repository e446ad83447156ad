"""Checkpoints: they save a whole TrainState to disk and restore it, exactly to the last bit."""

import re
import shutil
import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from tfgan_series import files
from tfgan_series.errors import UserError, reason_of
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
        self._own_folder = Path(self._aside.name) if self._aside else folder

    def save(self) -> None:
        """Write a checkpoint of the state as it is, and remove all but the last two. Raises UserError if it cannot be written."""
        path = self._own_folder / f"step-{self._state.steps_done()}"
        try:
            self._checkpoint.write(str(path))
            for part in [*path.parent.glob(f"{path.name}.*"), path.parent]:
                files.sync(part)  # before an older one goes: TensorFlow does not wait for the disk
        except (tf.errors.OpError, OSError) as error:
            reason = error.message.rpartition("; ")[2] if isinstance(error, tf.errors.OpError) else error  # without its nodes
            raise UserError(f"no checkpoint can be written to {self._own_folder} ({reason}); the last one is kept") from error
        _remove_all_but(_find(self._own_folder)[:_KEEP], self._own_folder)

    def restore(self) -> bool:
        """Restore the state from the last checkpoint that can be read. Returns whether there was any checkpoint.

        Raises UserError if there are checkpoints and none can be read: the run must not silently start from scratch.
        """
        paths = _find(self._folder)
        for path in paths:
            try:
                self._checkpoint.read(str(path)).assert_existing_objects_matched()
                return True
            except (tf.errors.ResourceExhaustedError, tf.errors.UnavailableError):  # the checkpoint may be good
                raise
            except tf.errors.PermissionDeniedError as error:
                raise UserError(f"checkpoint {path} may not be read ({reason_of(error)}): change its permissions") from error
            except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:  # IndexError: a file cut short
                print(f"Checkpoint {path} cannot be read ({reason_of(error)}).")
        if paths:
            raise UserError(f"no checkpoint in {self._folder} can be read: --overwrite starts the run over")
        return False


def _find(folder: Path) -> list[Path]:
    """The folder's checkpoints, the last first: their paths without an ending. Found by name: TensorFlow's list of them, the file
    `checkpoint`, may be damaged, and a copy made by hand is none of ours."""
    steps = [int(found[1]) for path in folder.glob("step-*.index") if (found := re.fullmatch(r"step-(\d+)\.index", path.name))]
    return [folder / f"step-{step}" for step in sorted(steps, reverse=True)]


def _remove_all_but(kept: list[Path], folder: Path) -> None:
    """Remove the folder's other checkpoints, and what processes left that were killed while they wrote one."""
    names = {path.name for path in kept}
    for path in sorted(folder.glob("step-*"), key=lambda path: path.suffix != ".index"):  # without its index it is none
        found = re.fullmatch(r"(step-\d+)(_temp|\.(?:index|data-\d+-of-\d+)(\.tempstate\d+)?)", path.name)
        if found and path.is_dir():
            shutil.rmtree(path)
        elif found and (found[1] not in names or found[3]):
            path.unlink()


def _variables(thing: keras.Model | keras.Optimizer) -> list[tf.Variable]:
    return [variable.value for variable in thing.variables]
