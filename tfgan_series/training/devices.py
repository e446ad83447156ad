"""Which devices a run uses, what they cannot do, and what the processes of a run tell each other."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator

import tensorflow as tf

from tfgan_series.errors import UserError
from tfgan_series.series import Experiment

_MESSAGE_BYTES = 2000  # of what a worker tells the others


def choose_strategy() -> tf.distribute.Strategy:
    """MultiWorkerMirroredStrategy where TF_CONFIG is set, MirroredStrategy on several GPUs, else the default one."""
    if os.environ.get("TF_CONFIG"):
        return _only(tf.distribute.MultiWorkerMirroredStrategy)
    share_gpus()
    several = len(tf.config.list_physical_devices("GPU")) > 1
    return _only(tf.distribute.MirroredStrategy) if several else tf.distribute.get_strategy()


def share_gpus() -> None:
    """Take no more GPU memory than is needed. By itself TensorFlow takes all of it, and another process finds none."""
    # RuntimeError: a notebook has used the GPU before, and its memory is laid out already.
    with contextlib.suppress(RuntimeError):
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)


@functools.cache
def _only(kind: Callable[[], tf.distribute.Strategy]) -> tf.distribute.Strategy:
    """The process's one strategy of a kind: two take each other's collective keys, and the second training of
    a comparison fails with a shape mismatch (TensorFlow's issue 62790)."""
    return kind()


def check(experiment: Experiment, strategy: tf.distribute.Strategy) -> None:
    """Raises UserError where the devices cannot run the experiment."""
    replicas = strategy.num_replicas_in_sync
    if experiment.jit_compile and replicas > 1:
        raise UserError(f"--jit_compile is for one device, and here are {replicas}: leave it out, or set CUDA_VISIBLE_DEVICES=0")
    if experiment.batch_size % replicas:
        raise UserError(
            f"--batch_size={experiment.batch_size} for {replicas} devices: give a multiple of {replicas}, "
            "or set CUDA_VISIBLE_DEVICES=0"
        )
    if experiment.precision == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        print("Warning: float16 convolutions are hundreds of times slower than float32 on a CPU.")


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes what people look at: true but for the other workers of a multi-worker run."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    return resolver.task_type == "chief" or (resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs)


def several_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether other processes train along."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


@contextlib.contextmanager
def together(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """A block that ends well for all workers of a run, or for none. Every worker must come through it.

    What one worker raises in the block (UserError or OSError) is a UserError for the others, with the same line. Without it
    they would wait for that worker in the next step, for ever. So a block may hold what the chief alone does. It ends when
    all workers are at its end. Where one process trains, it is nothing.
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


def exchange(strategy: tf.distribute.Strategy, line: str) -> list[str]:
    """The lines that the workers of a run call this with, of every replica one; each worker gets all of them."""
    if not several_workers(strategy):
        return [line]
    message = line.encode()[:_MESSAGE_BYTES].ljust(_MESSAGE_BYTES, b"\0")
    sent = strategy.run(lambda: tf.constant([list(message)], tf.float32))  # collectives take no strings
    received = strategy.gather(sent, axis=0).numpy().astype("uint8")
    return [bytes(row).rstrip(b"\0").decode(errors="replace") for row in received]
