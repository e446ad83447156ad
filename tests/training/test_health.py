"""What training says of a run whose numbers are finite."""

import math

import keras
import pytest

from tfgan_series import report, runs, series, workflow
from tfgan_series.errors import UserError
from tfgan_series.training import adversarial, cyclegan, health, hooks

from test_adversarial import make

ADVICE = "Try --r1=1, a smaller --lr than 0.2 or another --seed."


def test_a_player_that_stands_at_its_bound_is_said_once_and_is_on_the_page(digits, tiny, tmp_path, capsys):
    """Under minimax with a large learning rate the discriminator is sure of every picture after some 20 steps."""
    won = tiny.change(loss="minimax", lr=0.2, g_norm="none", g_slope=0.0, r1=0.0, beta_1=0.5)
    folder = workflow.train(won, tfrecord_path=digits[0], run_dir=tmp_path / "run")
    line = (
        "Gen_loss and Dis_loss stand at their bounds for a whole epoch: one player has won, and the other learns next to nothing."
    )
    assert capsys.readouterr().out.count("Warning: ") == 1
    assert (folder / runs.WARNINGS).read_text() == f"{line} {ADVICE}\n"
    assert f"Warning: {line} {ADVICE}" in report.make([folder], tmp_path / "page.html").read_text()


def test_a_collapse_is_said_once_until_it_ends(digits, tmp_path, capsys):
    """A generator whose last layer has no weights draws the same picture for every z."""
    experiment, state, _ = make(lr=0.1)
    generator = state.networks["generator"]
    draw = hooks.save_grid({"generator": generator}, adversarial.make_look(experiment, digits[1]), tmp_path)
    warn = hooks.warn(state, {}, health.advice(experiment), tmp_path, 0)
    (tmp_path / runs.IMAGES).mkdir()
    weights = generator.get_weights()
    seen = {}
    for step, scale in ((200, 0.0), (400, 0.0), (402, 0.0), (404, 1.0), (408, 0.0), (410, 0.0)):
        generator.set_weights([*weights[:-2], *(scale * one for one in weights[-2:])])
        row = {"step": step, "steps": 500}
        draw(row)
        warn(row)
        seen[step] = (row["Variety"] < 0.15, capsys.readouterr().out.count("collapsed"), (tmp_path / runs.WARNINGS).is_file())
    assert seen == {
        200: (True, 0, False),  # a new network may draw so too
        400: (True, 1, True),
        402: (True, 0, True),
        404: (False, 0, False),
        408: (True, 0, False),  # a jump of the losses may make one grid so
        410: (True, 1, True),
    }


def test_a_label_that_changes_nothing_is_said(digits):
    """A generator that ignores its condition draws the same picture in each row of a column."""
    experiment = series.resolve("digits", "cdcgan", image_size=8, base_filters=4).fitted(digits[1])
    look = adversarial.make_look(experiment, digits[1])
    z, condition = keras.Input([experiment.noise_dim]), keras.Input([10])
    heard = {"deaf": z, "hearing": keras.layers.Concatenate()([z, 10 * condition])}
    rows = {}
    for name, taken in heard.items():
        images = keras.layers.Reshape([8, 8, 1])(keras.layers.Dense(64)(taken))
        rows[name] = look({"generator": keras.Model([z, condition], images)}).measured | {"step": 1000}
    (line,) = health.warnings(rows["deaf"], {}, {}, {}, ADVICE)
    assert line.startswith("the label has no effect: for one z the pictures of all labels are all but equal.")
    assert rows["deaf"]["Label_effect"] == pytest.approx(0, abs=1e-6)
    assert health.warnings(rows["hearing"], {}, {}, {}, ADVICE) == []


@pytest.mark.parametrize(
    ("before", "variety", "collapsed"),
    [(0.0, 0.0, True), (0.147, 0.134, True), (0.147, 0.2, False), (1.0, 1.0, False), (1.094, 0.138, False), (None, 0.0, False)],
)
def test_pictures_that_differ_a_little_have_collapsed_too(before, variety, collapsed):
    """The article's DCGAN on MNIST, a quarter as wide, drew 16 times nearly the same shape in epoch 23, at 0.134. Our recipe drew
    one pale grid at 0.138, with 1.094 before it and 1.379 after it."""
    earlier = {} if before is None else {"step": 10_296, "Variety": before}
    lines = health.warnings({"step": 10_764, "Variety": variety}, earlier, {}, {}, ADVICE)
    assert [line.startswith("the pictures of the grid are all but equal") for line in lines] == [True] * collapsed


def test_bounds_by_hand():
    bounds = {"Gen_loss": -math.inf, "Dis_loss": 0.0}
    row = {"step": 1000, "Variety": 0.9}
    assert health.warnings(row, {}, {"Gen_loss": 0.0, "Dis_loss": 0.1}, bounds, ADVICE) == []
    assert health.warnings(row, {}, {}, bounds, ADVICE) == []
    (line,) = health.warnings(row, {}, {"Gen_loss": 0.0, "Dis_loss": -0.001}, bounds, ADVICE)
    assert line.startswith("Dis_loss stands at its bound for a whole epoch: ")


@pytest.mark.parametrize(
    ("answers", "said"), [((1.0, 0.992), "real"), ((0.01, 0.0), "generated"), ((1.0, 0.0), ""), ((0.98, 0.9), "")]
)
def test_a_discriminator_that_says_the_same_of_all_pictures(answers, said):
    """The lab report's GAN with SGD at 0.3, epoch 2: Real_P 1, Fake_P 0.992, Gen_loss 0.67, Dis_loss 99.2."""
    means = dict(zip(("Real_P", "Fake_P"), answers, strict=True)) | {"Gen_loss": 0.0, "Dis_loss": 99.2}
    assert health.warnings({"step": 299}, {}, means, {}, ADVICE) == []
    lines = health.warnings({"step": 1874}, {}, means, {"Gen_loss": 0.0, "Dis_loss": 0.0}, ADVICE)
    assert len(lines) == 1
    assert (f"has taken nearly all pictures for {said} ones: it tells nothing apart" in lines[0]) == bool(said)
    assert lines[0].startswith("Gen_loss stands at its bound") != bool(said)


def test_the_bounds_of_each_model():
    """A label below 1 raises the least cross-entropy to the entropy of the label."""
    smooth = adversarial.bounds(series.resolve("digits", real_label=0.9))
    assert smooth == {"Gen_loss": 0.0, "Dis_loss": pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))}
    assert adversarial.bounds(series.resolve("digits", loss="wasserstein")) == {"Gen_loss": -math.inf, "Dis_loss": -math.inf}
    both = cyclegan.bounds(series.resolve("horse2zebra"))
    assert both == dict.fromkeys(("Gen_ab_loss", "Gen_ba_loss", "Dis_a_loss", "Dis_b_loss"), 0.0)
    for experiment in (series.resolve("horse2zebra"), series.resolve("digits")):
        algorithm = series.MODELS[experiment.model].load_algorithm()
        assert set(algorithm.bounds(experiment)) <= set(algorithm.measures(experiment))


def test_advice_names_only_settings_of_the_model():
    assert health.advice(series.resolve("mnist", lr=0.2)) == ADVICE
    normalised = series.resolve("digits", r1=0.0, d_norm="batch")
    with pytest.raises(UserError):
        normalised.change(r1=1.0)
    for other in (series.resolve("digits", r1=2.0), series.resolve("horse2zebra"), normalised):
        assert "--r1" not in health.advice(other)
