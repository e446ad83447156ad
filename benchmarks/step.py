"""How fast is a training step? Ours, and the same networks and updates in PyTorch, in float32 and in bfloat16.

    python benchmarks/step.py                             # the article's DCGAN at three widths, and the CycleGAN
    python benchmarks/step.py --cases=dcgan-32,gan        # some of them

For each precision the fastest of our ways (with and without XLA, if there is a GPU) and the fastest of PyTorch's (eager,
channels_last, torch.compile) are found in one turn of each. Then these take turns on pictures that are already on the device.
The ratio is the median over the rounds. A step's share of the machine is its convolutions and matrix products a second, against
those of a product of two large matrices in the same precision, which is timed in the same run.
"""

import argparse
import dataclasses
import functools
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import turns
from turns import POLICIES, PRECISIONS, Contestant

from tfgan_series import networks, series
from tfgan_series.series import Experiment
from tfgan_series.training import devices, train
from tfgan_series.training.state import TrainState, create_state

CASES = {
    **{f"dcgan-{width}": {"image_type": "img_celeba", "base_filters": width} for width in (32, 64, 128)},
    "cyclegan": {"image_type": "horse2zebra", "image_size": 128, "base_filters": 32},
    "digits": {"image_type": "digits"},
    "gan": {"image_type": "mnist", "model": "gan", "optimizer": "adam"},
}
TOGETHER, ALONE = "all steps in one call", "each step in its own call"
KERAS_ADAM, KERAS_NORM = "Keras' Adam", "Keras' normalisation"
Change = Callable[[TrainState, Experiment], TrainState]
PEERS = ("dcgan-32", "dcgan-64", "dcgan-128", "cyclegan")  # the cases that torch_peers.py has too


def training(experiment: Experiment, real: Sequence[np.ndarray], change: Change = lambda state, experiment: state) -> Contestant:
    """The package's own training steps on one batch of real pictures, or on one of each set, each [B, H, W, C] in [-1, 1].
    change: makes another state of theirs."""
    state, step = _state_and_step(experiment, change)
    batch = _batch(real)

    def steps(times: int) -> None:
        for _ in range(times):
            step(batch)
        state.means(1)  # waits for the device

    return steps


def in_calls(experiment: Experiment, real: Sequence[np.ndarray], together: bool) -> Contestant:
    """The same steps as train.py calls them, with batches from a tf.data.Dataset: all in one call, or each in its own."""
    state, step = _state_and_step(experiment)
    call = train.in_one_call(step)
    batches = iter(tf.data.Dataset.from_tensors(_batch(real)).repeat())

    def steps(times: int) -> None:
        for count in [times] if together else [1] * times:
            call(batches, count)
        state.means(1)

    return steps


def _state_and_step(
    experiment: Experiment, change: Change = lambda state, experiment: state
) -> tuple[TrainState, Callable[[Any], None]]:
    state = change(_state(experiment), experiment)
    algorithm = series.MODELS[experiment.model].load_algorithm()
    return state, algorithm.make_step(experiment, state, tf.distribute.get_strategy())


def _state(experiment: Experiment) -> TrainState:
    algorithm = series.MODELS[experiment.model].load_algorithm()
    measures, buffers = algorithm.measures(experiment), algorithm.buffers(experiment)
    return create_state(experiment, tf.distribute.get_strategy(), measures, 100, buffers)


def _batch(real: Sequence[np.ndarray]) -> Any:
    return tuple(map(tf.constant, real)) if len(real) > 1 else tf.constant(real[0])


def with_keras_adam(state: TrainState, experiment: Experiment) -> TrainState:
    """The state with Keras' Adam in place of FusedAdam."""

    def adam(player: str) -> keras.optimizers.Adam:
        optimizer = keras.optimizers.Adam(experiment.lr, beta_1=experiment.beta_1)
        optimizer.build(state.trainable_variables(player))
        return optimizer

    return dataclasses.replace(state, optimizers={player: adam(player) for player in state.players})


def with_keras_norm(state: TrainState, experiment: Experiment) -> TrainState:
    """The state with Keras' own normalisations in place of the fused ones."""
    for layer in _fused(state.networks):
        del layer.call
    return state


def _fused(built: Mapping[str, keras.Model]) -> list[keras.layers.Layer]:
    """The layers that fused_norm.fuse gave another call."""
    return [layer for network in built.values() for layer in network.layers if "call" in vars(layer)]


def our_makers(experiment: Experiment, real: Sequence[np.ndarray], precision: str) -> dict[str, Callable[[], Contestant]]:
    """{way: a function that makes the contestant}. XLA is left out on a CPU, where it was slower (0.85)."""
    ways = {"": False, "XLA": True} if tf.config.list_physical_devices("GPU") else {"": False}
    return {
        f"{precision} {way}".strip(): functools.partial(
            training, experiment.change(precision=POLICIES[precision], jit_compile=compiled), real
        )
        for way, compiled in ways.items()
    }


def parameters(experiment: Experiment) -> dict[str, int]:
    """{network: the number of its trainable parameters}."""
    return {
        name: sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)
        for name, network in networks.build(experiment).items()
    }


def torch_makers(
    experiment: Experiment, real: Sequence[np.ndarray], precision: str, ways: Sequence[str]
) -> dict[str, Callable[[], Contestant]]:
    """{way: a function that makes the contestant}."""
    import torch_peers

    sizes = parameters(experiment)
    return {
        f"PyTorch {precision} {way}": functools.partial(torch_peers.training, experiment, real, sizes, precision, way)
        for way in ways
    }


def times_of(contestants: Mapping[str, Contestant], seconds: float) -> int:
    """How many steps of the slowest contestant fill a turn of so many seconds; at least one."""
    return max(1, round(seconds / max(one for (one,) in turns.in_turn(contestants, 1, rounds=1).values())))


def compare(case: str, arguments: argparse.Namespace, rates: Mapping[str, float], peer: bool) -> None:
    """Print the rows of a case: each precision, the best of both, our Adam and our normalisation against Keras' own, and how
    steps are called."""
    experiment = series.resolve(**{**CASES[case], **arguments.changes})
    size = experiment.image_size
    shape = [len(experiment.sides), experiment.batch_size, size, size, experiment.channels]
    real = list(np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32))
    ours, theirs, chosen = {}, {}, {}
    for precision in PRECISIONS:
        chosen |= (own := turns.fastest(our_makers(experiment, real, precision)))
        ours[precision] = list(own)
        other = turns.fastest(torch_makers(experiment, real, precision, arguments.ways.split(","))) if peer else {}
        chosen |= other
        theirs[precision] = list(other)
    calls = {name: functools.partial(in_calls, experiment, real, name == TOGETHER) for name in (TOGETHER, ALONE)}
    chosen |= turns.working({KERAS_ADAM: lambda: training(experiment, real, with_keras_adam), **calls})
    normalised = PRECISIONS if _fused(_state(experiment).networks) else ()
    for precision in normalised:
        reduced = experiment.change(precision=POLICIES[precision])
        chosen |= turns.working({f"{precision} {KERAS_NORM}": functools.partial(training, reduced, real, with_keras_norm)})
    seconds = turns.in_turn(chosen, times_of(chosen, arguments.seconds), arguments.rounds)
    work = _operations(experiment, real) if peer else 0
    medians = {name: statistics.median(values) for name, values in seconds.items()}

    def best(names: Sequence[str]) -> str:
        return min(names, key=medians.__getitem__)

    def row(what: str, own: str, other: str) -> None:
        precision = "bfloat16" if own.startswith("bfloat16") else "float32"
        share = f"{work / medians[own] / rates[precision]:.0%} of {rates[precision] / 1e9:,.0f} GFLOP/s" if work else ""
        pictures = experiment.batch_size * len(experiment.sides)
        told = [f"{pictures / medians[name]:,.1f} images/s ({name})" for name in (own, other)]
        turns.row(f"{case} B {experiment.batch_size}, {what}", *told, turns.ratio(seconds[own], seconds[other]), share)

    for precision in PRECISIONS:
        if ours[precision] and theirs[precision]:
            row(precision, best(ours[precision]), best(theirs[precision]))
    every = [sum(names.values(), []) for names in (ours, theirs)]
    if all(every):
        row("best of each", *map(best, every))
    row("bfloat16 against float32", best(ours["bfloat16"]), best(ours["float32"]))
    row("FusedAdam against Keras' Adam", best(ours["float32"]), KERAS_ADAM)
    for precision in normalised:
        row(f"fused normalisation, {precision}", best(ours[precision]), f"{precision} {KERAS_NORM}")
    row("several steps in a call against one", TOGETHER, ALONE)


def _operations(experiment: Experiment, real: Sequence[np.ndarray]) -> int:
    import torch_peers

    return torch_peers.operations(torch_makers(experiment, real, "float32", ["eager"])["PyTorch float32 eager"]())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", default=",".join(CASES), help=f"some of {','.join(CASES)}")
    parser.add_argument("--seconds", type=float, default=4, help="length of a turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", action=argparse.BooleanOptionalAction, default=True, help="compare with PyTorch")
    parser.add_argument("--ways", default="eager,channels_last,compiled", help="those of PyTorch that are tried")
    parser.add_argument("--changes", type=_changes, default={}, help="settings of all cases: batch_size=2,base_filters=4")
    arguments = parser.parse_args()
    devices.share_gpus()
    rates = turns.machine(arguments.rounds, arguments.torch)
    told = ", ".join(f"{precision} {rate / 1e9:,.0f} GFLOP/s" for precision, rate in rates.items())
    print(f"{turns.processor()}; matrix products: {told}\n")
    turns.table("training step", "ours", "peer", "ratio", "share of the machine's matrix products")
    for case in arguments.cases.split(","):
        compare(case, arguments, rates, arguments.torch and case in PEERS)


def _changes(words: str) -> dict[str, Any]:
    return {name: int(value) for name, value in (word.split("=") for word in words.split(","))}


if __name__ == "__main__":
    main()
