"""What the tests share: tiny real files in the published layouts, one conversion and one trained run."""

import csv
import gzip
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from xdist.scheduler import LoadScopeScheduling

import warm

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

# Two devices on one CPU, for the tests of several replicas; everything else uses the first.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
# Most tests run a graph a few times: to optimise it takes longer than it saves. The commands' processes do optimise theirs.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

from tfgan_series import series, workflow  # noqa: E402
from tfgan_series.data import conversion  # noqa: E402

signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a shell ignore Ctrl-C at first

ROOT = Path(__file__).resolve().parent.parent
TINY = {"image_size": 8, "base_filters": 4, "epochs": 2}  # 1,500 digits of 8x8, trained in seconds

RED, GREEN = (220, 30, 30), (30, 160, 60)
CELEBA_COUNT = 20
ZERO_BOX, OUTSIDE_BOX, LEAVING_BOX = 5, 6, 7  # numbers of the pictures with unusual boxes


class OneProcessForEach(LoadScopeScheduling):
    """pytest-xdist's scheduling where one process runs all tests of a file, as they share what they set up, and one runs
    all files that look at the trained CycleGAN, which is slow to train. (xdist's own groups need pytest below 9.2.)"""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        trained = ("tests/test_api.py", "tests/test_translation.py", "tests/training/test_cyclegan_step.py")
        return "translator" if file in trained else file


def pytest_xdist_make_scheduler(config, log):
    return OneProcessForEach(config, log)


def pytest_collection_modifyitems(items):
    """The longest file comes first: as the last one it would leave the other process idle."""
    items.sort(key=lambda item: item.path.name != "test_workers.py")


def celeba_box(number):
    """(x, y, width, height) of the red square in picture `number`."""
    return 10 + 3 * (number % 40), 20, 40, 48


def write_celeba(root, count=CELEBA_COUNT):
    """CelebA's published layout: green JPEGs of 200x150, a red square in each box; aligned ones have a red middle.

    Partitions: of every ten, eight are train, one val, one test."""
    for folder in ("Img/img_celeba", "Img/img_align_celeba", "Img/img_align_celeba_png", "Anno", "Eval"):
        (root / folder).mkdir(parents=True)
    boxes, partitions, attributes, landmarks, aligned, identities = [], [], [], [], [], []
    for number in range(1, count + 1):
        name = f"{number:06d}"
        x, y, w, h = celeba_box(number)
        picture = Image.new("RGB", (200, 150), GREEN)
        picture.paste(RED, (x, y, x + w, y + h))
        picture.save(root / f"Img/img_celeba/{name}.jpg", quality=95)
        middle = Image.new("RGB", (178, 218), GREEN)
        middle.paste(RED, (49, 69, 129, 149))
        middle.save(root / f"Img/img_align_celeba/{name}.jpg", quality=95)
        middle.save(root / f"Img/img_align_celeba_png/{name}.png")
        box = {ZERO_BOX: (0, 0, 0, 0), OUTSIDE_BOX: (300, 10, 40, 40), LEAVING_BOX: (x, y, 1000, h)}.get(number, (x, y, w, h))
        boxes.append(f"{name}.jpg  " + " ".join(f"{value:5d}" for value in box))
        partitions.append(f"{name}.jpg {max(number % 10 - 7, 0)}")
        attributes.append(f"{name}.jpg " + " ".join("1" if (number + column) % 2 else "-1" for column in range(40)))
        landmarks.append(f"{name}.jpg " + " ".join(str(number + column) for column in range(10)))
        aligned.append(f"{name}.jpg " + " ".join(str(100 + number + column) for column in range(10)))
        identities.append(f"{name}.jpg {number % 4 + 1}")
    names = " ".join(f"Attribute_{column}" for column in range(40))
    points = " ".join(f"point_{column}" for column in range(10))
    for file, head, rows in (
        ("Anno/list_bbox_celeba.txt", "image_id x_1 y_1 width height", boxes),
        ("Anno/list_attr_celeba.txt", names, attributes),
        ("Anno/list_landmarks_celeba.txt", points, landmarks),
        ("Anno/list_landmarks_align_celeba.txt", points, aligned),
        ("Anno/identity_CelebA.txt", None, identities),
        ("Eval/list_eval_partition.txt", None, partitions),
    ):
        lines = rows if head is None else [str(count), head, *rows]
        (root / file).write_text("\n".join(lines) + "\n")
    return root


def idx_bytes(array):
    """uint8 array as the bytes of an idx file."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


def write_idx_files(root, train, t10k, compress=True):
    """MNIST's four files, of the images and labels to train and to test with."""
    root.mkdir(parents=True, exist_ok=True)
    for prefix, arrays in (("train", train), ("t10k", t10k)):
        for kind, array in zip(("images-idx3", "labels-idx1"), arrays, strict=True):
            data = idx_bytes(array)
            file = root / f"{prefix}-{kind}-ubyte{'.gz' if compress else ''}"
            file.write_bytes(gzip.compress(data) if compress else data)
    return root


def write_mnist(root, train=40, test=20, compress=True):
    """MNIST's four files; picture i is filled with the value i, its label is i % 10."""

    def numbered(count):
        numbers = np.arange(count, dtype=np.uint8)
        return numbers[:, None, None].repeat(28, 1).repeat(28, 2), numbers % 10

    return write_idx_files(root, numbered(train), numbered(test), compress)


def command_words(script, *arguments):
    return [sys.executable, str(ROOT / "scripts" / script), *map(str, arguments)]


def command_environment(**changed):
    """A user's environment: without the variables that this file sets."""
    return {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"} | changed


def command(script, *arguments, cwd, check=True, at_batch=None, **environment):
    """Run a command as a user does. Returns the finished process, its output as text.

    environment: variables to set; with these the command has a process of its own, else a warm one. at_batch: see warm.start.
    """
    words = command_words(script, *arguments)
    if environment:
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, env=command_environment(**environment))
    else:
        with tempfile.TemporaryDirectory() as place:
            done = warm.run(words[1:], cwd, command_environment(), Path(place, "printed"), at_batch)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def run_code(code, cwd):
    """Run Python code in a warm process of its own, which has imported TensorFlow and not this package."""
    script = cwd / "code.py"
    script.write_text(code, encoding="utf-8")
    done = warm.run([str(script)], cwd, command_environment(), cwd / "printed")
    assert done.returncode == 0, done.stdout + done.stderr


def rejected(folder):
    """rejected.csv as {file: reason}."""
    with open(folder / "rejected.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["file", "reason"]
    return dict(rows)


@pytest.fixture(scope="session")
def two_devices():
    """One strategy for all tests of a process; devices.py says why."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture(scope="session")
def celeba(tmp_path_factory):
    return write_celeba(tmp_path_factory.mktemp("celeba"))


@pytest.fixture(scope="session")
def tiny():
    """The tiny experiment of the shared records and the shared run."""
    return series.resolve("digits", **TINY)


@pytest.fixture(scope="session")
def small_digits(tmp_path_factory):
    """MNIST's four files with scikit-learn's digits of 8x8 pixels in them: the first 1,500 train, the last 297 test."""
    from sklearn.datasets import load_digits

    bundled = load_digits()
    images, labels = np.round(bundled.images * (255 / 16)).astype(np.uint8), bundled.target.astype(np.uint8)
    root = tmp_path_factory.mktemp("files")
    return write_idx_files(root, (images[:1500], labels[:1500]), (images[1500:], labels[1500:]))


@pytest.fixture(scope="session")
def digits(tmp_path_factory, tiny, small_digits):
    """(TFRecordPath, Records) of small digits at 8 pixels."""
    root = tmp_path_factory.mktemp("tfrecords")
    return root, conversion.convert(tiny, dataset_path=small_digits, tfrecord_path=root)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, tiny, digits):
    """The folder of a run of two epochs, trained once for all tests. A test may read it, and must copy it before a change."""
    folder = tmp_path_factory.mktemp("runs") / "trained"
    return workflow.train(tiny, tfrecord_path=digits[0], run_dir=folder)


@pytest.fixture(scope="session")
def conditional(tmp_path_factory, tiny, digits):
    """The folder of a conditional run of one epoch on the same records, with a checkpoint after every call."""
    settings = {"image_size": 8, "base_filters": 4, "epochs": 1, "grid_every": 15, "checkpoint_minutes": 1e-9}
    folder = tmp_path_factory.mktemp("runs") / "conditional"
    return workflow.train(series.resolve("digits", "cdcgan", **settings), tfrecord_path=digits[0], run_dir=folder)


def draw_squares(colour, count, seed):
    """Squares of 4 to 8 pixels at random places on grey: ([count, 16, 16, 3] uint8, masks [count, 16, 16])."""
    draw = np.random.default_rng(seed)
    images, masks = np.full((count, 16, 16, 3), 128, np.uint8), np.zeros((count, 16, 16), bool)
    for mask in masks:
        side = draw.integers(4, 9)
        top, left = draw.integers(0, 16 - side, 2)
        mask[top : top + side, left : left + side] = True
    images[masks] = {"red": (230, 25, 25), "blue": (25, 25, 230)}[colour]
    return images, masks


def write_squares(root, train=128, test=16):
    """Red squares in trainA and testA, blue ones in trainB and testB, as PNG files."""
    for seed, (name, colour, count) in enumerate(
        [("trainA", "red", train), ("trainB", "blue", train - 8), ("testA", "red", test), ("testB", "blue", test)]
    ):
        (root / name).mkdir(parents=True)
        for index, image in enumerate(draw_squares(colour, count, seed)[0]):
            Image.fromarray(image).save(root / name / f"{index:03d}.png")
    return root


@pytest.fixture(scope="session")
def translator(tmp_path_factory):
    """A CycleGAN trained from red to blue squares: (run folder, squares(colour) -> (pictures in [-1, 1], masks))."""
    root = tmp_path_factory.mktemp("squares")
    experiment = series.resolve(
        "horse2zebra", loss="least_squares", cycle_loss="l1", pool=8, augment=False,
        image_size=16, base_filters=8, blocks=1, batch_size=4, epochs=2, lr=1e-3,
    )  # fmt: skip
    conversion.convert(experiment, dataset_path=write_squares(root / "files", train=256, test=24), tfrecord_path=root)
    folder = workflow.train(experiment, tfrecord_path=root, run_dir=root / "run")

    def squares(colour):
        images, masks = draw_squares(colour, 32, seed=9)
        return images.astype(np.float32) / 127.5 - 1, masks

    return folder, squares
