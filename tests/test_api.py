"""The package as Python and notebooks use it."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import tfgan_series as tg
from tfgan_series import api, generation, pictures, runs

from conftest import ROOT, TINY, command_environment


def test_the_package_gives_what_it_names_and_imports_tensorflow_only_then():
    """In a process of its own. TensorFlow's remarks, a dozen lines, are not printed."""
    code = """
import sys
import tfgan_series as tg
assert set(tg.__all__) <= set(dir(tg))
assert tg.resolve("mnist", epochs=3).epochs == 3
try:
    tg.resolve(epoch=5)
except tg.UserError as error:
    print(error, *error._render_traceback_(), sep="\\n")
assert not {"tensorflow", "keras"} & set(sys.modules)
assert all(callable(getattr(tg, name)) for name in tg.__all__)
assert "tensorflow" in sys.modules
"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, env=command_environment(PYTHONPATH=str(ROOT)))
    line = "--epoch is no setting of dcgan (did you mean epochs?): leave it out"
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{line}\nUserError: {line}\n", "")
    assert set(api.__all__) < set(tg.__all__)
    assert not {path.stem for path in (ROOT / "tfgan_series").iterdir()} & set(tg.__all__)  # an import of a part would hide it
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        tg.trian  # noqa: B018


def test_from_pictures_to_a_run_and_its_pictures(small_digits, tiny, tmp_path):
    records = tg.convert("digits", small_digits, tfrecord_path=tmp_path, image_size=8)
    assert records.counts == {"train": 1500, "test": 297}
    run = tg.train("digits", tfrecord_path=tmp_path, run_dir=tmp_path / "run", **TINY | {"epochs": 1})
    again = tg.train(tiny, epochs=1, tfrecord_path=tmp_path, run_dir=tmp_path / "run")  # the same run: it is finished
    assert run == again == tmp_path / "run"
    assert tg.train(run_dir=run) == run  # the run's own settings and records, not those of the demo
    assert [row["epoch"] for row in tg.read_log(run)] == [1]
    images = tg.generate(run, 3, seed=5)
    assert (images.shape, images.dtype) == ((3, 8, 8, 1), np.float32)
    assert -1 <= images.min() < images.max() <= 1
    (sheet,) = generation.generate(run / runs.GENERATOR, tmp_path, count=3, seed=5)
    assert np.array_equal(np.asarray(tg.grid(images)), np.asarray(Image.open(sheet)))


def test_an_experiment_has_its_model_already(tiny):
    for given in ({"model": "gan"}, {"preset": "strong"}):
        with pytest.raises(tg.UserError, match="an Experiment has its model and preset already"):
            tg.train(tiny, **given)


def test_networks_and_real_pictures_of_settings(digits, translator):
    built = tg.build("digits", **TINY)
    assert {name: network.input_shape for name, network in built.items()} == {
        "generator": (None, 100), "discriminator": (None, 8, 8, 1),
    }  # fmt: skip
    train, test = (
        tg.real_pictures("digits", 3, image_size=8, partition=one, tfrecord_path=digits[0]) for one in ("train", "test")
    )
    assert train.shape == test.shape == (3, 8, 8, 1)
    assert -1 <= train.min() < train.max() <= 1
    assert not np.array_equal(train, test)
    squares = {"image_size": 16, "tfrecord_path": translator[0].parent}
    red, blue = (tg.real_pictures("horse2zebra", 2, side=side, **squares).mean(axis=(0, 1, 2)) for side in (None, "B"))
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    with pytest.raises(tg.UserError, match="side='C': horse2zebra has 'A' and 'B'"):
        tg.real_pictures("horse2zebra", side="C", **squares)


def test_networks_of_a_conditional_model_need_its_classes():
    with pytest.raises(tg.UserError, match=r"model='cgan': .* give them, as classes=\['cat', 'dog'\], or attributes"):
        tg.build("digits", model="cgan")
    for given in ({"classes": ["cat", "dog"]}, {"condition": ["Smiling", "Male"]}):
        assert len(tg.build("digits", model="cgan", **given)["generator"].inputs) == 2


@pytest.mark.parametrize("count", [0, -3, 2.5])
def test_a_count_that_nothing_can_be_drawn_for(count, trained, digits):
    for draw in (
        lambda: tg.generate(trained, count),
        lambda: tg.real_pictures("digits", count, image_size=8, tfrecord_path=digits[0]),
    ):
        with pytest.raises(tg.UserError, match=f"^count={count}: give a whole number of 1 or more$"):
            draw()


def test_a_folder_that_is_no_run(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for look in (tg.show, tg.read_log, tg.read_steps):
        with pytest.raises(tg.UserError, match=r"runs/tyop is not a run \(no experiment.json\): train one with tfgan train"):
            look("runs/tyop")
        with pytest.raises(tg.UserError, match="generator.keras is not a run"):  # and not: damaged, start it over
            look(trained / "generator.keras")
    assert set(tg.read_steps(trained)) > {"Gen_loss", "Dis_loss"}


def test_what_translate_refuses(trained, translator, tmp_path):
    pictures.grid(tg.generate(trained, 1)).save(tmp_path / "one.png")
    with pytest.raises(tg.UserError, match="is a run of dcgan; this is for cyclegan: give another run$"):
        tg.translate(trained, tmp_path / "one.png", tmp_path / "out")
    with pytest.raises(tg.UserError, match=r"^--direction=AB: choose one of ab, ba \(did you mean ab\?\)$"):
        tg.translate(translator[0], tmp_path / "one.png", tmp_path / "out", direction="AB")
    assert not (tmp_path / "out").exists()


def test_labels_of_a_conditional_run(conditional, tmp_path):
    every = tg.generate(conditional, 2)
    assert every.shape == (20, 8, 8, 1)
    assert np.array_equal(tg.generate(conditional, 2, label=[7, "3"]), np.concatenate([every[14:16], every[6:8]]))
    for seven in (7, np.int64(7)):
        assert np.array_equal(tg.generate(conditional, 2, label=seven), every[14:16])
    walk = tg.interpolate(conditional, np.array([1, 2]), out=tmp_path, labels=7, seed=np.int64(3), steps=3)
    assert walk.numbers["samples"] == [1, 2]
    assert tg.interpolate(conditional, [5], out=tmp_path, labels=[3, 7]).numbers["labels"] == ["3", "7"]
    assert len(list(tmp_path.glob("*.json"))) == 2


def test_numbers_that_numpy_made(trained, digits, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    (score, *_) = tg.evaluate(run, features="random", count=30, seed=np.int64(3))
    assert json.loads((run / "scores.jsonl").read_text().splitlines()[0])["seed"] == score.seed == 3
    assert tg.add_samples(run, [(1, np.array([1, 2])), (-1, np.array([3]))]).numbers["terms"][0]["samples"] == [1, 2]


def test_what_cannot_be_drawn(trained):
    for call, line in (
        (lambda: tg.generate(trained, seed=1.5), "seed=1.5: give a whole number"),
        (lambda: tg.interpolate(trained, [1.5, 2]), "there is no sample 1.5"),
        (lambda: tg.interpolate(trained, [1, 2], steps=1), "steps=1: a walk has 2 pictures or more"),
        (lambda: tg.add_samples(trained, [(2, [1]), (-1, [3])]), "each sign 1 or -1 and each group with a number or more"),
        (lambda: tg.add_samples(trained, [(1, [1.5])]), "there is no sample 1.5"),
        (lambda: tg.add_samples(trained, [(1, [])]), "each sign 1 or -1 and each group with a number or more"),
        (lambda: tg.grid(tg.generate(trained, 1)[0]), r"pictures \[N, H, W, C\], one or more, and got \[8, 8, 1\]"),
        (lambda: tg.grid([]), "one or more, and got"),
    ):
        with pytest.raises(tg.UserError, match=line):
            call()


def test_a_generator_by_its_run(trained, translator):
    assert tg.load_generator(trained).input_shape == (None, 100)
    with pytest.raises(tg.UserError, match="has generator_ab.keras and generator_ba.keras: name one of these files"):
        tg.load_generator(translator[0])


def test_show_has_the_last_grid_beside_the_curves(trained, tmp_path):
    shown = tg.show(trained)
    with Image.open(trained / "loss.png") as curve, Image.open(trained / "images/epoch-002.png") as last:
        column = pictures.join([curve.convert("RGB"), curve.convert("RGB")], down=True)
        assert shown.height == column.height
        assert np.array_equal(np.asarray(shown)[: curve.height, -curve.width :], np.asarray(curve.convert("RGB")))
        assert shown.width > column.width + last.width
    begun = shutil.copytree(trained, tmp_path / "begun")
    (begun / runs.LOG).unlink()
    with pytest.raises(tg.UserError, match="begun has nothing to show yet"):
        tg.show(begun)
