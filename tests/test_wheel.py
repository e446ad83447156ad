"""The wheel holds all that the package needs."""

import configparser
import os
import shutil
import site
import subprocess
import sys
import zipfile

import pytest

from conftest import ROOT, command_environment


def test_every_file_that_is_no_code_is_package_data():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    packed = {
        file
        for package, patterns in setup["options.package_data"].items()
        for pattern in patterns.split(",")
        for file in (ROOT / package.replace(".", "/")).glob(pattern.strip())
    }
    files = (path for path in (ROOT / "tfgan_series").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert packed == {path for path in files if path.suffix != ".py"}


@pytest.mark.extra
def test_the_wheel_alone_trains_from_another_folder(tmp_path):
    """It is installed without dependencies into an environment of its own, which sees this one's packages. There it makes its
    records (of MNIST in the package), a page (template, style and script) and a card."""
    source, place, here = tmp_path / "source", tmp_path / "venv", tmp_path / "here"
    shutil.copytree(ROOT / "tfgan_series", source / "tfgan_series", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    environment = {name: value for name, value in command_environment().items() if name != "PYTHONPATH"}
    here.mkdir()

    def run(*words):
        done = subprocess.run([str(word) for word in words], cwd=here, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, source)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        files = {str(path.relative_to(source)) for path in (source / "tfgan_series").rglob("*") if path.is_file()}
        assert files <= set(file.namelist())

    run(sys.executable, "-m", "venv", "--without-pip", place)
    scripts, packages = run(
        place / ("Scripts" if os.name == "nt" else "bin") / "python", "-c",
        "import sysconfig; print(*map(sysconfig.get_path, ('scripts', 'purelib')), sep='\\n')",
    ).splitlines()  # fmt: skip
    with open(os.path.join(packages, "shared.pth"), "w") as paths:
        paths.write("\n".join(site.getsitepackages()))
    python, tfgan = os.path.join(scripts, "python"), os.path.join(scripts, "tfgan")
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel)

    assert packages in run(python, "-c", "import tfgan_series; print(tfgan_series.__file__)")
    told = run(tfgan, "train", "--image_size=8", "--base_filters=4", "--steps=20", "--grid_every=10", "--name=eight")
    assert "epoch 0.021, step 20 of 20" in told
    assert (here / "runs/eight/report.html").is_file()
    run(tfgan, "export", "--name=eight", "--formats=saved_model")
    assert "tfgan train" in (here / "runs/eight/exported/MODEL_CARD.md").read_text()
