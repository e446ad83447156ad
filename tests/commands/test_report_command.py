"""report.py as a user types it."""

import shutil

import pytest

from conftest import command


@pytest.fixture(scope="module")
def workplace(trained, tmp_path_factory):
    """A folder with two runs: one in the default place, and one elsewhere."""
    folder = tmp_path_factory.mktemp("report")
    for place in ("runs/dcgan/digits-8", "runs/lr=0.1"):
        shutil.copytree(trained, folder / place, ignore=shutil.ignore_patterns("checkpoints", "report.html"))
    return folder


def test_one_run_and_several(workplace):
    one, other = "runs/dcgan/digits-8", "runs/lr=0.1"
    assert command("report.py", "--image_size=8", cwd=workplace).stdout == f"Open {one}/report.html\n"
    assert f"<title>dcgan on digits: {one}</title>" in (workplace / one / "report.html").read_text()
    command("report.py", f"--run_dir={other}", "--out=pages/one.html", cwd=workplace)
    assert [path.name for path in (workplace / "pages").iterdir()] == ["one.html"]
    (workplace / "lr=0.1").mkdir()  # something else that has the run's name
    command("report.py", f"--runs={one},lr=0.1", cwd=workplace)  # by its name
    assert "<title>2 runs side by side</title>" in (workplace / "runs/dcgan/dcgan-digits-8-lr=0.1.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--run_dir=nowhere"], "nowhere is not a run"),
        (["--run_dir=empty"], "empty is not a run"),
        (["--run_dir=begun"], "begun has nothing to show yet"),
        (["--runs=runs/dcgan/digits-8,nowhere"], "nowhere is not a run"),
        (["--runs=runs/dcgan/digits-8", "--run_dir=nowhere"], "--runs names the runs"),
        (["--runs="], "--runs names no run: give --runs=RUN,RUN"),
        (["--run_dir=runs/dcgan/digits-8", "--Partition=test"], "does not match the flags"),
    ],
)
def test_bad_input_is_one_line(workplace, arguments, line):
    (workplace / "empty").mkdir(exist_ok=True)
    (workplace / "begun").mkdir(exist_ok=True)
    shutil.copy(workplace / "runs/dcgan/digits-8/experiment.json", workplace / "begun")
    done = command("report.py", *arguments, "--out=bad/page.html", cwd=workplace, check=False)
    assert done.returncode == 1
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (workplace / "bad").exists()
