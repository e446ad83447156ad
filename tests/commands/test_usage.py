"""--help."""

import re

import pytest

from tfgan_series import series
from tfgan_series.__main__ import COMMANDS

from conftest import ROOT, command


@pytest.fixture
def no_tensorflow(tmp_path):
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow/__init__.py").write_text("raise ImportError('TensorFlow was imported')")
    return tmp_path


def sections(text):
    """{group: its flags, without their values} of a help text."""
    found = {}
    for line in text.splitlines():
        if title := re.fullmatch(r"(\w+(?: \w+)?):", line):
            flags = found[title[1]] = []
        elif flag := re.match(r"  --(?:\[no\])?(\w+)", line):
            flags.append(flag[1])
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_help_comes_without_tensorflow(name, no_tensorflow):
    script = {"convert": "make_tfrecord"}.get(name, name)
    done = command(f"{script}.py", "-h", cwd=no_tensorflow, PYTHONPATH=f"{no_tensorflow}:{ROOT}")
    assert f"python {ROOT}/scripts/{script}.py" in done.stdout.splitlines()[0]
    assert "ImageType" in sections(done.stdout)["pictures"]
    assert not re.search(r"\btfgan \w+ --", done.stdout)  # the examples name the way the user came
    own = re.findall(r"(.*): this command has its own", done.stdout)
    assert own == (
        ["--seed"] if name in ("generate", "explore", "evaluate") else []
    )  # by every other flag of train, a command finds its run


def test_help_has_the_flags_and_the_defaults_of_a_model(tmp_path):
    text = command("train.py", "--help", "--model=cyclegan", cwd=tmp_path).stdout
    found = sections(text)
    assert list(found) == ["this command", "pictures", "network", "training", "speed", "files"]
    experiment = series.resolve("horse2zebra", "cyclegan")
    shown = [flag for group in series.GROUPS for flag in found[group]]
    assert sorted(shown) == sorted(map(series.flag_name, series.values(experiment)))
    assert found["speed"] == ["precision", "jit_compile", "deterministic"]
    assert found["files"] == ["TFRecordPath", "run_dir", "name"]
    words = " ".join(text.split())
    assert "pictures in a batch, over all devices together (default: 1)" in words
    assert "weight of the cycle loss, lambda (default: 10.0)" in words
    assert "Only other models have --classes, --condition," in words


@pytest.mark.parametrize(("flags", "row"), [([], "mnist"), (["--ImageType=cifar10"], "cifar10")])
def test_help_has_the_defaults_of_a_study(tmp_path, flags, row):
    words = " ".join(command("compare.py", "--study=tips", "--help", *flags, cwd=tmp_path).stdout.split())
    assert f"The defaults of the settings are those of --ImageType={row} --model=dcgan." in words
    assert "0: epochs gives the length (default: 1900)" in words


def test_a_commands_own_flag_may_have_a_settings_name(tmp_path):
    text = command("explore.py", "--help", cwd=tmp_path).stdout
    assert "seed of the samples, as in" in text
    found = sections(text)  # what only finds the run does not hide them
    assert next(iter(found)) == "this command"
    assert (found["pictures"], found["training"]) == (["ImageType"], ["preset"])
