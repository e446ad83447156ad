import dataclasses
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan_series import classifier, series
from tfgan_series.data import conversion, pipeline, records
from tfgan_series.errors import UserError


@pytest.fixture(scope="module")
def copy(digits, tmp_path_factory):
    """A copy of the digits' records, so that a classifier can be written beside it."""
    folder = tmp_path_factory.mktemp("copied") / "mnist/8"
    shutil.copytree(digits[1].folder, folder)
    return records.open_records(folder)


@pytest.fixture(scope="module")
def judge(copy, tiny):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "STEPS", 200)
        return classifier.find_or_train(copy, tiny)


def test_it_learns_classes_where_there_are_no_attributes(judge, copy, tiny):
    assert judge.names == copy.class_names
    assert np.mean(list(judge.accuracy.values())) > 0.8
    known = next(pipeline.in_order(copy, classifier.held_out(copy, tiny)))
    images = known["image"]
    assert (judge.logits(images).argmax(axis=1) == known["label"]).mean() > 0.7
    assert judge.features(images).shape == (len(images), 128)


def test_its_accuracy_is_that_on_held_out_pictures(judge, copy, tiny):
    blocks = list(pipeline.in_order(copy, classifier.held_out(copy, tiny)))
    found = np.concatenate([judge.logits(known["image"]) for known in blocks]) > 0
    labels = np.concatenate([known["label"] for known in blocks])
    for column, name in enumerate(judge.names):
        has = labels == column
        assert judge.accuracy[name] == pytest.approx((found[has, column].mean() + (~found[~has, column]).mean()) / 2)


def test_the_same_records_give_the_same_classifier(copy, tiny, monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", 1)
    one, other = (classifier.train(copy, tiny) for _ in range(2))
    for before, after in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        assert np.array_equal(before, after)
    assert one.accuracy == other.accuracy


def test_it_is_trained_once_and_kept(judge, copy, tiny, monkeypatch):
    monkeypatch.setattr(classifier, "train", None)
    again = classifier.find_or_train(records.open_records(copy.folder), tiny)
    assert (again.names, again.accuracy) == (judge.names, judge.accuracy)
    images = next(pipeline.in_order(copy, tiny))["image"]
    assert np.array_equal(again.logits(images), judge.logits(images))
    assert classifier.find_or_train(copy, tiny.change(partition="all")).accuracy == judge.accuracy  # runs on all are judged alike


def test_the_record_folder_stays_what_conversion_made(judge, copy, digits):
    before, after = ({path.name for path in folder.iterdir()} for folder in (digits[1].folder, copy.folder))
    assert before == after
    kept = copy.folder.parents[1] / "classifiers"
    assert {path.name for path in kept.iterdir()} == {"mnist-8.keras", "mnist-8.json"}
    assert classifier.model_path(copy, series.resolve("digits", image_size=8)) == kept / "mnist-8.keras"
    assert classifier.model_path(copy, series.resolve("folder", image_size=8, fit="crop")) == kept / "mnist-8-crop.keras"


def write_tints(folder, left, right):
    """Twenty pictures of two classes, each of one colour."""
    for name, colour in (("left", left), ("right", right)):
        (folder / name).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (8, 8), colour).save(folder / name / f"{number}.png")
    return folder


def test_grey_pictures_have_their_own(copy, tiny, tmp_path, monkeypatch):
    """Records of original files have one identity, whatever the channels that training asks for."""
    monkeypatch.setattr(classifier, "STEPS", 1)
    for name, shade in (("a", 50), ("b", 200)):
        for number in range(8):
            (tmp_path / name).mkdir(exist_ok=True)
            Image.new("RGB", (9, 9), (shade, number, 0)).save(tmp_path / f"{name}/{number}.png")
    for channels in (3, 1):
        given = series.resolve("folder", image_size=8, channels=channels)
        found = conversion.convert(given, dataset_path=tmp_path, tfrecord_path=tmp_path / "t", store="source", overwrite=True)
        assert classifier.find_or_train(found, given).model.input_shape == (None, 8, 8, channels)


def test_records_made_anew_from_other_files_get_another_classifier(tmp_path, monkeypatch):
    """As many pictures of the same names and sizes, but the colours of the two classes are exchanged."""
    monkeypatch.setattr(classifier, "STEPS", 1)
    experiment = series.resolve("folder", image_size=8)
    notes = []
    for files in (write_tints(tmp_path / "a", "red", "blue"), write_tints(tmp_path / "b", "blue", "red")):
        made = conversion.convert(experiment, dataset_path=files, tfrecord_path=tmp_path / "records", overwrite=True)
        assert classifier.find_or_train(made, experiment).names == ("left", "right")
        notes.append(json.loads(classifier.model_path(made, experiment).with_suffix(".json").read_text()))
    assert notes[0]["records"] != notes[1]["records"]
    monkeypatch.setattr(classifier, "train", None)
    assert classifier.find_or_train(records.open_records(made.folder), experiment).accuracy == notes[1]["accuracy"]


def test_a_damaged_one_is_trained_anew(judge, copy, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(classifier, "STEPS", 1)
    folder = shutil.copytree(copy.folder, tmp_path / "mnist/8")
    shutil.copytree(copy.folder.parents[1] / "classifiers", tmp_path / "classifiers")
    found = records.open_records(folder)
    path = classifier.model_path(found, tiny)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 128
    path.write_bytes(data)
    anew = classifier.find_or_train(found, tiny)
    assert f"{path} cannot be read (" in capsys.readouterr().out
    monkeypatch.setattr(classifier, "train", None)
    assert classifier.find_or_train(found, tiny).accuracy == anew.accuracy != judge.accuracy


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (tf.errors.ResourceExhaustedError(None, None, "OOM"), tf.errors.ResourceExhaustedError),
        (PermissionError(13, "Permission denied"), UserError),
    ],
)
def test_one_that_cannot_be_read_now_is_not_replaced(judge, copy, tiny, monkeypatch, error, raised):
    def fail(*given, **how):
        raise error

    monkeypatch.setattr(classifier.keras.models, "load_model", fail)
    monkeypatch.setattr(classifier, "train", None)
    with pytest.raises(raised):
        classifier.find_or_train(copy, tiny)


@pytest.mark.parametrize("partition", ["train", "test"])
def test_a_damaged_shard_is_named(copy, tiny, tmp_path, monkeypatch, partition):
    monkeypatch.setattr(classifier, "STEPS", 1)
    folder = shutil.copytree(copy.folder, tmp_path / "mnist/8")
    shard = sorted(folder.glob(f"mnist-{partition}.tfrecord*"))[0]  # it learns from the first half
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 255
    shard.write_bytes(data)
    with pytest.raises(UserError, match=f"{shard.name}: damaged or cut short after"):
        classifier.train(records.open_records(folder), tiny)


@pytest.mark.filterwarnings("error")
def test_balanced_accuracy_by_hand():
    true = np.array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0]], bool)
    found = np.array([[1, 0, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]], bool)
    # a: 2 of 3 with it and 1 of 1 without it are recognised; b: 0 of 1 and 2 of 3; no picture has c; d: all are recognised.
    assert classifier.balanced_accuracy(found, true, ("a", "b", "c", "d")) == pytest.approx({"a": 5 / 6, "b": 1 / 3, "d": 1})
    assert classifier.balanced_accuracy(found, ~np.zeros_like(true), ("a", "b", "c", "d")) == {}


def test_held_out_is_what_the_run_never_saw(digits, tiny):
    assert classifier.held_out(digits[1], tiny).partition == "test"
    assert classifier.held_out(digits[1], tiny.change(partition="test")).partition == "train"
    assert classifier.held_out(digits[1], tiny.change(partition="all")) is None


def test_nothing_to_learn(digits, tiny):
    for names in ((), ("only",)):
        with pytest.raises(UserError, match="has neither attributes nor several classes"):
            classifier.find_or_train(dataclasses.replace(digits[1], class_names=names), tiny)
