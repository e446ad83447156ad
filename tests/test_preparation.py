import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import preparation, series
from tfgan_series.data import conversion
from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.datasets.source import Source, array_examples
from tfgan_series.errors import UserError

from conftest import write_mnist


def test_records_that_are_there_are_found(tiny, digits):
    assert preparation.find_or_make(tiny, digits[0], may_make=False) == digits[1]


def test_records_of_bundled_pictures_are_made(tiny, tmp_path, monkeypatch):
    few = Source({"train": array_examples("train", np.zeros((3, 8, 8), np.uint8), [0] * 3)}, class_names=("0",))
    monkeypatch.setitem(DATASETS, "digits", dataclasses.replace(DATASETS["digits"], find=lambda request: few))
    assert preparation.find_or_make(tiny, tmp_path).counts == {"train": 3}
    command = "make them before several workers train, with: tfgan convert --ImageType=digits --image_size=8"
    with pytest.raises(UserError, match=command):  # it needs no --DatasetPath
        preparation.find_or_make(tiny, tmp_path / "elsewhere", may_make=False)
    assert not (tmp_path / "elsewhere").exists()


def test_a_training_is_refused_before_it_begins(tiny, digits, trained, tmp_path):
    """Too few pictures for its scores, and a folder with another run: also in a dry run."""
    one = tf.distribute.get_strategy()
    few = conversion.convert(tiny, dataset_path=write_mnist(tmp_path / "files", train=80, test=10), tfrecord_path=tmp_path)
    with pytest.raises(UserError, match="and test gives 10: make records of more pictures; tfgan compare"):
        preparation.prepare(tiny.change(evaluate_every=1), one, few.folder.parents[1])
    with pytest.raises(UserError, match="and test gives 10: make records of more pictures"):
        preparation.describe(tiny.change(evaluate_every=1), tfrecord_path=few.folder.parents[1], run_dir=tmp_path / "run")
    other = {"tfrecord_path": digits[0], "run_dir": trained}
    with pytest.raises(UserError, match="holds another run .lr: 0.0015 in the run, 5.0 asked"):
        preparation.describe(tiny.change(lr=5.0), **other)
    assert preparation.describe(tiny.change(lr=5.0), **other, overwrite=True)[-1] == f"run folder: {trained}"
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="has files in it and is not a run"):
        preparation.describe(tiny, tfrecord_path=digits[0], run_dir=tmp_path)


def test_where_files_are_needed_the_command_is_told(tmp_path):
    faces = series.resolve("celeba", bbox=False, image_size=32)
    with pytest.raises(UserError, match="they cannot be made now") as error:
        preparation.find_or_make(faces, tmp_path / "t")
    assert str(error.value).endswith(f"Type: {preparation.convert_line(faces, tmp_path / 't')}")
    assert "\n" not in str(error.value)


def test_the_command_names_what_is_not_usual(tmp_path):
    start = "tfgan convert --ImageType=img_celeba --DatasetPath=FOLDER"
    assert preparation.convert_line(series.resolve("celeba"), "tfrecords") == start
    faces = series.resolve("celeba", bbox=False, image_size=32, fit="crop")
    assert (
        preparation.convert_line(faces, "my records")
        == f"{start} --image_size=32 --fit=crop --nobbox --TFRecordPath='my records'"
    )
    assert preparation.convert_line(series.resolve("cifar10"), "tfrecords") == "tfgan convert --ImageType=cifar10"


def test_the_folder_of_records_that_are_not_there_is_the_one_that_will_be(tmp_path):
    for image_type, folder in (("unpaired", "unpaired/source"), ("folder", "folder/64")):
        experiment = series.resolve(image_type)
        with pytest.raises(UserError, match=f"no records in {tmp_path / folder}, and they cannot be made now"):
            preparation.find_or_make(experiment, tmp_path)
        assert f"no records yet in {tmp_path / folder}; this makes them: " in "\n".join(
            preparation.describe(experiment, tfrecord_path=tmp_path)
        )
    for size in ("128", "32"):
        (tmp_path / "folder" / size).mkdir(parents=True)
    with pytest.raises(UserError, match=r"folder/64 \(there are some of --image_size=32 and --image_size=128\), and"):
        preparation.find_or_make(series.resolve("folder"), tmp_path)


def test_advice_before_a_training(tiny, digits):
    short, few = preparation.advice(tiny, digits[1])
    assert short.startswith("This run has 46 steps in all. That is few: even digits take 1,900,")
    assert few.startswith("1,500 pictures are few: --augment gives more if they may be mirrored. If the discriminator learns")
    assert "--epochs=83." in short  # of 23 steps; a run in epochs cannot go on in steps
    assert "--steps=1900." in preparation.advice(tiny.change(steps=50), digits[1])[0]
    assert preparation.advice(tiny.change(steps=1900, diff_augment=True), digits[1]) == []
    assert preparation.advice(tiny.change(epoch_steps=1000, augment=True), digits[1]) == []


def test_describe_tells_sizes_and_makes_nothing(tmp_path, digits, tiny):
    lines = "\n".join(preparation.describe(series.resolve("img_celeba"), tfrecord_path=tmp_path / "t", run_dir=tmp_path / "r"))
    assert "generator: 12,664,195 parameters" in lines
    assert "batch_size: 128" in lines
    assert "no records yet in" in lines
    assert list(tmp_path.iterdir()) == []
    lines = preparation.describe(tiny, tfrecord_path=digits[0])
    assert any("1,500 train + 297 test" in line for line in lines)
    assert "length: 46 steps, 2 epochs of 23 steps each" in lines
    lines = preparation.describe(tiny.change(steps=1900), tfrecord_path=digits[0])
    assert "length: 1,900 steps, 82.61 epochs of 23 steps each" in lines
    assert "run folder: runs/dcgan/digits-8-base_filters=4-TFRecordPath" in lines[-1]
    with pytest.raises(UserError, match="--image_size=28"):
        preparation.describe(series.resolve("mnist", image_size=28))
