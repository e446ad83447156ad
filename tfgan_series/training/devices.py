"""Chooses the devices of a run, checks what they can do, and lets the processes of a run exchange messages."""

import contextlib
import faulthandler
import functools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import tensorflow as tf

from tfgan_series import signals
from tfgan_series.errors import UserError
from tfgan_series.series import Experiment

_BFLOAT16 = {"amx_bf16", "avx512_bf16"}  # what Linux calls a processor's instructions for bfloat16
_BFLOAT16_GPU = (8, 0)  # the first compute capability with bfloat16
MEET_SECONDS = 600  # that a worker waits for the others before the training
_MESSAGE_BYTES = 2000  # of a worker's message to the others


def choose_strategy() -> tf.distribute.Strategy:
    """MultiWorkerMirroredStrategy if TF_CONFIG is set, MirroredStrategy on several GPUs, else the default one."""
    if os.environ.get("TF_CONFIG"):
        return _only(_meet)
    share_gpus()
    several = len(tf.config.list_physical_devices("GPU")) > 1
    return _only(tf.distribute.MirroredStrategy) if several else tf.distribute.get_strategy()


def share_gpus() -> None:
    """Take no more GPU memory than is needed. By default TensorFlow takes all of it and leaves none for other processes."""
    # RuntimeError: the GPU was used before (in a notebook), so its memory settings are fixed.
    with contextlib.suppress(RuntimeError):
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)


@functools.cache
def _only(kind: Callable[[], tf.distribute.Strategy]) -> tf.distribute.Strategy:
    """The process's only strategy of this kind. Two of a kind would use the same collective keys, and the second training of a
    comparison would fail with a shape mismatch (TensorFlow's issue 62790)."""
    return kind()


def _meet() -> tf.distribute.Strategy:
    """Wait for the other workers. TensorFlow lets no Python code run meanwhile, so a signal ends the process at once. It also
    takes SIGTERM for itself, and would train on after it: `handled_by` takes the signal back.

    The first worker waits for ever for one that is lost, whatever its cluster_register_timeout. faulthandler ends it: its clock
    runs without Python.
    """
    limit = f"{MEET_SECONDS / 60:.0f} minutes"
    print(f"Waiting for the other workers. If one of them is not there after {limit}, this process ends.", flush=True)
    with signals.handled_by(signal.SIG_DFL), open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(MEET_SECONDS, exit=True, file=nowhere)
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        finally:
            faulthandler.cancel_dump_traceback_later()


def resolve_precision(experiment: Experiment, processor: Path = Path("/proc/cpuinfo")) -> Experiment:
    """The experiment, with --precision=auto replaced: by mixed_bfloat16 if all visible GPUs compute in bfloat16, or without a GPU
    the processor does, and else by float32. processor: Linux' description of it; if it is not there, the answer is float32."""
    if experiment.precision != "auto":
        return experiment
    if gpus := tf.config.list_physical_devices("GPU"):
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        fast = all(one.get("compute_capability", (0, 0)) >= _BFLOAT16_GPU for one in details)
    else:
        fast = processor.is_file() and not _BFLOAT16.isdisjoint(processor.read_text().split())
    return experiment.change(precision="mixed_bfloat16" if fast else "float32")


def check(experiment: Experiment, strategy: tf.distribute.Strategy) -> None:
    """Raises UserError if the devices cannot run the experiment."""
    replicas = strategy.num_replicas_in_sync
    if experiment.jit_compile and replicas > 1:
        raise UserError(f"--jit_compile is for one device, not for {replicas}: leave it out, or set CUDA_VISIBLE_DEVICES=0")
    if experiment.batch_size % replicas:
        raise UserError(
            f"--batch_size={experiment.batch_size} cannot be split over {replicas} devices: give a multiple of {replicas}, "
            "or set CUDA_VISIBLE_DEVICES=0"
        )
    if experiment.precision == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        print("Warning: float16 convolutions are hundreds of times slower than float32 on a CPU.")


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
