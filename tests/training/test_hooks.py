import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import classifier, runs, workflow
from tfgan_series.errors import UserError
from tfgan_series.evaluation import evaluate, scores
from tfgan_series.training import hooks
from tfgan_series.training import train as training


def test_a_run_without_its_log_is_told_in_a_line(tmp_path):
    with pytest.raises(UserError, match=r"log.csv is not there: bring back a copy of it, or start the run over"):
        hooks.finish(tmp_path)


def test_the_best_generator_outlives_a_collapse(digits, tiny, tmp_path, monkeypatch, capsys):
    """After two sound epochs the learning rate becomes so large that the generator draws one picture."""
    monkeypatch.setattr(classifier, "STEPS", 10)
    metric = "fid60_test_classifier"
    sound = tiny.change(g_norm="none", evaluate_every=1, evaluate_count=60)
    folder = workflow.train(sound, tfrecord_path=digits[0], run_dir=tmp_path / "run")
    training.train(sound.change(lr=0.3, epochs=4), digits[1], folder, tf.distribute.get_strategy())
    log = runs.read_log(folder)
    distances = [row[metric] for row in log]
    assert log[-1]["Variety"] < 0.05
    assert min(distances[:2]) == min(distances) < distances[-1]
    for file, distance in ((runs.best_name("generator"), min(distances)), (runs.GENERATOR, distances[-1])):
        measured = evaluate.evaluate_run(folder, tfrecord_path=digits[0], generator=folder / file, count=60)
        assert measured[0].value == pytest.approx(distance, rel=1e-4)
    kept = [score for score in scores.read(folder) if score.metric == metric]
    assert [score.step for score in kept] == [23, 46, 69, 92]
    np.testing.assert_allclose([score.value for score in kept], distances, rtol=1e-8)
    assert capsys.readouterr().out.count("; the best so far") in (1, 2)


def test_scores_are_measured_every_so_many_epochs_and_at_the_end(digits, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", 10)
    short = tiny.change(steps=30, batch_size=300, grid_every=4, evaluate_every=3, evaluate_count=20)  # an epoch has 5 steps
    folder = workflow.train(short.change(steps=17), tfrecord_path=digits[0], run_dir=tmp_path / "run")
    measured = [row["step"] for row in runs.read_log(folder) if np.isfinite(row["fid20_test_classifier"])]
    assert measured == [15, 17]
