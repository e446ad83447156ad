import dataclasses

import pytest

from tfgan_series import series
from tfgan_series.errors import UserError


def test_one_thing_is_counted_in_the_singular():
    assert [series.counted(number, "steps") for number in (0, 1, 2, 1900, 0.5)] == [
        "0 steps", "1 step", "2 steps", "1,900 steps", "0.5 steps",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [
        lambda row, **values: row.change(**values),
        lambda row, **values: dataclasses.replace(row, **values),
        lambda row, **values: series.from_dict(series.values(row) | values),
        lambda row, **values: series.resolve(row.image_type, row.model, **values),
    ],
    ids=["change", "replace", "from_dict", "resolve"],
)
def test_the_rules_hold_however_an_experiment_is_made(make):
    row = series.resolve("mnist")
    for values, words in (
        ({"loss": "hinge", "real_label": 0.9}, "--loss=hinge has no target"),
        ({"d_norm": "batch", "loss": "wasserstein"}, "--d_norm=batch does not go with a gradient penalty"),
        ({"bbox": True}, "--bbox is for img_celeba alone"),
        ({"epochs": 0, "steps": 0}, "--epochs=0 and --steps=0: one of them gives the length"),
        ({"epochs": 5, "steps": 7}, "--epochs=5 and --steps=7: one of them gives the length"),
        ({"epochs": -1}, "--epochs=-1: at least 0"),
    ):
        with pytest.raises(UserError, match=words):
            make(row, **values)
    assert make(row, loss="wasserstein").discriminator_norm == "layer"  # with a penalty there are no batch statistics


def test_normalisation_that_goes_with_a_gradient_penalty():
    norms = {
        "batch": [{}, {"loss": "wasserstein", "gp_weight": 0.0}, {"d_norm": "batch"}],
        "layer": [{"loss": "wasserstein"}, {"r1": 1.0}, {"d_norm": "layer"}],
        "none": [{"r1": 1.0, "d_norm": "none"}, {"d_norm": "none"}],
    }
    for norm, cases in norms.items():
        assert {series.resolve("mnist", **given).discriminator_norm for given in cases} == {norm}
    assert series.resolve("mnist", model="gan", r1=1.0).r1 == 1  # this model has no normalisation


def test_a_list_is_as_good_as_a_tuple():
    changed = series.resolve("digits").change(lr_drops=[5])
    assert series.differences(series.from_dict(series.values(changed)), changed) == []


def test_change_names_what_is_no_setting():
    with pytest.raises(UserError, match="--pool is no setting of dcgan: leave it out"):
        series.resolve("digits").change(pool=3)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("epochs", "5", "--epochs='5': a whole number is needed"),
        ("epochs", 2.0, "--epochs=2.0: a whole number is needed"),
        ("epochs", True, "--epochs=True: a whole number is needed"),
        ("lr", "fast", "--lr='fast': a number is needed"),
        ("bbox", 1, "--bbox=1: True or False is needed"),
        ("loss", None, "--loss=None: a text is needed"),
        ("lr_drops", (0, 5), "--lr_drops=0,5: the first epoch is 1, so give numbers of 1 or more"),
        ("lr_drops", 3, "--lr_drops=3: a list of whole numbers is needed"),
        ("lr_drops", [1, 2.5], r"--lr_drops=\(1, 2.5\): a list of whole numbers is needed"),
        ("loss", "hing", r"--loss=hing: choose one of .* \(did you mean hinge\?\)"),
        ("epoch", 5, r"--epoch is no setting of dcgan \(did you mean epochs\?\): leave it out"),
    ],
)
def test_a_value_of_another_type_or_name_is_one_line(name, value, line):
    with pytest.raises(UserError, match=f"^{line}$"):
        series.resolve("mnist").change(**{name: value})
    assert series.resolve("mnist", lr=1).lr == 1  # a whole number is a number


def test_an_unknown_image_type_model_or_preset_is_offered():
    for given in ({"image_type": "minst"}, {"model": "dcgn"}, {"preset": "stong"}):
        with pytest.raises(UserError, match=r"\(did you mean (mnist|dcgan|strong)\?\)$"):
            series.resolve(**given)


@pytest.mark.parametrize("pair", series.pairs())
def test_json_there_and_back(pair):
    experiment = series.resolve(*pair)
    assert series.from_dict(series.values(experiment)) == experiment


def test_what_a_run_that_goes_on_may_change():
    run = series.resolve("mnist")
    free = dataclasses.replace(run, epochs=100, jit_compile=True, deterministic=True, evaluate_every=2, evaluate_count=20)
    assert series.differences(run, free) == []
    other = run.change(epochs=10, lr=1e-3, dropout=0.5)
    assert series.differences(run, other) == [
        "epochs: 35 in the run, 10 asked",
        "lr: 0.0002 in the run, 0.001 asked",
        "dropout: 0.3 in the run, 0.5 asked",
    ]


def test_a_length_in_steps_or_in_epochs():
    """The one that is given takes the place of the other."""
    row = series.resolve("mnist")
    short = row.change(steps=50)
    assert (short.length, short.epochs, short.steps_in_all(468)) == (("steps", 50), 0, 50)
    again = short.change(epochs=2)
    assert (again.length, again.steps, again.steps_in_all(468)) == (("epochs", 2), 0, 936)
    assert row.change(epochs=2, steps=0) == series.resolve("mnist", steps=50, grid_every=0).change(epochs=2)
    assert series.differences(short, short.change(steps=60, grid_every=5)) == []
    assert series.differences(short, row) == ["length: 50 steps in the run, so give --steps=N and not --epochs"]
    assert series.differences(short, short.change(steps=40)) == ["steps: 50 in the run, 40 asked"]


def test_a_run_of_the_time_before_steps_is_read():
    record = series.values(series.resolve("mnist", epochs=3))
    del record["steps"], record["grid_every"]
    assert series.from_dict(record).length == ("epochs", 3)


def test_a_run_of_another_model_differs_in_it():
    other = series.differences(series.resolve("mnist"), series.resolve("mnist", model="gan"))
    assert "model: dcgan in the run, gan asked" in other
    assert "image_size: 64 in the run, 28 asked" in other
