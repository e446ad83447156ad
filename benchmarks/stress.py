"""Does a training lose anything when it is killed? The script kills short trainings, starts them again, and compares every file.

    python benchmarks/stress.py [--kills=20] [--models=gan,dcgan,cyclegan]

Each training is killed with SIGKILL and started again with the same command until it ends. Then its folder is compared with
the folder of a training that was never killed: weights, optimizers, log, steps, grids and scores, byte for byte. Left out are
times: the log's images_per_second, the report, and the time that a .keras file or an event carries. The table has the number of
kills, and the number of trainings whose files differ.
"""

import argparse
import csv
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorboard.compat.proto import event_pb2

from tfgan_series import runs, series
from tfgan_series.data import conversion

TRAIN = Path(__file__).resolve().parent.parent / "scripts/train.py"
COMMON = (
    "--image_size=16", "--batch_size=8", "--epochs=4", "--grid_every=4", "--epoch_steps=1", "--deterministic", "--run_dir=run",
)  # fmt: skip
MODELS = {
    "gan": ("--ImageType=folder", "--evaluate_every=1", "--evaluate_count=20"),
    "dcgan": ("--ImageType=folder", "--base_filters=4", "--update=alternating", "--critic_steps=2", "--ema=0.9"),
    "cyclegan": ("--ImageType=unpaired", "--base_filters=2", "--blocks=1", "--pool=3"),
}
SPEED = "images_per_second"

Moment = Callable[[Path, float], bool]  # (run folder, seconds since the training began) -> whether to kill now


def write_pictures(root: Path) -> None:
    """96 pictures of noise in folder/train, and 48 in unpaired/trainA and trainB each."""
    draw = np.random.default_rng(0)
    for name, count in (("folder/train", 96), ("unpaired/trainA", 48), ("unpaired/trainB", 48)):
        (root / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(draw.integers(0, 256, (16, 16, 3), np.uint8)).save(root / name / f"{number:03d}.png")


def start(model: str, place: Path, records: Path, *more: str) -> subprocess.Popen:
    """Start a training in `place`. Returns when it trains, or when it has ended."""
    place.mkdir(exist_ok=True)
    words = [sys.executable, str(TRAIN), f"--model={model}", *MODELS[model], *COMMON, f"--TFRecordPath={records}", *more]
    printed = place / "printed.txt"
    with open(printed, "w") as file:
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(words, cwd=place, env=environment, stdout=file, stderr=subprocess.STDOUT)
    while process.poll() is None and not printed.read_text().startswith(("Training", "Going on")):
        time.sleep(0.01)
    return process


def kill(process: subprocess.Popen, folder: Path, moment: Moment) -> bool:
    """Kill a training at a moment. False if it ended before."""
    began = time.monotonic()
    while process.poll() is None:
        if moment(folder, time.monotonic() - began):
            process.kill()
            return process.wait() == -signal.SIGKILL
        time.sleep(0.0005)
    return False


def contents(folder: Path) -> dict[str, object]:
    """{file: what is in it, without times}."""
    found: dict[str, object] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "report.html"):
        name = str(path.relative_to(folder))
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as file:
                config = re.sub(rb'"shared_object_id": \d+', b"", file.read("config.json"))  # an address in memory
                found[name] = [config, file.read("model.weights.h5")]
        elif path.name == runs.LOG:
            with open(path, newline="") as file:
                found[name] = [{key: value for key, value in row.items() if key != SPEED} for row in csv.DictReader(file)]
        elif path.parent.name == runs.TENSORBOARD:
            found[name.split(".step-")[-1]] = events(path)
        else:
            found[name] = path.read_bytes()
    return found


def events(path: Path) -> list[tuple[int, str, bytes]]:
    """The values of a file of TensorBoard events."""
    parsed = [event_pb2.Event.FromString(event) for event in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()]
    return [
        (event.step, value.tag, value.SerializeToString(deterministic=True))
        for event in parsed
        for value in event.summary.value
        if value.tag != SPEED
    ]


def differing(one: dict[str, object], other: dict[str, object]) -> list[str]:
    """The files that only one of two folders has, or that differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def moments(seconds: float, draw: random.Random) -> dict[str, Callable[[], Moment]]:
    """{fault: a maker of the moment to kill at}. seconds: what the whole training takes."""

    def at_random() -> Moment:
        after = draw.uniform(0, seconds / 2)
        return lambda folder, passed: passed > after

    def while_there_is(pattern: str) -> Callable[[], Moment]:
        def make() -> Moment:
            after = draw.uniform(0, seconds / 2)
            return lambda folder, passed: passed > after and any(folder.glob(pattern))

        return make

    return {
        "killed at a random moment": at_random,
        "killed inside a checkpoint": while_there_is("checkpoints/step-*_temp"),
        "killed inside an export": while_there_is(".partial-*.keras"),
    }


def torment(model: str, root: Path, records: Path, kills: int, draw: random.Random) -> list[tuple[str, int, int]]:
    """[(fault, kills, trainings whose files differ)] of a model."""
    began = start(model, root / "through", records)
    clock = time.monotonic()
    if began.wait():
        raise SystemExit(f"{model} does not train")
    whole, wanted = time.monotonic() - clock, contents(root / "through/run")
    rows = []
    for number, (fault, make) in enumerate(moments(whole, draw).items()):
        done = lost = trained = 0
        while done < kills:
            place = root / f"{number}-{trained}"
            while done < kills and kill(start(model, place, records), place / "run", make()):
                done += 1
            failed = start(model, place, records).wait()
            files = differing(wanted, contents(place / "run"))
            if failed or files:
                lost += 1
                print(f"{model}, {fault}: {', '.join(files) or 'the command failed'} in {place}", flush=True)
            trained += 1
        rows.append((f"{model} {fault}", done, lost))
    place, done, lost = root / "through", 0, 0
    for _ in range(kills // 4):
        after = draw.uniform(0, whole / 2)
        done += kill(start(model, place, records, "--overwrite"), place / "run", lambda _, passed, after=after: passed > after)
        failed = start(model, place, records).wait()
        lost += bool(failed or differing(wanted, contents(place / "run")))
    return [*rows, (f"{model} killed under --overwrite", done, lost)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="of each model and fault")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="stress-"))
    write_pictures(root)
    for image_type in ("folder", "unpaired"):
        conversion.convert(
            series.resolve(image_type, image_size=16), dataset_path=root / image_type, tfrecord_path=root / "tfrecords"
        )
    print(f"In {root}\n\n| fault | tries | lost |\n|---|---|---|")
    failed = 0
    for model in arguments.models.split(","):
        (root / model).mkdir()
        for fault, tries, lost in torment(
            model, root / model, root / "tfrecords", arguments.kills, random.Random(arguments.seed)
        ):
            print(f"| {fault} | {tries} | {lost} |", flush=True)
            failed += lost
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
