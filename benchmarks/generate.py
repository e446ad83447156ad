"""How fast are many pictures generated into one array? Ours, and the same generator in PyTorch, in float32 and in bfloat16.

    python benchmarks/generate.py [--count=10000] [--base_filters=64]

The fastest of PyTorch's ways is found in one turn of each. Then both take turns; the ratio is the median over the rounds.
"""

import argparse
import functools
import os
import statistics

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import turns
from turns import POLICIES, PRECISIONS, Contestant

from tfgan_series import latent, networks, series
from tfgan_series.series.models import DCGAN
from tfgan_series.training import devices


def generation(experiment: DCGAN, z: np.ndarray, batch: int) -> Contestant:
    """The package's own way from z [N, noise_dim] to pictures [N, H, W, C] float32."""
    generator = networks.build(experiment)["generator"]

    def pictures(times: int) -> None:
        for _ in range(times):
            latent.sample(generator, z, batch)

    return pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="pictures")
    parser.add_argument("--base_filters", type=int, default=64)
    parser.add_argument("--image_size", type=int, default=64)
    parser.add_argument("--batch_size", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", action=argparse.BooleanOptionalAction, default=True, help="compare with PyTorch")
    parser.add_argument("--ways", default="eager,channels_last,compiled", help="those of PyTorch that are tried")
    arguments = parser.parse_args()
    devices.share_gpus()
    print(f"{turns.processor()}\n")
    turns.table(f"{arguments.count:,} pictures to an array", "ours", "peer", "ratio")
    z = np.random.default_rng(0).normal(size=[arguments.count, 100]).astype(np.float32)
    for precision in PRECISIONS:
        experiment = series.resolve(
            "img_celeba", base_filters=arguments.base_filters, image_size=arguments.image_size, precision=POLICIES[precision]
        )
        ours = functools.partial(generation, experiment, z, arguments.batch_size)
        chosen = turns.working({"ours": ours})
        if arguments.torch:
            import torch_peers

            peers = {
                f"PyTorch {way}": functools.partial(torch_peers.generation, experiment, z, arguments.batch_size, precision, way)
                for way in arguments.ways.split(",")
            }
            chosen |= turns.fastest(peers)
        seconds = turns.in_turn(chosen, 1, arguments.rounds)
        told = [f"{arguments.count / statistics.median(values):,.0f} images/s ({name})" for name, values in seconds.items()]
        peer = [*told[1:], turns.ratio(*seconds.values())] if len(told) > 1 else ["", ""]
        turns.row(f"DCGAN {arguments.image_size} px, width {arguments.base_filters}, {precision}", told[0], *peer)


if __name__ == "__main__":
    main()
