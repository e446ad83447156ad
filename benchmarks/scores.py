"""Do our scores agree with torch-fidelity's formulas, and how long do both take?

    pip install -e ".[bench]"          # brings 2 GB
    python benchmarks/scores.py        # features of the sizes that occur, a minute or two

The features are drawn at random, correlated and at least 0 as a network's are. torch-fidelity's kernel distance draws random
subsets; we give its formula our blocks instead. Only its formulas are used, on the same features: neither its networks nor
torchvision.
"""

import argparse
import sys
import time
import types
from collections.abc import Callable
from unittest import mock

import numpy as np

from tfgan_series.evaluation import metrics

# {what: (real pictures, generated ones, features)}
CASES = {
    "classifier": (10_000, 10_000, 128),
    "fewer pictures than features": (1_000, 600, 2_048),
    "few pictures": (60, 60, 480),
}


def torch_fidelity() -> types.ModuleType:
    """torch-fidelity, with a stand-in for torchvision, which only its networks and data sets need."""
    for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional", "torchvision.datasets"):
        sys.modules.setdefault(name, mock.MagicMock(__spec__=None))
    import torch_fidelity.metric_fid
    import torch_fidelity.metric_kid
    import torch_fidelity.metric_prc

    return torch_fidelity


def draw(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Features [count, dimensions] float32, at least 0. Another seed moves and turns them a little."""
    fixed, own = np.random.default_rng(0), np.random.default_rng([1, seed])
    turn = fixed.normal(size=(dimensions // 4, dimensions)) + 0.1 * seed * own.normal(size=(dimensions // 4, dimensions))
    mixed = own.normal(size=(count, dimensions // 4)) @ turn / np.sqrt(dimensions // 4)
    return np.maximum(mixed + 0.1 * seed + 0.1 * own.normal(size=mixed.shape), 0).astype(np.float32)


def theirs(real: np.ndarray, fake: np.ndarray) -> dict[str, Callable[[], float]]:
    """{score: a function that computes it by torch-fidelity's formulas}."""
    import torch

    them = torch_fidelity()
    tensors = [torch.from_numpy(one.astype(np.float64)) for one in (real, fake)]

    def frechet() -> float:
        statistics = [them.metric_fid.fid_features_to_statistics(one) for one in tensors]
        return them.metric_fid.fid_statistics_to_metric(*statistics, verbose=False)[them.KEY_METRIC_FID]

    def kernel() -> float:
        size = min(len(real), len(fake)) // 10  # their formula wants blocks of one size
        blocks = (slice(block * size, (block + 1) * size) for block in range(10))
        return float(np.mean([them.metric_kid.kernel_mmd(*(one[block].numpy() for one in tensors)) for block in blocks]))

    def manifolds() -> tuple[float, float]:
        return them.metric_prc.calculate_precision_recall_full(tensors[1], tensors[0])

    return {"fid": frechet, "kid": kernel, "precision and recall": manifolds}


def ours(real: np.ndarray, fake: np.ndarray) -> dict[str, Callable[[], float]]:
    size = min(len(real), len(fake))
    return {
        "fid": lambda: metrics.frechet_distance(real, fake),
        "kid": lambda: metrics.kernel_distance(real[:size], fake[:size])[0],
        "precision and recall": lambda: metrics.manifolds(real, fake)[:2],
    }


def timed(function: Callable[[], float]) -> tuple[np.ndarray, float]:
    start = time.perf_counter()
    return np.atleast_1d(function()), time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="features of 20 to 40 pictures")
    parser.add_argument("--no-torch", dest="torch", action="store_false", help="only our own")
    arguments = parser.parse_args()
    for name, (real_count, fake_count, dimensions) in ({"tiny": (40, 20, 32)} if arguments.tiny else CASES).items():
        real, fake = draw(real_count, dimensions, 0), draw(fake_count, dimensions, 1)
        print(f"{name}: {real_count:,} real, {fake_count:,} generated, {dimensions:,} features")
        other = theirs(real, fake) if arguments.torch else {}
        for score, function in ours(real, fake).items():
            found, seconds = timed(function)
            line = f"  {score}: {', '.join(f'{value:.6g}' for value in found)} in {seconds:.2f} s"
            if score in other:
                wanted, their_seconds = timed(other[score])
                line += f"; torch-fidelity {', '.join(f'{value:.6g}' for value in wanted)} in {their_seconds:.2f} s"
                line += f"; relative difference {np.max(np.abs(found / wanted - 1)):.1e}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
