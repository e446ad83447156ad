import dataclasses
import shutil

import keras
import numpy as np
import pytest

from tfgan_series import classifier
from tfgan_series.data import records
from tfgan_series.errors import UserError
from tfgan_series.evaluation import features
from tfgan_series.inference import in_batches, weights_digest


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1)).astype(np.float32)


def test_the_random_network_is_always_the_same(images):
    one, other = (features.random_network((8, 8, 1)) for _ in range(2))
    assert weights_digest(one) == weights_digest(other)
    found = in_batches(one, images, 3)
    assert found.shape == (6, 480)
    np.testing.assert_allclose(found, in_batches(other, images, 6), atol=1e-5)
    assert len(np.unique(found.round(4), axis=0)) == 6
    # A mean and a standard deviation of the first layer, computed without Keras.
    kernel = one.layers[1].get_weights()[0]
    padded = np.pad(images[0, ..., 0], (0, 1))  # "same" pads a stride of 2 below and to the right
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))[::2, ::2]
    outputs = np.maximum(np.einsum("ijab,abf->ijf", windows, kernel[:, :, 0]), 0)
    np.testing.assert_allclose(found[0, :16], outputs.mean(axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(found[0, 16:32], outputs.std(axis=(0, 1)), atol=1e-5)


@pytest.fixture(scope="module")
def inception():
    """InceptionV3 with random weights from a seed: (for grey pictures of 8x8, the published network inside)."""
    keras.utils.set_random_seed(0)
    network = features.inception((8, 8, 1), None)
    return network, network.layers[-1]


def test_inception_sees_grey_pictures_resized_to_299(inception, images):
    network, inner = inception
    found = in_batches(network, images[:2], 2)
    assert found.shape == (2, 2048)
    nearest = (np.arange(299) + 0.5) * 8 / 299 - 0.5  # the same places in the small picture, bilinearly and by hand
    low = np.clip(np.floor(nearest).astype(int), 0, 7)
    high, share = np.clip(low + 1, 0, 7), np.clip(nearest - low, 0, 1)[:, None]
    rows = images[0, low, :, 0] * (1 - share) + images[0, high, :, 0] * share
    large = rows[:, low] * (1 - share.T) + rows[:, high] * share.T
    np.testing.assert_allclose(found[0], in_batches(inner, np.repeat(large[None, ..., None], 3, -1), 1)[0], atol=1e-3)


@pytest.mark.extra
def test_inceptions_weights_from_a_file(inception, images, tmp_path):
    inception[1].save(tmp_path / "inception.keras")
    inception[1].save_weights(tmp_path / "inception.weights.h5")
    for name in ("inception.keras", "inception.weights.h5"):
        again = features.inception((8, 8, 1), tmp_path / name)
        assert weights_digest(again) == weights_digest(inception[0])


@pytest.mark.filterwarnings("ignore")  # Keras warns of each layer before it refuses the file
@pytest.mark.parametrize("name", ["other.keras", "other.weights.h5", "absent.h5"])
def test_weights_of_something_else_are_refused_in_a_line(tmp_path, name):
    pictures = keras.Input((4,))
    other = keras.Model(pictures, keras.layers.Dense(2)(pictures))
    other.save(tmp_path / "other.keras")
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(UserError, match=rf"--weights=.*{name}.*(cannot be read as InceptionV3's weights|no such file)") as error:
        features.inception((8, 8, 3), tmp_path / name)
    assert "\n" not in str(error.value)


def test_all_runs_of_the_records_have_one_classifier(digits, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", 1)
    copy = records.open_records(shutil.copytree(digits[1].folder, tmp_path / "copied/8"))
    one, other = (features.load("classifier", copy, tiny.change(partition=name)) for name in ("train", "test"))
    assert (one.kind, one.digest) == (other.kind, other.digest)
    assert one.digest != features.of_classifier(classifier.train(copy, tiny, seed=1)).digest


def test_the_kind_follows_from_what_the_records_know(digits, tiny, monkeypatch, capsys):
    plain = dataclasses.replace(digits[1], class_names=("only",))
    assert features.load(None, plain, tiny).kind == "random"
    with pytest.raises(UserError, match="neither attributes nor several classes: for scores give --features=random"):
        features.load("classifier", plain, tiny)
    judge = classifier.Classifier(classifier.build((8, 8, 1), 2), ("club", "holiday"), {"club": 0.5, "holiday": 0.71})
    monkeypatch.setattr(classifier, "find_or_train", lambda *_: judge)
    assert features.load(None, digits[1], tiny).kind == "classifier"
    judge.accuracy["holiday"] = 0.52  # two albums, whose pictures are alike
    assert features.load(None, digits[1], tiny).kind == "random"
    assert "can hardly tell club from holiday (balanced accuracy of one against the others 0.52" in capsys.readouterr().out
    assert features.load("classifier", digits[1], tiny).kind == "classifier"
