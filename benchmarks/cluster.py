"""What does a conversion on a Ray cluster cost beside one without? It needs the extra `cluster`.

python benchmarks/cluster.py [--celeba=FOLDER] [--count=6000] [--rounds=5]

Both convert the same CelebA-shaped JPEGs with boxes to 64 px on this machine, in turns; the cluster is started for each
conversion (--cluster=auto). Then empty shards go through a cluster: the time until the first one, and the time for each other.
Without --celeba, the script makes pictures of CelebA's sizes itself.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import turns
from celeba import write_celeba
from convert import quietly

from tfgan_series import series
from tfgan_series.data import conversion, ray_cluster, sharding

EMPTY = 400  # shards


def measure(celeba: Path, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as place:

        def convert(cluster: str | None) -> None:
            conversion.convert(
                series.resolve("celeba"), dataset_path=celeba, tfrecord_path=place, overwrite=True, cluster=cluster
            )

        contestants = {"cluster": quietly(lambda: convert(ray_cluster.HERE)), "without": quietly(lambda: convert(None))}
        seconds = turns.in_turn(contestants, 1, rounds)
    told = ", ".join(f"{name} {statistics.median(times):.1f} s" for name, times in seconds.items())
    print(f"convert: {told} (ratio {turns.ratio(seconds['cluster'], seconds['without'])})", flush=True)


def measure_empty() -> None:
    with tempfile.TemporaryDirectory() as place:
        empty = [sharding.Shard(str(number), "train", []) for number in range(EMPTY)]
        begin = time.perf_counter()
        written = ray_cluster.write_shards(ray_cluster.HERE, Path(place), empty, {}, {}, lambda count: None)
        next(written)
        first = time.perf_counter()
        for _ in written:
            last = time.perf_counter()
    print(f"empty shards: the first after {first - begin:.1f} s, each other {(last - first) / (EMPTY - 1) * 1000:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--celeba", type=Path, help="a folder in CelebA's published layout")
    parser.add_argument("--count", type=int, default=6000, help="pictures, if --celeba is not given")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(turns.processor())
    with tempfile.TemporaryDirectory() as made:
        if not arguments.celeba:
            write_celeba(Path(made), arguments.count)
        measure(arguments.celeba or Path(made), arguments.rounds)
    measure_empty()


if __name__ == "__main__":
    main()
