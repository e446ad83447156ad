"""How fast do batches come, from ready pixels and from encoded originals? The script makes its own pictures.

python benchmarks/pipeline.py [--count=4000]

The two take turns. The speed of each is the median of its rounds.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image

from tfgan_series import series
from tfgan_series.data import conversion, pipeline
from tfgan_series.data.records import Records


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=4000, help="pictures")
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5, help="epochs of each")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "pictures").mkdir()
        for number in range(arguments.count):
            coarse = Image.fromarray(rng.integers(0, 255, (27, 22, 3), np.uint8))
            coarse.resize((178, 218), Image.Resampling.BICUBIC).save(place / f"pictures/{number:06d}.jpg", quality=92)
        experiment = series.resolve("folder", batch_size=arguments.batch_size)
        stores: dict[str, Records] = {}
        for store in ("pixels", "source"):
            start = time.perf_counter()
            stores[store] = conversion.convert(
                experiment, dataset_path=place / "pictures", tfrecord_path=place / "tfrecords", store=store
            )
            print(f"converting to {store}: {arguments.count / (time.perf_counter() - start):,.0f} images/s")
        rates: dict[str, list[float]] = {store: [] for store in stores}
        for epoch in range(1, arguments.rounds + 1):
            for store, found in stores.items():
                start = time.perf_counter()
                batches = sum(1 for _ in pipeline.batches(found, experiment, epoch))
                rates[store].append(batches * experiment.batch_size / (time.perf_counter() - start))
    medians = {store: statistics.median(values) for store, values in rates.items()}
    for store, rate in medians.items():
        print(f"batches from {store}: {rate:,.0f} images/s, {rate / medians['source']:.1f} times source")


if __name__ == "__main__":
    main()
