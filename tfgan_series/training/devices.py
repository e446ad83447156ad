"""Which devices a run uses, and what they cannot do."""

import contextlib
import functools
import os

import tensorflow as tf

from tfgan_series.errors import UserError


def choose_strategy():
    """MultiWorkerMirroredStrategy where TF_CONFIG is set, MirroredStrategy on several GPUs, else the default one."""
    if os.environ.get("TF_CONFIG"):
        return _only(tf.distribute.MultiWorkerMirroredStrategy)
    gpus = tf.config.list_physical_devices("GPU")
    # RuntimeError: a notebook has used the GPU before, and its memory is laid out already.
    with contextlib.suppress(RuntimeError):
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    return _only(tf.distribute.MirroredStrategy) if len(gpus) > 1 else tf.distribute.get_strategy()


@functools.cache
def _only(kind):
    """The process's one strategy of a kind: two take each other's collective keys, and the second training of
    a comparison fails with a shape mismatch (TensorFlow's issue 62790)."""
    return kind()


def check(experiment, strategy):
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


def is_chief(strategy):
    """Whether this process writes what people look at: true but for the other workers of a multi-worker run."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    return resolver.task_type == "chief" or (resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs)


def several_workers(strategy):
    """Whether other processes train along."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
