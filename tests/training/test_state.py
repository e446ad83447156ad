"""The numbers that steps note: their means, and how they come into the log and its figures."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import runs, series, workflow
from tfgan_series.training.state import create_state


def test_a_mean_leaves_out_only_gradients_that_are_missing():
    experiment = series.resolve("mnist", model="gan", image_size=2, base_filters=2, batch_size=2, noise_dim=3)
    state = create_state(experiment, tf.distribute.get_strategy(), ("Gen_loss", "Gen_grad"), 3, {})
    state.finish_step({"Gen_loss": 1.0, "Gen_grad": math.nan})
    state.finish_step({"Gen_loss": 2.0, "Gen_grad": 6.0})
    assert state.means(2) == {"Gen_loss": 1.5, "Gen_grad": 6.0}
    state.finish_step({"Gen_loss": math.nan, "Gen_grad": math.inf})
    assert math.isnan(state.means(3)["Gen_loss"])
    assert state.means(3)["Gen_grad"] == math.inf


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


def test_what_training_says_at_its_end_is_there(hinge, digits, tiny, capsys):
    """Also of a run that is finished already."""
    workflow.train(runs.read_experiment(hinge), tfrecord_path=digits[0], run_dir=hinge)
    done = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Done"))
    assert "training.gif, loss.png, logits.png, generator.keras" in done
    assert all((hinge / name).is_file() for name in ("training.gif", "loss.png", "logits.png", "generator.keras"))
