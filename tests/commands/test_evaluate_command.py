"""evaluate.py as a user types it."""

import json
import shutil

from conftest import command


def test_a_run_is_measured(trained, digits, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    words = ("--run_dir=run", f"--TFRecordPath={digits[0]}", "--features=random", "--count=64", "--seed=2", "--against=train")
    done = command("evaluate.py", *words, "--at_once=16", cwd=tmp_path)
    rows = [json.loads(line) for line in (run / "scores.jsonl").read_text().splitlines()]
    assert [row["metric"] for row in rows[:2]] == ["fid64_train_random", "kid64_train_random"]
    assert {(row["n_fake"], row["seed"], row["checkpoint"]) for row in rows} == {(64, 2, "generator.keras")}
    assert f"fid64_train_random        {rows[0]['value']:.4g}" in done.stdout
    assert "The real pictures are pictures that the generator was trained on." in done.stdout
    assert done.stdout.splitlines()[-2:] == ["In run/scores.jsonl", "To see the run, open run/report.html"]
    assert "fid64_train_random" in (run / "report.html").read_text(encoding="utf-8")
    done = command("evaluate.py", *words[:-1], "--against=test", cwd=tmp_path)
    assert "pictures that the generator was trained on" not in done.stdout


def test_no_network_and_no_weights_is_one_line(trained, digits, tmp_path):
    words = (f"--run_dir={trained}", f"--TFRecordPath={digits[0]}", "--features=inception")
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    done = command("evaluate.py", *words, cwd=tmp_path, check=False, KERAS_HOME=str(tmp_path), **nowhere)
    assert done.returncode == 1
    assert "cannot be downloaded" in done.stderr
    assert done.stderr.endswith("give a file of them with --weights, or --features=random\n")
    assert done.stderr.count("\n") == 1
    assert not (trained / "scores.jsonl").exists()
