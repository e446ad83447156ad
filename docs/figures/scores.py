"""docs/images/scores.png: how the scores answer to noise, blur, missing classes and repeated pictures.

    python docs/figures/scores.py                                # draws the docs' figure again: some minutes
    python docs/figures/scores.py --count=500 --out=FILE         # a quick look
    python docs/figures/scores.py --features=random --out=FILE   # through the random network
    python docs/figures/scores.py --seeds=3                      # only prints how far the classifier's own seed moves the scores

The real side are MNIST's test pictures at 32 px. Training pictures take the place of generated ones: first as they are (the
floor), then damaged more and more.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from tfgan_series import classifier, pictures, series
from tfgan_series.data import conversion, pipeline
from tfgan_series.data.conditions import Conditions
from tfgan_series.data.records import Records, find_records
from tfgan_series.evaluation import evaluate, features
from tfgan_series.series import Experiment

OUT = Path(__file__).parents[1] / "images/scores.png"
SHOWN = (("fid",), ("kid",), ("precision", "recall"), ("density", "coverage"))
Images = np.ndarray  # [N, H, W, C] in [-1, 1]


def noise(images: Images, labels: np.ndarray, level: float) -> Images:
    """Noise of a standard deviation of so many grey levels."""
    return images + np.random.default_rng(0).normal(0, level / 127.5, images.shape).astype(np.float32)


def blur(images: Images, labels: np.ndarray, level: float) -> Images:
    """Blurred by a Gaussian of so many pixels."""
    return gaussian_filter(images, (0, level, level, 0))


def drop(images: Images, labels: np.ndarray, level: float) -> Images:
    """Without so many classes; other pictures stand in, so their number stays."""
    kept = images[labels >= level]
    return kept[np.arange(len(images)) % len(kept)] if level else images


def repeat(images: Images, labels: np.ndarray, level: float) -> Images:
    """Each picture so many times, in a random order."""
    return images[np.random.default_rng(0).permutation(len(images)) // int(level)]


# {what is on the x axis: (the damage, its levels; the first leaves the pictures as they are)}
DAMAGES: dict[str, tuple[Callable[[Images, np.ndarray, float], Images], tuple[float, ...]]] = {
    "noise (standard deviation in grey levels)": (noise, (0, 10, 20, 40, 80)),
    "blur (pixels)": (blur, (0, 0.5, 1, 1.5, 2)),
    "missing classes of 10": (drop, (0, 1, 2, 5, 9)),
    "times that each picture appears": (repeat, (1, 2, 10, 100, 1000)),
}


def read(records: Records, experiment: Experiment, partition: str, count: int) -> tuple[Images, np.ndarray]:
    """(pictures, labels): the first records of a partition."""
    known = next(pipeline.in_order(records, experiment.change(partition=partition), count=count, block=count))
    return known["image"], known["label"]


def look(seen: features.Features, images: Images) -> evaluate.Seen:
    """Pictures as the scores see them once they are saved."""
    images = pictures.to_float(pictures.to_uint8(images))
    found = evaluate.features_of(seen, (images[first : first + 256] for first in range(0, len(images), 256)))
    return evaluate.Seen(found, np.empty((len(found), 0)))


def measured(seen: features.Features, real: evaluate.Seen, fake: evaluate.Seen) -> dict[str, float]:
    """{metric: value}."""
    return {one.name: one.value for one in evaluate.measured(seen, Conditions(), real, fake)}


def in_words(values: dict[str, float]) -> str:
    return ", ".join(f"{metric} {value:.4g}" for metric, value in values.items())


def measure(
    seen: features.Features, real: evaluate.Seen, images: Images, labels: np.ndarray
) -> dict[str, list[dict[str, float]]]:
    """{damage: for each level {metric: value}}. real: the real side."""
    found = {}
    for name, (damage, levels) in DAMAGES.items():
        found[name] = []
        for level in levels:
            fake = look(seen, damage(images, labels, level))
            found[name].append(measured(seen, real, fake))
            print(
                f"{name} {level:g}: " + ", ".join(f"{metric} {value:.4g}" for metric, value in found[name][-1].items()),
                flush=True,
            )
    return found


def draw(found: dict[str, list[dict[str, float]]], path: Path) -> None:
    """A row for each kind of score, a column for each damage."""
    figure = Figure(figsize=(13, 11), layout="constrained")
    sheet = figure.subplots(len(SHOWN), len(DAMAGES), sharex="col", sharey="row")
    for row, names in zip(sheet, SHOWN, strict=True):
        for axes, (damage, (_, levels)) in zip(row, DAMAGES.items(), strict=True):
            for name in names:
                axes.plot(range(len(levels)), [one[name] for one in found[damage]], "o-", label=name)
            axes.set_xticks(range(len(levels)), [f"{level:g}" for level in levels])
            axes.grid(alpha=0.3)
            if names == SHOWN[-1]:
                axes.set_xlabel(damage)
        if len(names) == 1:
            row[0].set_yscale("symlog", linthresh=10)  # linear below 10, as a kernel distance near 0 may be below it
            row[0].set_ylim(-5, 5000)
        else:
            row[0].set_ylim(bottom=0)
            row[0].legend()
        row[0].set_ylabel(", ".join(names))
    figure.savefig(path, dpi=70)


def compare_seeds(records: Records, experiment: Experiment, seeds: int, count: int) -> None:
    """Print the scores of slightly damaged pictures through classifiers of several seeds."""
    images, labels = read(records, experiment, "train", count)
    others, _ = read(records, experiment, "test", count)
    for seed in range(seeds):
        seen = features.of_classifier(classifier.train(records, experiment, seed))
        real = look(seen, others)
        for name, damaged in {"floor": images, "noise 20": noise(images, labels, 20), "blur 1": blur(images, labels, 1)}.items():
            print(f"classifier {seed}, {name}: {in_words(measured(seen, real, look(seen, damaged)))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5_000, help="pictures on each side")
    parser.add_argument("--features", choices=("classifier", "random"), default="classifier")
    parser.add_argument("--seeds", type=int, help="compare classifiers of so many seeds, and draw nothing")
    parser.add_argument("--DatasetPath", type=Path, help="folder of MNIST's files (default: none)")
    parser.add_argument("--TFRecordPath", type=Path, help="root folder of records (default: a temporary one)")
    parser.add_argument("--out", type=Path, default=OUT, help="file of the figure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        experiment, root = series.resolve("mnist", image_size=32), arguments.TFRecordPath or temporary
        records = find_records(root, experiment) or conversion.convert(
            experiment, dataset_path=arguments.DatasetPath, tfrecord_path=root
        )
        if arguments.seeds:
            compare_seeds(records, experiment, arguments.seeds, arguments.count)
            return
        seen = features.load(arguments.features, records, experiment)
        others, _ = read(records, experiment, "test", arguments.count)
        real = look(seen, others)
        draw(measure(seen, real, *read(records, experiment, "train", arguments.count)), arguments.out)


if __name__ == "__main__":
    main()
