"""Record files -> batches, with tf.data.

Conversion has shuffled the records, so an epoch need not shuffle all of them again. It opens the shards in a random order, a few
at a time, takes a block of records from each in turn, and draws from a small buffer.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfgan_series.data import records as record_files
from tfgan_series.data.conditions import Conditions
from tfgan_series.data.records import PartitionSettings, Records
from tfgan_series.data.schema import decode
from tfgan_series.errors import UserError

_BUFFER = 2048  # records in the shuffle buffer; an epoch's first batch waits until it is full
_BUFFER_BYTES = 256 * 2**20  # and at most so many bytes
_OPEN_SHARDS = 4  # fewer than conversion writes: so the order of the shards moves a record far from its place in another epoch
_BLOCKS = 32  # blocks of records in a buffer: large blocks are read fast
_BLOCK = 256  # records that in_order yields at a time
_ENLARGED = 286 / 256  # Zhu et al. 2017


class BatchSettings(PartitionSettings, Protocol):
    """The settings of an Experiment that say which pictures it has, and in which batches it trains on them."""

    @property
    def augment(self) -> bool: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def epoch_steps(self) -> int: ...
    @property
    def conditions(self) -> Conditions: ...
    @property
    def seed(self) -> int: ...


def steps_per_epoch(records: Records, experiment: BatchSettings) -> int:
    """floor(N / B): the full batches in the N records of the experiment's partition, or epoch_steps if this is more. If there are
    two sets, N is of the larger.

    Raises UserError if a set has fewer records than a batch.
    """
    counts = {side: records.count(experiment.partition, side) for side in experiment.sides}
    for side, count in counts.items():
        if experiment.batch_size > count:
            raise UserError(
                f"--batch_size={experiment.batch_size} is more than the {count} records of {experiment.partition}{side} "
                f"in {records.folder}: give --batch_size={count} or less"
            )
    return max(max(counts.values()) // experiment.batch_size, experiment.epoch_steps)


def batches(records: Records, experiment: BatchSettings, epoch: int, first_step: int = 0) -> tf.data.Dataset:
    """The batches of an epoch (the first is 1), from its step `first_step` on.

    A tf.data.Dataset of batches [B, H, W, C] float32 in [-1, 1], or of pairs of them if the experiment has two sets of
    pictures. If its pictures can be asked for, a batch is a pair too: the pictures, and their conditions [B, K] float32.

    A whole epoch has steps_per_epoch batches. A set that has fewer records starts again at its end, in another order; else no
    record comes twice in an epoch. The order of each set, and which records are left over, is drawn from (seed, epoch).
    """
    steps = steps_per_epoch(records, experiment)
    sets = [_set_batches(records, experiment, side, epoch, first_step, steps) for side in experiment.sides]
    dataset = sets[0] if len(sets) == 1 else tf.data.Dataset.zip(tuple(sets))
    options = tf.data.Options()
    # Every worker reads all records and takes its part of each batch. Sharding by files would change the batches.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    # Both would look for better settings at the start of each epoch and at each record. That takes longer than they gain.
    options.autotune.enabled = options.experimental_optimization.apply_default_optimizations = False
    options.experimental_warm_start = True  # an iterator fills its buffers as soon as it is made
    return dataset.prefetch(2).with_options(options)


def first_images(records: Records, experiment: PartitionSettings, side: str, count: int) -> np.ndarray:
    """The pictures of the first `count` records of the experiment's partition, [N, H, W, C] as in in_order."""
    return next(in_order(records, experiment, side, count=count, block=count))["image"]


def in_order(
    records: Records, experiment: PartitionSettings, side: str = "", *, first: int = 0, count: int = -1, block: int = _BLOCK
) -> Iterator[dict[str, np.ndarray]]:
    """The records of the experiment's partition in their stored order, which conversion shuffled, `block` at a time.

    side: "A" or "B" if there are two sets of pictures. first: the place of the first record, from 0. count: -1 for all the rest.
    Yields what is known of n records: image [n, H, W, C] float32 in [-1, 1], not augmented; label [n]; and if the records have
    attributes, attributes [n, number of names] of 0 and 1.
    """
    dataset = tf.data.TFRecordDataset([str(file) for file in records.shards(experiment.partition, side)]).skip(first).take(count)
    size, fit = experiment.image_size, experiment.fit
    dataset = _read(dataset, records, batch_size=block, image_size=size, fit=fit, names=_labelling(records))
    dataset = dataset.map(lambda known: {**known, "image": _to_float(known["image"])}).prefetch(1)
    with damage_named(records):
        yield from dataset.as_numpy_iterator()
    record_files.check_unchanged(records)


def conditions_of(known: Mapping[str, Any], records: Records, wanted: Conditions) -> tf.Tensor:
    """What pictures would have to be asked for: [B, K] float32, 1 if a picture has what the name says, else 0.

    known: label [B] and attributes [B, names], as read. A picture without a label has only zeros.
    """
    if wanted.exclusive:
        return tf.one_hot(known["label"], len(wanted.names))
    places = [records.attribute_names.index(name) for name in wanted.names]
    return tf.cast(tf.gather(known["attributes"], places, axis=1), tf.float32)


@contextlib.contextmanager
def damage_named(records: Records) -> Iterator[None]:
    """A context in which these records are read. Raises UserError, with the file's name, for a damaged shard, and if a failure
    comes from a file that was replaced since the records were opened."""
    try:
        yield
    except tf.errors.OpError as error:
        record_files.check_unchanged(records)
        if not isinstance(error, tf.errors.DataLossError):
            raise
        files = [file for shards in records.files.values() for file in shards]
        raise UserError(record_files.damage_report(files)) from error


def _set_batches(
    records: Records, experiment: BatchSettings, side: str, epoch: int, first_step: int, steps: int
) -> tf.data.Dataset:
    """One set's batches of an epoch of `steps`, from first_step on."""
    size = experiment.batch_size
    _set_global_seed(experiment.seed)
    drawn = np.random.default_rng([experiment.seed, epoch, experiment.sides.index(side)])
    order, within, crops = drawn.integers(2**31, size=3)
    files = np.random.default_rng(order).permutation([str(file) for file in records.shards(experiment.partition, side)])
    buffer = buffer_records(records.count(experiment.partition, side), records.size(experiment.partition, side))
    # repeat after shuffle: each round of a small set is complete and has its own order.
    dataset = _interleaved(files, max(buffer // _BLOCKS, 1)).shuffle(buffer, seed=within).repeat()
    dataset = dataset.take(steps * size).skip(first_step * size)
    finished = _finish(records, size, experiment.image_size, experiment.fit, experiment.augment, experiment.conditions)
    return finished(dataset, tf.constant(crops), tf.constant(first_step * size, tf.int64))


# A tf.function, because TensorFlow then makes the graph of a dataset's functions once, and not at the start of each epoch.
@tf.function(input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([], tf.int64)])
def _interleaved(files: tf.Tensor, block: tf.Tensor) -> tf.data.Dataset:
    """The serialized records of the shards, `block` of a shard at a time."""
    return tf.data.Dataset.from_tensor_slices(files).interleave(
        tf.data.TFRecordDataset, cycle_length=_OPEN_SHARDS, block_length=block, deterministic=True,
        num_parallel_calls=tf.data.AUTOTUNE,
    )  # fmt: skip


@functools.lru_cache(maxsize=8)
def _finish(
    records: Records, size: int, pixels: int, fit: str, augment: bool, wanted: Conditions
) -> Callable[..., tf.data.Dataset]:
    """A function that makes a dataset of serialized records into one of batches, see `batches`.

    Its arguments: the dataset, the seed of the augmentation, and the number of the first record in the epoch.
    """
    shape = [size, pixels, pixels, records.settings["channels"]]
    names = _labelling(records) if wanted.names else ()
    larger = _enlarged(pixels) if augment else pixels

    def batch(known: Mapping[str, Any]) -> Any:
        images = _to_float(tf.ensure_shape(known["image"], shape))
        if not wanted.names:
            return images
        return images, tf.ensure_shape(conditions_of(known, records, wanted), [size, len(wanted.names)])

    @tf.function
    def finished(dataset: tf.data.Dataset, crops: tf.Tensor, first: tf.Tensor) -> tf.data.Dataset:
        dataset = _read(dataset, records, batch_size=size, image_size=larger, fit=fit, names=names)
        if augment:
            # Drawn from the picture's number in the epoch, so that a run that goes on makes the same pictures.
            dataset = tf.data.Dataset.zip((dataset.unbatch(), tf.data.Dataset.counter(first))).map(
                lambda known, number: {**known, "image": _augment(known["image"], pixels, tf.stack([crops, number]))},
                num_parallel_calls=tf.data.AUTOTUNE,
            )
            dataset = dataset.batch(size)
        return dataset.map(batch, num_parallel_calls=tf.data.AUTOTUNE)

    return finished


def _labelling(records: Records) -> tuple[str, ...]:
    """The fields that say what a picture shows."""
    return ("label", "attributes") if records.attribute_names else ("label",)


def _set_global_seed(seed: int) -> None:
    """Set TensorFlow's global seed, which shuffle mixes into its own. If it is set already, it is left alone: to set it makes
    TensorFlow forget its compiled functions, and the next training step takes seconds longer."""
    in_use, _ = tf.compat.v1.random.get_seed(1)
    if in_use != seed % (2**31 - 1):  # as TensorFlow shortens it
        tf.random.set_seed(seed)


def buffer_records(count: int, size: int) -> int:
    """Records in the shuffle buffer, of `count` records with `size` bytes in all: 2,048 or all, but not more than 256 MiB."""
    return max(min(_BUFFER, count, _BUFFER_BYTES * count // size), 1)


def _read(
    dataset: tf.data.Dataset, records: Records, *, batch_size: int, image_size: int, fit: str, names: Sequence[str] = ()
) -> tf.data.Dataset:
    """Serialized records as batches: dicts of image, [B, H, W, C] uint8, and of the named fields, [B, ...].

    Records of pixels come as they are. Originals are decoded, and cut and resized to image_size as preprocess.prepare does.
    """
    settings = records.settings
    fields = ["image", *names]
    if settings["store"] == "source" and settings["bbox"]:
        fields.append("bbox")
    dataset = dataset.batch(batch_size).map(
        lambda batch: records.schema.parse(batch, fields), num_parallel_calls=tf.data.AUTOTUNE
    )
    if settings["store"] == "pixels":
        return dataset
    return dataset.unbatch().map(
        lambda known: {**known, "image": _decode(known["image"], known.get("bbox"), settings["channels"], image_size, fit)},
        num_parallel_calls=tf.data.AUTOTUNE,
    ).batch(batch_size)  # fmt: skip


def _decode(encoded: tf.Tensor, bbox: tf.Tensor | None, channels: int, image_size: int, fit: str) -> tf.Tensor:
    """The bytes of a picture file -> [image_size, image_size, channels] uint8, cut by its box if there is one."""
    image = decode(encoded, channels)
    if bbox is not None:
        x, y, w, h = tf.unstack(tf.cast(bbox, tf.int32))
        image = image[tf.maximum(y, 0) : y + h, tf.maximum(x, 0) : x + w]  # a slice ends where the picture does
    if fit == "crop":
        height, width = tf.shape(image)[0], tf.shape(image)[1]
        side = tf.minimum(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        image = image[top : top + side, left : left + side]
    return _resize(tf.ensure_shape(image, [None, None, channels]), image_size)


def _to_float(images: tf.Tensor) -> tf.Tensor:
    """x / 127.5 - 1 of uint8. A cast, a division and a subtraction would be three passes over the pixels; this is one."""
    return tf.quantization.dequantize(tf.bitcast(images, tf.quint8), -1.0, 1.0, mode="MIN_COMBINED")


def _resize(image: tf.Tensor, size: int) -> tf.Tensor:
    return tf.saturate_cast(tf.round(tf.image.resize(image, [size, size], method="bicubic", antialias=True)), tf.uint8)


def _enlarged(size: int) -> int:
    return round(size * _ENLARGED)


def _augment(image: tf.Tensor, size: int, seed: tf.Tensor) -> tf.Tensor:
    """Enlarge a square picture of `size` to size * 286 / 256 (if it is not enlarged yet), cut `size` out of it at random, and
    flip it half of the time."""
    if image.shape[0] == size:
        image = _resize(image, _enlarged(size))
    image = tf.image.stateless_random_crop(image, [size, size, image.shape[-1]], seed)
    return tf.image.stateless_random_flip_left_right(image, seed + [1, 0])
