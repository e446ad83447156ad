import math

import pytest

from tfgan_series.report import plots

LOG = [
    {"epoch": 1, "Real_P": 0.9, "Fake_P": 0.1, "Gen_loss": 3.0, "Dis_loss": 0.5, "lr": 2e-4, "Gen_grad": 7.0, "steps": 9},
    {"epoch": 2, "Real_P": 0.6, "Fake_P": 0.4, "Gen_loss": 1.0, "Dis_loss": 1.25, "lr": 2e-5, "Gen_grad": 2.0, "steps": 9},
    {"epoch": 3, "Real_P": 0.5, "Fake_P": 0.5, "Gen_loss": 0.75, "Dis_loss": 1.5, "lr": 2e-5, "Gen_grad": 1.0, "steps": 9},
]


def names(plots):
    return {plot["title"]: [line["name"] for line in plot["lines"]] for plot in plots}


def test_columns_share_a_plot_by_the_end_of_their_names():
    assert names(plots.plots([LOG])[0]) == {
        "Loss": ["Gen_loss", "Dis_loss"],
        "Probability": ["Real_P", "Fake_P"],
        "Gradient": ["Gen_grad"],
        "Learning rate": ["lr"],
    }
    losses = {"G_ab_loss": 1.0, "G_ba_loss": 1.0, "D_a_loss": 0.5, "D_b_loss": 0.5}
    cycle = [{"epoch": 1, **losses, "Cycle_loss": 9.0, "Cycle_test": 8.0, "lr": 1e-4}]
    assert names(plots.plots([cycle])[0]) == {
        "There and back": ["Cycle_loss", "Cycle_test"],
        "Loss": ["G_ab_loss", "G_ba_loss", "D_a_loss", "D_b_loss"],
        "Learning rate": ["lr"],
    }


def test_places_follow_the_axes():
    loss, probability, _, rate = plots.plots([LOG])[0]
    left, right = plots.LEFT, plots.WIDTH - plots.RIGHT
    top, bottom = plots.TOP, plots.HEIGHT - plots.BOTTOM
    assert loss["x"] == [left, (left + right) / 2, right]
    assert loss["y_ticks"][0] == (bottom, "0")
    assert loss["y_ticks"][-1] == (top, "3")
    assert loss["lines"][0]["y"][0] == top
    assert loss["lines"][1]["y"][2] == (top + bottom) / 2
    assert loss["lines"][0]["path"] == f"M{left} {top}L{(left + right) / 2:g} {loss['lines'][0]['y'][1]:g}L{right} " + (
        f"{loss['lines'][0]['y'][2]:g}"
    )
    assert [text for _, text in probability["y_ticks"]] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert [text for _, text in rate["y_ticks"]] == ["1e-05", "0.0001", "0.001"]
    first, second, _ = rate["lines"][0]["y"]
    assert second - first == pytest.approx((bottom - top) / 2, abs=0.2)  # one decade of two
    assert loss["summary"] == "Gen_loss is 3 in epoch 1 and 0.75 in epoch 3; Dis_loss is 0.5 in epoch 1 and 1.5 in epoch 3"


def test_several_runs_share_their_axes():
    high = [{**row, "Gen_loss": 30.0} for row in LOG[:2]]
    one, other = (several[0] for several in plots.plots([LOG, high]))
    assert one["y_ticks"] == other["y_ticks"]
    assert one["x"][:2] == other["x"]


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_a_single_epoch_and_a_rate_of_zero_have_places(rate):
    drawn = plots.plots([[{**LOG[0], "lr": rate, "Gen_loss": 0.0, "Dis_loss": 0.0}]])[0]
    assert all(plots.TOP <= y <= plots.HEIGHT - plots.BOTTOM for plot in drawn for line in plot["lines"] for y in line["y"])


def test_a_number_that_is_none_leaves_a_gap():
    line = plots.plots([[LOG[0], {**LOG[1], "Gen_grad": math.nan}, LOG[2]]])[0][2]["lines"][0]
    assert line["y"][1] is None
    assert line["path"].count("M") == 2


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, 100, [20, 40, 60, 80, 100]),
        (-3, 4, [-2, 0, 2, 4]),
        (0, 0.007, [0, 0.002, 0.004, 0.006]),
    ],
)
def test_nice_ticks(low, high, ticks):
    assert plots.nice_ticks(low, high) == ticks


def test_nice_ticks_outward_and_whole():
    assert plots.nice_ticks(-0.1, 4.6, outward=True) == [-1, 0, 1, 2, 3, 4, 5]
    assert plots.nice_ticks(1, 3, whole=True) == [1, 2, 3]
    assert plots.nice_ticks(1, 1, whole=True) == [1]
