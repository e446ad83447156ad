"""Two workers on this machine, each in its own process: they end together, or go on together."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import classifier, runs, series, workflow
from tfgan_series.errors import UserError
from tfgan_series.training import devices, workers

import test_adversarial
import test_cyclegan_step
import warm
from conftest import ROOT, command_environment, command_words
from worker import WALKS

# Seconds after which both workers are killed. It measures no speed: if one waits for the other for ever, as a fault in the code
# can make it, all tests would wait too.
GUARD = 300


def run_two(words, cwd):
    """Run two workers. words(index): the script of each and its arguments. Returns [(exit status, output)]."""
    pair = warm.start_two(words, cwd, command_environment(), cwd / "output")
    try:
        for worker in pair:
            worker.join(GUARD)
        return [(worker.exitcode, warm.printed(cwd / f"output-{index}")) for index, worker in enumerate(pair)]
    finally:
        for worker in pair:
            worker.kill()


def test_two_workers_train_as_one(tmp_path, digits, monkeypatch):
    """MultiWorkerMirroredStrategy: the log of two workers is the log of one, and so are the files: they are written once."""
    flags = (
        "--image_size=8", "--base_filters=4", "--epochs=1", "--dropout=0", "--critic_steps=2", "--evaluate_every=1",
        "--evaluate_count=60", f"--TFRecordPath={digits[0]}", "--run_dir=two",
    )  # fmt: skip
    single = series.resolve(
        "digits", image_size=8, base_filters=4, epochs=1, dropout=0.0, critic_steps=2, evaluate_every=1, evaluate_count=60
    )
    monkeypatch.setattr(classifier, "STEPS", 10)
    classifier.find_or_train(digits[1], single)  # the processes find it
    ended = run_two(lambda index: command_words("train.py", *flags)[1:], cwd=tmp_path)
    assert [status for status, _ in ended] == [0, 0], ended
    workflow.train(single, tfrecord_path=digits[0], run_dir=tmp_path / "one")
    two, one = (runs.read_log(tmp_path / name)[0] for name in ("two", "one"))
    for name in ("Real_P", "Fake_P", "Gen_loss", "Dis_loss", "steps"):
        assert two[name] == pytest.approx(one[name], rel=1e-4)
    (distance,) = (name for name in one if name.startswith("fid60_test_"))
    assert two[distance] == pytest.approx(one[distance], rel=1e-2)
    assert files_of(tmp_path / "two") == files_of(tmp_path / "one")


def files_of(run):
    """The files of a run, without the host and the process in the names of TensorBoard's."""
    paths = (path.relative_to(run) for path in run.rglob("*") if path.is_file())
    return sorted(str(path.with_name("".join(path.suffixes[-2:])) if runs.TENSORBOARD in path.parts else path) for path in paths)


ALONE = """
from tfgan_series.training import devices, workers
workers.MEET_SECONDS = 1
devices.choose_strategy()
"""


def test_a_worker_whose_peer_never_comes_ends(tmp_path):
    (tmp_path / "alone.py").write_text(ALONE)
    config = {"cluster": {"worker": ["127.0.0.1:0", "127.0.0.1:1"]}, "task": {"type": "worker", "index": 0}}
    environment = command_environment(TF_CONFIG=json.dumps(config), TF_CPP_MIN_LOG_LEVEL="3", PYTHONPATH=str(ROOT))
    done = warm.run([str(tmp_path / "alone.py")], tmp_path, environment, tmp_path / "printed")
    assert done.returncode == 1
    assert done.stdout.startswith("Waiting for the other workers. If one of them is not there after ")
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def played(tmp_path_factory, digits):
    """(folder, {scene of worker.py: [how it ended for the chief, and for the other worker]})."""
    folder = tmp_path_factory.mktemp("workers")
    script = Path(__file__).with_name("worker.py")
    ended = run_two(lambda index: [str(script), f"results-{index}.json", str(digits[0])], cwd=folder)
    assert [status for status, _ in ended] == [0, 0], ended
    chief, other = (json.loads((folder / f"results-{index}.json").read_text()) for index in range(2))
    return folder, {scene: [chief[scene], other.get(scene)] for scene in chief}


@pytest.mark.parametrize(
    ("scene", "line"),
    [
        ("refused", "holds another run (batch_size: 500 in the run, 250 asked)"),
        ("without_records_on_one", "no records in nowhere/mnist/8: make them before several workers train"),
        ("with_a_folder_of_ones_own", "the workers differ (settings "),
        ("with_settings_of_ones_own", "the workers differ (settings "),
        ("where_the_chief_cannot_write", "images/epoch-002.png"),
    ],
)
def test_what_one_is_refused_ends_both_in_a_line(played, scene, line):
    for kind, text in played[1][scene]:
        assert kind in ("UserError", "IsADirectoryError")
        assert line in text
        assert "\n" not in text


def test_a_run_survives_an_overwrite_that_one_worker_is_refused(played):
    assert played[1]["overwrite_that_one_is_refused"] == [True, True]


def test_both_diverge_and_go_on_with_the_comparison_that_one_of_them_writes(played):
    folder, scenes = played
    root = folder / "compared/dcgan/digits-8"
    assert scenes["compared"] == [(root / "heat.md").read_text()] * 2
    assert "| usual | 1 |" in scenes["compared"][0]
    assert "| hot | 0; 1 of 1 run diverged |" in scenes["compared"][0]
    for index in range(2):
        assert warm.printed(folder / f"output-{index}").count("hot, seed 0 diverged: ") == 1


def test_overwrite_on_both_starts_over(played):
    folder, scenes = played
    assert scenes["overwritten"] == [None, None]
    (hot,) = (folder / "compared/dcgan/digits-8").glob("*lr=1e+38*")
    assert [row["epoch"] for row in runs.read_log(hot)] == [1]
    assert not (hot / runs.DIVERGED).exists()


@pytest.mark.parametrize(("scene", "run"), [("sigterm_to_the_chief", "SIGTERM"), ("ctrl_c_to_the_other", "SIGINT")])
def test_a_signal_to_one_worker_stops_both_at_the_same_saved_step(played, scene, run):
    folder, scenes = played
    assert scenes[scene] == [["Interrupted", "epoch 1 of 2, after step 3 of 6"]] * 2
    assert (folder / run / "checkpoints/step-3.index").is_file()


def test_the_networks_of_two_workers_are_those_of_one_device(played):
    """With SGD, which shows errors of scale, and without Dropout."""
    alone = tf.distribute.get_strategy()
    wanted = {name: test_adversarial.walk(alone, **test_adversarial.UPDATES[name])[-1] for name in WALKS}
    wanted["cyclegan"] = test_cyclegan_step.walk(alone)[1]
    for ended in played[1]["walks"]:
        assert list(ended) == list(wanted)
        for name, networks in wanted.items():
            np.testing.assert_allclose(ended[name], networks, atol=1e-5)


def test_tensorflow_does_not_keep_sigterm_for_itself(played):
    assert played[1]["heard_before_the_loop"] == [[signal.SIGTERM]] * 2


def test_a_worker_that_is_lost_ends_the_other_in_a_line(played):
    chief, _ = played[1]["lost"]
    assert chief[0] == "UserError"
    assert chief[1].startswith("another worker has ended or cannot be reached")
    assert "\n" not in chief[1]


def test_a_cluster_that_cannot_be_read_is_one_line(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{cluster: {}}")
    with pytest.raises(
        UserError, match="TF_CONFIG is no JSON .Expecting property name.*: give it in single quotes, or unset it$"
    ):
        devices.choose_strategy()


@pytest.mark.parametrize("index", [2, "one"])
def test_a_cluster_without_this_worker_is_one_line(index, monkeypatch):
    """Whoever counts from 1 gives the last worker an index that there is not."""
    cluster = {"worker": ["127.0.0.1:0", "127.0.0.1:1"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}))
    with pytest.raises(UserError, match="TF_CONFIG does not describe this worker .*the first is 0; or unset it$") as error:
        devices.choose_strategy()
    assert "\n" not in str(error.value)


def test_one_process_is_together_with_itself():
    """A problem stays what it is, and nothing is sent."""
    alone = tf.distribute.get_strategy()
    assert workers.exchange(alone, "a line") == ["a line"]
    with workers.together(alone):
        pass
    with pytest.raises(OSError, match="full"), workers.together(alone):
        raise OSError("full")
