"""Types all commands of the pages, in their order, with tiny numbers, and runs the Python code of README and of the guide.

make test-extra types those of README and of the guide, make test-pages those of all pages.
"""

import importlib.util
import re
import shutil

import numpy as np
import pytest
from PIL import Image

import tiny
import warm
from conftest import ROOT, command_environment, write_celeba, write_mnist, write_squares
from test_pages import PAGES, SCRIPTS, code, name, read, typed

FILES = {command: script for script, command in SCRIPTS.items() if script != "convert"}
FIRST = [ROOT / "README.md", ROOT / "docs/guide.md"]
OTHERS = [page for page in PAGES if page not in FIRST and not re.match(r"adding_|README\.|reference", page.name)]
TYPED = [
    *(pytest.param(page, marks=[pytest.mark.extra, pytest.mark.pages], id=name(page)) for page in FIRST),
    *(pytest.param(page, marks=pytest.mark.pages, id=name(page)) for page in OTHERS),
]
ATTRIBUTES = {"Attribute_15": "Eyeglasses", "Attribute_20": "Male", "Attribute_31": "Smiling"}  # CelebA's own columns
# What the pages take for granted: their readers have typed it before, or have run a cell of the book.
BEFORE = (
    "train",
    "train --model=cdcgan",
    "train --ImageType=mnist",
    "convert --ImageType=celeba --DatasetPath=FOLDER",
    "train --ImageType=celeba",
    "train --ImageType=celeba --model=cdcgan --condition=Smiling,Male",
    "train --ImageType=horse2zebra",
    "train --ImageType=mnist --model=gan",
    "train --ImageType=mnist --preset=strong --run_dir=runs/book/strong",
    "convert --ImageType=folder --DatasetPath=FOLDER --TFRecordPath=runs/book/tfrecords",
)
NOT_TYPED = (
    "--features=inception",  # Keras downloads it
    "--cluster=",  # data/test_cluster.py has one
)
NAMES = {"arithmetic", "--equation="}  # in sentences about explore.py
# The guide says once for all commands that a reader adds which run is meant.
MEANT = {"--equation": "--ImageType=celeba", "--label": "--model=cdcgan"}
# Another size than that of the commands: the pictures are squashed here.
TINY_CODE = {r"-(64|32)/generator": "-16/generator", r"(image_size|base_filters)=\d+": r"\1=8", r"epochs=\d+": "epochs=1"}
PLACES = {"celeba": "celeba", "img_celeba": "celeba", "img_align_celeba": "celeba", "mnist": "mnist", "unpaired": "squares"}


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A folder with the files of a reader, in which BEFORE was typed."""
    home = tmp_path_factory.mktemp("before")
    names = write_celeba(home / "files/celeba", 240) / "Anno/list_attr_celeba.txt"
    text = names.read_text()
    for old, new in ATTRIBUTES.items():
        text = re.sub(rf"\b{old}\b", new, text)
    names.write_text(text)
    write_mnist(home / "files/mnist")
    write_squares(home / "files/squares", train=48, test=24)
    draw = np.random.default_rng(0)
    for folder in ("warm", "cold"):
        (home / "files/pictures" / folder).mkdir(parents=True)
        for number in range(24):
            noise = draw.integers(0, 256, (20, 24, 3), np.uint8)
            Image.fromarray(noise).save(home / f"files/pictures/{folder}/{number:02d}.png")
    shutil.copytree(home / "files/pictures", home / "my_pictures")
    (home / "scripts").symlink_to(ROOT / "scripts")
    for command, words in typed(f"tfgan {line}" for line in BEFORE):
        enter(home, command, words)
    return home


@pytest.fixture
def home(before, tmp_path):
    return shutil.copytree(before, tmp_path / "home", symlinks=True)


def enter(home, command, words):
    """Type a command with tiny numbers, and with the names of files that are there."""
    kind = dict(word.split("=", 1) for word in words if "=" in word).get("--ImageType", "folder")
    folder = f"files/{PLACES.get(kind, 'pictures')}" if command == "convert" else "files/squares/testA"
    if folder.endswith("mnist"):  # the package's own was converted before
        words = [*words, "--TFRecordPath=other"]
    if not any(word.startswith(("--ImageType", "--model", "--name", "--run_dir")) for word in words):
        words = [*words, *(added for flag, added in MEANT.items() if any(word.startswith(flag) for word in words))]
    for was, now in (
        (r"=(FOLDER|FACES)$", f"={folder}"),
        ("=RUN", "=runs/dcgan/digits-16"),
        (",RUN", ",runs/dcgan/mnist-16"),
        (r"^(--generator=runs/\w+/\w+)-\d+", r"\1-16"),
    ):
        words = [re.sub(was, now, word) for word in words]
    run([f"scripts/{FILES[command]}.py", *tiny.words(words)], home)


def run(words, home):
    done = warm.run([str(ROOT / "tests/tiny.py"), *words], home, command_environment(), home / "printed")
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", TYPED)
def test_the_commands_run(page, home):
    done = list(typed(f"tfgan {line}" for line in BEFORE))
    for command, words in typed(code(read(page))):
        left_out = (words and NAMES.issuperset(words)) or any(word.startswith(NOT_TYPED) for word in words)
        if (command, words) not in done and not left_out and (command != "export" or importlib.util.find_spec("onnxruntime")):
            enter(home, command, words)
            done.append((command, words))


@pytest.mark.extra
@pytest.mark.pages
@pytest.mark.parametrize("page", FIRST, ids=name)
def test_the_python_code_runs(page, home):
    text = "\n".join(re.findall(r"^```python\n(.*?)^```$", read(page), flags=re.MULTILINE | re.DOTALL))
    for was, now in TINY_CODE.items():
        text = re.sub(was, now, text)
    (home / "code.py").write_text(text)
    run(["code.py"], home)
