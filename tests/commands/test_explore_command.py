"""explore.py as a user types it."""

import json
import shutil

import pytest

from conftest import command


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "say what to do, interpolate or arithmetic or neighbours; see --help"),
        (["walk"], "say what to do, interpolate or arithmetic or neighbours, and not 'walk'"),
        (["interpolate", "3,17"], "'3,17' is no flag; every argument after the first begins with --"),
        (["interpolate", "--samples=3,x"], "flag --samples=3,x: 'x' is no whole number; several have commas"),
        (["interpolate", "--plus=3"], "--plus is for arithmetic: leave it out"),
        (["neighbours", "--walk_steps=3"], "--walk_steps is for interpolate: leave it out"),
        (["arithmetic"], "say what to add in one of two ways: numbers of samples, as --plus=11,35,45 "),
        (["arithmetic", "--plus=3", "--sampled=100"], "--sampled is for --equation: leave it out"),
        (["arithmetic", "--equation=A + + B"], "--equation='A + + B', at character 5: wanted an attribute, found '+'"),
        (["neighbours", "--run_dir=nowhere"], "nowhere is not a run"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, line):
    done = command("explore.py", *arguments, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_walk_between_labels_is_not_called_linear(trained, tmp_path):
    words = ["interpolate", "--label=3,7", "--linear", f"--run_dir={trained}", f"--out={tmp_path / 'out'}"]
    done = command("explore.py", *words, cwd=tmp_path, check=False)
    line = "explore.py: --linear: the walk between --label=3,7 is on the straight line anyway: leave it out\n"
    assert (done.returncode, done.stderr) == (1, line)
    assert not list(tmp_path.iterdir())


def test_terms_keep_their_order(trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    words = ["arithmetic", "--plus", "3,17", "--minus", "5", "--plus", "2,9,33", "--seed=4"]
    done = command("explore.py", *words, "--run_dir=run", cwd=tmp_path)
    assert "mean(3, 17) - mean(5) + mean(2, 9, 33)" in done.stdout
    name = "arithmetic-3.17-5+2.9.33-seed-4"
    page = json.loads((run / f"explored/{name}.json").read_text())
    assert [(term["sign"], term["samples"]) for term in page["terms"]] == [(1, [3, 17]), (-1, [5]), (1, [2, 9, 33])]
    assert page["pictures"] == [f"{name}.png"]
    assert (run / f"explored/{name}.png").is_file()
    assert done.stdout.splitlines()[-1] == "To see the run, open run/report.html"
    assert "<h2>Arithmetic of samples</h2>" in (run / "report.html").read_text(encoding="utf-8")
