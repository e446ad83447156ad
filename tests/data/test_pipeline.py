import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan_series import series
from tfgan_series.data import conversion, pipeline, preprocess, records, wire
from tfgan_series.errors import UserError

from conftest import write_celeba, write_mnist


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


def test_the_buffer_by_hand():
    for count, each, wanted in ((10_000, 100, 2048), (100, 100, 100), (10_000, 2**20, 256), (10, 2**30, 1)):
        assert pipeline.buffer_records(count, count * each) == wanted


def test_order_comes_from_seed_and_epoch(numbered):
    experiment, found = numbered
    first = numbers(pipeline.batches(found, experiment, epoch=1))
    assert numbers(pipeline.batches(found, experiment, epoch=1)) == first
    assert numbers(pipeline.batches(found, experiment, epoch=2)) != first
    assert numbers(pipeline.batches(found, dataclasses.replace(experiment, seed=1), epoch=1)) != first


def test_records_of_one_shard_change_their_order(numbered):
    """Not only the order of the shards changes, but also the order within them."""
    experiment, found = numbered
    shard = dataclasses.replace(found, files={"train": found.files["train"][:1]}, counts={"train": 6})
    images = pipeline.first_images(shard, experiment, "", 43)
    stored = np.round((images[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()
    whole = dataclasses.replace(experiment, batch_size=43)
    epochs = [numbers(pipeline.batches(found, whole, epoch))[0] for epoch in range(1, 5)]
    assert len({tuple(sorted(stored, key=seen.index)) for seen in epochs}) > 1


def test_what_is_left_over_differs_from_epoch_to_epoch(numbered):
    experiment, found = numbered
    left = {frozenset(range(43)) - set(sum(numbers(pipeline.batches(found, experiment, epoch)), [])) for epoch in range(1, 7)}
    assert len(left) > 3


@pytest.fixture(scope="module")
def stored(numbered, tmp_path_factory):
    """(Experiment of batches of 64, Records of 8 shards of 2,000 pictures). The first bytes of a picture are its place in the
    records."""
    experiment, found = numbered
    folder, values = tmp_path_factory.mktemp("stored"), {"label": 0, "filename": b""}
    files = [folder / f"{shard}.tfrecord" for shard in range(8)]
    for shard, file in enumerate(files):
        with tf.io.TFRecordWriter(str(file)) as writer:
            for place in range(2000 * shard, 2000 * (shard + 1)):
                image = place.to_bytes(2, "little") + bytes(14)
                writer.write(wire.serialize({"image": image, **values}, found.schema.fields))
    sizes = {"train": sum(file.stat().st_size for file in files)}
    found = dataclasses.replace(found, folder=folder, files={"train": files}, counts={"train": 16000}, sizes=sizes)
    return dataclasses.replace(experiment, batch_size=64), found


def test_an_epoch_is_well_mixed(stored):
    """In an epoch, stored neighbours are far apart, a batch has pictures of several shards, and a picture's place says little of
    its place in another epoch. Without the buffer, the first fails; with one shard at a time, the second; with all, the third."""
    places, at = [], []  # of each epoch: the stored places in the epoch's order; where in the epoch each stored place comes
    for epoch in range(1, 7):
        pixels = np.concatenate([batch.numpy().reshape(64, -1)[:, :2] for batch in pipeline.batches(stored[1], stored[0], epoch)])
        places.append(np.round((pixels + 1) * 127.5).astype(int) @ [1, 256])
        at.append(np.argsort(places[-1]))
    assert (np.sort(places) == np.arange(16000)).all()
    assert np.median(np.abs(np.diff(at))) > 1000
    assert np.mean([len(set(batch // 2000)) for batch in np.reshape(places, (-1, 64))]) > 5
    correlations = np.corrcoef(at)[np.triu_indices(6, 1)]
    assert abs(correlations.mean()) < 0.4


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
def test_originals_come_out_as_prepared_pixels_do(tmp_path, fit):
    tree = write_celeba(tmp_path / "tree", count=10)
    boxes = tree / "Anno/list_bbox_celeba.txt"
    first = next(line for line in boxes.read_text().splitlines() if line.startswith("000001"))
    boxes.write_text(boxes.read_text().replace(first, "000001.jpg -30 -20 100 90"))  # and picture 7's leaves at the right
    experiment = series.resolve("celeba", image_size=16, batch_size=6, fit=fit)
    found = conversion.convert(experiment, dataset_path=tree, tfrecord_path=tmp_path, store="source")
    decoded = next(iter(pipeline.batches(found, experiment, 1))).numpy()
    assert decoded.shape == (6, 16, 16, 3)
    wanted = []
    for record in tf.data.TFRecordDataset([str(file) for file in found.shards("train")]):
        features = tf.train.Example.FromString(record.numpy()).features.feature
        file, box = features["image"].bytes_list.value[0], features["bbox"].int64_list.value
        wanted.append(preprocess.prepare(file, image_size=16, channels=3, bbox=box, fit=fit).pixels)
    distance = np.abs(((decoded + 1) * 127.5)[:, None] - np.stack(wanted)[None]).max(axis=(2, 3, 4))
    # The two libraries' JPEG decoders and bicubic filters differ, and prepare decodes large pictures at half their size.
    assert (distance.min(axis=1) < 16).all()
    assert (distance.min(axis=0) < 16).all()


def test_damage_found_while_reading_is_named(digits, tiny, tmp_path):
    folder = tmp_path / "8"
    shutil.copytree(digits[1].folder, folder)
    shard = folder / "mnist-train.tfrecord-00002-of-00008"
    data = bytearray(shard.read_bytes())
    data[5000] ^= 255
    shard.write_bytes(data)  # the size is the same: only the checksum is wrong
    found = records.open_records(folder)
    with pytest.raises(UserError, match="train.tfrecord-00002-of-00008: damaged"), pipeline.damage_named(found):
        list(pipeline.batches(found, tiny, 1))


@pytest.fixture(scope="module")
def unpaired(tmp_path_factory):
    """(Experiment of batches of 2, Records) of two sets, 7 and 3 pictures of 8x8, each filled with its number; B's in grey."""
    root = tmp_path_factory.mktemp("unpaired")
    for name, first, count, mode in (("trainA", 0, 7, "RGB"), ("trainB", 100, 3, "L")):
        (root / "files" / name).mkdir(parents=True)
        for index in range(count):
            value = first + 10 * index
            Image.new(mode, (8, 8), (value,) * 3 if mode == "RGB" else value).save(root / "files" / name / f"{index}.jpg")
    experiment = series.resolve("horse2zebra", image_size=16, batch_size=2, augment=False)
    return experiment, conversion.convert(experiment, dataset_path=root / "files", tfrecord_path=root)


def both_numbers(dataset):
    """The two sets' numbers, over the whole epoch."""
    sets = [np.concatenate(images) for images in zip(*dataset.as_numpy_iterator(), strict=True)]
    return [[int(round((float(image.mean()) + 1) * 127.5, -1)) for image in images] for images in sets]


def test_two_sets_an_epoch_of_the_larger(unpaired):
    """Greyscale files among colour files become colour. The rounds of the smaller set are complete and follow one another."""
    experiment, found = unpaired
    assert pipeline.steps_per_epoch(found, experiment) == 3
    for epoch in (1, 2):
        a, b = both_numbers(pipeline.batches(found, experiment, epoch))
        assert len(set(a)) == 6
        assert set(a) <= set(range(0, 70, 10))
        assert sorted(b[:3]) == sorted(b[3:]) == [100, 110, 120]
    shapes = {image.shape for batch in pipeline.batches(found, experiment, 1) for image in batch}
    assert shapes == {(2, 16, 16, 3)}


def test_the_sets_are_shuffled_apart(unpaired):
    experiment, found = unpaired
    orders = [both_numbers(pipeline.batches(found, experiment, epoch)) for epoch in range(1, 9)]
    assert len({tuple(a) for a, _ in orders}) > 4
    assert len({tuple(b) for _, b in orders}) > 2


@pytest.fixture(scope="module")
def augmented(tmp_path_factory):
    """(Experiment of 16 pixels, Records, windows). Both sets are 24 copies of one picture of noise. It has 18x18 pixels, the size
    to which 16 is enlarged, so each augmented picture is a window of it. windows: {bytes of a window: (top, left, flipped)}."""
    root = tmp_path_factory.mktemp("augmented")
    noise = np.random.default_rng(0).integers(0, 255, (18, 18, 3), np.uint8)
    for name in ("trainA", "trainB"):
        (root / "files" / name).mkdir(parents=True)
        for index in range(24):
            Image.fromarray(noise).save(root / "files" / name / f"{index}.png")
    experiment = series.resolve("horse2zebra", image_size=16, batch_size=4, augment=True)
    windows = {}
    for top, left in np.ndindex(3, 3):
        window = noise[top : top + 16, left : left + 16]
        windows |= {window.tobytes(): (top, left, False), window[:, ::-1].tobytes(): (top, left, True)}
    return experiment, conversion.convert(experiment, dataset_path=root / "files", tfrecord_path=root), windows


def both_windows(augmented, epoch, first_step=0, **changed):
    """The windows that the two sets' pictures of an epoch show."""
    experiment, found, windows = augmented
    dataset = pipeline.batches(found, dataclasses.replace(experiment, **changed), epoch, first_step)
    sets = [np.concatenate(images) for images in zip(*dataset.as_numpy_iterator(), strict=True)]
    return [[windows[np.round((image + 1) * 127.5).astype(np.uint8).tobytes()] for image in images] for images in sets]


def test_augmentation_cuts_every_window_and_flips_each(augmented):
    seen = [window for epoch in (1, 2, 3) for windows in both_windows(augmented, epoch) for window in windows]
    assert set(seen) == {(top, left, flipped) for top in range(3) for left in range(3) for flipped in (True, False)}
    assert 0.3 < np.mean([flipped for *_, flipped in seen]) < 0.7


def test_the_order_does_not_depend_on_the_global_seed_and_sets_it_only_once(numbered, monkeypatch):
    """To set the global seed makes TensorFlow forget its compiled functions."""
    experiment, found = numbered
    seeded = dataclasses.replace(experiment, seed=2**32 - 1)
    orders = []
    for seed in (1, 2):
        tf.random.set_seed(seed)
        orders.append(numbers(pipeline.batches(found, seeded, epoch=1)))
    assert orders[0] == orders[1]
    monkeypatch.setattr(tf.random, "set_seed", lambda seed: pytest.fail("set again"))
    assert numbers(pipeline.batches(found, seeded, epoch=1)) == orders[0]


def test_augmentation_comes_from_seed_epoch_and_set_and_goes_on(augmented):
    a, b = both_windows(augmented, 1)
    assert both_windows(augmented, 1) == [a, b]
    assert both_windows(augmented, 1, first_step=2) == [a[8:], b[8:]]
    assert a != b
    assert both_windows(augmented, 2)[0] != a
    assert both_windows(augmented, 1, seed=1)[0] != a


def test_records_of_pixels_can_be_augmented_too(numbered):
    experiment, found = numbered
    batch = next(iter(pipeline.batches(found, dataclasses.replace(experiment, augment=True), 1)))
    assert batch.shape == (8, 4, 4, 1)


def test_in_order_is_not_augmented(unpaired):
    _, found = unpaired
    experiment = series.resolve("folder", image_size=16, augment=True)
    one_set = dataclasses.replace(found, files={"train": found.files["trainA"]}, counts={"train": 7})
    assert [known["image"].shape for known in pipeline.in_order(one_set, experiment)] == [(7, 16, 16, 3)]


def test_a_batch_larger_than_the_smaller_set(unpaired):
    experiment, found = unpaired
    with pytest.raises(UserError, match="--batch_size=4 is more than the 3 records of trainB"):
        pipeline.steps_per_epoch(found, dataclasses.replace(experiment, batch_size=4))


def test_first_images_are_plain_and_in_order(unpaired):
    experiment, found = unpaired
    images = pipeline.first_images(found, dataclasses.replace(experiment, augment=True), "B", 16)
    assert images.shape == (3, 16, 16, 3)
    assert np.array_equal(images, pipeline.first_images(found, experiment, "B", 16))


def test_records_in_their_order_with_what_they_know(numbered):
    experiment, found = numbered
    blocks = list(pipeline.in_order(found, experiment, block=20))
    assert [sorted(known) for known in blocks] == [["image", "label"]] * 3  # these records have no attributes
    images, labels = (np.concatenate([known[name] for known in blocks]) for name in ("image", "label"))
    numbers = np.round((images[:, 0, 0, 0] + 1) * 127.5).astype(int)
    assert sorted(numbers) == list(range(43))
    assert (labels == numbers % 10).all()
    (some,) = pipeline.in_order(found, experiment, first=5, count=7)
    assert np.array_equal(some["image"], images[5:12])


@pytest.mark.parametrize("augment", [False, True])
def test_classes_stay_beside_their_pictures(numbered, augment):
    """All the pixels of a picture have its number, also when it is cut. Its class is the number's last digit."""
    _, found = numbered
    experiment = series.resolve("mnist", "cgan", image_size=4, batch_size=8, augment=augment).fitted(found)
    for first_step in (0, 3):
        for images, asked in pipeline.batches(found, experiment, 1, first_step):
            known = np.round((images.numpy()[:, 0, 0, 0] + 1) * 127.5).astype(int)
            assert np.array_equal(asked, np.eye(10, dtype=np.float32)[known % 10])
    plain = series.resolve("mnist", "gan", image_size=4, batch_size=8)
    assert numbers(pipeline.batches(found, plain, 1)) == numbers(images for images, _ in pipeline.batches(
        found, experiment.change(augment=False), 1))  # fmt: skip


def test_attributes_beside_their_pictures(celeba, tmp_path):
    """Attributes 0 and 2 of a picture are equal, attribute 1 is the opposite."""
    asked = {"condition": ["Attribute_2", "Attribute_1"], "epoch_steps": 1}
    experiment = series.resolve("img_align_celeba", "cgan", image_size=8, batch_size=4, **asked)
    found = conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path)
    asked = np.concatenate([asked for _, asked in pipeline.batches(found, experiment.fitted(found), 1)])
    assert asked.shape == (16, 2) and asked.dtype == np.float32
    assert {tuple(row) for row in asked} == {(0, 1), (1, 0)}
    known = next(pipeline.in_order(found, experiment))
    assert np.array_equal(pipeline.conditions_of(known, found, experiment.conditions), known["attributes"][:, [2, 1]])


def test_an_epoch_of_few_records_goes_through_them_several_times(tmp_path):
    experiment = series.resolve("mnist", image_size=8, batch_size=4, epoch_steps=10)
    found = conversion.convert(experiment, dataset_path=write_mnist(tmp_path / "files", train=16), tfrecord_path=tmp_path)
    assert pipeline.steps_per_epoch(found, experiment) == 10  # and not 4, of 16 pictures
    pictures = [image.tobytes() for batch in pipeline.batches(found, experiment, 1) for image in batch.numpy()]
    rounds = [pictures[:16], pictures[16:32]]
    assert len(pictures) == 40 and len(set(rounds[0])) == 16
    assert set(rounds[0]) == set(rounds[1]) and rounds[0] != rounds[1]
    rest = [image.tobytes() for batch in pipeline.batches(found, experiment, 1, first_step=6) for image in batch.numpy()]
    assert rest == pictures[24:]
    assert pipeline.steps_per_epoch(found, experiment.change(epoch_steps=3)) == 4


@pytest.mark.parametrize("store", ["pixels", "source"])
def test_attributes_in_order(celeba, tmp_path, store):
    experiment = series.resolve("img_align_celeba", image_size=8, partition="all")
    found = conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path, store=store)
    assert found.attribute_names == tuple(f"Attribute_{column}" for column in range(40))
    assert records.open_records(found.folder) == found
    (known,) = pipeline.in_order(found, experiment)
    attributes = known["attributes"].astype(int)
    assert known["image"].shape == (20, 8, 8, 3)
    assert sorted(attributes[:, 0]) == [0] * 10 + [1] * 10
    assert (attributes[:, ::2] == attributes[:, :1]).all()
    assert (attributes[:, 1::2] == 1 - attributes[:, :1]).all()
