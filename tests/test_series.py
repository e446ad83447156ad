import dataclasses
import subprocess
import sys

import pytest

from tfgan_series import series
from tfgan_series.errors import UserError


def test_the_articles_rows():
    row = series.resolve("mnist")
    assert (row.model, row.image_size, row.channels, row.noise_dim, row.base_filters) == ("dcgan", 64, 1, 100, 128)
    assert (row.batch_size, row.epochs, row.lr, row.beta_1, row.lr_drops) == (128, 35, 2e-4, 0.5, (10, 20, 25))
    assert (row.loss, row.update, row.network.d_slope, row.network.dropout) == ("non_saturating", "simultaneous", 0.3, 0.3)
    assert series.resolve("img_celeba").channels == 3
    report = series.resolve("mnist", model="gan")
    assert (report.image_size, report.base_filters, report.batch_size, report.epochs) == (28, 128, 64, 100)
    assert (report.optimizer, report.lr, report.update, report.network.slope) == ("sgd", 0.1, "alternating", 0.2)
    digits = series.resolve()
    assert (digits.image_type, digits.image_size, digits.base_filters, digits.batch_size) == ("digits", 32, 32, 64)


def test_preset_and_what_is_given_over_it():
    assert series.resolve("img_celeba", preset="repository").batch_size == 256
    changed = series.resolve("img_celeba", preset="repository", batch_size=32, dropout=0.0)
    assert (changed.batch_size, changed.lr_drops, changed.network.dropout) == (32, (15, 25, 28), 0.0)


def test_alias_and_box():
    assert series.resolve("celeba").records_name == "img_celeba-bbox"
    assert series.resolve("celeba", bbox=False).records_name == "img_celeba"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"image_type": "cats"}, "--ImageType=cats: choose one of digits, mnist"),
        ({"image_type": "mnist", "bbox": True}, "img_celeba alone"),
        ({"image_type": "mnist", "bbox": False}, "img_celeba alone"),
        ({"preset": "repository"}, "dcgan on digits has article"),
        ({"preset": "typo"}, "--preset=typo"),
        ({"batch_size": 0}, "--batch_size=0: at least 1"),
        ({"lr": float("nan")}, "--lr=nan: at least"),
        ({"image_type": "mnist", "model": "gan", "dropout": 0.1}, "--dropout is no setting of gan"),
        ({"image_type": "digits", "model": "gan"}, "--model=gan has no row for --ImageType=digits: choose dcgan"),
        ({"dropout": 1.0}, "--dropout=1.0: less than 1"),
        ({"channels": 2}, "--channels=2"),
        ({"partition": "training"}, "--Partition=training"),
    ],
)
def test_what_is_refused(given, words):
    with pytest.raises(UserError, match=words):
        series.resolve(**given)


def test_normalisation_that_goes_with_a_gradient_penalty():
    assert series.resolve("digits").network.d_norm == "batch"
    assert series.resolve("digits", loss="wasserstein").network.d_norm == "layer"
    assert series.resolve("digits", r1=1.0).network.d_norm == "layer"
    assert series.resolve("digits", r1=1.0, d_norm="none").network.d_norm == "none"
    assert series.resolve("digits", loss="wasserstein", gp_weight=0.0).network.d_norm == "batch"
    with pytest.raises(UserError, match="--d_norm=batch does not go with a gradient penalty"):
        series.resolve("digits", loss="wasserstein", d_norm="batch")
    with pytest.raises(UserError, match="--loss=hinge has no target for real pictures"):
        series.resolve("digits", loss="hinge", real_label=0.9)
    assert series.resolve("mnist", model="gan", r1=1.0).r1 == 1  # has no normalisation to choose


def test_json_there_and_back():
    for row in series.ROWS.values():
        assert series.from_dict(series.to_dict(row)) == row


def test_what_a_run_that_goes_on_may_change():
    run = series.resolve("digits")
    free = dataclasses.replace(run, epochs=100, jit_compile=True, deterministic=True)
    assert series.differences(run, free) == []
    other = series.change(run, epochs=10, lr=1e-3, dropout=0.5)
    assert series.differences(run, other) == [
        "dropout: 0.3 in the run, 0.5 asked",
        "epochs: 60 in the run, 10 asked",
        "lr: 0.0002 in the run, 0.001 asked",
    ]


def test_a_run_of_another_model_differs_in_it():
    other = series.differences(series.resolve("mnist"), series.resolve("mnist", model="gan"))
    assert "model: dcgan in the run, gan asked" in other
    assert "image_size: 64 in the run, 28 asked" in other


def test_the_table_needs_no_tensorflow():
    code = "import sys, tfgan_series.series; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
