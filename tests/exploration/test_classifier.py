import dataclasses
import shutil

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from tfgan_series.data import records
from tfgan_series.errors import UserError
from tfgan_series.exploration import classifier


@pytest.fixture(scope="module")
def copy(digits, tmp_path_factory):
    """A copy of the digits' records, for a classifier to lie in."""
    folder = tmp_path_factory.mktemp("copied") / "digits/8"
    shutil.copytree(digits[1].folder, folder)
    return records.open_records(folder)


@pytest.fixture(scope="module")
def judge(copy, tiny):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "_EPOCHS", 12)
        return classifier.find_or_train(copy, tiny)


def test_it_learns_classes_where_there_are_no_attributes(judge, copy, tiny):
    assert judge.names == copy.class_names
    assert np.mean(list(judge.accuracy.values())) > 0.8
    images, targets = classifier.read(copy, classifier.held_out(copy, tiny), 100)
    assert images.shape == (100, 8, 8, 1)
    assert (judge.logits(images).argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.7
    assert judge.features(images).shape == (100, 128)


def test_it_is_trained_once_and_kept(judge, copy, tiny, monkeypatch):
    monkeypatch.setattr(classifier, "train", None)
    again = classifier.find_or_train(records.open_records(copy.folder), tiny)
    assert (again.names, again.accuracy) == (judge.names, judge.accuracy)
    images, _ = classifier.read(copy, tiny, 10)
    assert np.array_equal(again.logits(images), judge.logits(images))
    with pytest.raises(TypeError):  # another partition needs another: it would be trained now
        classifier.find_or_train(copy, tiny.change(partition="test"))


def test_balanced_accuracy():
    rng = np.random.default_rng(0)
    found, true = rng.random((50, 3)) > 0.5, rng.random((50, 3)) > [0.1, 0.5, 0.9]
    expected = [balanced_accuracy_score(true[:, column], found[:, column]) for column in range(3)]
    np.testing.assert_allclose(classifier.balanced_accuracy(found, true), expected)
    assert np.isnan(classifier.balanced_accuracy(found, np.ones_like(true))).all()


def test_held_out_is_what_the_run_never_saw(digits, tiny):
    assert classifier.held_out(digits[1], tiny).partition == "test"
    assert classifier.held_out(digits[1], tiny.change(partition="test")) is None
    assert classifier.held_out(digits[1], tiny.change(partition="all")) is None


def test_nothing_to_learn(digits, tiny):
    for names in ((), ("only",)):
        with pytest.raises(UserError, match="has neither attributes nor several classes"):
            classifier.find_or_train(dataclasses.replace(digits[1], class_names=names), tiny)


def test_no_more_pictures_are_read_at_once_than_memory_may_take(digits, tiny, monkeypatch):
    monkeypatch.setattr(classifier, "_BYTES", 10 * 4 * 8 * 8)
    assert len(classifier.read(digits[1], tiny, 100)[0]) == 10
