"""What is lost when a process is killed or a disk is full? The script tries it again and again, and prints a table.

    python tests/stress.py [--parts=gan,dcgan,cyclegan,workers,conversion,disk,memory,corruption] [--tries=20] [--seed=0]

gan, dcgan, cyclegan: a training is killed with SIGKILL, at a random moment, inside a checkpoint or inside an export, and started
again with the same command until it ends. Its folder is compared with that of a training that was never killed: weights,
optimizers, log, steps, grids and scores, byte for byte. Left out are times: the log's images_per_second, the report, and the time
that a .keras file or an event carries. Then the same with --overwrite.
workers: see FAULTS; a quarter of the tries for each (Linux, as root).
conversion: the same for make_tfrecord.py. After each kill the record folder is not there, or is complete.
disk: conversions, trainings, pages and exports on disks of many sizes, each too small, until they end (Linux, as root).
memory: what a process grows by in an epoch, over the last 200 of 300; and the memory in which a conversion of 1,000,000 files is
planned.
corruption: see corruption.py; five times as many tries.
"""

import argparse
import contextlib
import csv
import functools
import itertools
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorboard.compat.proto import event_pb2

from tfgan_series import classifier, runs, series
from tfgan_series.data import conversion

import warm
from conftest import write_celeba

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
USUAL = {name: value for name, value in ENVIRONMENT.items() if name != "TF_CPP_MIN_LOG_LEVEL"}  # TensorFlow's log stays hidden
COMMON = (
    "--image_size=16", "--batch_size=8", "--epochs=4", "--grid_every=4", "--epoch_steps=1", "--deterministic", "--run_dir=run",
    "--checkpoint_minutes=0.001",
)  # fmt: skip
SCORES = ("--evaluate_every=1", "--evaluate_count=20")
MODELS = {
    "gan": ("--ImageType=folder", *SCORES),
    "dcgan": ("--ImageType=folder", "--base_filters=4", "--update=alternating", "--critic_steps=2", "--ema=0.9"),
    "cyclegan": ("--ImageType=unpaired", "--base_filters=2", "--blocks=1", "--pool=12", *SCORES),
}
SPEED = "images_per_second"
PICTURES = 4000  # of the conversions: more than 2,000, so that they are prepared in processes

MANY = 1_000_000  # of the conversion that is only planned

Row = tuple[str, int, int]  # fault, tries, lost
Moment = Callable[[Path, float], bool]  # (run folder, seconds since the training began) -> whether to kill now


def write_pictures(root: Path) -> None:
    """48 pictures of noise in each of two classes below folder, and in unpaired/trainA and trainB."""
    draw = np.random.default_rng(0)
    for name in ("folder/one", "folder/two", "unpaired/trainA", "unpaired/trainB"):
        (root / name).mkdir(parents=True)
        for number in range(48):
            Image.fromarray(draw.integers(0, 256, (16, 16, 3), np.uint8)).save(root / name / f"{number:03d}.png")


def start(script: str, place: Path, *flags: str):
    """Start a command in `place`. Returns its process when it works, or when it has ended."""
    place.mkdir(exist_ok=True, parents=True)
    process = warm.start([str(ROOT / "scripts" / script), *flags], place, ENVIRONMENT, place / "printed")
    while process.is_alive() and not re.search("^(Training|Going on|Converting)", warm.printed(place / "printed"), re.MULTILINE):
        time.sleep(0.005)
    return process


def train(model: str, place: Path, records_root: Path, *more: str):
    """Start a training of a model in `place`."""
    return start("train.py", place, f"--model={model}", *MODELS[model], *COMMON, f"--TFRecordPath={records_root}", *more)


def ended(process) -> int:
    """The exit status of a process, when it has ended."""
    process.join()
    return process.exitcode


def kill(process, folder: Path, moment: Moment) -> bool:
    """Kill a process at a moment. False if it ended before."""
    began = time.monotonic()
    while process.is_alive():
        if moment(folder, time.monotonic() - began):
            process.kill()
            return ended(process) == -signal.SIGKILL
        time.sleep(0.0005)
    return False


def contents(folder: Path) -> dict[str, object]:
    """{file: what is in it, without times}."""
    found: dict[str, object] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "report.html"):
        name = str(path.relative_to(folder))
        if path.parent.name == runs.CHECKPOINTS:
            found[f"{runs.CHECKPOINTS}{path.suffix}"] = path.read_bytes()  # of the last step; the one before may be any
        elif path.suffix == ".keras":
            with zipfile.ZipFile(path) as file:
                config = re.sub(rb'"shared_object_id": \d+', b"", file.read("config.json"))  # an address in memory
                found[name] = [config, file.read("model.weights.h5")]
        elif path.name == runs.LOG:
            with open(path, newline="") as file:
                found[name] = [{key: value for key, value in row.items() if key != SPEED} for row in csv.DictReader(file)]
        elif any(one.suffix == ".savedmodel" for one in path.parents):
            found[name] = None  # TensorFlow writes other bytes each time
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


def moments(seconds: float, draw: random.Random) -> Iterator[Moment]:
    """Moments to kill a training at, one kind after the other. seconds: what the whole training takes."""
    while True:
        for pattern in ("", "checkpoints/step-*_temp", ".partial-*.keras"):
            after = draw.uniform(0, seconds * 0.8)
            yield (
                lambda folder, passed, after=after, pattern=pattern: passed > after and (not pattern or any(folder.glob(pattern)))
            )


def trainings(model: str, root: Path, tries: int, draw: random.Random) -> Iterator[Row]:
    """Kills of the trainings of a model. Lost are trainings whose files differ."""
    write_pictures(root)
    records_root = root / "tfrecords"
    for image_type in ("folder", "unpaired"):
        experiment = series.resolve(image_type, image_size=16)
        found = conversion.convert(experiment, dataset_path=root / image_type, tfrecord_path=records_root)
        if classifier.names(found):
            classifier.find_or_train(found, experiment)  # else the first training, which is timed, takes longer than others
    began = train(model, root / "through", records_root)
    clock = time.monotonic()
    if ended(began):
        raise SystemExit(f"{model} does not train: {warm.printed(root / 'through/printed')}")
    whole, wanted = time.monotonic() - clock, contents(root / "through/run")
    when, done, lost, trained = moments(whole, draw), 0, 0, 0
    while done < tries:
        place = root / str(trained)
        while done < tries and kill(train(model, place, records_root), place / "run", next(when)):
            done += 1
        lost += differs(f"{model} {trained}", ended(train(model, place, records_root)), wanted, place / "run")
        trained += 1
    yield f"{model} killed, in {series.counted(trained, 'trainings')}", done, lost
    place, done, lost = root / "through", 0, 0
    for number in range(tries // 4):
        done += kill(train(model, place, records_root, "--overwrite"), place / "run", next(when))
        lost += differs(f"{model} overwrite {number}", ended(train(model, place, records_root)), wanted, place / "run")
    yield f"{model} killed under --overwrite, and started again", done, lost


def differs(name: str, failed: int, wanted: dict[str, object], folder: Path) -> bool:
    """Whether a run failed or has other files than wanted, which is printed."""
    files = differing(wanted, contents(folder))
    if failed or files:
        print(f"{name}: {', '.join(files)}, status {failed}, in {folder}", flush=True)
    return bool(failed or files)


def exhaust() -> None:
    """Ask for more memory than there is."""
    tf.zeros([2**44])


def fill(pid: int, disk: Path) -> None:
    """Fill the disk."""
    with open(disk / FILLER, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(2**12)):
            pass


def sends(number: int) -> Callable[[int, Path], None]:
    """A function that sends a signal to a process."""
    return lambda pid, disk: os.kill(pid, number)


@dataclass(frozen=True)
class Fault:
    """How one of two workers fails. harm(its process, the disk of the training): done at a random moment. within(): called in
    the worker at a random batch. flags: of both workers, by which they fail. own: the same, of the one worker."""

    harm: Callable[[int, Path], None] | None = None
    within: Callable[[], None] | None = None
    flags: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


FILLER = "filler"
END_SECONDS = 60  # from a fault until the workers have ended
FAULTS = {
    "killed": Fault(sends(signal.SIGKILL)),
    "stopped by SIGTERM": Fault(sends(signal.SIGTERM)),
    "stopped by Ctrl-C": Fault(sends(signal.SIGINT)),
    "frozen by SIGSTOP": Fault(sends(signal.SIGSTOP)),
    "out of memory": Fault(within=exhaust),
    "on a full disk": Fault(fill),
    "refused": Fault(own=("--batch_size=16",)),
    "diverged": Fault(flags=("--lr=1e38", "--run_dir=hot", "--overwrite")),
}


def workers(root: Path, tries: int, draw: random.Random) -> Iterator[Row]:
    """One of two workers fails, and the same commands go on, until one of them fails again. Lost are faults after which a worker
    does not end in time or in one line, and trainings whose files differ from those of a training without a fault."""
    write_pictures(root)
    conversion.convert(series.resolve("folder", image_size=16), dataset_path=root / "folder", tfrecord_path=root / "tfrecords")
    common = ("--model=gan", "--ImageType=folder", f"--TFRecordPath={root / 'tfrecords'}", *COMMON)
    printed = [root / f"printed-{index}" for index in range(2)]

    def begin(place: Path, chosen: int = 0, fault: Fault = Fault()) -> list:
        place.mkdir(exist_ok=True)
        for output in printed:
            output.with_suffix(".out").unlink(missing_ok=True)  # it says when they train
        words = [[str(ROOT / "scripts/train.py"), *common, *fault.flags, *fault.own * (index == chosen)] for index in range(2)]
        at_batch = {chosen: (draw.randrange(20), fault.within)} if fault.within else {}
        return warm.start_two(words.__getitem__, place, USUAL, root / "printed", at_batch)

    clock = time.monotonic()
    if [ended(one) for one in begin(root / "through")] != [0, 0]:
        raise SystemExit(f"two workers do not train: {warm.printed(printed[0])}")
    when, wanted = moments((time.monotonic() - clock) / 2, draw), contents(root / "through/run")
    trained, differ, place = 1, 0, root / "disk/training"
    with small_disk(root / "disk", 4 * sum(path.stat().st_size for path in (root / "through").rglob("*"))):
        for name, fault in FAULTS.items():
            seen: list[Harmed] = []
            while len(seen) < max(1, tries // 4):
                chosen = 0 if fault.harm is fill else len(seen) % 2
                if harmed := suffer(begin(place, chosen, fault), chosen, fault.harm, place, next(when), printed):
                    seen.append(harmed)
                    print("".join(f"{name}: {one}\n" for one in harmed.wrong), end="", flush=True)
                else:
                    trained, differ = trained + 1, differ + differs("two workers", 0, wanted, place / "run")
                    shutil.rmtree(place)
                (root / "disk" / FILLER).unlink(missing_ok=True)
            slowest = math.ceil(max(harmed.seconds for harmed in seen))
            yield f"one of two workers {name}: all ended within {slowest} s", len(seen), sum(bool(one.wrong) for one in seen)
        again = [ended(one) for one in begin(place)]
        differ += differs("two workers", max(again, key=abs), wanted, place / "run")
    yield "trainings of two workers that went on after these faults", trained, differ


class Harmed(NamedTuple):
    """How two workers ended after a fault. seconds: the longest time until one of them ended. wrong: what should not be so."""

    seconds: float
    wrong: list[str]


def suffer(
    processes: list, chosen: int, harm: Callable[[int, Path], None] | None, place: Path, moment: Moment, outputs: list[Path]
) -> Harmed | None:
    """Harm one of two workers when they train, or wait until one has failed by itself. None if their training came to its end."""

    def working() -> bool:
        return all(one.is_alive() for one in processes)

    while working() and not all(re.search("^(Training|Going on)", warm.printed(one), re.MULTILINE) for one in outputs):
        time.sleep(0.005)
    clock = time.monotonic()
    while harm and working() and not moment(place / "run", time.monotonic() - clock):
        time.sleep(0.0005)
    if harm and working():
        harm(processes[chosen].pid, place.parent)
    while not harm and working():
        time.sleep(0.005)
    waited, wrong = [], []
    for one in (processes[1 - chosen], processes[chosen]):
        clock = time.monotonic()
        one.join(END_SECONDS)
        waited.append(time.monotonic() - clock)
        with contextlib.suppress(ProcessLookupError):  # it may end just now
            os.kill(processes[chosen].pid, signal.SIGCONT)  # a frozen one wakes when the other has ended
    for index, (one, printed) in enumerate(zip(processes, outputs, strict=True)):
        if one.is_alive():
            one.kill()
            wrong.append(f"worker {index} ({chosen} failed) had not ended after {END_SECONDS} s")
        text = printed.with_suffix(".err").read_text()
        # A killed one cannot print. One that was stopped says so on standard output, or here if it was before or after its steps.
        silent = one.exitcode in (-signal.SIGKILL, 128 + signal.SIGTERM, 128 + signal.SIGINT)
        if ended(one) and text.count("\n") not in ((0, 1) if silent else (1,)):
            wrong.append(f"worker {index} ({chosen} failed) ended with status {one.exitcode} and printed {text}")
    return None if 0 in (one.exitcode for one in processes) else Harmed(max(waited), wrong)


def conversions(root: Path, tries: int, draw: random.Random) -> Iterator[Row]:
    """Kills of conversions, many of them late. Lost are folders that are there and not complete, and other bytes at the end."""
    flags = ("--ImageType=folder", "--image_size=16", f"--DatasetPath={write_many(root / 'pictures')}")

    def begin(place: Path, *more: str):
        return start("make_tfrecord.py", place, *flags, *more)

    def found(place: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (place / "tfrecords/folder/16").glob("*")}

    def torment(places: Iterator[Path], tries: int, *more: str) -> tuple[int, int]:
        done = lost = 0
        for place in places:
            while done < tries and kill(begin(place, *more), place, late(whole, draw)):
                done += 1
                lost += found(place) not in ({}, wanted)
            lost += ended(begin(place)) != 0 or found(place) != wanted
            if done >= tries:
                return done, lost
        raise AssertionError("there are always more places")

    process, clock = begin(root / "through"), time.monotonic()
    if ended(process):
        raise SystemExit(f"the conversion fails: {warm.printed(root / 'through/printed')}")
    whole, wanted = time.monotonic() - clock, found(root / "through")
    yield "conversion killed", *torment((root / str(number) for number in itertools.count()), tries)
    yield "conversion killed under --overwrite", *torment(itertools.repeat(root / "through"), tries // 2, "--overwrite")


def late(seconds: float, draw: random.Random) -> Moment:
    """A moment, which is more often late than early."""
    after = seconds * draw.random() ** 0.5
    return lambda folder, passed: passed > after


def write_many(folder: Path) -> Path:
    """PICTURES pictures: links to a few."""
    write_pictures(folder.parent)
    first = sorted((folder.parent / "folder/one").iterdir())
    folder.mkdir()
    for number in range(PICTURES):
        os.link(first[number % len(first)], folder / f"{number:05d}.png")
    return folder


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A context in which a folder is a disk of so many bytes."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def full_disks(root: Path, tries: int, draw: random.Random) -> Iterator[Row]:
    """A command on a full disk, which then gets some room, and the same again until it ends. Lost are starts that end in more
    than a line, and folders that differ at the end."""
    pictures = write_many(root / "pictures")
    conversion = ("make_tfrecord.py", "--ImageType=folder", "--image_size=16", f"--DatasetPath={pictures}")
    records_root = f"--TFRecordPath={root / 'whole-conversion/tfrecords'}"
    training = ("train.py", "--model=gan", *MODELS["gan"], *COMMON, "--batch_size=100", "--epochs=2", records_root)
    run = root / "whole-training/run"
    page = ("report.py", f"--runs={run}", "--out=report.html")
    export = ("export.py", f"--run_dir={run}", "--formats=saved_model", "--out=exported")
    for name, (script, *flags) in {"conversion": conversion, "training": training, "page": page, "export": export}.items():
        whole, disk = root / f"whole-{name}", root / f"disk-{name}"
        if ended(start(script, whole, *flags)):
            raise SystemExit(f"{name} fails: {warm.printed(whole / 'printed')}")
        size = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())
        done = lost = 0
        with small_disk(disk, 2**16):
            for room in itertools.count(1):
                subprocess.run(["mount", "-o", f"remount,size={size * room // tries + 2**16}", disk], check=True)
                done += 1
                process = warm.start([str(ROOT / "scripts" / script), *flags], disk, USUAL, root / "printed")
                if not ended(process):
                    break
                line = (root / "printed.err").read_text()
                if process.exitcode != 1 or line.count("\n") != 1 or room > 5 * tries:
                    print(f"full disk: status {process.exitcode}: {line}", flush=True)
                    lost += 1
            lost += bool(differing(contents(whole), contents(disk)) not in ([], ["printed.err", "printed.out"]))
        yield f"{name} on a full disk, which gets more room", done, lost


def memory(root: Path, tries: int, draw: random.Random) -> Iterator[Row]:
    """Lost is a training that grows by more than 50 KiB an epoch, or traces its step again."""
    slope, sound = growth(root, 300)
    yield f"300 epochs: {slope:.1f} KiB an epoch over the last 200", 1, int(slope > 50 or not sound)
    megabytes = planning(root / "million", MANY)
    yield f"planning a conversion of {MANY:,} files: {megabytes:,.0f} MB, TensorFlow included", 1, int(megabytes > 1000)


def growth(root: Path, epochs: int) -> tuple[float, bool]:
    """By how many KiB a training grows in an epoch, over the last two thirds of its epochs, and whether it comes to its end
    without tracing its step again."""
    write_pictures(root)
    flags = ("--ImageType=folder", "--image_size=16", "--batch_size=48", f"--epochs={epochs}", "--run_dir=run")
    conversion.convert(series.resolve("folder", image_size=16), dataset_path=root / "folder", tfrecord_path=root / "tfrecords")
    process, seen = start("train.py", root, "--model=gan", *flags), {}
    while process.is_alive():
        rows = len(list((root / "run/steps").glob("*.csv")))
        with contextlib.suppress(OSError, ValueError):
            seen[rows] = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
        time.sleep(0.01)
    late = [epoch for epoch in sorted(seen) if epochs / 3 <= epoch < epochs]
    slope = float(np.polyfit(late, [seen[epoch] for epoch in late], 1)[0])
    return slope, not ended(process) and "retracing" not in warm.printed(root / "printed")


def planning(root: Path, count: int) -> float:
    """The most memory, in MB, that a conversion of `count` files has taken when it has planned them."""
    for number in range(count):
        file = root / f"{number // 10_000:03d}" / f"{number:07d}.jpg"
        if not number % 10_000:
            file.parent.mkdir(parents=True)
        file.touch()
    words = [ROOT / "scripts/make_tfrecord.py", "--ImageType=folder", "--image_size=8", f"--DatasetPath={root}"]
    process = subprocess.Popen([sys.executable, *words], cwd=root.parent, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    while not list((root.parent / "tfrecords").glob("**/plan.json")):
        if process.poll() is not None:
            raise SystemExit("the conversion ended before it was planned")
        time.sleep(0.01)
    most = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    process.kill()
    process.wait()
    return int(most[1]) * 1024 / 1e6 if most else math.nan


def corruption(root: Path, tries: int, draw: random.Random) -> Iterator[Row]:
    """Damaged files. Lost are those that end in more than a line, or that have a checksum and are read with another content."""
    write_pictures(root)
    conversion.convert(series.resolve("folder", image_size=16), dataset_path=root / "folder", tfrecord_path=root / "tfrecords")
    if ended(train("gan", root, root / "tfrecords")):
        raise SystemExit(f"the training fails: {warm.printed(root / 'printed')}")
    folders = [str(root / "run"), str(root / "tfrecords/folder/16"), str(write_celeba(root / "celeba"))]
    words = [str(ROOT / "tests/corruption.py"), *folders, str(5 * tries), str(draw.random())]
    if ended(warm.start(words, root, ENVIRONMENT, root / "printed")):
        raise SystemExit(f"the damages cannot be tried: {warm.printed(root / 'printed')}")
    for line in (root / "printed.out").read_text().splitlines():
        row = json.loads(line)
        for damage, what in row["bad"]:
            print(f"{row['file']}, {damage}: {what}", flush=True)
        yield f"damaged {row['file']} ({row['refused']} refused)", row["tries"], len(row["bad"])


PARTS: dict[str, Callable[[Path, int, random.Random], Iterator[Row]]] = {
    **{model: functools.partial(trainings, model) for model in MODELS},
    "workers": workers,
    "conversion": conversions,
    "disk": full_disks,
    "memory": memory,
    "corruption": corruption,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="stress-"))
    print(f"In {root}\n\n| fault | tries | lost |\n|---|---|---|", flush=True)
    failed = 0
    for part in arguments.parts.split(","):
        for fault, tries, lost in PARTS[part](root / part, arguments.tries, random.Random(arguments.seed)):
            print(f"| {fault} | {tries} | {lost} |", flush=True)
            failed += lost
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
