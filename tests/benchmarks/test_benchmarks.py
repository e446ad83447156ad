"""Most benchmarks run once with tiny sizes, in one process, because importing TensorFlow takes longer than most of them.

Four do not run here. cluster starts a Ray cluster for each conversion. overhead and start train on MNIST's records, and have no
tiny size. quality measures 10,000 pictures, however short the training is.
"""

import importlib.util
import json
import math
import re
import subprocess
import sys

import keras
import pytest

from tfgan_series import networks, series

from conftest import ROOT, command_environment

pytestmark = pytest.mark.extra
FOLDER = ROOT / "benchmarks"
MEMORY = ["memory.py", "--image_size=32", "--preset=article", "--blocks=1", "--precision=float32"]
TINY_STEP = "image_size=8,base_filters=2,batch_size=2"
RUNS = {
    "pipeline": ["pipeline.py", "--count=8", "--batch_size=2", "--rounds=1", "--cases", "box"],
    "convert": ["convert.py", "--count=12", "--rounds=1", "--lines", "box", "PNG"],
    "step": ["step.py", "--cases=dcgan-32", f"--changes={TINY_STEP}", "--seconds=0", "--rounds=1", "--no-torch"],
    "generate": ["generate.py", "--count=4", "--image_size=8", "--base_filters=2", "--rounds=1", "--no-torch"],
    "cost": ["cost.py", "--widths=2,4", "--sizes=8,16", "--batch_size=2", "--rounds=1"],
    "scores": ["scores.py", "--tiny", "--no-torch"],
    "measured": [*MEMORY, "--in_this_process"],
    "counted as on Windows": MEMORY,
}
RUNNER = """
import json, runpy, sys

folder, runs = sys.argv[1], json.loads(sys.argv[2])
sys.path.insert(0, folder)
for name, (script, *arguments) in runs.items():
    print("RUN", name, flush=True)
    if "Windows" in name:
        sys.modules["resource"] = None  # which is Unix' own
    sys.argv = [script, *arguments]
    runpy.run_path(f"{folder}/{script}", run_name="__main__")
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """{name of the run: what it printed}."""
    place = tmp_path_factory.mktemp("benchmarks")
    (place / "runner.py").write_text(RUNNER)
    words = [sys.executable, str(place / "runner.py"), str(FOLDER), json.dumps(RUNS)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=place, env=command_environment(PYTHONPATH=str(ROOT)))
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: text for name, _, text in (part.partition("\n") for part in done.stdout.split("RUN ")[1:])}


def test_pipeline(printed):
    """Every way was read. With one round, the ratio is that of the two speeds."""
    speeds = r"^(\w+) +ours +([\d,]+) images/s +(\w+) +([\d,]+) images/s"
    line = speeds + r" +ratio +([\d.]+) \([\d.]+ to [\d.]+\) +first batch +\d+ ms, +\d+ ms$"
    found = {}
    for case, mine, peer, other, ratio in re.findall(line, printed["pipeline"], re.MULTILINE):
        mine, other = (float(speed.replace(",", "")) for speed in (mine, other))
        assert float(ratio) == pytest.approx(mine / other, rel=0.05, abs=0.01)
        found[case, peer] = ratio
    assert {("box", peer) for peer in ("article", "bare")} <= set(found)


def test_convert(printed):
    other = r"[\d,]+/s \(ratio [\d.]+ \([\d.]+ to [\d.]+\)\)"
    for line in ("box", "PNG"):
        assert re.search(rf"^convert {line}: ours [\d,]+/s, TFDS {other}, limit {other}$", printed["convert"], re.MULTILINE)


def test_step(printed):
    """Without PyTorch, in turns: both precisions, Keras' own parts, both calls. After one round a ratio is that of two speeds."""
    line = r"^\| dcgan-32 B 2, ([\w', ]+) \| ([\d.,]+) images/s \([\w ]+\) \| ([\d.,]+) images/s \([\w' ]+\) \| ([\d.]+) \("
    found = {what: numbers for what, *numbers in re.findall(line, printed["step"], re.MULTILINE)}
    assert list(found) == [
        "bfloat16 against float32",
        "FusedAdam against Keras' Adam",
        "fused normalisation, float32",
        "fused normalisation, bfloat16",
        "several steps in a call against one",
    ]
    for ours, peer, ratio in found.values():
        speeds = [float(speed.replace(",", "")) for speed in (ours, peer)]
        assert float(ratio) == pytest.approx(speeds[0] / speeds[1], rel=0.01, abs=0.01)
    assert re.search(r"matrix products: float32 [\d,]+ GFLOP/s, bfloat16 [\d,]+ GFLOP/s$", printed["step"], re.MULTILINE)


def test_generate(printed):
    found = re.findall(r"^\| DCGAN 8 px, width 2, (\w+) \| ([\d,]+) images/s", printed["generate"], re.MULTILINE)
    assert [precision for precision, _ in found] == ["float32", "bfloat16"]


@pytest.mark.skipif(sys.platform != "linux", reason="the module resource is Unix' own")
def test_cost(printed):
    cells = re.findall(r"^\| (\d+) \| (\d+) \| ([\d.]+) \| [\d,]+ \| [\d,]+ \|$", printed["cost"], re.MULTILINE)
    assert [cell[:2] for cell in cells] == [("2", "64"), ("4", "64"), ("32", "8"), ("32", "16")]
    small, large = (float(milliseconds) for _, size, milliseconds in cells if size != "64")
    (found,) = re.findall(r"time ~ size\^([-\d.]+) at width 32", printed["cost"])
    assert float(found) == pytest.approx(math.log2(large / small), abs=0.05)


def test_pairs_by_hand(capsys):
    """The ratio is the median of the pairs, and not the ratio of the medians."""
    turns = load("turns")
    assert turns.ratio([1, 2, 4], [2, 2, 12]) == "2.00 (1.00 to 3.00)"
    calls = []
    both = {"a": lambda times: calls.append(("a", times)), "b": lambda times: calls.append(("b", times))}
    assert {name: len(seconds) for name, seconds in turns.in_turn(both, 3, rounds=2).items()} == {"a": 2, "b": 2}
    assert calls == [("a", 3), ("b", 3)] * 2
    assert list(turns.working({"bad": lambda: [][0], "good": lambda: both["a"]})) == ["good"]
    assert "bad: IndexError" in capsys.readouterr().out


def test_scores(printed):
    found = dict(re.findall(r"^  ([\w ]+): (.+) in [\d.]+ s$", printed["scores"], re.MULTILINE))
    assert list(found) == ["fid", "kid", "precision and recall"]
    assert float(found["fid"]) > 0


def test_memory_measured(printed):
    grown, seconds = map(float, printed["measured"].split())
    assert math.isfinite(grown)
    assert seconds > 0


def test_memory_counted(printed):
    """The gradients are as large as the parameters. Weights and Adam's two slots are three times as large."""
    experiment = series.resolve("horse2zebra", blocks=1, image_size=32)
    mebibytes = sum(model.count_params() for model in networks.build(experiment).values()) * 4 / 2**20
    heading, line = printed["counted as on Windows"].splitlines()
    assert heading == "32 px, batch 1; MiB"
    assert line.startswith("article 1 blocks float32 ")
    total, slots, gradients, generators, discriminators = map(int, re.findall(r" (\d+)\b(?! blocks)", line))
    assert (gradients, slots) == (round(mebibytes), round(3 * mebibytes))
    assert total == pytest.approx(slots + gradients + generators + discriminators, abs=2)


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_output_bytes_by_hand(monkeypatch):
    """Of 2 pictures of 6x6: a convolution to 3x3x5 and one number each; four bytes to a number."""
    monkeypatch.syspath_prepend(FOLDER)
    memory = load("memory")
    pictures = keras.Input((None, None, 1))
    features = keras.layers.Conv2D(5, 3, 2, "same")(pictures)
    model = keras.Model(pictures, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(features)))
    assert memory.output_bytes(model, size=6, batch=2) == 4 * 2 * (3 * 3 * 5 + 5 + 1)
