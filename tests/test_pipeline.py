import dataclasses
import io

import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import conversion, pipeline, preprocess, records, series
from tfgan_series.errors import UserError

from conftest import write_mnist


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """(Experiment of batches of 8, Records) of 40 + 20 pictures, each filled with its own number."""
    root = tmp_path_factory.mktemp("numbered")
    experiment = series.resolve("mnist", image_size=4, batch_size=8)
    return experiment, conversion.convert(experiment, dataset_path=write_mnist(root / "files", train=43), tfrecord_path=root)


def numbers(dataset):
    """The pictures' numbers, batch by batch."""
    return [np.round((batch.numpy()[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist() for batch in dataset]


def test_an_epoch_is_full_batches_without_repetition(numbered):
    experiment, found = numbered
    batches = numbers(pipeline.batches(found, experiment, epoch=1))
    assert [len(batch) for batch in batches] == [8] * 5  # floor(43 / 8)
    seen = sum(batches, [])
    assert len(set(seen)) == 40
    assert set(seen) <= set(range(43))


def test_order_comes_from_seed_and_epoch(numbered):
    experiment, found = numbered
    first = numbers(pipeline.batches(found, experiment, epoch=1))
    assert numbers(pipeline.batches(found, experiment, epoch=1)) == first
    assert numbers(pipeline.batches(found, experiment, epoch=2)) != first
    assert numbers(pipeline.batches(found, dataclasses.replace(experiment, seed=1), epoch=1)) != first


def test_what_is_left_over_differs_from_epoch_to_epoch(numbered):
    experiment, found = numbered
    left = {frozenset(range(43)) - set(sum(numbers(pipeline.batches(found, experiment, epoch)), [])) for epoch in range(1, 7)}
    assert len(left) > 3


def test_going_on_in_mid_epoch(numbered):
    experiment, found = numbered
    assert numbers(pipeline.batches(found, experiment, 3, first_step=2)) == numbers(pipeline.batches(found, experiment, 3))[2:]


def test_all_is_every_partition(numbered):
    experiment, found = numbered
    everything = dataclasses.replace(experiment, partition="all", batch_size=63)
    assert sorted(numbers(pipeline.batches(found, everything, 1))[0]) == sorted([*range(43), *range(20)])
    with pytest.raises(UserError, match="--Partition=val"):
        pipeline.batches(found, dataclasses.replace(experiment, partition="val"), 1)


def test_static_shapes_and_range(digits, tiny):
    dataset = pipeline.batches(digits[1], tiny, 1)
    assert dataset.element_spec == tf.TensorSpec([64, 8, 8, 1], tf.float32)
    values = np.concatenate([batch.numpy() for batch in dataset])
    assert (values.min(), values.max()) == (-1, 1)


def test_batch_larger_than_the_data(numbered):
    experiment, found = numbered
    with pytest.raises(UserError, match="--batch_size=44 is more than the 43 records of train .*: give --batch_size=43 or less"):
        pipeline.batches(found, dataclasses.replace(experiment, batch_size=44), 1)


@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_originals_come_out_as_prepared_pixels_do(celeba, tmp_path, fit):
    experiment = series.resolve("celeba", image_size=16, batch_size=14, fit=fit)
    found = conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path, store="source")
    decoded = next(iter(pipeline.batches(found, experiment, 1))).numpy()
    assert decoded.shape == (14, 16, 16, 3)
    wanted = []
    for record in tf.data.TFRecordDataset([str(file) for file in found.shards("train")]):
        features = tf.train.Example.FromString(record.numpy()).features.feature
        file, box = io.BytesIO(features["image"].bytes_list.value[0]), features["bbox"].int64_list.value
        wanted.append(preprocess.prepare(file, image_size=16, channels=3, bbox=box, fit=fit))
    distance = np.abs(((decoded + 1) * 127.5)[:, None] - np.stack(wanted)[None]).max(axis=(2, 3, 4))
    assert (distance.min(axis=1) < 10).all()  # the two libraries' JPEG decoders and bicubic filters
    assert (distance.min(axis=0) < 10).all()


def test_damage_found_while_reading_is_named(digits, tiny, tmp_path):
    import shutil

    folder = tmp_path / "8"
    shutil.copytree(digits[1].folder, folder)
    shard = folder / "digits-train.tfrecord-00002-of-00008"
    data = bytearray(shard.read_bytes())
    data[5000] ^= 255
    shard.write_bytes(data)  # the same size: only the checksum tells
    found = records.open_records(folder)
    with pytest.raises(UserError, match="train.tfrecord-00002-of-00008: damaged"):
        list(pipeline.damage_named(pipeline.batches(found, tiny, 1), found, tiny))
