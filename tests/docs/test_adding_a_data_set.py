"""Does to a copy of the package what the page says, and types its commands."""

import re
import shutil
import subprocess
import sys

from tfgan_series import runs

from conftest import ROOT, command_environment


def test_the_page(tmp_path):
    page = (ROOT / "docs/adding_a_data_set.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) < 30
    for name in ("tfgan_series", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "tfgan_series/data/datasets/stripes.py").write_text(code, encoding="utf-8")
    source_line, row = re.findall(r"in `\w+`: `(.*?)`$", page, flags=re.MULTILINE)
    for file, place, line in (
        ("data/datasets/__init__.py", "from tfgan_series.data.datasets import ", "stripes, "),
        ("data/datasets/__init__.py", "SOURCES = {\n", f"    {source_line}\n"),
        ("series.py", "_TABLE = (\n", f"    {row}\n"),
    ):
        path = tmp_path / "tfgan_series" / file
        before, after = path.read_text(encoding="utf-8").split(place)
        path.write_text(before + place + line + after, encoding="utf-8")

    quick = ["--base_filters=2", "--epochs=1"]
    for words in re.findall(r"`python (scripts/\S+ --ImageType=stripes)`", page):
        script, flag = words.split()
        arguments = [flag, *(quick if "train" in script else [])]
        environment = command_environment(PYTHONPATH=str(tmp_path))
        subprocess.run([sys.executable, script, *arguments], cwd=tmp_path, env=environment, check=True)
    assert len(runs.read_log(tmp_path / "runs/dcgan/stripes-16")) == 1
