"""Follows the numbers that a step notes to the log, the figures and the report."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import runs, series, workflow
from tfgan_series.errors import Diverged
from tfgan_series.training import loop
from tfgan_series.training.state import create_state


@pytest.fixture(scope="module")
def hinge(tmp_path_factory, digits, tiny):
    """A run with three steps an epoch, whose loss gives no probability. Its generator is updated only at the fourth step."""
    experiment = tiny.change(loss="hinge", critic_steps=4, batch_size=500)
    return workflow.train(experiment, tfrecord_path=digits[0], run_dir=tmp_path_factory.mktemp("hinge") / "run")


def test_the_gradients_mean_is_of_the_steps_that_moved_the_generator(hinge):
    """In its first epoch the generator is not updated. This does not count as divergence."""
    steps = runs.read_steps(hinge, epochs=2)["Gen_grad"]
    assert np.isfinite(steps).tolist() == [False, False, False, True, False, False]
    first, second = (row["Gen_grad"] for row in runs.read_log(hinge))
    assert math.isnan(first)
    assert second == pytest.approx(steps[3], rel=1e-5)


def test_a_logit_that_is_no_log_odds_is_not_called_a_probability(hinge, trained):
    header = (hinge / "log.csv").read_text().splitlines()[0]
    assert header.startswith("epoch,step,Real_logit,Fake_logit,Gen_loss,Dis_loss,lr,images_per_second")
    last = runs.read_log(hinge)[-1]
    # The hinge's generator minimises -E D(G(z)): the mean logit of fakes with its sign turned.
    assert last["Fake_logit"] == pytest.approx(-last["Gen_loss"])
    assert (hinge / "logits.png").is_file() and not (hinge / "probability.png").exists()
    assert (trained / "probability.png").is_file() and not (trained / "logits.png").exists()
    page = (hinge / "report.html").read_text()
    assert "Mean logit" in page and ">Probability<" not in page


def test_what_training_says_at_its_end_is_there(digits, tiny, tmp_path, capsys):
    experiment = tiny.change(loss="least_squares", epochs=1, batch_size=1500)
    folder = workflow.train(experiment, tfrecord_path=digits[0], run_dir=tmp_path / "run")
    done = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Done"))
    assert "training.gif, loss.png, logits.png, generator.keras" in done
    assert all((folder / name).is_file() for name in ("training.gif", "loss.png", "logits.png", "generator.keras"))


class Noted:
    """A state whose steps note the same numbers."""

    def __init__(self, **numbers):
        self.steps, self.numbers = 0, numbers

    def step(self, batch):
        self.steps += 1

    def steps_done(self):
        return self.steps

    def means(self, steps, skip=0):
        return self.numbers

    def broken(self):
        return []

    def set_learning_rate(self, rate):
        pass


def walk(**numbers):
    state, rows = Noted(**numbers), []
    plan = loop.course_of(series.resolve("digits", epochs=1), steps=2)
    loop.run(loop.Training(plan, state, state.step, lambda epoch, first: range(2), lambda: None, [rows.append]))
    return rows


def test_a_mean_leaves_out_only_gradients_that_are_missing():
    experiment = series.resolve("mnist", model="gan", image_size=2, base_filters=2, batch_size=2, noise_dim=3)
    state = create_state(experiment, tf.distribute.get_strategy(), ("Gen_loss", "Gen_grad"), 3, {})
    state.finish_step({"Gen_loss": 1.0, "Gen_grad": math.nan})
    state.finish_step({"Gen_loss": 2.0, "Gen_grad": 6.0})
    assert state.means(2) == {"Gen_loss": 1.5, "Gen_grad": 6.0}
    state.finish_step({"Gen_loss": math.nan, "Gen_grad": math.inf})
    assert math.isnan(state.means(3)["Gen_loss"])
    assert state.means(3)["Gen_grad"] == math.inf


def test_only_a_gradient_may_be_missing():
    (row,) = walk(Gen_loss=1.0, Gen_grad=math.nan)
    assert math.isnan(row["Gen_grad"])
    for numbers in ({"Gen_loss": math.nan}, {"Real_logit": math.nan}, {"Gen_loss": 1.0, "Gen_grad": math.inf}):
        with pytest.raises(Diverged, match=f"{list(numbers)[-1]} is"):
            walk(**numbers)


def test_a_log_that_an_older_version_began(tmp_path):
    """It has Real_P for every loss."""
    common = {"Gen_loss": 1.0, "Dis_loss": 2.0, "lr": 0.1, "images_per_second": 3.0, "steps": 9.0}
    rows = [
        {"epoch": 1.0, "step": 9.0, "Real_P": 0.5, "Fake_P": 0.25, **common},
        {"epoch": 2.0, "step": 18.0, "Real_logit": 4.0, "Fake_logit": -4.0, **common},
    ]
    runs.write_log(tmp_path, rows)
    one, two = runs.read_log(tmp_path)
    assert {name: value for name, value in one.items() if not math.isnan(value)} == rows[0]
    assert {name: value for name, value in two.items() if not math.isnan(value)} == rows[1]
