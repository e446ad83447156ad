"""Record files -> batches, with tf.data."""

import numpy as np
import tensorflow as tf

from tfgan_series import records as record_files
from tfgan_series.errors import UserError

_BUFFER_BYTES = 256 * 2**20
_OPEN_SHARDS = 16


def steps_per_epoch(records, experiment):
    """floor(N / B): full batches in the records of the experiment's partition. Raises UserError where there is none."""
    count = records.count(experiment.partition)
    if experiment.batch_size > count:
        raise UserError(
            f"--batch_size={experiment.batch_size} is more than the {count} records of {experiment.partition} "
            f"in {records.folder}: give --batch_size={count} or less"
        )
    return count // experiment.batch_size


def batches(records, experiment, epoch, first_step=0):
    """The batches of an epoch (the first is 1), from its step `first_step` on.

    A tf.data.Dataset of [B, H, W, C] float32 in [-1, 1], floor(N / B) long; no record comes twice. The order, and so
    which records are left over, is drawn from (seed, epoch).
    """
    size = experiment.batch_size
    steps = steps_per_epoch(records, experiment)
    files = records.shards(experiment.partition)
    tf.random.set_seed(experiment.seed)  # shuffle mixes the global seed into its own
    order, within = np.random.default_rng([experiment.seed, epoch]).integers(2**31, size=2)
    files = np.random.default_rng(order).permutation([str(file) for file in files])
    dataset = tf.data.Dataset.from_tensor_slices(files).interleave(
        tf.data.TFRecordDataset, cycle_length=min(_OPEN_SHARDS, len(files)), block_length=4, deterministic=True,
        num_parallel_calls=tf.data.AUTOTUNE,
    )  # fmt: skip
    dataset = dataset.shuffle(_buffer(records, experiment, files), seed=within)
    dataset = dataset.take(steps * size).skip(first_step * size)
    if records.settings["store"] == "pixels":
        dataset = dataset.batch(size, drop_remainder=True).map(
            lambda batch: _parse_pixels(batch, experiment), num_parallel_calls=tf.data.AUTOTUNE
        )
    else:
        dataset = dataset.map(lambda record: _parse_source(record, experiment), num_parallel_calls=tf.data.AUTOTUNE).batch(
            size, drop_remainder=True
        )
    options = tf.data.Options()
    # Every worker reads all and takes its part of each batch: sharding by files would change batches and their number.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = dataset.map(lambda images: tf.cast(images, tf.float32) / 127.5 - 1)
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)


def damage_named(dataset, records, experiment):
    """The dataset's batches; a shard that turns out damaged is named in a UserError."""
    try:
        yield from dataset
    except tf.errors.DataLossError as error:
        raise UserError(record_files.damage_report(records.shards(experiment.partition))) from error


def _buffer(records, experiment, files):
    """Records to draw the next one from: all of them, as far as they fit in _BUFFER_BYTES of memory."""
    count = records.count(experiment.partition)
    total = sum(tf.io.gfile.stat(file).length for file in files)
    return max(min(count, _BUFFER_BYTES * count // total), 1)


def _parse_pixels(batch, experiment):
    """Serialized records [B] -> [B, H, W, C] uint8, the whole batch in one call."""
    parsed = tf.io.parse_example(batch, {"image": tf.io.FixedLenFeature([], tf.string)})
    size = experiment.image_size
    return tf.reshape(tf.io.decode_raw(parsed["image"], tf.uint8), [experiment.batch_size, size, size, experiment.channels])


def _parse_source(record, experiment):
    """A serialized record -> [H, W, C] in 0..255, cut and resized as preprocess.prepare does."""
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
    size = experiment.image_size
    image = tf.image.resize(image, [size, size], method="bicubic", antialias=True)
    return tf.clip_by_value(tf.round(tf.ensure_shape(image, [size, size, experiment.channels])), 0, 255)
