"""A short version of the damage that `make stress` does to every kind of file."""

import json

import warm
from conftest import ROOT, command_environment


def test_damaged_files_end_in_a_line_or_do_no_harm(trained, digits, celeba, tmp_path):
    words = [str(ROOT / "tests/corruption.py"), *map(str, (trained, digits[1].folder, celeba)), "3", "0"]
    done = warm.run(words, tmp_path, command_environment(PYTHONPATH=str(ROOT), TF_CPP_MIN_LOG_LEVEL="3"), tmp_path / "printed")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 30
    assert [row for row in rows if row["bad"]] == []
    assert sum(row["refused"] for row in rows) > 20
