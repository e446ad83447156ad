"""The command `tfgan`, as `python -m tfgan_series`."""

import subprocess
import sys

import pytest

from tfgan_series import __version__
from tfgan_series.__main__ import COMMANDS

from conftest import ROOT, command_environment

WAY = "python -m tfgan_series"


def tfgan(*words, cwd):
    arguments = [sys.executable, "-m", "tfgan_series", *words]
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, env=command_environment(PYTHONPATH=str(ROOT)))


def test_every_command_has_a_script_and_a_line(tmp_path):
    scripts = {path.stem for path in (ROOT / "scripts").glob("*.py")} - {"start", "make_tfrecord"}
    assert scripts | {"convert"} == set(COMMANDS)
    done = tfgan("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")] == list(COMMANDS)
    assert tfgan("--version", cwd=tmp_path).stdout == f"tfgan {__version__}\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["trian"], f"{WAY}: 'trian' is no command (did you mean train?); there are convert, train, generate, "),
        (["train", "extra"], f"{WAY} train: 'extra' is no flag; "),
        (["train", "--epoch=3"], f"{WAY} train: Unknown command line flag 'epoch' (did you mean epoch_steps, epochs?)"),
        (["train", "--ImageType=minst"], "celeba (did you mean mnist?); --help tells more"),
        (["explore", "neighbors"], "not 'neighbors' (did you mean neighbours?); see --help"),
        (["report", "--run_dir=nowhere"], f"nowhere is not a run (no experiment.json): train one with {WAY} train, or"),
        (["train", "--epochs=ten"], f"{WAY} train: flag --epochs=ten: a whole number is needed, and not 'ten'; --help"),
        (["train", "--lr=fast"], f"{WAY} train: flag --lr=fast: a number is needed, and not 'fast'; --help"),
        (["generate", "--ImageType=horse2zebra"], "not for this command; it takes digits, mnist, "),
        (["translate", "--input=."], f"train one with {WAY} train --ImageType=horse2zebra, or, if you have"),
    ],
)
def test_bad_input_is_one_line_that_names_the_way(words, line, tmp_path):
    done = tfgan(*words, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert line in done.stderr
