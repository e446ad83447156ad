"""Record files -> batches, with tf.data."""

import dataclasses

import numpy as np
import tensorflow as tf

from tfgan_series.data import records as record_files
from tfgan_series.errors import UserError

_BUFFER_BYTES = 256 * 2**20
_OPEN_SHARDS = 16
_BLOCK = 512  # records that in_order yields at a time
_ENLARGED = 286 / 256  # Zhu et al. 2017


def steps_per_epoch(records, experiment):
    """floor(N / B): full batches in the records of the experiment's partition, of the larger set where there are two.

    Raises UserError where one has none.
    """
    counts = {side: records.count(experiment.partition, side) for side in experiment.sides}
    for side, count in counts.items():
        if experiment.batch_size > count:
            raise UserError(
                f"--batch_size={experiment.batch_size} is more than the {count} records of {experiment.partition}{side} "
                f"in {records.folder}: give --batch_size={count} or less"
            )
    return max(counts.values()) // experiment.batch_size


def batches(records, experiment, epoch, first_step=0):
    """The batches of an epoch (the first is 1), from its step `first_step` on.

    A tf.data.Dataset of [B, H, W, C] float32 in [-1, 1], or of two such where the experiment has two sets of pictures;
    floor(N / B) long. No record comes twice but for those of the smaller set, whose rounds follow each other. Each
    set's order, and so which records are left over, is drawn from (seed, epoch).
    """
    steps = steps_per_epoch(records, experiment)
    sets = [_set_batches(records, experiment, side, epoch, first_step, steps) for side in experiment.sides]
    dataset = sets[0] if len(sets) == 1 else tf.data.Dataset.zip(tuple(sets))
    options = tf.data.Options()
    # Every worker reads all and takes its part of each batch: sharding by files would change batches and their number.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)


def first_images(records, experiment, partition, side, count):
    """The first `count` pictures of a partition's records, [N, H, W, C] float32 in [-1, 1], not augmented."""
    files = [str(file) for file in records.shards(partition, side)]
    size = min(count, records.count(partition, side))
    plain = dataclasses.replace(experiment, augment=False, partition=partition)
    dataset = _decoded(tf.data.TFRecordDataset(files).take(size), records, plain, size, first=0, seed=0).map(_to_float)
    return next(damage_named(dataset, records, plain)).numpy()


def _set_batches(records, experiment, side, epoch, first_step, steps):
    """One set's batches of an epoch, `steps` of them less the first."""
    size = experiment.batch_size
    files = records.shards(experiment.partition, side)
    tf.random.set_seed(experiment.seed)  # shuffle mixes the global seed into its own
    drawn = np.random.default_rng([experiment.seed, epoch, experiment.sides.index(side)])
    order, within, crops = drawn.integers(2**31, size=3)
    files = np.random.default_rng(order).permutation([str(file) for file in files])
    dataset = tf.data.Dataset.from_tensor_slices(files).interleave(
        tf.data.TFRecordDataset, cycle_length=min(_OPEN_SHARDS, len(files)), block_length=4, deterministic=True,
        num_parallel_calls=tf.data.AUTOTUNE,
    )  # fmt: skip
    # repeat after shuffle: each round of the smaller set is whole, and in an order of its own.
    dataset = dataset.shuffle(_buffer(records.count(experiment.partition, side), files), seed=within).repeat()
    dataset = dataset.take(steps * size).skip(first_step * size)
    return _decoded(dataset, records, experiment, size, first_step * size, crops).map(_to_float)


def _decoded(dataset, records, experiment, size, first, seed):
    """Serialized records, of which this is the epoch's `first`, as batches in 0..255; the seed is for the augmentation."""
    if records.settings["store"] == "pixels":
        dataset = dataset.batch(size, drop_remainder=True).map(
            lambda batch: _parse_pixels(batch, experiment, size), num_parallel_calls=tf.data.AUTOTUNE
        )
        if not experiment.augment:
            return dataset
        dataset = dataset.unbatch()
    else:
        dataset = dataset.map(lambda record: _parse_source(record, experiment), num_parallel_calls=tf.data.AUTOTUNE)
    if experiment.augment:
        # By its number in the epoch, so that a run that goes on has each picture as it would have been.
        numbers = tf.data.Dataset.counter(np.int64(first))
        dataset = tf.data.Dataset.zip((dataset, numbers)).map(
            lambda image, number: _augment(image, experiment.image_size, tf.stack([np.int64(seed), number])),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    return dataset.batch(size, drop_remainder=True)


def _to_float(images):
    return tf.cast(images, tf.float32) / 127.5 - 1


def in_order(records, experiment):
    """All records of the experiment's partition in their stored order, which conversion shuffled, some hundreds at a time:
    yields (images [n, H, W, C] float32 in [-1, 1], labels [n], attributes [n, number of names] of 0 and 1), NumPy arrays."""
    experiment = dataclasses.replace(experiment, augment=False)
    wanted = {"label": tf.io.FixedLenFeature([], tf.int64)}
    names = len(records.attribute_names)
    if names:
        wanted["attributes"] = tf.io.FixedLenFeature([names], tf.int64)
    dataset = tf.data.TFRecordDataset([str(file) for file in records.shards(experiment.partition)])
    if records.settings["store"] == "source":
        dataset = dataset.map(lambda record: (_parse_source(record, experiment), record), num_parallel_calls=tf.data.AUTOTUNE)
        dataset = dataset.batch(_BLOCK)
    else:
        dataset = dataset.batch(_BLOCK).map(lambda batch: (_parse_pixels(batch, experiment, -1), batch))
    dataset = dataset.map(lambda images, batch: (_to_float(images), tf.io.parse_example(batch, wanted)))
    for images, known in damage_named(dataset.prefetch(1).as_numpy_iterator(), records, experiment):
        yield images, known["label"], known.get("attributes", np.zeros((len(images), 0), np.int64))


def damage_named(dataset, records, experiment):
    """The dataset's batches; a shard that turns out damaged is named in a UserError."""
    try:
        yield from dataset
    except tf.errors.DataLossError as error:
        files = [file for side in experiment.sides for file in records.shards(experiment.partition, side)]
        raise UserError(record_files.damage_report(files)) from error


def _buffer(count, files):
    """Records to draw the next one from: all of them, as far as they fit in _BUFFER_BYTES of memory."""
    total = sum(tf.io.gfile.stat(file).length for file in files)
    return max(min(count, _BUFFER_BYTES * count // total), 1)


def _parse_pixels(batch, experiment, count):
    """Serialized records [count] -> [count, H, W, C] uint8, the whole batch in one call; count may be -1 for any."""
    parsed = tf.io.parse_example(batch, {"image": tf.io.FixedLenFeature([], tf.string)})
    size = experiment.image_size
    return tf.reshape(tf.io.decode_raw(parsed["image"], tf.uint8), [count, size, size, experiment.channels])


def _parse_source(record, experiment):
    """A serialized record -> [H, W, C] in 0..255, cut and resized as preprocess.prepare does, but larger for augmentation."""
    wanted = {"image": tf.io.FixedLenFeature([], tf.string)}
    if experiment.bbox:
        wanted["bbox"] = tf.io.FixedLenFeature([4], tf.int64)
    parsed = tf.io.parse_single_example(record, wanted)
    image = tf.io.decode_image(parsed["image"], channels=experiment.channels, expand_animations=False)
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    if experiment.bbox:
        x, y, w, h = tf.unstack(tf.cast(parsed["bbox"], tf.int32))
        image = image[tf.maximum(y, 0) : tf.minimum(y + h, height), tf.maximum(x, 0) : tf.minimum(x + w, width)]
        height, width = tf.shape(image)[0], tf.shape(image)[1]
    if experiment.fit == "crop":
        side = tf.minimum(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        image = image[top : top + side, left : left + side]
    size = _enlarged(experiment.image_size) if experiment.augment else experiment.image_size
    return _resize(tf.ensure_shape(image, [None, None, experiment.channels]), size)


def _resize(image, size):
    return tf.clip_by_value(tf.round(tf.image.resize(image, [size, size], method="bicubic", antialias=True)), 0, 255)


def _enlarged(size):
    return round(size * _ENLARGED)


def _augment(image, size, seed):
    """A square picture, enlarged to size * 286 / 256 if it is not so yet, cut to size at random and flipped half of the time."""
    if image.shape[0] == size:
        image = _resize(image, _enlarged(size))
    image = tf.image.stateless_random_crop(image, [size, size, image.shape[-1]], seed)
    return tf.image.stateless_random_flip_left_right(image, seed + [1, 0])
