import dataclasses
import json
import subprocess
import sys
import time

import pytest

from tfgan_series import series
from tfgan_series.errors import UserError
from tfgan_series.evaluation import scores

from conftest import ROOT, command_environment


def score(**changed):
    return scores.Score(
        **{
            "metric": "fid10k_test_classifier", "value": 12.345, "error": None, "floor": 0.9, "n_real": 10_000, "n_fake": 10_000,
            "n_floor": 10_000, "partition": "test", "features": "classifier", "features_digest": "aa", "step": 7, "seed": 0,
            "checkpoint": "generator.keras", "checkpoint_digest": "bb", "versions": {"keras": "3"},
        }
        | changed
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("fid", "", 10_000, "test", "classifier"), "fid10k_test_classifier"),
        (("kid", "", 512, "val", "random"), "kid512_val_random"),
        (("precision", "", 2_500, "train", "inception"), "precision2500_train_inception"),
        (("fid", "_ab", 60, "train", "random"), "fid_ab60_train_random"),
    ],
)
def test_a_name_says_the_protocol(arguments, name):
    assert scores.protocol_name(*arguments) == name


def test_rows_are_kept_and_measured_again_they_are_replaced(tmp_path):
    assert scores.read(tmp_path) == []
    first = [score(), score(metric="kid10k_test_classifier", error=0.1)]
    scores.add(tmp_path, first)
    assert scores.read(tmp_path) == first
    assert json.loads((tmp_path / scores.NAME).read_text().splitlines()[0])["metric"] == "fid10k_test_classifier"
    others = [score(seed=1), score(features_digest="cc"), score(checkpoint_digest="dd", step=8), score(n_real=9)]
    scores.add(tmp_path, [score(value=11.0), *others])
    assert scores.read(tmp_path) == [first[1], score(value=11.0), *others]  # the last measured comes last


def test_two_processes_that_write_at_once_lose_nothing(tmp_path):
    code = f"""
import pathlib, sys, time
from tfgan_series.evaluation import scores
noted = {dataclasses.asdict(score())!r}
pathlib.Path(sys.argv[1], sys.argv[2]).touch()
while not pathlib.Path(sys.argv[1], "go").exists():
    time.sleep(0.001)
for number in range(30):
    scores.add(sys.argv[1], [scores.Score(**noted | {{"metric": sys.argv[2] + str(number)}})])
"""
    words = [sys.executable, "-c", code, str(tmp_path)]
    writers = [subprocess.Popen([*words, name], env=command_environment(PYTHONPATH=str(ROOT))) for name in ("fid", "kid")]
    while not all((tmp_path / name).exists() for name in ("fid", "kid")) and all(writer.poll() is None for writer in writers):
        time.sleep(0.001)
    (tmp_path / "go").touch()
    assert [writer.wait() for writer in writers] == [0, 0]
    assert {one.metric for one in scores.read(tmp_path)} == {f"{name}{number}" for name in ("fid", "kid") for number in range(30)}


def test_a_copy_of_the_generator_does_not_take_the_place_of_the_runs_own(tmp_path):
    dcgan = series.resolve("digits")
    scores.add(tmp_path, [score()])
    scores.add(tmp_path, [score(checkpoint="/elsewhere/generator-best.keras", step=None)])
    assert len(scores.read(tmp_path)) == 2
    assert scores.of_run(tmp_path, dcgan) == [score()]


def test_floors_that_differ_by_rounding_can_be_compared():
    one = score(floor=1.0624661255)
    assert scores.how_to_compare([one, score(floor=1.0624661484)]) == scores.HOW_TO_READ
    for other in (score(floor=1.07), score(floor=one.floor, features_digest="cc")):
        assert f"({one.metric}): do not compare" in scores.how_to_compare([one, other])
    assert scores.how_to_compare([one, score(metric="kid", features_digest="cc")]) == scores.HOW_TO_READ


def test_real_pictures_that_a_run_was_trained_on_are_said():
    dcgan = series.resolve("digits")
    against_test, against_train = [score(partition="test")], [score(partition="train")]
    told = scores.caution(dcgan, against_train)
    assert told.startswith("The real pictures are pictures that the generator was trained on.")
    assert scores.caution(dcgan.change(partition="all"), against_test) == told
    assert scores.caution(dcgan, against_test) == scores.caution(dcgan, []) == ""
    assert scores.caution(series.resolve("horse2zebra"), against_train) == ""
    assert scores.cautions({"one": told, "other": "", "third": told}) == f"one, third: {told}"
    assert "still look poor" not in told
    assert scores.caution(dcgan, [score(features="random")]).startswith("Through random features, pictures can score like real")


def test_a_score_in_a_line():
    one = score(value=12.25, error=0.5, floor=1.5)
    assert str(one) == f"{one.metric} 12.25 ± 0.5 (real pictures 1.5)"


def test_scores_through_another_network_from_some_step_on_are_said():
    one, other = score(step=10), score(step=20, features_digest="cc")
    assert f"({one.metric}) were measured through one network up to some step" in scores.caution_of_changes([one, other])
    same = [one, score(step=20), score(metric="kid", step=20, features_digest="cc"), score(step=None, features_digest="cc")]
    assert scores.caution_of_changes(same) == ""


def test_the_latest_score_of_each_name():
    found = [score(value=3.0), score(metric="kid", value=1.0), score(value=2.0)]
    assert scores.latest(found) == [score(metric="kid", value=1.0), score(value=2.0)]  # the last measured comes last


@pytest.mark.parametrize(
    ("kind", "weights", "line"),
    [
        ("Inception", None, r"--features=Inception: choose one of classifier, random, inception \(did you mean inception\?\)"),
        (None, "w.h5", "--weights is for --features=inception"),
        ("random", "w.h5", "--weights is for --features=inception"),
    ],
)
def test_features_that_there_are_not(kind, weights, line):
    with pytest.raises(UserError, match=line):
        scores.check_kind(kind, weights)
    scores.check_kind("inception", weights)


@pytest.mark.parametrize("text", ["{", '{"metric": "fid"}\n', "[1]\n"])
def test_a_damaged_file_is_named_and_stays(tmp_path, text):
    (tmp_path / scores.NAME).write_text(text)
    with pytest.raises(UserError, match=r"scores.jsonl cannot be read .*: remove it, and measure again"):
        scores.add(tmp_path, [score()])
    assert (tmp_path / scores.NAME).read_text() == text


def test_classes_are_those_of_the_last_measurement():
    """Of 10,000 pictures, of 500, and after more training of 10,000 again: classes of the last alone, in one row each."""

    def measured(count, value, classes):
        named = [score(metric=f"fid_of_{name}_{count // 10}_test_classifier", of=name, value=value) for name in classes]
        return [score(metric=f"fid{count}_test_classifier", value=value), *named]

    found = [*measured(10_000, 5.0, "ab"), *measured(500, 60.0, "abc"), *measured(10_000, 3.0, "ab")]
    table = [["class", "fid"], ["a", "3 (0.9)"], ["b", "3 (0.9)"]]
    assert scores.by_class(scores.latest(found)) == table


def test_a_table_for_people():
    lines = scores.table([score(), score(metric="kid10k_test_classifier", value=0.01234, error=0.000567, floor=-0.0001)])
    assert [line.split() for line in lines.splitlines()] == [
        ["score", "value", "of", "real", "pictures"],
        ["fid10k_test_classifier", "12.35", "0.9"],
        ["kid10k_test_classifier", "0.01234", "±", "0.00057", "-0.0001"],
    ]
