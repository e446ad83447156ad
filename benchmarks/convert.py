"""How fast do pictures become records? A line each: our pictures a second, the peer's, and the machine's own limit.

python benchmarks/convert.py [--celeba=FOLDER] [--count=6000] [--rounds=5] [--lines box "no box" aligned PNG MNIST]

The limit is a full decode of the same files by Pillow, in as many processes as there are cores. The peer is a builder of TFDS: it
gets pictures that Pillow has cut and resized, and writes the same records with TFDS's own writer. It gets a sixth of the
pictures, as it is slower. All take turns. A ratio says how many times as fast ours is: the median of the rounds, and their range.
Without --celeba, the script makes pictures of CelebA's sizes itself.
"""

import argparse
import contextlib
import io
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import joblib
import numpy as np
import tensorflow_datasets as tfds
import turns
from celeba import write_celeba
from PIL import Image

from tfgan_series import series
from tfgan_series.data import conversion, records
from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.datasets.source import Example, Request

CHUNK = 64  # files that a process of the limit takes at a time
# The line's name, its ImageType, its folder below Img/ and the settings that are not the default.
LINES: tuple[tuple[str, str, str, dict[str, bool]], ...] = (
    ("box", "celeba", "img_celeba", {}),
    ("no box", "celeba", "img_celeba", {"bbox": False}),
    ("aligned", "img_align_celeba", "img_align_celeba", {}),
    ("PNG", "img_align_celeba_png", "img_align_celeba_png", {}),
)


def decode(file: Path) -> None:
    with Image.open(file) as picture:
        picture.load()


class Peer(tfds.core.GeneratorBasedBuilder):
    """TFDS's own writer, for the same examples and the same fields."""

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, examples: list[Example], found: records.Records, **options: Any):
        self.examples, self.found = examples, found
        super().__init__(**options)

    def _info(self):
        return tfds.core.DatasetInfo(builder=self, features=self.found.schema.features)

    def _split_generators(self, _):
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[str, dict[str, Any]]]:
        size, channels = self.found.settings["image_size"], self.found.settings["channels"]
        for one in self.examples:
            picture = Image.fromarray(one.image) if isinstance(one.image, np.ndarray) else Image.open(one.image)
            picture = picture.convert("L" if channels == 1 else "RGB")
            if self.found.settings["bbox"]:
                left, top, width, height = map(int, one.known["bbox"])
                picture = picture.crop((left, top, left + width, top + height))
            pixels = np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC)).reshape(size, size, channels)
            yield one.filename, {"image": pixels, "label": one.label, "filename": one.filename, **one.known}


def quietly(act: Callable[[], Any]) -> turns.Contestant:
    """A contestant that calls this. What it prints is thrown away."""

    def contestant(times: int) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for _ in range(times):
                act()

    return contestant


def measure(name: str, experiment: series.Experiment, source: Path | None, files: list[Path], rounds: int) -> None:
    """Print a line. files: those that the limit decodes; none for arrays, which have no such limit."""
    with tempfile.TemporaryDirectory() as place:
        request = Request(experiment.image_type, source, Path(place), experiment.bbox)
        examples = [one for part in DATASETS[experiment.image_type].find(request).partitions.values() for one in part]
        some = [one for one in examples if not experiment.bbox or min(one.known["bbox"][2:]) > 0][: len(examples) // 6]

        def ours() -> records.Records:
            return conversion.convert(experiment, dataset_path=source, tfrecord_path=f"{place}/ours", overwrite=True)

        parallel = joblib.Parallel(n_jobs=-1)
        chunks = [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]

        def limit() -> None:
            parallel(joblib.delayed(lambda chunk: [decode(file) for file in chunk])(chunk) for chunk in chunks)

        with contextlib.redirect_stdout(io.StringIO()):
            found = ours()
        peers = iter([Peer(some, found, data_dir=f"{place}/{number}") for number in range(rounds)])  # one writes only once
        contestants = {"ours": quietly(ours), "TFDS": quietly(lambda: next(peers).download_and_prepare())}
        counts = {"ours": len(examples), "TFDS": len(some)}
        if files:
            limit()  # its processes start, and the files come into the machine's memory
            contestants["limit"], counts["limit"] = quietly(limit), len(files)
        seconds = turns.in_turn(contestants, 1, rounds)
    each = {who: [one / counts[who] for one in times] for who, times in seconds.items()}  # seconds of a picture
    speeds = {who: f"{who} {1 / statistics.median(times):,.0f}/s" for who, times in each.items()}
    told = [f"{speeds[who]} (ratio {turns.ratio(each['ours'], times)})" for who, times in each.items() if who != "ours"]
    print(f"convert {name}: {', '.join([speeds['ours'], *told])}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--celeba", type=Path, help="a folder in CelebA's published layout")
    parser.add_argument("--count", type=int, default=6000, help="pictures, if --celeba is not given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lines", nargs="+", default=[*(name for name, *_ in LINES), "MNIST"], help="which to measure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        celeba = arguments.celeba or Path(made)
        if not arguments.celeba:
            write_celeba(celeba, arguments.count)
        for name, image_type, folder, settings in [line for line in LINES if line[0] in arguments.lines]:
            files = sorted((celeba / "Img" / folder).iterdir())
            measure(name, series.resolve(image_type, **settings), celeba, files, arguments.rounds)
    if "MNIST" in arguments.lines:
        measure("MNIST to 32 px", series.resolve("digits"), None, [], arguments.rounds)


if __name__ == "__main__":
    main()
