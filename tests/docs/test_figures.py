"""The scripts that train for a figure of the docs run once, as briefly as possible."""

import importlib.util
import re
import sys

import numpy as np
import pytest
from PIL import Image

from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.datasets.source import Request

from conftest import ROOT, write_idx_files, write_mnist

pytestmark = pytest.mark.extra


@pytest.fixture
def load(monkeypatch):
    """load(name): docs/figures/NAME.py as a module."""

    def load(name):
        spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/figures/{name}.py")
        script = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, script)  # dataclasses look it up there
        spec.loader.exec_module(script)
        return script

    return load


@pytest.fixture
def run(load, tmp_path, monkeypatch, capsys):
    """run(name, *arguments): what docs/figures/NAME.py prints, and the figure it draws."""

    def run(name, *arguments):
        script = load(name)
        monkeypatch.setattr(sys, "argv", [name, *arguments, f"--out={tmp_path / 'figure.png'}"])
        script.main()
        return capsys.readouterr().out, np.asarray(Image.open(tmp_path / "figure.png").convert("RGB"))

    return run


def test_dying_gradient(run):
    printed, figure = run("dying_gradient", "--steps=2")
    line = r"^(.+): ([\d.e-]+) after the first step, ([\d.e-]+) halfway, ([\d.e-]+) at the end$"
    found = {name: list(map(float, numbers)) for name, *numbers in re.findall(line, printed, re.MULTILINE)}
    assert list(found) == ["D(G(z))", "minimax", "non-saturating"]
    for first, halfway, last in found.values():
        assert first != halfway == last > 0
    assert found["D(G(z))"][0] < 1
    assert figure.shape == (400, 900, 3)


def test_grain(run, tmp_path):
    draw = np.random.default_rng(0)
    noisy = [(draw.integers(0, 256, (count, 28, 28), np.uint8), np.zeros(count, np.uint8)) for count in (64, 10)]
    files = write_idx_files(tmp_path / "files", *noisy)
    printed, figure = run("grain", "--steps=1", f"--DatasetPath={files}", f"--TFRecordPath={tmp_path}")
    found = re.findall(r"^(.+): ([\d.]+) times as rough", printed, re.MULTILINE)
    assert [name for name, _ in found] == ["GAN, 28 pixels", "GAN, 64 pixels", "DCGAN, 32 pixels", "DCGAN, 64 pixels"]
    assert all(float(ratio) > 0 for _, ratio in found)
    assert float(found[0][1]) < 1  # a network of one step is smoother than full noise
    assert figure.shape == (520, 1100, 3)


def test_the_stand_in_is_what_its_lists_say(load, tmp_path, monkeypatch):
    """White portraits on black photographs: a picture is white, and tinted, in its box alone."""
    for folder in ("faces", "scenes/trainA"):
        (tmp_path / folder).mkdir(parents=True)
    Image.new("L", (64, 64), 255).save(tmp_path / "faces/a.png")
    Image.new("RGB", (256, 256)).save(tmp_path / "scenes/trainA/a.jpg")
    words = ["stand_in", str(tmp_path / "c"), f"--faces={tmp_path / 'faces'}", f"--scenes={tmp_path / 'scenes'}", "--count=20"]
    monkeypatch.setattr(sys, "argv", words)
    script = load("stand_in")
    script.main()
    source = DATASETS["img_celeba"].find(Request("img_celeba", tmp_path / "c", tmp_path, True))
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"train": 16, "val": 2, "test": 2}
    for one in source.partitions["val"] + source.partitions["test"]:
        x, y, width, height = one.known["bbox"]
        pixels = np.asarray(Image.open(one.image).convert("L"))
        inside = np.zeros(pixels.shape, bool)
        inside[y : y + height, x : x + width] = True
        assert pixels[~inside].mean() < 5 < 100 < pixels[inside].mean()
        left_eye = one.known["landmarks"][:2] - (x, y)
        dark = pixels[y + left_eye[1], x + left_eye[0]] < 60
        assert dark == (one.known["attributes"][script.ATTRIBUTES.index("Eyeglasses")] == 1)


def test_roughness(load):
    roughness = load("grain").roughness
    board = np.indices((4, 4)).sum(0) % 2 * 2.0 - 1  # neighbours are 2 apart
    assert roughness(board[None, ..., None]) == 2
    assert roughness(np.ones((1, 4, 4, 1))) == 0


def test_cyclegan_limits(run):
    printed, figure = run("cyclegan_limits", "--rows=1", "--steps=1")
    (line,) = re.findall(r"^red to blue: (.*)$", printed, re.MULTILINE)
    numbers = {name: float(value) for name, value in (part.rsplit(" ", 1) for part in line.split("; "))}
    assert list(numbers) == ["overlap", "unchanged", "nearer", "middles", "sides", "correlation", "cycle"]
    assert numbers["unchanged"] == 1  # the wanted shape is the input's shape
    assert 0 <= numbers["overlap"] < 0.6  # one step translates nothing
    colours, counts = np.unique(figure.reshape(-1, 3), axis=0, return_counts=True)
    shown = {tuple(colour) for colour, count in zip(colours.tolist(), counts, strict=True) if count > 1000}
    assert {(128, 128, 128), (230, 25, 25)} <= shown  # the inputs' grey and red


def test_a_bystander_stands_beside_the_shape(load):
    script = load("cyclegan_limits")
    for place in script.draw_places(256, seed=10):
        bystander = script.circle(script.corner(place))
        assert bystander.sum() == 24
        assert not (bystander & script.square(place)).any()


def test_scores(run, tmp_path):
    printed, figure = run("scores", "--count=20", "--features=random", f"--DatasetPath={write_mnist(tmp_path / 'files')}")
    found = dict(re.findall(r"^(.+): fid ([\d.e+-]+), kid .*$", printed, re.MULTILINE))
    assert len(found) == 20  # four damages at five levels
    for damage in ("noise (standard deviation in grey levels)", "times that each picture appears"):
        levels = [float(value) for name, value in found.items() if name.startswith(damage)]
        assert levels[0] == float(found["missing classes of 10 0"])
        assert levels[0] != levels[-1]
    assert figure.shape == (770, 910, 3)
