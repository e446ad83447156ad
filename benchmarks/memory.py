"""How much memory does a CycleGAN step need? We count the layers' outputs, and measure steps on the CPU.

    python benchmarks/memory.py                                 # the count, at 256 px and batch 1
    python benchmarks/memory.py --image_size=128 --measure      # and a real step of each beside it

The count has the parameters, their gradients, Adam's two slots, the pools, and every output of every layer in every forward
pass that is differentiated. The generators' loss needs each generator twice (three times with the identity loss) and each
discriminator once. The discriminators' loss needs each discriminator twice. The graph allows TensorFlow to compute both losses
at the same time, so all outputs are added up. The count does not have memory inside a layer and workspaces of convolutions.

On the CPU we measure by how much a step raises the peak of the process' resident memory. We compare with the memory after a
step on tiny pictures, so the program, the weights, Adam's slots and the pools are not in the number. Memory that the tiny step
took and did not give back to the system (some of the gradients) may be missing. We compare the number with the counted
gradients and outputs. Each measurement runs in its own process.
"""

import argparse
import itertools
import math
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import turns

from tfgan_series import networks, series
from tfgan_series.series.models import CycleGAN
from tfgan_series.training import cyclegan
from tfgan_series.training.state import create_state

MIB = 2**20
TINY = 32  # pixels


def output_bytes(model: keras.Model, size: int, batch: int) -> int:
    """Bytes of all outputs of all layers of a model for pictures [batch, size, size, C]."""
    every = keras.Model(model.inputs, [one.output for one in model.operations if one.output is not model.input])
    pictures = keras.KerasTensor((batch, size, size, model.input_shape[-1]), dtype="float32")
    return sum(math.prod(one.shape) * np.dtype(tf.as_dtype(one.dtype).as_numpy_dtype).itemsize for one in every(pictures))


def count(experiment: CycleGAN) -> dict[str, int]:
    """{what: bytes} of one step."""
    models = networks.build(experiment)
    parameters = sum(4 * model.count_params() for model in models.values())
    outputs = {name: output_bytes(model, experiment.image_size, experiment.batch_size) for name, model in models.items()}
    generator = outputs["generator_ab"] + outputs["generator_ba"]
    discriminator = outputs["discriminator_a"] + outputs["discriminator_b"]
    pools = sum(4 * math.prod(shape) for shape in cyclegan.buffers(experiment).values())
    passes = 3 if experiment.identity_weight else 2
    return {
        "weights, slots, pools": 3 * parameters + pools,
        "gradients": parameters,
        "generators": passes * generator + discriminator,
        "discriminators": 2 * discriminator,
    }


def measure(experiment: CycleGAN) -> None:
    """Print by how many bytes a step raises the peak of this process' memory, and the step's seconds. On Linux only."""
    import resource

    strategy = tf.distribute.get_strategy()
    state = create_state(experiment, strategy, cyclegan.measures(experiment), 8, {})
    step = cyclegan.make_step(experiment, state, strategy)
    pictures = tf.TensorSpec([experiment.batch_size, None, None, experiment.channels])
    any_size = tf.function(lambda a, b: step((a, b)), input_signature=[pictures, pictures])  # traced once, by the tiny step
    draw = np.random.default_rng(0)
    for size in (TINY, experiment.image_size):
        real = draw.uniform(-1, 1, (2, experiment.batch_size, size, size, experiment.channels)).astype(np.float32)
        with open("/proc/self/statm") as file:
            before = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        start = time.perf_counter()
        any_size(*map(tf.constant, real))
        state.means(1)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before, time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=("article", "paper"), help="default: both")
    parser.add_argument("--blocks", type=int, help="default: 6 and 9")
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16", "mixed_float16"), help="default: float32, bfloat16")
    parser.add_argument("--image_size", type=int, default=256)
    parser.add_argument("--batch_size", type=int, default=1)
    parser.add_argument("--measure", action="store_true", help="run a step of each as well (on Linux only)")
    parser.add_argument("--in_this_process", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure and sys.platform != "linux":
        parser.error("--measure works on Linux only: leave it out to get the count alone")

    rows = itertools.product(
        [arguments.preset] if arguments.preset else ("article", "paper"),
        [arguments.blocks] if arguments.blocks else (6, 9),
        [arguments.precision] if arguments.precision else ("float32", "mixed_bfloat16"),
    )
    if not arguments.in_this_process:
        print(f"{arguments.image_size} px, batch {arguments.batch_size}; MiB")
    for preset, blocks, precision in rows:
        row = {"preset": preset, "blocks": blocks, "precision": precision, "image_size": arguments.image_size}
        row["batch_size"] = arguments.batch_size
        experiment = series.resolve("horse2zebra", **row)
        assert isinstance(experiment, CycleGAN)
        if arguments.in_this_process:
            measure(experiment.change(pool=0))  # the pools have one size
            return
        parts = count(experiment)
        words = ", ".join(f"{name} {value / MIB:,.0f}" for name, value in parts.items())
        print(f"{preset:8s}{blocks} blocks {precision:15s}{sum(parts.values()) / MIB:6,.0f}: {words}", flush=True)
        if arguments.measure:
            flags = [f"--{name}={value}" for name, value in row.items()]
            try:
                grown, seconds = turns.alone(__file__, "--in_this_process", *flags)
            except RuntimeError as error:
                print(f"    could not be measured: {error}")
                continue
            counted = sum(parts.values()) - parts["weights, slots, pools"]
            print(
                f"    measured {grown / MIB:,.0f} above these, {grown / counted:.2f} of the count ({seconds:.0f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
