import math

import pytest

from tfgan_series.report import plots

LOG = [
    {"epoch": 1, "Real_P": 0.9, "Fake_P": 0.1, "Gen_loss": 3.0, "Dis_loss": 0.5, "lr": 2e-4, "Gen_grad": 7.0, "steps": 9},
    {"epoch": 2, "Real_P": 0.6, "Fake_P": 0.4, "Gen_loss": 1.0, "Dis_loss": 1.25, "lr": 2e-5, "Gen_grad": 2.0, "steps": 9},
    {"epoch": 3, "Real_P": 0.5, "Fake_P": 0.5, "Gen_loss": 0.75, "Dis_loss": 1.5, "lr": 2e-5, "Gen_grad": 1.0, "steps": 9},
]


def names(laid_out):
    return {plot["title"]: [line["name"] for line in plot["lines"]] for plot in laid_out}


def test_columns_share_a_plot_by_the_end_of_their_names():
    assert names(plots.lay_out([LOG])[0]) == {
        "Loss": ["Gen_loss", "Dis_loss"],
        "Probability": ["Real_P", "Fake_P"],
        "Gradient": ["Gen_grad"],
        "Learning rate": ["lr"],
    }
    losses = {"G_ab_loss": 1.0, "G_ba_loss": 1.0, "D_a_loss": 0.5, "D_b_loss": 0.5}
    cycle = [{"epoch": 1, **losses, "Cycle_loss": 9.0, "Cycle_test": 8.0, "lr": 1e-4}]
    assert names(plots.lay_out([cycle])[0]) == {
        "There and back": ["Cycle_loss", "Cycle_test"],
        "Loss": ["G_ab_loss", "G_ba_loss", "D_a_loss", "D_b_loss"],
    }


def test_a_rate_that_never_changes_has_no_plot():
    constant = [row | {"lr": 2e-4} for row in LOG]
    assert "Learning rate" not in names(plots.lay_out([constant])[0])
    assert "Learning rate" in names(plots.lay_out([constant, LOG])[0])  # beside a run whose rate falls


def test_places_follow_the_axes():
    loss, probability, _, rate = plots.lay_out([LOG])[0]
    left, right = plots.LEFT, plots.WIDTH - plots.RIGHT
    top, bottom = plots.TOP, plots.HEIGHT - plots.BOTTOM
    assert loss["x"] == [left, (left + right) / 2, right]
    assert loss["x_ticks"] == [(left, "1"), ((left + right) / 2, "2"), (right, "3")]
    assert [line["values"] for line in loss["lines"]] == [["3", "1", "0.75"], ["0.5", "1.25", "1.5"]]
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


def test_one_colour_for_one_thing():
    one, probability, gradient, _ = plots.lay_out([LOG])[0]
    colours = {line["name"]: line["colour"] for plot in (one, probability, gradient) for line in plot["lines"]}
    assert colours == {"Gen_loss": 1, "Dis_loss": 0, "Real_P": 2, "Fake_P": 3, "Gen_grad": 1}
    six = ("Gen_loss", "Dis_loss", "Gen_ab_loss", "Gen_ba_loss", "Dis_a_loss", "Dis_b_loss")
    (plot,) = plots.lay_out([[dict.fromkeys(six, 1.0) | {"epoch": 1}]])[0]
    assert [line["colour"] for line in plot["lines"]][:2] == [1, 0]
    assert sorted(line["colour"] for line in plot["lines"]) == list(range(6))


def test_several_runs_share_their_axes():
    high = [{**row, "Gen_loss": 30.0} for row in LOG[:2]]
    one, other = (several[0] for several in plots.lay_out([LOG, high]))
    assert one["y_ticks"] == other["y_ticks"]
    assert one["x"][:2] == other["x"]


def test_a_run_far_above_the_others_makes_the_axis_logarithmic():
    """Else the others would lie on the line of zero. Numbers below the axis stand on its lower end."""
    bottom, top = plots.HEIGHT - plots.BOTTOM, plots.TOP
    logs = [[{"epoch": 1, "Gen_loss": loss}, {"epoch": 2, "Gen_loss": 0.001}] for loss in (1.4, 1.0, 100.0)]
    (low,), _, (high,) = plots.lay_out(logs)
    assert [text for _, text in low["y_ticks"]] == ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]
    assert [text for _, text in plots.lay_out(logs[:2])[0][0]["y_ticks"]] == ["0", "0.5", "1", "1.5"]
    rates = [[{"epoch": epoch, "lr": rate * epoch} for epoch in (1, 2)] for rate in (1e-4, 1e-2)]
    assert [text for _, text in plots.lay_out(rates)[0][0]["y_ticks"]] == ["1e-05", "0.0001", "0.001", "0.01", "0.1"]
    above = [[{"epoch": 1, "Gen_loss": loss}] for loss in (1.4, 2.0, 500_000.0)]
    places = [plot["lines"][0]["y"][0] for (plot,) in plots.lay_out(above)]
    assert bottom > places[0] > places[1] > places[2] > top
    assert [text for _, text in plots.lay_out([[{"epoch": 1, "Gen_loss": loss}] for loss in (0.0, 1.0)])[0][0]["y_ticks"]][
        -1
    ] == "1"
    small = [[{"epoch": 1, "Gen_grad": norm}] for norm in (1e-6, 1e-3)]
    assert [text for _, text in plots.lay_out(small)[0][0]["y_ticks"]][-1] == "0.01"
    assert high["lines"][0]["y"] == pytest.approx([bottom - (bottom - top) * 5 / 6, bottom], abs=0.1)
    assert low["lines"][0]["y"][0] == pytest.approx(bottom - (bottom - top) * (3 + math.log10(1.4)) / 6, abs=0.1)


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_a_single_epoch_and_a_rate_of_zero_have_places(rate):
    drawn = plots.lay_out([[{**LOG[0], "lr": rate, "Gen_loss": 0.0, "Dis_loss": 0.0}]])[0]
    assert all(plots.TOP <= y <= plots.HEIGHT - plots.BOTTOM for plot in drawn for line in plot["lines"] for y in line["y"])


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_leaves_a_gap(number):
    whole = plots.lay_out([LOG])[0][2]["lines"][0]
    line = plots.lay_out([[LOG[0], {**LOG[1], "Gen_grad": number}, LOG[2]]])[0][2]["lines"][0]
    assert line["y"] == [whole["y"][0], None, whole["y"][2]]
    assert line["path"].count("M") == 2
    assert line["values"] == ["7", f"{number:.3g}", "1"]


def test_a_column_of_such_numbers_alone_has_its_plot():
    (plot,) = plots.lay_out([[{"epoch": epoch, "Gen_grad": math.nan} for epoch in (1, 2)]])[0]
    assert plot["lines"][0]["y"] == [None, None]
    assert plot["lines"][0]["path"] == ""
    assert plot["summary"] == "Gen_grad is nan in epoch 1 and nan in epoch 2"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, "0 0.2 0.4 0.6 0.8 1"),
        (1, 100, "0 20 40 60 80 100"),
        (-3, 4, "-4 -2 0 2 4"),
        (0, 0.007, "0 0.002 0.004 0.006 0.008"),
        (-0.1, 4.6, "-1 0 1 2 3 4 5"),
        (5, 5, "0 1 2 3 4 5"),
        (-8, -8, "-8 -6 -4 -2 0"),
    ],
)
def test_the_numbers_beside_an_axis_are_round_and_hold_the_curve(low, high, ticks):
    (plot,) = plots.lay_out([[{"epoch": 1, "Gen_loss": low}, {"epoch": 2, "Gen_loss": high}]])[0]
    assert " ".join(text for _, text in plot["y_ticks"]) == ticks
    places = [place for place, _ in plot["y_ticks"]]
    assert (places[0], places[-1]) == (plots.HEIGHT - plots.BOTTOM, plots.TOP)
    assert all(places[-1] <= y <= places[0] for y in plot["lines"][0]["y"])


@pytest.mark.parametrize(
    ("last", "ticks"), [(1, "1"), (2, "1 2"), (3, "1 2 3"), (7, "2 4 6"), (12, "5 10"), (100, "20 40 60 80 100")]
)
def test_the_epochs_below_are_whole_and_there(last, ticks):
    (plot,) = plots.lay_out([[{"epoch": epoch, "Gen_loss": 1.0} for epoch in range(1, last + 1)]])[0]
    assert " ".join(text for _, text in plot["x_ticks"]) == ticks


@pytest.mark.parametrize(
    ("rates", "first", "last"),
    [((3e-4, 2e-4), "0.0001", "0.001"), ((1e-3, 1e-4), "1e-05", "0.01"), ((0.1, 1e-35), "1e-41", "10")],
)
def test_a_rate_that_falls_by_decades_has_them_beside_it(rates, first, last):
    (plot,) = plots.lay_out([[{"epoch": epoch, "lr": rate} for epoch, rate in enumerate(rates, 1)]])[0]
    texts = [text for _, text in plot["y_ticks"]]
    assert (texts[0], texts[-1]) == (first, last)
    assert len(texts) <= 8
