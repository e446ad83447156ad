import json
import math
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tfgan_series import files, runs, series
from tfgan_series.errors import UserError

from conftest import command_environment

COMMON = {"Real_P": 0.5, "Fake_P": 0.25, "Dis_loss": 1.5, "images_per_second": 100.0, "steps": 30}


def test_a_log_of_long_epochs_can_be_read(tmp_path):
    """Its epochs have six digits after the point, which are more than a step if an epoch has millions of them."""
    same = {**COMMON, "Gen_loss": 1.0, "lr": 0.1, "steps": 5_000_003}
    rows = [{"epoch": round(step / 5_000_003, 6), "step": step, **same} for step in range(1000, 60_000, 1000)]
    runs.write_log(tmp_path, rows)
    assert len(runs.read_log(tmp_path)) == len(rows)


def test_default_folder():
    assert str(runs.default_folder(series.resolve("celeba"))) == "runs/dcgan/img_celeba-bbox-64"
    assert str(runs.default_folder(series.resolve("digits"))) == "runs/dcgan/digits-32"
    thin = series.resolve("digits", preset="strong", base_filters=8)
    assert str(runs.default_folder(thin, "mine")) == "runs/dcgan/digits-32-strong-base_filters=8-TFRecordPath=mine"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"epochs": 3, "jit_compile": True, "image_size": 32, "bbox": False}, ""),
        ({"preset": "strong", "base_filters": 32, "steps": 9}, "strong-base_filters=32"),
        ({"lr_drops": (1, 2), "norm_ends": True}, "lr_drops=1+2-norm_ends"),
        ({"preset": "strong", "batch_size": 128, "lr_drops": ()}, "strong-batch_size=128"),
        ({"model": "cdcgan", "condition": ("Smiling", "Male")}, "condition=Smiling+Male"),
        ({"r1": 1}, "r1=1.0"),
        ({"r1": 1.0}, "r1=1.0"),
    ],
)
def test_what_tells_a_run_from_the_plain_one(given, name):
    assert runs.variation(series.resolve("celeba", **given)) == name


def test_the_name_of_a_run_is_short_and_of_two_runs_never_the_same():
    base = {"lr": 0.001, "beta_1": 0.5, "beta_2": 0.9, "noise_dim": 64, "dropout": 0.1}
    names = [runs.variation(series.resolve("celeba", **base, d_slope=slope)) for slope in (0.1, 0.15)]
    names += [runs.variation(series.resolve("celeba"), root) for root in ("a/b", "a-b", "tfrecords/", "./tfrecords")]
    assert names[0].startswith("lr=0.001-beta_2=0.9-noise_dim=64-") and all(len(one) <= 40 + 9 for one in names)
    assert names[3:] == ["TFRecordPath=a-b", "", ""]
    assert names[2].startswith("TFRecordPath=a-b-") and len(set(names)) == 5
    assert not any(set(one) & set(",/[]*?\\ ") for one in names)


def test_a_run_that_the_user_names():
    assert str(runs.named_folder("Ngựa_2 lớn".replace(" ", "-"))) == "runs/Ngựa_2-lớn"
    for name in ("", "..", "a/b", "a b", "a,b", "*"):
        with pytest.raises(UserError, match="a name has letters, digits"):
            runs.named_folder(name)
    for name in ("dcgan", "compare"):
        with pytest.raises(UserError, match=f"--name={name}: runs/{name} is for runs without a name"):
            runs.named_folder(name)


def test_a_run_that_is_not_there_and_those_that_are(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"train one with tfgan train, or, if .* of its runs .here is {tmp_path}.$"):
        runs.read_info("runs/dcgan/digits-32")
    places = [f"runs/{name}" for name in ("cats", "dcgan/digits-8-strong", "compare/dcgan/digits-8/lr=0.1")]
    for time, place in enumerate(places):
        (tmp_path / place).mkdir(parents=True)
        shutil.copy(trained / "experiment.json", tmp_path / place)
        os.utime(tmp_path / place / "experiment.json", (time, time))
    with pytest.raises(UserError, match=f"give the --run_dir of one that there is: {', '.join(reversed(places))}$"):
        runs.read_info("runs/dcgan/digits-32")
    for number in range(10):
        shutil.copytree("runs/cats", f"runs/{number}")
    with pytest.raises(UserError, match=" and 3 more$"):
        runs.read_info("runs/dcgan/digits-32")
    assert "--run_dir" not in runs.no_run("runs/cgan/digits-32", "tfgan train", ["cgan"])  # there are no runs of a cgan


def test_log_there_and_back(tmp_path):
    assert runs.read_log(tmp_path) == []
    rows = [
        {"epoch": 0.333333, "step": 10, "Gen_loss": 0.123456789, "lr": 2e-5, **COMMON},
        {"epoch": 1, "step": 30, "Gen_loss": 1e-9, "lr": 2e-6, **COMMON},
    ]
    runs.write_log(tmp_path, rows)
    assert runs.read_log(tmp_path) == rows
    header = b"epoch,step,Real_P,Fake_P,Gen_loss,Dis_loss,lr,images_per_second,steps\n"
    first, second = b"0.333333,10,0.5,0.25,0.123456789,1.5,2e-05,100,30\n", b"1,30,0.5,0.25,1e-09,1.5,2e-06,100,30\n"
    assert (tmp_path / "log.csv").read_bytes() == header + first + second


def test_a_log_of_a_very_long_run(tmp_path):
    """The epoch has ten digits in all, so from 10,000 on not all of its decimals."""
    rows = [
        {"epoch": step / 30, "step": step, "Gen_loss": 1.0, "lr": 2e-5, **COMMON} for step in (*range(30, 300_991, 30), 301_000)
    ]
    runs.write_log(tmp_path, rows)
    assert runs.read_log(tmp_path)[-1]["step"] == 301_000


def test_a_log_of_the_time_before_the_column_step(tmp_path):
    (tmp_path / "log.csv").write_text("epoch,Gen_loss,Dis_loss,lr,images_per_second,steps\n1,1,2,3,4,30\n2,1,2,3,4,30\n")
    assert [row["step"] for row in runs.read_log(tmp_path)] == [30, 60]


@pytest.mark.parametrize(
    ("step", "words", "file"),
    [
        (0, "epoch 0", "epoch-000"),
        (30, "epoch 1", "epoch-001"),
        (31, "step 31", "step-000031"),
        (1900, "step 1,900", "step-001900"),
    ],
)
def test_a_moment_of_a_run(step, words, file):
    assert runs.moment(step, 30) == words
    assert runs.grid_path("run", float(step), 30.0).as_posix() == f"run/images/{file}.png"


def test_numbers_that_are_none_are_borne(tmp_path):
    runs.write_log(tmp_path, [{"epoch": 1, "Gen_loss": math.inf, "lr": 2e-5, "Gen_grad": math.nan, **COMMON}])
    (row,) = runs.read_log(tmp_path)
    assert math.isnan(row["Gen_grad"])
    assert row["Gen_loss"] == math.inf
    assert runs.images_per_second([row]) == 100


def test_steps_there_and_back(tmp_path):
    """The step numbers go on from epoch to epoch. A step that did not update the generator has no gradient."""
    (tmp_path / "steps").mkdir()
    names, history = ("Gen_loss", "Gen_grad"), np.array([[0.5, 2.0], [0.25, math.nan], [1234567.0, 1e-9]])
    for epoch, first in ((1, 1), (2, 4)):
        runs.write_steps(tmp_path, epoch, first, names, epoch * history)
    expected = b"step,Gen_loss,Gen_grad\n4,1,4\n5,0.5,nan\n6,2.46913e+06,2e-09\n"
    assert (tmp_path / "steps/epoch-002.csv").read_bytes() == expected
    found = runs.read_steps(tmp_path, epochs=2)
    assert list(found) == ["step", *names]
    assert found["step"].tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(found["Gen_grad"], [2, math.nan, 1e-9, 4, math.nan, 2e-9])
    np.testing.assert_allclose(found["Gen_loss"], [0.5, 0.25, 1234570, 1, 0.5, 2469130])
    assert runs.read_steps(tmp_path, epochs=0) == runs.read_steps(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "it is empty"),
        ("step,Gen_loss\n", "it has no steps"),
        ("step,Gen_loss\n2,x\n", "could not convert string to float: 'x'"),
        ("step,Gen_loss\n2\n", "line 2 has 1 values, and there are 2 columns"),
        ('step,Gen_loss\n2,"1\n', "could not convert string to float: '\"1'"),
        ("step,Gen_loss\n1,1\n2,1\n", "it has step 1 where step 2 comes: a step is there twice, or lost"),
        ("step,Gen_loss\n2,1\n4,1\n", "it has step 4 where step 3 comes"),
        ("step,Dis_loss\n1,0.5\n", "its columns are step, Dis_loss, those of the files before are step, Gen_loss"),
        (
            "step,Gen_loss,Gen_grad\n1,0.5,1\n",
            "its columns are step, Gen_loss, Gen_grad, those of the files before are step, Gen_loss",
        ),
    ],
)
def test_damaged_steps_are_named(tmp_path, text, what):
    (tmp_path / "steps").mkdir()
    runs.write_steps(tmp_path, 1, 1, ["Gen_loss"], np.ones((1, 1)))
    (tmp_path / "steps/epoch-002.csv").write_text(text)
    with pytest.raises(UserError, match=rf"steps/epoch-002\.csv cannot be read \({what}.*trained again"):
        runs.read_steps(tmp_path, epochs=2)


READ = """
import sys, warnings
from tfgan_series import runs

warnings.simplefilter("error", EncodingWarning)
for read in (runs.read_experiment, runs.read_flags, runs.read_log, lambda folder: runs.read_steps(folder, 1)):
    assert read(sys.argv[1])
"""


def test_files_are_read_in_utf_8_whatever_the_locale(trained):
    words = [sys.executable, "-X", "warn_default_encoding", "-c", READ, trained]
    done = subprocess.run(words, capture_output=True, text=True, env=command_environment())
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("change", "settled"),
    [({}, True), ({"epochs": 3}, False), ({"lr": 1.0}, False), ({"epochs": 1}, False), ({"steps": 46}, False)],
)
def test_a_settled_run_is_the_same_and_finished(trained, tiny, change, settled):
    assert runs.is_settled(trained, tiny.change(**change)) == settled


def test_a_diverged_run_is_settled_and_no_run_is_not(trained, tiny, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    runs.write_log(folder, runs.read_log(folder)[:1])
    assert not runs.is_settled(folder, tiny)
    (folder / runs.DIVERGED).touch()
    assert runs.is_settled(folder, tiny)
    assert not runs.is_settled(tmp_path, tiny)


def test_speed_is_the_median_of_the_epochs():
    assert runs.images_per_second([{"images_per_second": speed} for speed in (1.0, 100.0, 102.0)]) == 100


def test_steps_that_are_missing(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    (folder / "steps/epoch-002.csv").unlink()
    assert len(runs.read_steps(folder, epochs=1)["step"]) == 23
    assert len(runs.read_steps(trained)["step"]) == 46
    with pytest.raises(UserError, match=r"steps/epoch-002\.csv cannot be read"):
        runs.read_steps(folder, epochs=2)


def test_what_is_no_run(trained, tmp_path):
    with pytest.raises(UserError, match=r"is not a run \(no experiment\.json\)"):
        runs.read_experiment(tmp_path)
    (tmp_path / "experiment.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        runs.read_experiment(tmp_path)
    (tmp_path / "experiment.json").write_text("[" * 200_000)
    with pytest.raises(UserError, match="cannot be read .it is nested too deep"):
        runs.read_experiment(tmp_path)
    record = json.loads((trained / "experiment.json").read_text())
    record["experiment"]["from_the_future"] = 1
    (tmp_path / "experiment.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="from another version"):
        runs.read_experiment(tmp_path)


def test_a_killed_write_leaves_the_old_log(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    files.partial(folder / runs.LOG).write_text("epoch,Re")
    assert len(runs.read_log(folder)) == 2


def write_epochs(folder, steps):
    """log.csv with a row after each of these steps; an epoch has 30."""
    names = ("Real_P", "Fake_P", "Gen_loss", "Dis_loss", "lr", "images_per_second")
    rows = [dict.fromkeys(names, 0.123) | {"epoch": round(step / 30, 6), "step": step, "steps": 30} for step in steps]
    runs.write_log(folder, rows)
    return folder / runs.LOG


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (",", ";"),
        ("epoch,", "epxch,"),
        ("\n2,", "\n2\n2,"),
        ("0.123", "0,123"),
        ("0.123", "x"),
        ("\n2,", "\n3,"),
        (",30\n", ",0\n"),
    ],
)  # fmt: skip
def test_a_damaged_log_is_named(tmp_path, old, new):
    path = write_epochs(tmp_path, [30, 60])
    assert len(runs.read_log(tmp_path)) == 2
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UserError, match=r"log\.csv cannot be read .*start the run over"):
        runs.read_log(tmp_path)


@pytest.mark.parametrize("rows", [100, 10_000])
def test_a_stray_quote_in_a_log_is_one_short_line(tmp_path, rows):
    """The first number begins with a quote. 10,000 rows are more than the field limit of Python's csv."""
    path = write_epochs(tmp_path, range(30, 30 * rows + 1, 30))
    path.write_text(path.read_text().replace("0.123", '"0.123', 1))
    with pytest.raises(UserError, match="could not convert string to float: '\"0.123'") as error:
        runs.read_log(tmp_path)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ([30, 60, 60, 90], "line 4: step 60 after step 60: a row comes twice, or two runs wrote it"),
        ([30, 60, 30, 60], "line 4: step 30 after step 60: a row comes twice"),
        ([30, 90], "line 3: the row of step 60, an epoch's end, is missing before it"),
        ([60], "line 2: the row of step 30, an epoch's end, is missing before it"),
        ([20, 40], "line 3: the row of step 30, an epoch's end, is missing before it"),
    ],
)
def test_rows_of_a_log_that_come_twice_or_are_lost(tmp_path, steps, line):
    write_epochs(tmp_path, steps)
    with pytest.raises(UserError, match=line) as error:
        runs.read_log(tmp_path)
    assert "\n" not in str(error.value)


def test_missing_flags_are_named(tmp_path):
    with pytest.raises(
        UserError, match=r"flags\.txt cannot be read .*tfgan train with the run.s --run_dir and --TFRecordPath writes it anew"
    ):
        runs.read_flags(tmp_path)


def test_a_run_of_the_digits_before_they_were_mnist_is_refused(trained, tmp_path):
    record = json.loads((trained / "experiment.json").read_text())
    del record["records_type"]  # as all versions before wrote it
    (tmp_path / "experiment.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="is from an earlier version, in which digits had other pictures: give another --run_dir"):
        runs.read_experiment(tmp_path)
    record["experiment"]["image_type"] = "mnist"
    (tmp_path / "experiment.json").write_text(json.dumps(record))
    assert runs.read_experiment(tmp_path).image_type == "mnist"


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
