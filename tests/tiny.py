"""Runs a script of the package as a user would, with tiny numbers instead of its own.

The rows and presets keep all but their sizes, and the studies two of their members. MNIST is cut to a few digits, and what
TensorFlow Datasets would fetch is noise. `words` makes a typed command tiny.
"""

import dataclasses
import io
import itertools
import os
import re
import runpy
import sys
from collections.abc import Sequence

NUMBERS = {"image_size": 16, "base_filters": 2, "batch_size": 16, "epoch_steps": 1, "blocks": 1, "lr_drops": ()}
FLAGS = {
    "image_size": "16", "base_filters": "2", "batch_size": "16", "epochs": "1", "steps": "2", "grid_every": "1", "lr_drops": "",
    "seeds": "0",
}  # fmt: skip
COUNTS = {"train": 60, "test": 24}  # pictures in a partition
_SIZES = (*NUMBERS, "epochs", "steps", "grid_every")


def words(typed: Sequence[str]) -> list[str]:
    """A typed command's words, with tiny numbers for FLAGS."""
    names = "|".join(FLAGS)
    return [re.sub(rf"^--({names})=.*", lambda found: f"--{found[1]}={FLAGS[found[1]]}", word) for word in typed]


def shrink() -> None:
    """Make everything tiny in this process."""
    from tfgan_series import classifier, series
    from tfgan_series.series import studies

    for pair in series.pairs():
        known = series.fields(series.MODELS[pair[1]].settings)
        usual = series.resolve(*pair)
        own = {name: value for name, value in series.ROWS.get(pair, {}).items() if name not in _SIZES}
        length = {"steps": 2} if usual.steps else {"epochs": 1}
        series.ROWS[pair] = own | length | {name: value for name, value in NUMBERS.items() if name in known}
    for table in series.PRESETS.values():
        for pair, numbers in table.items():
            table[pair] = {name: value for name, value in numbers.items() if name not in _SIZES}
    for name, study in studies.STUDIES.items():
        base = {setting: value for setting, value in study.base.items() if setting not in _SIZES}
        members = dict(itertools.islice(study.members.items(), 2))
        studies.STUDIES[name] = dataclasses.replace(study, base=base, members=members, seeds=study.seeds[:1])
    classifier.STEPS = 10
    _shrink_data_sets()


def _shrink_data_sets() -> None:
    import numpy as np
    from PIL import Image

    from tfgan_series.data.datasets import DATASETS, cifar10, horse2zebra

    draw = np.random.default_rng(0)

    def noise(partition: str) -> tuple[np.ndarray, np.ndarray]:
        count = COUNTS["train" if partition.startswith("train") else "test"]
        return draw.integers(0, 256, (count, 32, 32, 3), np.uint8), np.arange(count) % 10

    def encoded(array: np.ndarray) -> bytes:
        file = io.BytesIO()
        Image.fromarray(array).save(file, "PNG")
        return file.getvalue()

    def files(builder: None, partition: str) -> tuple[list[bytes], list[int]]:
        images, _ = noise(partition)
        return [encoded(image) for image in images], [partition.endswith("B")] * len(images)

    cifar10.fetch = horse2zebra.fetch = lambda *request: None
    cifar10.pixels = lambda builder, partition: noise(partition)
    horse2zebra.files = files
    for name in ("digits", "mnist"):
        find = DATASETS[name].find

        def cut(request, find=find):
            source = find(request)
            few = {partition: examples[: COUNTS[partition]] for partition, examples in source.partitions.items()}
            return dataclasses.replace(source, partitions=few)

        DATASETS[name] = dataclasses.replace(DATASETS[name], find=cut)


if __name__ == "__main__":
    del sys.argv[0]
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    shrink()
    runpy.run_path(sys.argv[0], run_name="__main__")
