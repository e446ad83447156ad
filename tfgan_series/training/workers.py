"""Several processes that train one run: how they meet, which of them writes, and how they agree."""

import contextlib
import faulthandler
import functools
import os
import signal
from collections.abc import Callable, Iterator

import tensorflow as tf

from tfgan_series import files, signals
from tfgan_series.errors import UserError, reason_of

MEET_SECONDS = 600  # that a worker waits for the others before the training
_MESSAGE_BYTES = 2000  # of a worker's message to the others


def meet() -> tf.distribute.Strategy:
    """Wait for the other workers. TensorFlow lets no Python code run meanwhile, so Ctrl-C ends the process at once. SIGTERM is
    lost while it waits: TensorFlow takes it for itself. `handled_by` takes it back for the training.

    The first worker waits for ever for one that is lost, whatever its cluster_register_timeout. faulthandler ends it: its clock
    runs without Python. Raises UserError if TF_CONFIG is no JSON, or describes no worker.
    """
    try:
        files.parse_json(os.environ["TF_CONFIG"])
    except ValueError as error:
        raise UserError(f"TF_CONFIG is no JSON ({reason_of(error)}): give it in single quotes, or unset it") from error
    limit = f"{MEET_SECONDS / 60:.0f} minutes"
    print(f"Waiting for the other workers. If one of them is not there after {limit}, this process ends.", flush=True)
    with signals.handled_by(signal.SIG_DFL), open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(MEET_SECONDS, exit=True, file=nowhere)
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except (ValueError, TypeError, AttributeError) as error:
            raise UserError(
                f"TF_CONFIG does not describe this worker ({reason_of(error)}): wanted the cluster's workers, and this one's "
                "type and index, the first is 0; or unset it"
            ) from error
        finally:
            faulthandler.cancel_dump_traceback_later()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run's files. Of several workers only the chief does; a single process always does."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    return resolver.task_type == "chief" or (resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs)


def several_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether other processes train the same run."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


@contextlib.contextmanager
def together(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """A block that succeeds on all workers of a run, or fails on all. Every worker must run it.

    If one worker raises a UserError or OSError in the block, the others raise a UserError with the same line. Without this they
    would wait for that worker in the next step for ever. So a block may contain work that only the chief does. The block ends
    when all workers have reached its end. If a single process trains, it does nothing.
    """
    problem = None
    try:
        yield
    except (UserError, OSError) as error:
        problem = error
    lines = exchange(strategy, str(problem) if problem else "")
    if problem:
        raise problem
    told = next((line for line in lines if line), None)
    if told:
        raise UserError(f"another worker stopped: {told}")


def largest(strategy: tf.distribute.Strategy, number: int) -> int:
    """The largest of the numbers that the workers of a run call this with. Every worker must call it."""
    return max(map(int, exchange(strategy, str(number))))


def exchange(strategy: tf.distribute.Strategy, line: str) -> list[str]:
    """Send a line to all workers of a run. Returns the lines of all workers, one for each replica."""
    if not several_workers(strategy):
        return [line]
    message = line.encode(errors="backslashreplace")[:_MESSAGE_BYTES].ljust(_MESSAGE_BYTES, b"\0")
    received = _gather(strategy)(tf.constant([list(message)], tf.float32)).numpy().astype("uint8")  # collectives take no strings
    return [bytes(row).rstrip(b"\0").decode(errors="replace") for row in received]


@functools.cache
def _gather(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function of a tensor [1, N] that returns those of all replicas, [replicas, N]. It is traced once: without it, TensorFlow
    would trace every call."""
    return tf.function(lambda message: strategy.gather(strategy.run(lambda: message), axis=0))
