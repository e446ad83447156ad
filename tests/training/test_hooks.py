import dataclasses

import numpy as np
import pytest

from tfgan_series import classifier, networks, runs, series, workflow
from tfgan_series.data import conversion
from tfgan_series.errors import UserError
from tfgan_series.evaluation import evaluate, features, scores
from tfgan_series.generators import load_generator
from tfgan_series.inference import weights_digest
from tfgan_series.training import hooks

from conftest import write_celeba, write_squares


def test_the_best_generator_outlives_a_collapse(digits, tiny, tmp_path, monkeypatch, capsys):
    """After two sound epochs the weights of the generator's last layer are lost: it draws one picture for every z."""
    monkeypatch.setattr(classifier, "STEPS", 10)
    monkeypatch.setattr(classifier, "TRUSTED", 0.0)
    metric = "fid60_test_classifier"
    sound, measure, meanwhile = tiny.change(evaluate_every=1, evaluate_count=60), evaluate.evaluate, []

    def watched(*given, **how):
        file = tmp_path / "run" / runs.GENERATOR
        meanwhile.append((runs.last_step(file.parent), file.is_file() and weights_digest(load_generator(file))))
        return measure(*given, **how)

    monkeypatch.setattr(evaluate, "evaluate", watched)
    folder = workflow.train(sound, tfrecord_path=digits[0], run_dir=tmp_path / "run")
    monkeypatch.undo()
    first = next(score for score in scores.read(folder) if score.step == 23)
    assert meanwhile == [(None, False), (23, first.checkpoint_digest)]  # the file is that of the log's last row
    distances = [row[metric] for row in runs.read_log(folder)]
    scores.add(folder, [dataclasses.replace(first, value=0.001, step=30, seed=7)])  # of evaluate: no best generator was kept
    generator = load_generator(folder / runs.GENERATOR)
    *kept, kernel, bias = generator.get_weights()
    generator.set_weights([*kept, 0 * kernel, bias])
    monkeypatch.setattr(classifier, "STEPS", 10)
    monkeypatch.setattr(classifier, "TRUSTED", 0.0)
    seen = features.load("classifier", digits[1], sound)
    real = evaluate.reference(digits[1], sound, seen, count=60)
    row = {"step": 69, "steps": 23}
    hooks.save_scores({"generator": generator}, real, every=1, total=92, folder=folder)(row)
    assert row[metric] > min(distances)
    assert "after epoch 3" in (told := capsys.readouterr().out.splitlines()[-1])
    assert told.endswith(f"the best so far was after epoch {np.argmin(distances) + 1}")
    assert [score.step for score in scores.read(folder) if score.metric == metric and not score.seed] == [23, 46, 69]
    best = evaluate.evaluate_run(folder, tfrecord_path=digits[0], generator=folder / runs.best_name("generator"), count=60)
    assert best[0].value == pytest.approx(min(distances), rel=1e-4)


def two_pairs(experiment, real):
    """Two sets of an experiment's generators, with the one first whose distance is lower."""
    built = (networks.build(experiment.change(seed=seed)) for seed in (0, 1))
    made = [{name: networks_of[name] for name in real.targets} for networks_of in built]
    return sorted(made, key=lambda one: np.mean([found.value for found in distances(one, real)]))


def distances(generators, real):
    return [one for one in evaluate.evaluate(generators, real) if scores.is_distance(one)]


def test_the_best_generator_is_measured_again_if_its_score_does_not_compare(digits, tiny, tmp_path, capsys):
    """A classifier that was trained anew sees other distances, and other counts give others. A worse generator is not kept."""
    seen = features.load("random", digits[1], tiny)
    real = evaluate.reference(digits[1], tiny, seen, count=60)
    better, worse = two_pairs(tiny, real)
    best = tmp_path / runs.best_name("generator")

    def measure(generators, reference, step):
        hooks.save_scores(generators, reference, every=1, total=92, folder=tmp_path)({"step": step, "steps": 23})
        told = capsys.readouterr().out
        return "generator-best.keras again" in told, told.rpartition("; ")[2]

    assert measure(better, real, 23) == (False, "the best so far\n")
    kept = best.read_bytes()
    assert measure(worse, real, 46) == (False, "the best so far was after epoch 1\n")
    found = [dataclasses.replace(one, value=99.0, features_digest="another") for one in scores.read(tmp_path)]
    (tmp_path / scores.NAME).unlink()
    scores.add(tmp_path, found)
    assert measure(worse, real, 46) == (True, "the best so far was after epoch 1\n")
    assert measure(worse, real, 69) == (False, "the best so far was after epoch 1\n")  # its new score is kept too
    assert measure(worse, evaluate.reference(digits[1], tiny, seen, count=50), 69) == (
        True,
        "the best so far was after epoch 1\n",
    )
    assert best.read_bytes() == kept


def test_a_best_generator_that_cannot_be_read_is_not_replaced(digits, tiny, tmp_path):
    real = evaluate.reference(digits[1], tiny, features.load("random", digits[1], tiny), count=60)
    best = tmp_path / runs.best_name("generator")
    best.write_bytes(b"damaged")
    with pytest.raises(UserError, match="generator-best.keras cannot be read .* move it away"):
        hooks.save_scores(networks.build(tiny), real, every=1, total=92, folder=tmp_path)


def test_best_generators_of_two_rows_are_none(tmp_path):
    """A CycleGAN that was killed between the two files trains the row again, and keeps both of its generators."""
    experiment = series.resolve("horse2zebra", image_size=16, base_filters=2, blocks=1, batch_size=4, augment=False)
    found = conversion.convert(experiment, dataset_path=write_squares(tmp_path / "files", 40, 40), tfrecord_path=tmp_path)
    real = evaluate.reference(found, experiment, features.load("random", found, experiment), count=20)
    better, worse = two_pairs(experiment, real)
    keep = {name: tmp_path / runs.best_name(name) for name in real.targets}

    def measure(generators, step):
        hooks.save_scores(generators, real, every=1, total=92, folder=tmp_path)({"step": step, "steps": 23})

    measure(worse, 23)
    assert [one.step for one in evaluate.best_distances(tmp_path, real)] == [23, 23]
    first = [path.read_bytes() for path in keep.values()]
    measure(better, 46)
    assert [one.value for one in evaluate.best_distances(tmp_path, real)] == [one.value for one in distances(better, real)]
    keep["generator_ba"].write_bytes(first[1])
    assert evaluate.best_distances(tmp_path, real) == []
    measure(better, 46)
    assert [weights_digest(load_generator(path)) for path in keep.values()] == [*map(weights_digest, better.values())]
    keep["generator_ba"].unlink()
    assert evaluate.best_distances(tmp_path, real) == []


def test_scores_by_class_are_in_the_scores_and_not_in_the_log(digits, tmp_path):
    experiment = series.resolve("digits", "cgan", image_size=8, base_filters=4).fitted(digits[1])
    real = evaluate.reference(digits[1], experiment, features.load("random", digits[1], experiment), count=290)
    row = {"step": 23, "steps": 23}
    hooks.save_scores({"generator": networks.build(experiment)["generator"]}, real, every=1, total=23, folder=tmp_path)(row)
    found = scores.read(tmp_path)
    assert {score.of for score in found} > {"", "7"}
    assert set(row) == {"step", "steps", *(score.metric for score in found if not score.of)}


def test_scores_are_measured_every_so_many_epochs_and_at_the_end(tmp_path, monkeypatch):
    """Against val, because test judges the run in the end. The rows before the first scores have none to compare with."""
    monkeypatch.setattr(classifier, "STEPS", 10)
    monkeypatch.setattr(classifier, "TRUSTED", 0.0)
    files = write_celeba(tmp_path / "celeba", count=86)
    # 40 usable ones to train with, 22 val and 22 test pictures.
    partitions = [f"{number:06d}.jpg {int(number > 42) + int(number > 64)}\n" for number in range(1, 87)]
    (files / "Eval/list_eval_partition.txt").write_text("".join(partitions))
    short = series.resolve(
        "celeba", image_size=8, base_filters=4, batch_size=7, steps=17, grid_every=4, evaluate_every=3, evaluate_count=20
    )  # an epoch has 5 steps
    conversion.convert(short, dataset_path=files, tfrecord_path=tmp_path)
    folder = workflow.train(short, tfrecord_path=tmp_path, run_dir=tmp_path / "run")
    measured = [row["step"] for row in runs.read_log(folder) if np.isfinite(row["fid20_val_classifier"])]
    assert measured == [15, 17]
    assert (folder / runs.best_name("generator")).is_file()
