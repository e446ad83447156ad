"""Exported files in the runtimes of their formats, by the examples of their cards. These tests need the extra `export`."""

import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from tfgan_series import networks, runs, series
from tfgan_series.export import card, export
from tfgan_series.export.formats import FORMATS
from tfgan_series.generators import load_generator

from conftest import command, command_environment

pytestmark = pytest.mark.extra

WITHOUT = "import sys\nsys.modules.update(tensorflow=None, keras=None, tfgan_series=None)\n"  # an import of these fails


def of_gan():
    return {"generator": networks.build(series.resolve("digits", "gan", image_size=8, base_filters=4))["generator"]}


def of_two_inputs():
    z, condition = keras.Input([5], name="z"), keras.Input([3], name="condition")
    x = layers.Reshape([4, 4, 1])(layers.Dense(16)(layers.Concatenate()([z, condition])))
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same")(x)
    return {"generator": keras.Model([z, condition], layers.Activation("tanh")(x))}


def of_cyclegan():
    built = networks.build(series.resolve("horse2zebra", image_size=16, base_filters=2, blocks=1))
    return {name: built[name] for name in ("generator_ab", "generator_ba")}


def of_grey_cyclegan():
    built = networks.build(series.resolve("horse2zebra", image_size=16, base_filters=2, blocks=1, channels=1))
    return {"generator_ba": built["generator_ba"]}


def follow_the_card(folder):
    """Run each example of a card in a process of its own. Returns {format: what it drew and what from, by name}."""
    text = (folder / card.NAME).read_text()
    drawn = {}
    for code in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        (form,) = (name for name, one in FORMATS.items() if one.ending in code)
        names = [name for name in ("z", "condition", "pictures") if f"\n{name} = " in code]
        save = f"np.savez('{form}', images=images, pixels=pixels, {', '.join(f'{name}={name}' for name in names)})"
        before = "" if form == "saved_model" else WITHOUT
        subprocess.run([sys.executable, "-c", before + code + save], cwd=folder, check=True, env=command_environment())
        drawn[form] = dict(np.load(folder / f"{form}.npz"))
    return drawn


def check(generator, drawn):
    for form, found in drawn.items():
        images, pixels = found.pop("images"), found.pop("pixels")
        expected = np.asarray(
            generator([found[one.name] for one in generator.inputs] if len(found) > 1 else [*found.values()][0])
        )
        assert np.abs(images - expected).max() < export.TOLERANCE, form
        assert pixels.dtype == np.uint8
        assert np.abs(pixels / 127.5 - 1 - expected).max() < 0.5 / 127.5 + export.TOLERANCE


def test_a_run_by_its_card(trained, tmp_path):
    done = command("export.py", f"--run_dir={trained}", "--out=out", cwd=tmp_path)
    assert re.findall(r"^out/(\S+): 0.\d MB, differs from Keras by [-.e\d]+ at most$", done.stdout, flags=re.MULTILINE) == [
        "generator.onnx", "generator.tflite", "generator.savedmodel",
    ]  # fmt: skip
    drawn = follow_the_card(tmp_path / "out")
    assert set(drawn) == set(FORMATS)
    check(load_generator(trained / runs.GENERATOR), drawn)


@pytest.mark.parametrize(("make", "size"), [(of_gan, None), (of_two_inputs, None), (of_cyclegan, None), (of_grey_cyclegan, 24)])
def test_other_generators_by_their_cards(make, size, tmp_path):
    """An example for a CycleGAN resizes a picture to 256 x 256, or to the size of the files."""
    generators = make()
    paths = [tmp_path / f"{name}.keras" for name in generators]
    for path, generator in zip(paths, generators.values(), strict=True):
        generator.save(path)
    written = export.export(paths, tmp_path / "out", formats=["onnx", "litert"], size=size)
    assert [one.path.name for one in written] == [f"{name}{end}" for name in generators for end in (".onnx", ".tflite")]
    noise = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "out/picture.jpg")
    check(next(iter(generators.values())), follow_the_card(tmp_path / "out"))
