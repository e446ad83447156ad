"""Follows the two pages on adding in a copy of the package, and types their commands."""

import re
import shutil

import pytest

from tfgan_series import runs

import warm
from conftest import ROOT, command_environment

pytestmark = pytest.mark.extra
QUICK = ("--base_filters=2", "--epochs=1")


@pytest.fixture
def copy(tmp_path):
    for name in ("tfgan_series", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def insert(path, place, text):
    before, after = path.read_text().split(place)
    path.write_text(before + place + text + after)


def code_blocks(page):
    return re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)


def type_words(words, copy):
    done = warm.run(words, copy, command_environment(PYTHONPATH=str(copy)), copy / "printed")
    assert done.returncode == 0, done.stdout + done.stderr


def type_commands(page, copy, flags=""):
    for words in re.findall(r"`python (scripts/[^`]*)`", page):
        type_words([*words.split(), *(QUICK if "train.py" in words else ()), *flags.split()], copy)


def test_a_data_set(copy):
    page = (ROOT / "docs/adding_a_data_set.md").read_text()
    assert len(page.splitlines()) < 40
    (code,) = code_blocks(page)
    folder = copy / "tfgan_series/data/datasets"
    (folder / "stripes.py").write_text(code)
    insert(folder / "__init__.py", "from tfgan_series.data.datasets import ", "stripes, ")
    (entry,) = re.findall(r"in `DATASETS`:\s+`(.*?)`$", page, flags=re.MULTILINE)
    insert(folder / "__init__.py", "DATASETS: dict[str, DataSet] = {\n", f"    {entry}\n")
    type_commands(page, copy)
    for model in ("dcgan", "gan"):
        assert len(runs.read_log(copy / f"runs/{model}/stripes-16-base_filters=2")) == 1


def test_a_model(copy, digits):
    page = (ROOT / "docs/adding_a_model.md").read_text()
    assert len(page.splitlines()) < 70
    networks, settings, entry = code_blocks(page)
    (copy / "tfgan_series/networks/shallow.py").write_text(networks)
    models = copy / "tfgan_series/series/models.py"
    place = "\n\n@dataclass(frozen=True, kw_only=True)\nclass Model:"
    models.write_text(models.read_text().replace(place, f"\n\n{settings}{place}"))
    insert(models, "MODELS: dict[str, Model] = {\n", entry)
    (copy / "tfrecords").symlink_to(digits[0])
    type_commands(page, copy, "--image_size=8")
    run = copy / "runs/shallow/digits-8-base_filters=2-hidden=tanh"
    assert "Dis_loss" in runs.read_log(run)[0]
    type_words(["scripts/generate.py", "--model=shallow", "--image_size=8", "--base_filters=2", "--hidden=tanh"], copy)
    assert (run / "generated/seed-0-count-16.png").is_file()
