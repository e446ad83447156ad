import pytest

from tfgan_series.errors import UserError
from tfgan_series.series import studies


def settings(name, *names):
    """The values of these settings for each member of a study, in order."""
    return [tuple(getattr(one, setting) for setting in names) for one in studies.members(studies.STUDIES[name]).values()]


def test_the_lab_reports_studies():
    rates = [("sgd", 0.1, 0.5), ("sgd", 0.03, 0.5), ("sgd", 0.3, 0.5), ("adam", 1e-3, 0.9), ("adam", 2e-4, 0.5)]
    assert settings("optimizer", "optimizer", "lr", "beta_1") == rates
    assert settings("noise_dim", "noise_dim") == [(20,), (50,), (100,), (200,)]
    for name in ("optimizer", "noise_dim"):
        assert set(settings(name, "image_type", "model", "epochs", "seed")) == {("mnist", "gan", 100, 0)}


def test_each_member_of_the_tips_leaves_one_tip_out():
    """Bai 2's list, by hand: what the tip says, and what the member without it has."""
    tips = {
        "LeakyReLU in G": {"g_slope": 0.3},
        "ReLU in D": {"d_slope": 0.0},
        "sigmoid and [0, 1]": {"output": "sigmoid"},
        "pooling": {"downsampling": "pool"},
        "repeated pixels": {"upsampling": "nearest"},
        "no BN": {"g_norm": "none", "d_norm": "none"},
        "BN at the ends too": {"norm_ends": True},
    }
    members = studies.members(studies.STUDIES["tips"])
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
    losses = [("non_saturating", 0), ("minimax", 0), ("minimax", 1), ("least_squares", 0), ("hinge", 0), ("wasserstein", 0)]
    assert settings("loss", "loss", "r1") == losses


def test_a_study_on_another_row_and_what_it_refuses():
    members = studies.members(studies.STUDIES["tips"], image_type="mnist", image_size=32)
    assert {(member.image_type, member.image_size) for member in members.values()} == {("mnist", 32)}
    with pytest.raises(UserError, match="this comparison varies --noise_dim itself: leave it out"):
        studies.members(studies.STUDIES["noise_dim"], noise_dim=7)
    assert {one.gp_weight for one in studies.members(studies.STUDIES["loss"], gp_weight=5.0).values()} == {5.0}
    with pytest.raises(UserError, match=r"varies --\w+, which gan does not have: give another --model"):
        studies.members(studies.STUDIES["tips"], image_type="mnist", model="gan")
