import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgan_series import files, latent, runs
from tfgan_series.errors import UserError
from tfgan_series.export import export
from tfgan_series.export.formats import FORMATS
from tfgan_series.generators import load_generator


def save_pair(path):
    """A generator of two inputs, z and a condition, as a .keras file."""
    z, condition = keras.Input([5], name="z"), keras.Input([3], name="condition")
    x = layers.Reshape([4, 4, 1])(layers.Dense(16)(layers.Concatenate()([z, condition])))
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same")(x)
    keras.Model([z, condition], layers.Activation("tanh")(x)).save(path)
    return path


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    """A .keras file of a network that takes pictures of any size."""
    pictures = keras.Input([None, None, 3], name="pictures")
    path = tmp_path_factory.mktemp("translator") / "generator_ab.keras"
    keras.Model(pictures, layers.Conv2D(3, 3, padding="same")(pictures)).save(path)
    return path


def contents(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_runs_generator_draws_the_same_without_keras(trained, tmp_path):
    """The pictures of new z, in a batch of another size than those that the export tried."""
    (one,) = export.export([trained / runs.GENERATOR], tmp_path / "out", formats=["saved_model"])
    assert (one.path, one.generator, one.format) == (tmp_path / "out/generator.savedmodel", "generator", "saved_model")
    assert one.difference <= export.TOLERANCE
    assert one.size == sum(path.stat().st_size for path in one.path.rglob("*") if path.is_file())
    assert contents(tmp_path) == ["out"]
    assert contents(tmp_path / "out") == ["MODEL_CARD.md", "generator.savedmodel"]
    z = latent.noise(7, 100, seed=5)
    drawn = tf.saved_model.load(str(one.path)).signatures["serving_default"](z=z)["output_0"]
    assert np.allclose(drawn, load_generator(trained / runs.GENERATOR)(z), atol=1e-5)


def test_two_inputs_keep_their_names(tmp_path):
    export.export([save_pair(tmp_path / "pair.keras")], tmp_path / "out", formats=["saved_model"])
    loaded = tf.saved_model.load(str(tmp_path / "out/pair.savedmodel"))
    z, condition = np.ones((2, 5), np.float32), np.eye(3, dtype=np.float32)[:2]
    drawn = loaded.signatures["serving_default"](z=z, condition=condition)["output_0"]
    assert np.allclose(drawn, load_generator(tmp_path / "pair.keras")([z, condition]), atol=1e-5)
    card = (tmp_path / "out/MODEL_CARD.md").read_text()
    assert "| pair | input z | [B, 5] | noise from N(0, 1) |" in card
    assert "| pair | input condition | [B, 3] | 1 for what is asked, else 0 |" in card


@pytest.mark.parametrize(("size", "sides"), [(None, (None, None)), (24, (24, 24))])
def test_pictures_of_any_size_or_of_one(translator, tmp_path, size, sides):
    (one,) = export.export([translator], tmp_path / "out", formats=["saved_model"], size=size)
    taken = tf.saved_model.load(str(one.path)).signatures["serving_default"].structured_input_signature[1]["pictures"]
    assert taken.shape.as_list() == [None, *sides, 3]


def distorted(how):
    """The SavedModel format with a runtime that draws otherwise."""
    whole = FORMATS["saved_model"]

    def opened(path):
        draw = whole.open(path)
        return lambda inputs: how(draw(inputs))

    return dataclasses.replace(whole, open=opened)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda images: images + 2e-4, "draws other pictures than Keras: a value in .* differs by 0.0002, and 0.0001 is allowed"),
        (lambda images: images * np.nan, "differs by nan"),
        (lambda images: images[:, 1:], "differs by inf"),
        (lambda images: images[..., 99], "generator cannot be exported to TensorFlow SavedModel .*leave saved_model out"),
    ],
)
def test_another_picture_is_refused_and_the_earlier_export_stays(trained, tmp_path, monkeypatch, how, words):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/MODEL_CARD.md").write_text("of before")
    monkeypatch.setitem(FORMATS, "saved_model", distorted(how))
    with pytest.raises(UserError, match=words):
        export.export([trained / runs.GENERATOR], tmp_path / "out", formats=["saved_model"])
    assert contents(tmp_path) == ["out"]
    assert contents(tmp_path / "out") == ["MODEL_CARD.md"]
    assert (tmp_path / "out/MODEL_CARD.md").read_text() == "of before"


def test_an_earlier_export_is_replaced(trained, tmp_path):
    (tmp_path / "out/generator.savedmodel/assets").mkdir(parents=True)
    (tmp_path / "out/generator.onnx").write_text("of before")
    (tmp_path / "out/MODEL_CARD.md").write_text("of before")
    export.export([trained / runs.GENERATOR], tmp_path / "out", formats=["saved_model"])
    assert contents(tmp_path / "out") == ["MODEL_CARD.md", "generator.savedmodel"]


def test_what_is_refused(trained, translator, tmp_path, monkeypatch):
    monkeypatch.setitem(FORMATS, "onnx", dataclasses.replace(FORMATS["onnx"], packages=("numpy", "absent_package")))
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").touch()
    (tmp_path / "full/MODEL_CARD.md").touch()
    (tmp_path / "cloned/.git").mkdir(parents=True)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/resnet.onnx").touch()
    generator, out = [trained / runs.GENERATOR], tmp_path / "out"
    for paths, place, given, words in (
        (generator, out, {"formats": ["jpeg"]}, "--formats=jpeg: choose among onnx, litert, saved_model"),
        (generator, out, {"formats": ["onx"]}, r"--formats=onx: .* \(did you mean onnx\?\)$"),
        (generator, out, {"formats": []}, "--formats= names nothing: choose among onnx, litert, saved_model"),
        (
            generator, out, {"formats": ["onnx", "saved_model"]},
            r"not installed \(absent_package\): type pip install .*'.\[export\]', or give --formats=saved_model$",
        ),
        (generator, out, {"formats": ["onnx"]}, r"'.\[export\]'$"),
        (generator, out, {"size": 8}, r"--size=8: .*generator.keras always draws \[B, 8, 8, 1\]; leave the flag out"),
        ([translator], out, {"size": 30}, "--size=30: .*generator_ab.keras needs a multiple of 4, 8 or more"),
        ([translator], out, {"size": 4}, "--size=4: .* needs a multiple of 4, 8 or more"),
        (generator, tmp_path / "full", {}, "--out=.*full has other files in it, for example thesis.txt: give another --out"),
        (generator, tmp_path / "models", {}, r"models has files in it and is no earlier export \(no MODEL_CARD.md\): give"),
        (generator, tmp_path / "cloned", {}, "cloned has files in it and is no earlier export"),
        (generator, tmp_path / "full/thesis.txt", {}, "thesis.txt is a file: give a folder"),
        ([tmp_path / "generator.keras"], out, {}, "generator.keras is not there"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=words):
            export.export(paths, place, **{"formats": ["saved_model"], **given})
    with files.claimed(out), pytest.raises(UserError, match="another process is writing .*out"):
        export.export(generator, out, formats=["saved_model"])
    assert contents(tmp_path) == ["cloned", "full", "models"]
    assert contents(tmp_path / "cloned") == [".git"]
    assert contents(tmp_path / "models") == ["resnet.onnx"]
