import dataclasses
import subprocess
import sys

import pytest

from tfgan_series import series
from tfgan_series.errors import UserError
from tfgan_series.series import rows

# The articles' numbers, written by hand from the posts and not from the code.
ARTICLES = {
    ("mnist", "dcgan"): {
        "image_size": 64, "channels": 1, "noise_dim": 100, "base_filters": 128, "batch_size": 128, "epochs": 35, "lr": 2e-4,
        "beta_1": 0.5, "lr_drops": (10, 20, 25), "loss": "non_saturating", "update": "simultaneous", "g_slope": 0.3,
        "d_slope": 0.3, "dropout": 0.3, "stem": "conv", "smallest": 4, "optimizer": "adam", "bbox": False,
    },
    ("img_celeba", "dcgan"): {"image_size": 64, "channels": 3, "bbox": True, "batch_size": 128, "lr_drops": (10, 20, 25)},
    ("img_align_celeba", "dcgan"): {"image_size": 64, "channels": 3, "bbox": False, "epochs": 35},
    ("img_align_celeba_png", "dcgan"): {"image_size": 64, "channels": 3, "bbox": False, "epochs": 35},
    ("cifar10", "dcgan"): {
        "image_size": 32, "channels": 3, "noise_dim": 128, "base_filters": 64, "smallest": 2, "stem": "dense", "epochs": 150,
        "g_slope": 0.0, "d_slope": 0.2, "dropout": 0.0, "batch_size": 128, "lr": 2e-4, "lr_drops": (), "output": "tanh",
    },
    ("mnist", "gan"): {
        "image_size": 28, "channels": 1, "noise_dim": 100, "base_filters": 128, "batch_size": 64, "epochs": 100,
        "optimizer": "sgd", "lr": 0.1, "lr_drops": (), "update": "alternating", "slope": 0.2, "loss": "clamped",
        "init": "pytorch",
    },
    ("mnist", "cgan"): {"image_size": 28, "epochs": 100, "optimizer": "sgd", "lr": 0.1, "update": "alternating"},
    ("unpaired", "cyclegan"): {"image_size": 256, "batch_size": 1, "epochs": 200, "augment": True},
    ("mnist", "cdcgan"): {"image_size": 64, "base_filters": 128, "epochs": 35, "lr_drops": (10, 20, 25)},
    ("digits", "cdcgan"): {"image_size": 32, "base_filters": 32, "steps": 1900, "r1": 1.0, "ema": 0.995, "condition": ()},
    ("cifar10", "cdcgan"): {"noise_dim": 128, "base_filters": 64, "smallest": 2, "stem": "dense", "epochs": 150, "condition": ()},
    ("horse2zebra", "cyclegan"): {
        "image_size": 256, "channels": 3, "base_filters": 64, "batch_size": 1, "epochs": 200, "blocks": 6, "cycle_loss": "l2",
        "cycle_weight": 10.0, "identity_weight": 0.0, "pool": 0, "lr": 2e-4, "beta_1": 0.5, "lr_decay": 0.0, "augment": True,
    },
    ("digits", "dcgan"): {
        "image_size": 32, "channels": 1, "base_filters": 32, "batch_size": 64, "epochs": 0, "steps": 1900, "grid_every": 100,
        "lr": 1.5e-3, "lr_drops": (), "beta_1": 0.0, "beta_2": 0.99, "r1": 1.0, "d_norm": "none", "g_norm": "batch",
        "dropout": 0.0, "ema": 0.995,
    },
}  # fmt: skip


@pytest.mark.parametrize("pair", ARTICLES)
def test_the_articles_numbers(pair):
    has = series.values(series.resolve(*pair))
    assert {name: has[name] for name in ARTICLES[pair]} == ARTICLES[pair]


def test_every_row_is_tested():
    assert set(ARTICLES) == set(series.ROWS)


@pytest.mark.parametrize(
    ("image_type", "model"),
    [("mnist", "dcgan"), ("digits", "dcgan"), ("folder", "dcgan"), ("horse2zebra", "cyclegan"), ("unpaired", "cyclegan")],
)
def test_the_model_that_draws_an_image_type_by_default(image_type, model):
    assert series.resolve(image_type).model == model


def test_a_pair_without_an_article_takes_the_models_numbers_and_the_pictures_size():
    colour = series.resolve("cifar10", "gan")
    assert (colour.image_size, colour.channels, colour.base_filters, colour.optimizer, colour.lr) == (32, 3, 128, "sgd", 0.1)
    assert (colour.length, colour.epoch_steps) == (("steps", 10_000), 200)
    assert "no article has this pair" in series.origin(colour)
    photos = series.resolve("folder")
    assert (photos.length, photos.lr_drops, photos.batch_size) == (("steps", 10_000), (), 128)
    assert series.resolve("folder", epochs=3).length == ("epochs", 3)
    assert series.origin(series.resolve("mnist", "gan")) == "gan on mnist: a row of the series"
    assert series.origin(series.resolve("mnist", preset="strong")).endswith("series; the numbers are those of --preset=strong")
    faces = series.resolve("celeba", "gan")
    assert (faces.image_size, faces.bbox, faces.records_name) == (64, True, "img_celeba-bbox")
    pets = series.resolve("unpaired", preset="paper")
    assert (pets.sides, pets.stores, pets.loss, pets.pool, pets.lr_decay) == (("A", "B"), ("source",), "least_squares", 50, 0.5)


def test_preset_and_what_is_given_over_it():
    changed = series.resolve("img_celeba", preset="repository", batch_size=32, dropout=0.0)
    assert (changed.batch_size, changed.lr_drops, changed.dropout) == (32, (15, 25, 28), 0.0)
    assert series.resolve("img_celeba", preset="repository").batch_size == 256


def test_a_rows_a_presets_or_the_users_length_replaces_the_one_before(monkeypatch):
    pair = ("mnist", "dcgan")
    monkeypatch.setitem(rows.ROWS, pair, {"steps": 1900, "grid_every": 100})
    monkeypatch.setitem(rows.PRESETS, "long", {pair: {"epochs": 7}})
    lengths = [series.resolve(*pair, **given).length for given in ({}, {"preset": "long"}, {"preset": "long", "steps": 3})]
    assert lengths == [("steps", 1900), ("epochs", 7), ("steps", 3)]


def test_alias_and_box():
    assert series.resolve("celeba").records_name == "img_celeba-bbox"
    assert series.resolve("celeba", bbox=False).records_name == "img_celeba"
    assert series.resolve("mnist", bbox=False).records_name == "mnist"  # the series' command lines give this flag
    assert series.resolve("digits").records_name == "mnist"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"image_type": "cats"}, "--ImageType=cats: choose one of digits, mnist"),
        ({"model": "vae"}, "--model=vae: choose one of dcgan, gan, cyclegan"),
        ({"preset": "repository"}, "dcgan on digits has article, strong"),
        ({"preset": "typo"}, "--preset=typo"),
        ({"batch_size": 0}, "--batch_size=0: at least 1"),
        ({"steps": -3}, "--steps=-3: at least 0"),
        ({"lr": float("nan")}, "--lr=nan: at least"),
        ({"image_type": "mnist", "model": "gan", "dropout": 0.1}, "--dropout is no setting of gan"),
        (
            {"image_type": "horse2zebra", "model": "dcgan"},
            "--model=dcgan learns from one set of pictures, and horse2zebra has two",
        ),
        ({"image_type": "mnist", "model": "cyclegan"}, "or an --ImageType of horse2zebra, unpaired"),
        ({"dropout": 1.0}, "--dropout=1.0: less than 1"),
        ({"channels": 2}, "--channels=2"),
        ({"partition": "training"}, "--Partition=training"),
        ({"d_norm": "batch", "r1": 1.0}, "--d_norm=batch does not go with a gradient penalty"),
        (
            {"image_type": "horse2zebra", "loss": "wasserstein"},
            "--loss=wasserstein needs a gradient penalty, which cyclegan does not have",
        ),
        ({"image_type": "horse2zebra", "pool": 3, "batch_size": 4}, "--pool=3: give 0, or at least the --batch_size=4"),
    ],
)
def test_what_is_refused(given, words):
    with pytest.raises(UserError, match=words):
        series.resolve(**given)


def test_what_makes_a_run_another_than_its_row():
    assert series.changes(series.resolve("digits")) == {}
    changed = series.resolve("mnist", epochs=3, jit_compile=True, lr=1e-3)
    assert series.changes(changed) == {"lr": 1e-3}  # a run may go on with other epochs, and with XLA
    assert series.changes(series.resolve("mnist", preset="repository", batch_size=128)) == {"batch_size": 128}
    with pytest.raises(dataclasses.FrozenInstanceError):
        changed.lr = 1.0


def test_the_strong_preset_is_the_digits_recipe_on_every_kind_of_picture():
    digits = series.values(series.resolve("digits"))
    kinds = [image_type for image_type, model in series.pairs() if model == "dcgan"]
    assert "folder" in kinds and "img_celeba" in kinds and "cifar10" in kinds
    for kind in kinds:
        strong = series.values(series.resolve(kind, preset="strong"))
        for name in (
            "lr",
            "beta_1",
            "beta_2",
            "r1",
            "ema",
            "d_norm",
            "dropout",
            "init",
            "g_norm_momentum",
            "batch_size",
            "lr_drops",
        ):
            assert strong[name] == digits[name]
    assert series.resolve("mnist", preset="strong").epochs == series.resolve("mnist").epochs
    two_layers = series.resolve("mnist", "gan", preset="strong")
    assert (two_layers.optimizer, two_layers.lr, two_layers.r1, two_layers.ema) == ("adam", 1.5e-3, 1.0, 0.995)
    assert (two_layers.update, two_layers.epochs) == ("alternating", 100)
    for model, like in (("cdcgan", "dcgan"), ("cgan", "gan")):
        plain = series.values(series.resolve("mnist", like, preset="strong"))
        assert series.values(series.resolve("mnist", model, preset="strong")).items() >= (plain | {"model": model}).items()


def test_the_series_needs_no_tensorflow():
    code = "import sys, tfgan_series.series; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
