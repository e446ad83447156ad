"""How fast do batches come from the records? Beside them: three other ways to read the same pictures.

    python benchmarks/pipeline.py                        # makes its own pictures; some minutes
    python benchmarks/pipeline.py --pictures=FOLDER      # CelebA's folder, with all three variants

article     the Chinese article's way: one TFRecord file with the files of all variants; decode, cut and resize each
PyTorch     a DataLoader over the same files, with as many workers as cores (pip install -e ".[bench]"; else it is left out)
bare        tf.data.TFRecordDataset(num_parallel_reads=2).batch() over our shards, which parses nothing: the machine's limit

Two ways take turns, round after round, and a ratio is the median of the rounds' ratios. A speed counts from the first batch of an
epoch on, because large data sets have long epochs. For the same reason, our records and the bare ones are read many times in an
epoch: so our buffer, which is full at the first batch, is a fiftieth of the epoch.
"""

import argparse
import dataclasses
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import turns
from celeba import VARIANTS, write_celeba
from PIL import Image

from tfgan_series import series
from tfgan_series.data import conversion, pipeline
from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.datasets.source import Request
from tfgan_series.data.records import Records

CASES = {
    "box": series.resolve("img_celeba"),
    "no box": series.resolve("img_celeba", bbox=False),
    "aligned": series.resolve("img_align_celeba"),
    "mnist": series.resolve("mnist", image_size=64),
}
WRITTEN = 0.2  # seconds; what benchmarks/overhead.py measures after a row of the digits
NOISE = (27, 22)  # of the pictures that are made: the figures in docs/scale.md are of such
LONG, TIMES = 100_000, 40  # pictures in an epoch of records; how often it may read one
Epoch = Callable[[int], Iterable[Any]]  # its number, from 1 -> its batches


def ours(found: Records, experiment: series.Experiment) -> Epoch:
    """The package's own batches."""
    return lambda epoch: pipeline.batches(found, experiment, epoch)


def bare(found: Records, batch_size: int) -> Epoch:
    """Batches of serialized records, as fast as TensorFlow reads them."""
    files = [str(file) for file in found.shards("train")]
    return lambda epoch: tf.data.TFRecordDataset(files, num_parallel_reads=2).batch(batch_size)


def lengthened(found: Records) -> Records:
    """The records, with each shard of train as often as it takes to have LONG of them, but at most TIMES times."""
    times = min(math.ceil(LONG / found.counts["train"]), TIMES)
    return dataclasses.replace(
        found,
        files={"train": found.files["train"] * times},
        counts={"train": found.counts["train"] * times},
        sizes={"train": found.sizes["train"] * times},
    )


def article_records(pictures: Path, names: Sequence[str], boxes: Sequence[np.ndarray], file: Path) -> None:
    """One file with the encoded files of all variants. The article's records hold an identity, attributes and landmarks too."""
    with tf.io.TFRecordWriter(str(file)) as writer:
        for name, box in zip(names, boxes, strict=True):
            values: dict[str, list[float]] = {"Attr": [0.0] * 40, "Landmarks": [0.0] * 10, "LandmarksAlign": [0.0] * 10}
            values["img_celeba/bbox"] = list(map(float, box))
            feature = {f"image/{key}": tf.train.Feature(float_list={"value": value}) for key, value in values.items()}
            feature["image/ID"] = tf.train.Feature(int64_list={"value": [1]})
            for variant in VARIANTS:
                path = pictures / "Img" / variant / Path(name).with_suffix(".png" if variant.endswith("png") else ".jpg")
                feature[f"image/{variant}/filename"] = tf.train.Feature(bytes_list={"value": [path.name.encode()]})
                feature[f"image/{variant}/encoded"] = tf.train.Feature(bytes_list={"value": [path.read_bytes()]})
            writer.write(tf.train.Example(features={"feature": feature}).SerializeToString())


def article(file: Path, experiment: series.Experiment) -> Epoch:
    """The article's way from its records to batches (AugustusHsu/Blogger-Code, GAN-03: dataset/CelebA.py and run.py)."""
    texts = {
        f"image/{variant}/{key}": tf.io.FixedLenFeature([], tf.string) for variant in VARIANTS for key in ("filename", "encoded")
    }
    lengths = {"Attr": 40, "Landmarks": 10, "LandmarksAlign": 10, "img_celeba/bbox": 4}
    numbers = {f"image/{key}": tf.io.FixedLenFeature([length], tf.float32) for key, length in lengths.items()}
    fields = texts | numbers | {"image/ID": tf.io.FixedLenFeature([1], tf.int64)}

    @tf.function
    def example(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        known = tf.io.parse_single_example(record, fields)
        image = tf.image.decode_jpeg(known[f"image/{experiment.image_type}/encoded"], channels=3)
        if experiment.bbox:
            x, y, width, height = tf.unstack(tf.cast(known["image/img_celeba/bbox"], tf.int32))
            image = tf.image.crop_to_bounding_box(image, y, x, height, width)
        image = (tf.image.resize(image, [experiment.image_size] * 2) - 127.5) / 127.5
        return image, known["image/Landmarks"], known["image/Attr"]

    dataset = tf.data.Dataset.list_files(str(file)).flat_map(tf.data.TFRecordDataset).map(example, num_parallel_calls=-1)
    dataset = dataset.shuffle(300).batch(experiment.batch_size).prefetch(20)
    return lambda epoch: dataset.as_numpy_iterator()


def article_mnist(digits: np.ndarray, experiment: series.Experiment) -> Epoch:
    """The article's way from MNIST's arrays, [N, 28, 28, 1] of 0..255, to batches."""
    dataset = tf.data.Dataset.from_tensor_slices((digits.astype("float32") - 127.5) / 127.5)
    dataset = dataset.map(lambda image: tf.image.resize_with_pad(image, experiment.image_size, experiment.image_size))
    dataset = dataset.shuffle(300).batch(experiment.batch_size).prefetch(20)
    return lambda epoch: dataset.as_numpy_iterator()


@dataclasses.dataclass(frozen=True)
class Pictures:
    """A data set for PyTorch: pictures with their boxes, resized as torchvision's Resize, ToTensor and Normalize do."""

    images: Sequence[Path | np.ndarray]
    boxes: Sequence[np.ndarray]
    size: int

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        import torch

        image, (x, y, width, height) = self.images[index], self.boxes[index]
        picture = Image.fromarray(image[..., 0]) if isinstance(image, np.ndarray) else Image.open(image).convert("RGB")
        if width:
            picture = picture.crop((x, y, x + width, y + height))
        picture = picture.resize((self.size, self.size), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(picture).reshape(self.size, self.size, -1)).permute(2, 0, 1).contiguous()
        return pixels.to(torch.float32).div(255).sub(0.5).div(0.5)


def pytorch(pictures: Pictures, batch_size: int) -> Epoch | None:
    """A DataLoader whose workers stay from epoch to epoch; None if there is no PyTorch."""
    try:
        from torch.utils.data import DataLoader
    except ImportError:
        return None
    loader: Any = DataLoader(
        pictures, batch_size=batch_size, shuffle=True, drop_last=True, num_workers=os.cpu_count() or 1, persistent_workers=True
    )
    return lambda epoch: loader


def timed(way: Epoch, epoch: int) -> tuple[float, float]:
    """(pictures per second from the epoch's first batch on, milliseconds to its first batch)."""
    start = time.perf_counter()
    batches = iter(way(epoch))
    next(batches)
    first = time.perf_counter()
    pictures = sum(len(batch[0]) if isinstance(batch, tuple) else len(batch) for batch in batches)
    return pictures / (time.perf_counter() - first), 1000 * (first - start)


def opened(way: Epoch, epoch: int) -> tuple[float, float]:
    """An epoch that is opened before the files of a row are written, as in training: (milliseconds to open it, milliseconds that
    its first batch then takes)."""
    start = time.perf_counter()
    batches = iter(way(epoch))
    before = time.perf_counter()
    time.sleep(WRITTEN)
    after = time.perf_counter()
    next(batches)
    return 1000 * (before - start), 1000 * (time.perf_counter() - after)


def compare(case: str, name: str, mine: Epoch, peer: Epoch, rounds: int) -> None:
    """Print a line about two ways that take turns. The first epoch of each is not timed: it sets up."""
    pairs = [[timed(way, epoch) for way in (mine, peer)] for epoch in range(1, rounds + 2)][1:]
    (rate, first), (other, other_first) = np.median(pairs, axis=0)
    ratio = turns.ratio(*zip(*[(1 / own[0], 1 / its[0]) for own, its in pairs], strict=True))
    print(
        f"{case:8} ours {rate:9,.0f} images/s   {name:8} {other:9,.0f} images/s   ratio {ratio}   "
        f"first batch {first:4.0f} ms, {other_first:4.0f} ms",
        flush=True,
    )


def examine(case: str, pictures: Path, place: Path, arguments: argparse.Namespace) -> None:
    """Make the records of a case, and compare its ways."""
    experiment = CASES[case].change(batch_size=arguments.batch_size)
    path = None if case == "mnist" else pictures
    found = conversion.convert(experiment, dataset_path=path, tfrecord_path=place / case, store="pixels")
    found = lengthened(found)
    source = DATASETS[experiment.image_type].find(Request(experiment.image_type, path, place, experiment.bbox))
    examples = [one for one in source.partitions["train"] if not one.problem][: arguments.count]
    boxes = [one.known["bbox"] if experiment.bbox else np.zeros(4, int) for one in examples]
    usable = [index for index, box in enumerate(boxes) if box[2] or not experiment.bbox]
    images, boxes = [examples[index].image for index in usable], [boxes[index] for index in usable]
    if path:
        file = place / f"{case}.tfrecord"
        article_records(pictures, [Path(image).name for image in images], boxes, file)
        theirs = article(file, experiment)
    else:
        theirs = article_mnist(np.stack(images).reshape(-1, 28, 28, 1), experiment)
    loader = pytorch(Pictures(images, boxes, experiment.image_size), experiment.batch_size)
    peers = {"article": theirs, "PyTorch": loader, "bare": bare(found, experiment.batch_size)}
    opening, waiting = np.median([opened(ours(found, experiment), epoch) for epoch in range(2, 2 + arguments.rounds)], axis=0)
    print(f"{case:8} ours, opened {WRITTEN} s before: {opening:.0f} ms to open it, then {waiting:.0f} ms for the first batch")
    for name, peer in peers.items():
        if peer:
            compare(case, name, ours(found, experiment), peer, arguments.rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="CelebA's folder, with all three variants; without it, pictures are made")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), help="which pictures to read")
    parser.add_argument("--count", type=int, default=3000, help="pictures to make, and that the article's way and PyTorch read")
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5, help="epochs of each way")
    arguments = parser.parse_args()
    print(turns.processor(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        pictures = arguments.pictures or Path(name) / "pictures"
        if not arguments.pictures:
            write_celeba(pictures, arguments.count, noise=NOISE)
        for case in arguments.cases:
            examine(case, pictures, Path(name), arguments)
    if pytorch(Pictures([np.zeros((1, 1, 1))], [np.zeros(4)], 1), 1) is None:
        print('PyTorch is not installed, so its lines are left out: pip install -e ".[bench]"')


if __name__ == "__main__":
    main()
