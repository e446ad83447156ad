"""Chooses the devices of a run, and checks what they can do."""

import contextlib
import functools
import itertools
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import tensorflow as tf

from tfgan_series.errors import UserError
from tfgan_series.series import Experiment
from tfgan_series.training import workers

_BFLOAT16 = {"amx_bf16", "avx512_bf16"}  # what Linux calls a processor's instructions for bfloat16
_LARGE = 5e6  # parameters of networks that are slow to train without a GPU
_SMALL = 32  # filters and pixels that a processor trains in minutes
_BFLOAT16_GPU = (8, 0)  # the first compute capability with bfloat16


def choose_strategy(*, alone: bool = False) -> tf.distribute.Strategy:
    """MultiWorkerMirroredStrategy if TF_CONFIG is set, MirroredStrategy on several GPUs, else the default one.

    The first waits for the other workers. alone: the strategy of this machine without them, for what is only described.
    """
    if several_machines() and not alone:
        return _only(workers.meet)
    share_gpus()
    several = len(tf.config.list_physical_devices("GPU")) > 1
    return _only(tf.distribute.MirroredStrategy) if several else tf.distribute.get_strategy()


def several_machines() -> bool:
    """Whether the user asks for several workers: TF_CONFIG is set."""
    return bool(os.environ.get("TF_CONFIG"))


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


def if_slow(experiment: Experiment, networks: Mapping[str, keras.Model]) -> list[str]:
    """A line to print before a training of large networks without a GPU, with what would be faster; else none."""
    count = sum(network.count_params() for network in networks.values())
    sized = " with records of that size" if experiment.stores[0] == "pixels" else ""
    faster = {
        f"--base_filters={_SMALL}": experiment.base_filters > _SMALL,
        f"--image_size={_SMALL}{sized}": experiment.image_size > _SMALL,
    }
    if count < _LARGE or not any(faster.values()) or tf.config.list_physical_devices("GPU"):
        return []
    return [
        f"These networks have {count / 1e6:.0f} million parameters, and TensorFlow sees no GPU: a step may take seconds. "
        f"Faster: {', and '.join(itertools.compress(faster, faster.values()))}."
    ]


def check(experiment: Experiment, strategy: tf.distribute.Strategy) -> None:
    """Raises UserError if the devices cannot run the experiment. Prints a warning if they would run it very slowly."""
    replicas = strategy.num_replicas_in_sync
    fewer = "unset TF_CONFIG" if workers.several_workers(strategy) else "set CUDA_VISIBLE_DEVICES=0"
    if experiment.jit_compile and replicas > 1:
        raise UserError(f"--jit_compile is for one device, not for {replicas}: leave it out, or {fewer}")
    if experiment.batch_size % replicas:
        raise UserError(
            f"--batch_size={experiment.batch_size} cannot be split over {replicas} devices: give a multiple of {replicas}, "
            f"or {fewer}"
        )
    if experiment.precision == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        print("Warning: float16 convolutions are hundreds of times slower than float32 on a CPU.")
