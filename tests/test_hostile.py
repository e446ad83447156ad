"""Pictures, records and runs of a stranger: whatever their names and links are, all that is written stays below the folders that
the user named, and no control character reaches the terminal."""

import os
import socket
from pathlib import Path

import keras
import pytest
from PIL import Image

from tfgan_series import files, generation, report, runs, series, translation, workflow
from tfgan_series.data import conversion
from tfgan_series.evaluation import evaluate, scores
from tfgan_series.exploration import explore
from tfgan_series.export import export

from conftest import rejected

CLASSES = ("$(touch touched)", "~ -rf", "up\\..", "<img src=x onerror=alert(1)>")
NAMES = (
    "a.png", "-rf.png", "~.png", "%2e%2e%2fup.png", "a\\..\\..\\up.png", "`touch touched`.png", "; touch touched;.png",
    "%s{0}.png", "line\nbreak.png", "\x1b[2J.png",
)  # fmt: skip
WRITTEN = (
    runs.GENERATOR, "steps/epoch-001.csv", "images/epoch-000.png", "images/step-000004.png", "training.gif",
    "loss.png", "probability.png", report.NAME,
)  # fmt: skip
READ_BEFORE = (runs.EXPERIMENT, runs.FLAGS, runs.LOG, scores.NAME)


def write_pictures(folder, others):
    """A picture of each class under each name, and what only looks like a picture."""
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number, file in enumerate(NAMES):
            Image.new("RGB", (8, 8), (60 * label, 20 * number, 0)).save(folder / name / file)
    Image.new("RGB", (8, 8)).save(others / "picture.png")
    strange = folder / CLASSES[0]
    (strange / "link.png").symlink_to(others / "picture.png")
    (strange / "back").symlink_to("..")
    (strange / "zeros\x1b[2J.png").symlink_to("/dev/zero")
    os.mkfifo(strange / "pipe.png")
    (strange / "a.\x1b[2J").touch()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.png")  # the whole path would be too long
        os.rename("socket.png", strange / "socket.png")
    return {f"{CLASSES[0]}/{name}" for name in ("zeros\x1b[2J.png", "pipe.png", "socket.png")}


def plant_links(folder, target):
    """Links to a file where a run writes, and where an earlier process wrote a file until it was complete."""
    for name in WRITTEN:
        (folder / name).symlink_to(target)
    for name in (*WRITTEN, *READ_BEFORE):
        plant_old_link(files.partial(folder / name), target)


def plant_old_link(path, target):
    path.symlink_to(target)
    os.utime(path, (0, 0), follow_symlinks=False)


def everything(folder, without=()):
    """{path: what is there} of a folder, without some folders below it."""
    found = {}
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.path.join(where, name) not in map(str, without)]
        for path in (os.path.join(where, name) for name in (*folders, *names)):
            found[path] = os.readlink(path) if os.path.islink(path) else os.path.isfile(path) and Path(path).read_bytes()
    return found


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the folders others and here, in which the process is."""
    for name in ("others", "here"):
        (tmp_path / name).mkdir()
    (tmp_path / "others/thesis.txt").write_text("years of work")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_what_is_written_stays_below_the_folders_that_the_user_named(place, capsys):
    useless = write_pictures(place / "pictures", place / "others")
    named = [place / name for name in ("records", "run", "drawn", "translated")]
    before = everything(place)
    experiment = series.resolve("folder", "cgan", image_size=8, batch_size=10, steps=4)
    found = conversion.convert(experiment, dataset_path=place / "pictures", tfrecord_path=place / "records")
    assert set(rejected(found.folder)) == useless
    assert found.class_names == tuple(sorted(CLASSES))

    run = place / "run"
    for name in (runs.IMAGES, runs.STEPS):
        (run / name).mkdir(parents=True)
    plant_links(run, place / "others/thesis.txt")
    runs.write_experiment(run, experiment.fitted(found), found.count_of(experiment), found.identity, place / "records")
    (run / ".writable").symlink_to(place / "others/new")
    workflow.train(experiment, tfrecord_path=place / "records", run_dir=run)
    evaluate.evaluate_run(run, tfrecord_path=place / "records", features="random", count=20)
    export.export([run / runs.GENERATOR], run / runs.EXPORTED, formats=["saved_model"])
    explore.interpolate(run, [1], out=run / runs.EXPLORED, labels=CLASSES[:2], seed=0, steps=2)
    report.refresh(run)

    # Names that climb out, in what a stranger's run calls its classes.
    info = runs.read_info(run)
    climbing = info.experiment.change(classes=(".", "..", "../../others", str(place / "others")))
    runs.write_experiment(run, climbing, info.record_count, info.records_identity, place / "records")
    generation.generate(run, place / "drawn", count=1, singles=True)

    runs.write_experiment(run, series.resolve("unpaired"), info.record_count, info.records_identity, place / "records")
    pixels = keras.Input([None, None, 3])
    keras.Model(pixels, keras.layers.Conv2D(3, 3, padding="same")(pixels)).save(run / "generator_ab.keras")
    (place / "translated" / CLASSES[0]).mkdir(parents=True)
    plant = place / "translated" / CLASSES[0] / NAMES[0]
    for path in (plant, files.partial(plant)):
        plant_old_link(path, place / "others/thesis.txt")
    translation.translate_files(run, place / "pictures", place / "translated")

    assert everything(place, named) == before
    assert len(list((place / "drawn").rglob("*.png"))) == 1 + 4
    assert len(list((place / "translated").rglob("*.png"))) == len(CLASSES) * len(NAMES) + 1
    assert {path for path in run.rglob("*") if path.is_symlink()} == set()
    assert CLASSES[-1] not in (run / report.NAME).read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    assert "1 .\\x1b[2j" in printed and "zeros\\x1b[2J.png was skipped" in printed
    assert all(character.isprintable() or character == "\n" for character in printed)
