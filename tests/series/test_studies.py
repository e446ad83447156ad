import dataclasses

import pytest

from tfgan_series import series
from tfgan_series.errors import UserError
from tfgan_series.series import studies


def settings(name, *names):
    """The values of these settings for each member of a study, in order."""
    return [tuple(getattr(one, setting) for setting in names) for (one, *_) in studies.members(studies.STUDIES[name]).values()]


def test_the_lab_reports_studies():
    rates = [
        ("sgd", 0.1, 1, 0.5, "clamped"), ("sgd", 0.03, 1, 0.5, "clamped"), ("sgd", 0.3, 1, 0.5, "clamped"),
        ("sgd", 0.03, 10, 0.5, "clamped"), ("sgd", 0.3, 1, 0.5, "non_saturating"),
        ("adam", 1e-3, 1, 0.9, "clamped"), ("adam", 2e-4, 1, 0.5, "clamped"), ("adam", 2e-4, 1, 0.9, "clamped"),
    ]  # fmt: skip
    assert settings("optimizer", "optimizer", "lr", "d_lr_factor", "beta_1", "loss") == rates
    assert settings("noise_dim", "noise_dim") == [(20,), (50,), (100,), (200,)]
    for name in ("optimizer", "noise_dim"):
        assert set(settings(name, "image_type", "model", "epochs", "seed")) == {("mnist", "gan", 100, 0)}


def test_each_member_of_the_tips_leaves_one_tip_out():
    """Bài 2's list, by hand: what the tip says, and what the member without it has."""
    tips = {
        "LeakyReLU in G": {"g_slope": 0.3},
        "ReLU in D": {"d_slope": 0.0},
        "sigmoid and [0, 1]": {"output": "sigmoid"},
        "pooling": {"downsampling": "pool"},
        "repeated pixels": {"upsampling": "nearest"},
        "no BN": {"g_norm": "none", "d_norm": "none"},
        "BN at the ends too": {"norm_ends": True},
    }
    members = {label: one for label, (one, *_) in studies.members(studies.STUDIES["tips"]).items()}
    usual = members.pop("all tips")
    assert (usual.g_slope, usual.d_slope, usual.output, usual.discriminator_norm, usual.norm_ends) == (
        0,
        0.3,
        "tanh",
        "batch",
        False,
    )
    assert (usual.downsampling, usual.upsampling, usual.g_norm) == ("strided", "transposed", "batch")
    assert members == {label: usual.change(**tip) for label, tip in tips.items()}


def test_the_losses():
    losses = [
        ("non_saturating", 1, 0), ("non_saturating", 0, 0), ("minimax", 1, 0), ("minimax", 0, 0), ("least_squares", 1, 0),
        ("hinge", 1, 0), ("wasserstein", 0, 0), ("relativistic", 1, 1),
    ]  # fmt: skip
    assert settings("loss", "loss", "r1", "r2") == losses


@pytest.mark.parametrize(
    ("name", "image_type", "preset"),
    [
        ("tips", "cifar10", "article"),
        ("loss", "mnist", "article"),
        ("loss", "cifar10", "strong"),
        ("optimizer", "digits", "strong"),
    ],
)
def test_a_study_of_another_row_has_as_many_runs(name, image_type, preset):
    """Its labels stay true: no member has a value only because its row has it."""
    members = studies.members(studies.STUDIES[name], seeds=[0], image_type=image_type, preset=preset)
    assert len({one for (one,) in members.values()}) == len(members)


def test_seeds():
    study = studies.STUDIES["loss"]
    seeds = {label: [one.seed for one in runs] for label, runs in studies.members(study).items()}
    assert set(map(tuple, seeds.values())) == {(0, 1, 2)}
    assert [one.seed for one in studies.members(study, seeds=(4, 5))["minimax alone"]] == [4, 5]
    assert [one.seed for one in studies.members(study, seed=7)["minimax alone"]] == [7]
    varied = dataclasses.replace(study, members={"one": {"seed": 1}, "two": {"seed": 2}})
    for one, given in ((study, {"seed": 3}), (varied, {})):
        with pytest.raises(UserError, match="^--seeds=0,1: the seeds are given by --seed or --vary=seed too: give one of them$"):
            studies.members(one, seeds=(0, 1), **given)


def test_the_plain_recipe_of_the_tips_is_the_articles_at_the_digits_size():
    (one, *_) = studies.members(studies.STUDIES["tips"])["LeakyReLU in G"]
    article, digits = series.values(series.resolve("mnist")), series.values(series.resolve("digits"))
    taken = ("image_size", "base_filters", "batch_size", "steps", "epochs")
    assert series.values(one) == article | {name: digits[name] for name in taken}


def test_a_study_on_another_row_and_what_it_refuses():
    members = studies.members(studies.STUDIES["tips"], image_type="cifar10", steps=5)
    assert {(one.image_type, one.steps) for runs in members.values() for one in runs} == {("cifar10", 5)}
    with pytest.raises(UserError, match="this comparison varies --noise_dim itself: leave it out"):
        studies.members(studies.STUDIES["noise_dim"], noise_dim=7)
    weighed = studies.members(studies.STUDIES["loss"], gp_weight=5.0).values()
    assert {one.gp_weight for runs in weighed for one in runs} == {5.0}
    with pytest.raises(UserError, match=r"varies --\w+, which gan does not have: give another --model"):
        studies.members(studies.STUDIES["tips"], image_type="mnist", model="gan")


def test_a_length_in_epochs_replaces_one_in_steps():
    (one, *_), *_ = studies.members(studies.STUDIES["tips"], epochs=5).values()
    assert (one.epochs, one.steps) == (5, 0)
