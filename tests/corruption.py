"""Damages each kind of file that the package reads, and reads it: does the reader hang, crash, or show a traceback?

    python corruption.py RUN RECORDS CELEBA COUNT SEED

RUN: a run of a model that draws from noise, trained on the records of the folder RECORDS. CELEBA: a folder in CelebA's layout.
The damaged files are in copies. Each is read in a fork of this process, which itself reads nothing, so that TensorFlow starts in
each fork. Prints a JSON line for each kind of file: {file, tries, refused, unnoticed, bad}. refused: how many ended in an error
of one line. unnoticed: how many were read with another content than before. bad: [(damage, what happened)] of all others, also
of those that were unnoticed though the file has a checksum.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS = 120  # after which a reader hangs
_FEW = 5  # tries of each kind, with which slow kinds are left out


@dataclass(frozen=True)
class Kind:
    """A kind of file. path: such a file. read(): reads it, and returns its content as text or bytes. checked: whether it has
    checksums, by which every change must be found."""

    path: Path
    read: Callable[[], object]
    checked: bool = False


def kinds(run: Path, records: Path, celeba: Path, own: Path, slow: bool) -> list[Kind]:
    """All kinds of files. own: an empty folder for files made here. slow: also those that take seconds to read."""
    import numpy as np
    from PIL import Image

    from tfgan_series import classifier, report, runs, series  # what the readers import, once for all forks
    from tfgan_series.data import conversion, preprocess
    from tfgan_series.data import records as record_files
    from tfgan_series.data.datasets import DATASETS, source
    from tfgan_series.evaluation import scores
    from tfgan_series.generators import load_generator

    def opened():
        found = record_files.open_records(records)
        return repr((found.settings, found.counts, found.class_names, found.identity))

    def judged():
        classifier.STEPS = 1  # of a classifier that is trained anew
        with contextlib.redirect_stdout(None):  # this file's own output is a table
            judge = classifier.find_or_train(record_files.open_records(records), runs.read_experiment(run))
        return _weights(judge.model) + json.dumps(judge.accuracy).encode()

    def page():
        return report.make([run], own / "report.html").read_text()

    def found(image_type, folder):
        def find():
            known = DATASETS[image_type].find(source.Request(image_type, folder, own, image_type == "img_celeba"))
            return repr([(name, [repr(one) for one in examples]) for name, examples in known.partitions.items()])

        return find

    def begun():
        conversion._give_name = _kill  # the last thing that a conversion does
        converted(own)

    def converted(place):
        with contextlib.redirect_stdout(None):
            experiment = series.resolve("folder", image_size=8)
            return conversion.convert(experiment, dataset_path=own / "pictures", tfrecord_path=place / "t")

    def completed():
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(own / "t", Path(place, "t"))
            done = converted(Path(place))
            return repr((done.identity, done.counts))

    def prepared(path):
        return lambda: preprocess.prepare(path, image_size=8, channels=3, fit="squash", bbox=None).pixels.tobytes()

    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    unchecked = ("a.jpg", "a.webp", "a.bmp", "a.gif", "a.tif", "a.avif", "a.jp2", "a.ppm", "a.qoi")
    for name in ("a.png", *unchecked):
        Image.fromarray(noise).save(own / name)
    for prefix in ("train", "t10k"):
        for kind, array in (("images-idx3", noise), ("labels-idx1", np.arange(12, dtype=np.uint8) % 10)):
            header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (own / f"{prefix}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))
    (own / "scores.jsonl").write_text(json.dumps(_score(scores)) + "\n")
    for remark in (runs.WARNINGS, runs.DIVERGED):
        (run / remark).write_text("the run diverged\n")
    (own / "pictures").mkdir()
    for name in "abc":
        Image.fromarray(noise).save(own / f"pictures/{name}.png")
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"  # a conversion in a fork starts no processes
    attempt(begun)
    partial = own / "t/folder/8.partial"
    last = max(int(path.stem.removeprefix("step-")) for path in (run / runs.CHECKPOINTS).glob("*.index"))
    of_classifier = []
    if slow:
        attempt(judged)  # it makes the classifier
        model = classifier.model_path(record_files.open_records(records), runs.read_experiment(run))
        of_classifier = [Kind(model, judged, checked=True), Kind(model.with_suffix(".json"), judged)]
    return [
        *of_classifier,
        Kind(run / runs.EXPERIMENT, lambda: repr(runs.read_info(run))),
        Kind(run / runs.LOG, lambda: repr(runs.read_log(run))),
        Kind(run / "steps/epoch-001.csv", lambda: repr(runs.read_steps(run, 1))),
        Kind(own / "scores.jsonl", lambda: repr(scores.read(own))),
        Kind(run / "images/epoch-001.png", page),
        Kind(run / runs.WARNINGS, page),
        Kind(run / runs.DIVERGED, page),
        Kind(run / runs.GENERATOR, lambda: _weights(load_generator(run / runs.GENERATOR)), checked=True),
        Kind(run / f"checkpoints/step-{last}.index", lambda: _restored(run, records), checked=True),
        Kind(run / f"checkpoints/step-{last}.data-00000-of-00001", lambda: _restored(run, records), checked=True),
        Kind(records / record_files.CONVERSION, opened),
        Kind(records / "dataset_info.json", opened),
        Kind(records / "features.json", opened),
        Kind(next(records.glob("*-train.tfrecord-00000*")), lambda: _all(records, runs.read_experiment(run)), checked=True),
        Kind(own / "a.png", prepared(own / "a.png"), checked=True),
        *(Kind(own / name, prepared(own / name)) for name in unchecked),
        Kind(partial / "plan.json", completed, checked=True),
        Kind(partial / "progress.txt", completed, checked=True),
        Kind(own / "train-images-idx3-ubyte.gz", found(series.resolve("mnist").image_type, own), checked=True),
        Kind(celeba / "Anno/list_bbox_celeba.txt", found("img_celeba", celeba)),
        Kind(celeba / "Anno/list_attr_celeba.txt", found("img_celeba", celeba)),
        Kind(celeba / "Eval/list_eval_partition.txt", found("img_celeba", celeba)),
    ]


def _kill(*_):
    os._exit(0)


def _score(scores):
    numbers = {"value": 1.0, "error": None, "floor": 0.5, "n_real": 9, "n_fake": 9, "n_floor": 9, "step": 4, "seed": 0}
    texts = dict.fromkeys(("metric", "partition", "features", "features_digest", "checkpoint", "checkpoint_digest"), "text")
    return {**texts, **numbers, "versions": {"keras": "3"}}


def _weights(model):
    return b"".join(weight.tobytes() for weight in model.get_weights())


def _restored(run, records):
    import tensorflow as tf

    from tfgan_series import runs, series
    from tfgan_series.data import pipeline
    from tfgan_series.data.records import open_records
    from tfgan_series.training.checkpoints import Checkpoints
    from tfgan_series.training.state import create_state

    experiment = runs.read_experiment(run)
    algorithm, steps = (
        series.MODELS[experiment.model].load_algorithm(),
        pipeline.steps_per_epoch(open_records(records), experiment),
    )
    measures, buffers = algorithm.measures(experiment), algorithm.buffers(experiment)
    state = create_state(experiment, tf.distribute.get_strategy(), measures, steps, buffers)
    Checkpoints(state, run / runs.CHECKPOINTS).restore()
    return b"".join(_weights(network) for network in state.networks.values())


def _all(records, experiment):
    from tfgan_series.data import pipeline
    from tfgan_series.data.records import open_records

    return b"".join(known["image"].tobytes() for known in pipeline.in_order(open_records(records), experiment))


def damages(data: bytes, draw: random.Random) -> tuple[str, bytes]:
    """(what was done, the damaged bytes)."""
    start, end = sorted((draw.randrange(len(data)), draw.randrange(len(data) + 1)))
    third = draw.randrange(len(data) + 1)
    damaged = bytearray(data)
    damaged[start] ^= 1 << draw.randrange(8)
    done = {
        "flip": bytes(damaged),
        "cut": data[:end],
        "left out": data[:start] + data[end:],
        "twice": data[:end] + data[start:],
        "swapped": data[end:] + data[:end],
        "zeros": data[:start] + bytes(end - start) + data[end:],
        "garbage within": data[:start] + draw.randbytes(end - start) + data[end:],
        "garbage": draw.randbytes(max(1, third)),
        "empty": b"",
    }
    name = draw.choice(list(done))
    return f"{name} {start} {end}", done[name]


def attempt(read: Callable[[], object]) -> str:
    """What a reader does in a fork: "refused", "read DIGEST", or something bad."""
    source, sink = os.pipe()
    if not (child := os.fork()):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        with contextlib.suppress(BaseException):
            os.write(sink, _outcome(read).encode(errors="replace")[:4000])
        os._exit(0)
    os.close(sink)
    with open(source, encoding="utf-8", errors="replace") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return f"ended by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else text or "said nothing"


def _outcome(read: Callable[[], object]) -> str:
    from tfgan_series.data.preprocess import BadPicture
    from tfgan_series.errors import UserError

    try:
        content = read()
        return "read " + hashlib.sha256(content.encode(errors="replace") if isinstance(content, str) else content).hexdigest()
    except (UserError, BadPicture) as error:
        text = str(error)
        return "refused" if "\n" not in text and len(text) < 1000 else f"a long error: {text}"
    except BaseException:
        return traceback.format_exc()[-2000:]


def attack(kind: Kind, count: int, draw: random.Random) -> dict[str, object]:
    """Damage a file `count` times. For what is returned see above."""
    data = kind.path.read_bytes()
    whole = attempt(kind.read)
    kind.path.unlink()
    lost = attempt(kind.read)  # it may read another file in place of a lost one: of two checkpoints the one before
    refused, unnoticed, bad, usual = 0, 0, [], (whole, lost)
    if not whole.startswith("read "):
        bad.append(("not damaged", whole))
    if not lost.startswith(("read ", "refused")):
        bad.append(("removed", lost))
    for _ in range(count):
        damage, damaged = damages(data, draw)
        kind.path.write_bytes(damaged)
        found = attempt(kind.read)
        other = found.startswith("read ") and found not in usual
        refused += found == "refused"
        unnoticed += other
        if not found.startswith(("read ", "refused")) or (other and kind.checked):
            bad.append((damage, found))
    kind.path.write_bytes(data)
    return {"file": kind.path.name, "tries": count, "refused": refused, "unnoticed": unnoticed, "bad": bad}


def main() -> None:
    *folders, count, seed = sys.argv[1:]
    with tempfile.TemporaryDirectory() as place:
        run, records, celeba = (
            shutil.copytree(one, Path(place, name)) for one, name in zip(folders, ("a", "b/records/size", "c"), strict=True)
        )
        own = Path(place, "own")
        own.mkdir()
        for number, kind in enumerate(kinds(run, records, celeba, own, slow=int(count) > _FEW)):
            with contextlib.redirect_stdout(io.StringIO()):
                row = attack(kind, int(count), random.Random(f"{seed} {number}"))
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
